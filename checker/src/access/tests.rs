//! Accesses of types and of fixture objects.

use corecheck_layouts::btf::TypeSpec;

use super::*;
use crate::testing::{btf, member, object, programs, record};

fn of_types(endian: Endian) -> Access {
    let (btf, root) = btf(endian, |types| {
        let int = types.int("int", 4, 1);
        types.add(record("thing", 8, vec![member("one", int, 0), member("two", int, 32)]))
    });
    Access::of_types(&btf, endian, root, RelocationKind::FieldByteOffset, b"0:1")
}

#[test]
fn every_name_of_an_access_takes_room() {
    let mut access = of_types(Endian::Little);
    assert_eq!(access.key, "/byte_off/struct thing/two");
    // The key twice, the type, the path, the access string, and the name of the one member on the walk.
    let bytes = 2 * 26 + 12 + 3 + 3 + 3;
    assert_eq!(access.text_bytes(), bytes);
    access.function.push_str("function");
    access.section.push_str("section");
    let (file, text) = ("a file".to_owned(), "a line".to_owned());
    access.source = Some(Source { file, line: 1, column: 1, text, indent: 0 });
    assert_eq!(access.text_bytes(), bytes + 8 + 7 + 6 + 6);
}

#[test]
fn what_has_no_room_has_no_text_and_says_so() {
    let (file, text) = ("a file".to_owned(), "a line".to_owned());
    let source = Some(Source { file, line: 1, column: 1, text, indent: 0 });
    let access = Access { source, ..of_types(Endian::Little) };
    let mut room = Room(2 * access.text_bytes());
    for _ in 0..2 {
        let kept = room.take(access.clone());
        assert_eq!((&kept.key, &kept.local), (&access.key, &access.local));
    }
    // Nor has anything after it, however short: which accesses are told of must not depend on their names.
    let mut short = access.clone();
    short.key.truncate(1);
    for access in [access, short] {
        let broken = room.take(access.clone());
        assert_eq!(broken.local, Err(Broken::TooMuchText));
        assert_eq!((broken.kind, broken.root, broken.slots), (access.kind, access.root, access.slots));
        assert!(
            [&broken.key, &broken.type_name, &broken.path, &broken.spec_text]
                .iter()
                .all(|text| text.is_empty())
        );
        assert_eq!(broken.source, None);
    }
}

#[test]
fn a_type_without_a_name_cannot_be_looked_up() {
    let (btf, (root, array)) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let root = types.add(record("", 4, vec![member("one", int, 0)]));
        (root, types.add(TypeSpec::Array { element: int, index: int, length: 2 }))
    });
    let local = |root, kind, spec: &[u8]| Access::of_types(&btf, Endian::Little, root, kind, spec).local;
    assert_eq!(local(root, RelocationKind::FieldByteOffset, b"0:0"), Err(Broken::AnonymousRoot));
    // Nobody looks for the type of a local id.
    let id = local(array, RelocationKind::TypeIdLocal, b"0").map(|local| local.value.number);
    assert_eq!(id, Ok(u64::from(array.0)));
    // What is wrong with the access itself comes first.
    assert!(matches!(local(root, RelocationKind::FieldByteOffset, b"0:1"), Err(Broken::Spec(_))));
    assert!(matches!(local(root, RelocationKind::TypeSize, b"0"), Err(Broken::AnonymousRoot)));
}

#[test]
fn the_root_without_its_flavour() {
    let named = |name: &str| {
        let (btf, root) = btf(Endian::Little, |types| types.add(record(name, 0, Vec::new())));
        Access::of_types(&btf, Endian::Little, root, RelocationKind::TypeExists, b"0")
    };
    assert_eq!(named("thing___old").essential_type_name(), "struct thing");
    assert_eq!(named("thing").essential_type_name(), "struct thing");
}

#[test]
fn accesses_know_their_place() {
    let object = programs();
    let accesses = accesses(&object);
    assert!(!accesses.is_empty());
    for (index, (access, relo)) in accesses.iter().zip(&object.relos).enumerate() {
        assert_eq!((access.id, access.insn, access.section_index), (index, relo.insn, relo.section));
        assert_eq!(access.section, object.sections[relo.section].name);
        assert_eq!(access.function_index, relo.function);
        assert_eq!(access.slots.first, object.sections[relo.section].insns[relo.insn as usize]);
        assert_eq!(access.spec_text, object.access_str(relo));
        let function = relo.function.map_or("", |index| &object.functions[index].name);
        assert_eq!(access.function, function);
        assert!(access.key.starts_with(&format!("{function}/byte_off/struct thing/")), "{}", access.key);
        let source = access.source.as_ref().expect("it has lines");
        assert!(source.file.ends_with("programs.bpf.c") && source.line > 0, "{source:?}");
        let line = object.source(relo).expect("it has lines").text;
        let (indent, rest) = line.split_at(source.indent as usize);
        assert!(indent.trim().is_empty() && !source.text.is_empty());
        assert_eq!((&source.text[..], rest.trim_end()), (rest.trim(), rest.trim()));
    }
}

#[test]
fn only_loads_of_64_bits_have_two_slots() {
    let object = object("tests/fixtures/objects/all_kinds.bpf.o");
    let accesses = accesses(&object);
    let double = accesses.iter().filter(|access| access.slots.second.is_some()).count();
    assert!(double > 0 && double < accesses.len(), "{double} of {}", accesses.len());
    for access in &accesses {
        let section = &object.sections[access.section_index];
        let second = section.insns.get(access.insn as usize + 1).copied();
        let expected = if access.slots.first.code == Insn::LD_IMM64 { second } else { None };
        assert_eq!(access.slots.second, expected, "{}", access.key);
    }
}

#[test]
fn equal_questions_are_told_apart_by_number() {
    let mut object = programs();
    let again = object.relos[0].clone();
    object.relos.push(again);
    let keys: Vec<String> = accesses(&object).into_iter().map(|access| access.key).collect();
    let (first, last) = (&keys[0], &keys[keys.len() - 1]);
    assert_eq!(first.strip_suffix("#1"), last.strip_suffix("#2"));
    assert!(keys[..keys.len() - 1].iter().all(|key| key.ends_with("#1")), "{keys:?}");
}

#[test]
fn indentation_is_taken_off_and_counted() {
    let accesses = accesses(&object("ebpf-probe/bpf/vfio_portable.bpf.o"));
    let deep = "if (bpf_core_field_exists(counted->minor))";
    let sources = accesses.into_iter().filter_map(|access| access.source);
    let indents: Vec<u32> =
        sources.filter(|source| source.text == deep).map(|source| source.indent).collect();
    assert!(!indents.is_empty() && indents.iter().all(|&indent| indent == 2), "two tabs: {indents:?}");
}
