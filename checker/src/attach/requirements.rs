//! Everything that an object needs of a kernel besides what its accesses ask.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::btf::Type;

use super::context::readers;
use super::ksym::essential;
use super::model::{By, Requirement, What};
use super::section::meaning;
use super::{arguments, helpers, instructions, since};
use crate::loader::Version;
use crate::object::{ExternKind, Insn, Map, MapKind, Object};

/// What libbpf makes of maps without a type of their own: `.bss`, `.data`, `.rodata`, `.kconfig`.
const ARRAY: u32 = 2;
/// The type of map that a `struct_ops` variable becomes (`BPF_MAP_TYPE_STRUCT_OPS`).
const STRUCT_OPS: u32 = 26;

/// What an object needs when a version of libbpf loads it: by programs, externs, maps, calls of helpers, each in the object's
/// order.
pub fn requirements(object: &Object, libbpf: Version) -> Vec<Requirement> {
    let mut all = Vec::new();
    programs(object, libbpf, &mut all);
    all.extend(contexts(object));
    all.extend(arguments::requirements(object, libbpf));
    all.extend(instructions::requirements(object));
    all.extend(externs(object, libbpf));
    maps(object, &mut all);
    helpers(object, libbpf, &mut all);
    all
}

fn programs(object: &Object, libbpf: Version, all: &mut Vec<Requirement>) {
    for (index, program) in object.programs.iter().enumerate() {
        let mut add =
            |what| all.push(Requirement { what, by: By::Program(index), optional: !program.autoload });
        let meaning = match meaning(&program.section_name, libbpf) {
            Ok(meaning) => meaning,
            Err(since) => {
                add(What::KnownSection { name: program.section_name.clone(), since });
                continue;
            }
        };
        add(What::ProgramType(meaning.program));
        if let Some((name, at_load)) = meaning.attach {
            add(What::AttachType { name, at_load });
        }
        if let Some(target) = meaning.target {
            add(target);
        }
    }
}

fn contexts(object: &Object) -> impl Iterator<Item = Requirement> + '_ {
    readers(object).into_iter().filter_map(|(index, context)| {
        let optional = !object.programs.get(index)?.autoload;
        Some(Requirement { what: What::EventContext(context), by: By::Program(index), optional })
    })
}

/// What an object's externs need, in their order; those that are not declared are a problem of the object.
pub(super) fn externs(object: &Object, libbpf: Version) -> impl Iterator<Item = Requirement> + '_ {
    let flavours = since::knows_kfunc_flavours(libbpf);
    object.externs.iter().enumerate().filter_map(move |(index, symbol)| {
        let of = symbol.of?;
        let is_typed = object
            .btf
            .as_deref()
            .is_some_and(|btf| !matches!(btf.ty(btf.skip_modifiers_and_typedefs(of)), Type::Void));
        let name = symbol.name.clone();
        let what = match symbol.kind {
            ExternKind::Kconfig => What::Option { name, of },
            ExternKind::KsymFunction if flavours => {
                What::Kfunc { name: essential(&name), proto: of, must_fit: false }
            }
            ExternKind::KsymFunction => What::Kfunc { name, proto: of, must_fit: true },
            ExternKind::KsymVariable if is_typed => What::Variable { name, of },
            ExternKind::KsymVariable => What::Symbol(name),
            ExternKind::Undeclared => return None,
        };
        Some(Requirement { what, by: By::Extern(index), optional: symbol.weak })
    })
}

fn maps(object: &Object, all: &mut Vec<Requirement>) {
    for (index, map) in object.maps.iter().enumerate() {
        let mut add = |what| all.push(Requirement { what, by: By::Map(index), optional: !map.autocreate });
        let number = match map.kind {
            MapKind::StructOps => Some(STRUCT_OPS),
            _ => map.map_type.filter(|&number| number != ARRAY),
        };
        if let Some(number) = number {
            add(What::MapType { number, kind: map.kind });
        }
        if let Some(what) = struct_ops(object, map) {
            add(what);
        }
    }
}

fn struct_ops(object: &Object, map: &Map) -> Option<What> {
    let (btf, of) = (object.btf.as_deref()?, map.of.filter(|_| map.kind == MapKind::StructOps)?);
    let of = btf.skip_modifiers_and_typedefs(of);
    let Type::Struct(definition) = btf.ty(of) else { return None };
    let programs = map.functions.iter().map(|&(at, _)| at).collect();
    Some(What::StructOps { name: essential(definition.name), of, value: (map.value.clone(), programs) })
}

/// Calls of helpers: with no register but the number, and nothing that a loader would put in its place.
fn helpers(object: &Object, libbpf: Version, all: &mut Vec<Requirement>) {
    let referred: BTreeSet<(usize, u32)> =
        object.references.iter().map(|reference| (reference.section, reference.insn)).collect();
    let mut calls: BTreeMap<i32, Vec<(usize, u32)>> = BTreeMap::new();
    for (section, code) in object.sections.iter().enumerate() {
        let mut is_second_slot = false;
        for (insn, at) in code.insns.iter().zip(0_u32..) {
            let is_call = insn.is_call() && insn.src == 0 && insn.dst == 0 && !is_second_slot;
            is_second_slot = insn.code == Insn::LD_IMM64 && !is_second_slot;
            if is_call && !referred.contains(&(section, at)) {
                calls.entry(insn.imm).or_default().push((section, at));
            }
        }
    }
    let loaded: BTreeSet<usize> = object
        .programs
        .iter()
        .filter(|program| program.autoload)
        .flat_map(|program| program.functions.iter().copied())
        .collect();
    let of_type = helpers::requirements(object, libbpf, &calls);
    for (number, calls) in calls {
        let is_loaded = |&(section, insn): &(usize, u32)| {
            object.function_at(section, insn).is_some_and(|f| loaded.contains(&f))
        };
        let optional = !calls.iter().any(is_loaded);
        all.push(Requirement { what: What::Helper(number), by: By::Calls(calls), optional });
    }
    all.extend(of_type);
}
