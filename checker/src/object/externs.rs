//! Undefined symbols and what BTF declares them to be.
//!
//! Source: `bpf_object__collect_externs`, `find_extern_btf_id`, `find_extern_sec_btf_id`: the first variable or function
//! of that name must be declared extern, and the first section of variables that lists it decides what it is.

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use object::elf as raw;

use super::Problem;
use super::elf::{Elf, text};
use super::model::{Extern, ExternKind};
use super::problem::Problems;

/// BTF linkage of what is declared but not defined (`BTF_VAR_GLOBAL_EXTERN`, `BTF_FUNC_EXTERN`).
const LINKAGE_EXTERN: u32 = 2;

/// The externs and, by the symbol's index, which of them a symbol is.
pub(super) struct Externs {
    pub(super) all: Vec<Extern>,
    pub(super) by_symbol: HashMap<usize, usize>,
}

/// Finds all externs, in the order of their symbols.
pub(super) fn read(elf: &Elf<'_>, btf: Option<&Btf>, problems: &mut Problems) -> Externs {
    let mut found = Externs { all: vec![], by_symbol: HashMap::new() };
    let mut declared: Option<Declared<'_>> = None;
    for (symbol_index, symbol) in elf.symbols.iter().enumerate().filter(|(_, symbol)| symbol.is_extern()) {
        let index = found.all.len();
        let name = text(symbol.name);
        let weak = symbol.bind == raw::STB_WEAK;
        let declaration = match btf {
            None => Err("cannot be looked up, as there is no .BTF"),
            Some(btf) => declared.get_or_insert_with(|| Declared::collect(btf)).declaration(btf, symbol.name),
        };
        found.by_symbol.insert(symbol_index, index);
        found.all.push(match declaration {
            Ok((kind, id, of)) => Extern { name, weak, kind, btf: Some(id), of: Some(of) },
            Err(why) => {
                problems.add(Problem::ExternWithoutBtf { index, name: name.clone(), why });
                Extern { name, weak, kind: ExternKind::Undeclared, btf: None, of: None }
            }
        });
    }
    found
}

/// What BTF declares, by name, and in which section.
struct Declared<'b> {
    by_name: HashMap<&'b [u8], TypeId>,
    section_of: HashMap<TypeId, TypeId>,
}

impl<'b> Declared<'b> {
    fn collect(btf: &'b Btf) -> Self {
        let mut declared = Self { by_name: HashMap::new(), section_of: HashMap::new() };
        for id in btf.ids() {
            match btf.kind(id) {
                Kind::Var | Kind::Func => {
                    declared.by_name.entry(btf.name_bytes(id)).or_insert(id);
                }
                Kind::DataSec => {
                    let Type::DataSec(section) = btf.ty(id) else { continue };
                    for entry in section.entries() {
                        declared.section_of.entry(entry.of).or_insert(id);
                    }
                }
                _ => {}
            }
        }
        declared
    }

    fn declaration(&self, btf: &Btf, name: &[u8]) -> Result<(ExternKind, TypeId, TypeId), &'static str> {
        let &id = self.by_name.get(name).ok_or("is not declared in .BTF")?;
        let (is_function, of) = match btf.ty(id) {
            Type::Var { of, linkage: LINKAGE_EXTERN, .. } => (false, of),
            Type::Func { proto, linkage: LINKAGE_EXTERN, .. } => (true, proto),
            _ => return Err("is not declared extern in .BTF"),
        };
        let section = self.section_of.get(&id).ok_or("is in no section of .BTF")?;
        match (btf.name_bytes(*section), is_function) {
            (b".kconfig", false) => Ok((ExternKind::Kconfig, id, of)),
            (b".kconfig", true) => Err("is a function, which .kconfig cannot hold"),
            (b".ksyms", false) => Ok((ExternKind::KsymVariable, id, of)),
            (b".ksyms", true) => Ok((ExternKind::KsymFunction, id, of)),
            _ => Err("is declared neither in .kconfig nor in .ksyms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::types::SecInfo;
    use corecheck_layouts::btf::{Endian, TypeSpec};

    use super::super::testing::*;
    use super::*;

    #[test]
    fn btf_decides_what_an_extern_is() {
        let mut types = Types::new(Endian::Little);
        let int = TypeId(1);
        let builder = &mut types.builder;
        let var = |name: &str, linkage| TypeSpec::Var { name: name.to_owned(), of: int, linkage };
        let value = builder.add(var("CONFIG_HZ", 2));
        let kernel_variable = builder.add(var("jiffies", 2));
        let defined = builder.add(var("defined", 1));
        let lonely = builder.add(var("lonely", 2));
        let proto = builder.add(TypeSpec::FuncProto { returns: int, params: vec![] });
        let kfunc = builder.add(TypeSpec::Func { name: "kfunc".to_owned(), proto, linkage: 2 });
        let entry = |of| SecInfo { of, offset: 0, size: 4 };
        let sections =
            [(".kconfig", vec![value]), (".ksyms", vec![kernel_variable, kfunc]), ("odd", vec![defined])];
        for (name, variables) in sections {
            let entries = variables.into_iter().map(entry).collect();
            builder.add(TypeSpec::DataSec { name: name.to_owned(), size: 0, entries });
        }
        let (btf, []) = types.finish([]);

        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        image.section(".BTF", 0, btf);
        for name in ["jiffies", "CONFIG_HZ", "kfunc", "defined", "lonely", "unknown"] {
            let bind = if name == "kfunc" { raw::STB_WEAK } else { raw::STB_GLOBAL };
            image.symbol(name, info(bind, raw::STT_NOTYPE), raw::SHN_UNDEF, 0, 0);
        }
        let object = image.read().expect("a sound object");
        let kinds: Vec<ExternKind> = object.externs.iter().map(|ext| ext.kind).collect();
        use ExternKind::{Kconfig, KsymFunction, KsymVariable, Undeclared};
        assert_eq!(kinds, [KsymVariable, Kconfig, KsymFunction, Undeclared, Undeclared, Undeclared]);
        assert_eq!(
            (object.externs[2].btf, object.externs[2].of, object.externs[2].weak),
            (Some(kfunc), Some(proto), true)
        );
        assert_eq!((object.externs[1].btf, object.externs[1].of), (Some(value), Some(int)));
        assert_ne!(lonely, defined);
        let why: Vec<String> = object.problems.iter().map(ToString::to_string).collect();
        assert!(why[0].contains("defined is not declared extern"), "{why:?}");
        assert!(why[1].contains("lonely is in no section"), "{why:?}");
        assert!(why[2].contains("unknown is not declared in .BTF"), "{why:?}");
    }
}
