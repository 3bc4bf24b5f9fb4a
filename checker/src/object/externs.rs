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
