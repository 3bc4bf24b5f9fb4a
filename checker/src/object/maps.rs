//! Maps, and the sections of variables and constants.
//!
//! Source: `bpf_object__init_user_btf_maps`, `init_struct_ops_maps`, `bpf_object__collect_map_relos`,
//! `bpf_object__collect_st_ops_relos`, and the names of sections in `bpf_object__elf_collect`. A map is found by its
//! symbol, since clang leaves the offsets in BTF's sections zero; its definition by its name in BTF.

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use object::elf as raw;

use super::code::{Code, function_at};
use super::elf::{Elf, RawSection, text};
use super::model::{DataKind, DataSection, Function, Map, MapKind, Variable};
use super::problem::Problems;
use super::{ErrorKind, Insn, Problem};

/// How many typedefs and qualifiers may stand between a variable and its struct.
const LONGEST_CHAIN: usize = 64;

fn map_kind(section: &RawSection<'_>) -> Option<MapKind> {
    match section.name {
        b".maps" => Some(MapKind::Btf),
        b"maps" => Some(MapKind::Legacy),
        b".struct_ops" | b".struct_ops.link" | b"?.struct_ops" | b"?.struct_ops.link" => {
            Some(MapKind::StructOps)
        }
        _ => None,
    }
}

/// Finds the maps, ordered by section and offset.
pub(super) fn read(
    elf: &Elf<'_>,
    code: &Code,
    functions: &[Function],
    btf: Option<&Btf>,
    problems: &mut Problems,
) -> Result<Vec<Map>, ErrorKind> {
    let mut maps = Vec::new();
    let mut variables_of: HashMap<&[u8], HashMap<&[u8], TypeId>> = HashMap::new();
    for symbol in &elf.symbols {
        let Some(index) = symbol.section else { continue };
        let Some(section) = elf.sections.get(index) else { continue };
        let is_variable = symbol.kind == raw::STT_OBJECT || symbol.kind == raw::STT_NOTYPE;
        let (Some(kind), true) = (map_kind(section), is_variable && !symbol.name.is_empty()) else {
            continue;
        };
        let of = btf.and_then(|btf| {
            let variables = variables_of.entry(section.name).or_insert_with(|| variables(btf, section.name));
            variables.get(symbol.name).copied()
        });
        maps.push(Map {
            name: text(symbol.name),
            kind,
            section_name: section.text(),
            section: index,
            offset: symbol.value,
            size: symbol.size,
            of,
            map_type: match (btf, of, kind) {
                (Some(btf), Some(of), MapKind::Btf) => map_type(btf, of),
                _ => None,
            },
            autocreate: !section.name.starts_with(b"?"),
            functions: vec![],
            value: vec![],
        });
    }
    maps.sort_by_key(|map| (map.section, map.offset));
    if elf.sections.iter().any(|section| map_kind(section) == Some(MapKind::Legacy)) {
        problems.add(Problem::LegacyMaps);
    }
    for own in maps.chunk_by_mut(|a, b| a.section == b.section) {
        add_functions(elf, code, functions, own)?;
        add_values(elf, own);
    }
    Ok(maps)
}

/// Records the initial values of the `struct_ops` maps of one section, as far as it has their bytes; none goes beyond where the
/// next begins, so that together they are no larger than the section.
fn add_values(elf: &Elf<'_>, maps: &mut [Map]) {
    let mut next = u64::MAX;
    for map in maps.iter_mut().rev().filter(|map| map.kind == MapKind::StructOps) {
        let Some(section) = elf.sections.get(map.section) else { continue };
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(section.bytes.len());
        let end = map.offset.saturating_add(map.size).min(next);
        map.value = section.bytes.get(place(map.offset)..place(end)).unwrap_or_default().to_vec();
        next = map.offset;
    }
}

/// The variables that BTF lists for a section, by name.
fn variables<'b>(btf: &'b Btf, section: &[u8]) -> HashMap<&'b [u8], TypeId> {
    let mut found = HashMap::new();
    for id in btf.ids().filter(|&id| btf.kind(id) == Kind::DataSec && btf.name_bytes(id) == section) {
        let Type::DataSec(section) = btf.ty(id) else { continue };
        for entry in section.entries() {
            if let Type::Var { of, .. } = btf.ty(entry.of) {
                found.entry(btf.name_bytes(entry.of)).or_insert(of);
            }
        }
    }
    found
}

/// The number in `__uint(type, …)`: the length of the array that the member points to.
fn map_type(btf: &Btf, of: TypeId) -> Option<u32> {
    let mut id = of;
    for _ in 0..LONGEST_CHAIN {
        match btf.ty(id) {
            Type::Typedef { to, .. } | Type::Qualifier { to, .. } | Type::TypeTag { to, .. } => id = to,
            Type::Struct(definition) => {
                let member = definition.members().find(|member| member.name_bytes() == b"type")?;
                let Type::Ptr { to } = btf.ty(member.of) else { return None };
                let Type::Array(array) = btf.ty(to) else { return None };
                return Some(array.length);
            }
            _ => return None,
        }
    }
    None
}

/// Records which functions the maps of one section point to.
fn add_functions(
    elf: &Elf<'_>,
    code: &Code,
    functions: &[Function],
    maps: &mut [Map],
) -> Result<(), ErrorKind> {
    let Some(section) = maps.first().map(|map| map.section) else { return Ok(()) };
    for relocation in elf.relocations(section)? {
        let Some(symbol) = elf.symbols.get(relocation.symbol) else { continue };
        let Some(code_section) = symbol.section.and_then(|index| code.by_elf_index(index)) else { continue };
        let Ok(insn) = u32::try_from(symbol.value / Insn::SIZE as u64) else { continue };
        let after = maps.partition_point(|map| map.offset <= relocation.offset);
        let map = after.checked_sub(1).and_then(|index| maps.get_mut(index));
        if let (Some(map), Some(function)) = (map, function_at(functions, code_section, insn)) {
            let within = relocation.offset - map.offset;
            if within < map.size {
                map.functions.push((within, function));
            }
        }
    }
    maps.iter_mut().for_each(|map| map.functions.sort_unstable());
    Ok(())
}

/// The sections of variables and constants that libbpf makes maps of, and the others that code may refer to.
pub(super) fn data_sections(elf: &Elf<'_>) -> Vec<DataSection> {
    let all = elf.sections.iter().enumerate();
    all.filter_map(|(index, section)| {
        Some(DataSection {
            name: section.text(),
            index,
            kind: data_kind(section)?,
            size: section.size,
            bytes: section.bytes.to_vec(),
            variables: named_variables(elf, index),
        })
    })
    .collect()
}

/// The variables of a section, by their symbols: BTF as clang writes it does not tell where they are.
fn named_variables(elf: &Elf<'_>, section: usize) -> Vec<Variable> {
    let own = elf.symbols.iter().filter(|symbol| symbol.section == Some(section));
    let own = own.filter(|symbol| symbol.kind == raw::STT_OBJECT && !symbol.name.is_empty());
    let mut variables: Vec<Variable> = own
        .map(|symbol| Variable { name: text(symbol.name), offset: symbol.value, size: symbol.size })
        .collect();
    variables.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
    variables
}

fn data_kind(section: &RawSection<'_>) -> Option<DataKind> {
    let is = |name: &[u8]| {
        section.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
    };
    let has_bytes = section.kind == raw::SHT_PROGBITS && section.size > 0 && !section.is_code();
    match section.kind {
        raw::SHT_PROGBITS if has_bytes && is(b".data") => Some(DataKind::Data),
        raw::SHT_PROGBITS if has_bytes && is(b".rodata") => Some(DataKind::ReadOnly),
        raw::SHT_PROGBITS if has_bytes && (is(b".addr_space.1") || is(b".jumptables")) => {
            Some(DataKind::Other)
        }
        raw::SHT_NOBITS if is(b".bss") => Some(DataKind::Bss),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::types::SecInfo;
    use corecheck_layouts::btf::{Endian, MemberSpec, TypeSpec};

    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_map_has_its_type_from_btf() {
        let mut types = Types::new(Endian::Little);
        let int = TypeId(1);
        let builder = &mut types.builder;
        let array = builder.add(TypeSpec::Array { element: int, index: int, length: 27 });
        let pointer = builder.add(TypeSpec::Ptr { to: array });
        let members =
            vec![MemberSpec { name: "type".to_owned(), of: pointer, bit_offset: 0, bitfield_bits: 0 }];
        let definition = builder.add(TypeSpec::Composite {
            is_union: false,
            name: String::new(),
            size: 8,
            kind_flag: false,
            members,
        });
        let named = builder.add(TypeSpec::Typedef { name: "map_t".to_owned(), to: definition });
        let var = builder.add(TypeSpec::Var { name: "ring".to_owned(), of: named, linkage: 1 });
        let entries = vec![SecInfo { of: var, offset: 0, size: 8 }];
        builder.add(TypeSpec::DataSec { name: ".maps".to_owned(), size: 8, entries });
        let (btf, []) = types.finish([]);

        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        image.section(".BTF", 0, btf);
        let maps = image.section(".maps", raw::SHF_ALLOC, vec![0; 24]);
        let variable = info(raw::STB_GLOBAL, raw::STT_OBJECT);
        image.symbol("undescribed", variable, maps, 16, 8);
        image.symbol("ring", variable, maps, 8, 8);
        let object = image.read().expect("a sound object");
        let found: Vec<_> =
            object.maps.iter().map(|map| (map.name.as_str(), map.offset, map.map_type)).collect();
        assert_eq!(found, [("ring", 8, Some(27)), ("undescribed", 16, None)]);
    }

    #[test]
    fn legacy_maps_are_a_problem() {
        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        let maps = image.section("maps", raw::SHF_ALLOC, vec![0; 20]);
        image.symbol("old", info(raw::STB_GLOBAL, raw::STT_OBJECT), maps, 0, 20);
        let object = image.read().expect("a sound object");
        assert_eq!(
            (object.maps[0].kind, &object.problems[..]),
            (MapKind::Legacy, &[Problem::LegacyMaps][..])
        );
    }

    #[test]
    fn sections_of_variables_are_told_by_name() {
        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        for name in [".rodata", ".rodata.str1.1", ".data", ".data.x", ".database", ".addr_space.1"] {
            image.section(name, raw::SHF_ALLOC, vec![1, 2]);
        }
        image.section(".rodata.empty", raw::SHF_ALLOC, vec![]);
        image.section(".bss", raw::SHF_ALLOC, vec![]);
        let last = image.sections.len() - 1;
        image.sections[last].kind = raw::SHT_NOBITS;
        image.sections[last].size = Some(1 << 40);
        let object = image.read().expect("a sound object");
        use DataKind::{Bss, Data, Other, ReadOnly};
        let kinds: Vec<DataKind> = object.data.iter().map(|data| data.kind).collect();
        assert_eq!(kinds, [ReadOnly, ReadOnly, Data, Data, Other, Bss]);
        assert_eq!((object.data[5].size, object.data[5].bytes.len()), (1 << 40, 0));
    }
}
