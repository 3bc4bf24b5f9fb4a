//! Versions of libbpf: each difference on both sides of where it begins.

use corecheck_layouts::btf::{Builder, TypeId, TypeSpec};

use super::*;
use crate::access::RelocationKind::{EnumvalValue, FieldByteOffset, TypeExists, TypeIdTarget, TypeMatches};
use crate::loader::tests::world::{Ask, Put, World};
use crate::testing::{member, record};

fn by(version: &str) -> Loader {
    Loader::Libbpf(version.parse().expect("it is one"))
}

fn thing(types: &mut Builder) -> TypeId {
    let int = types.int("int", 4, 1);
    types.add(record("s", 4, vec![member("a", int, 0)]))
}

/// What the versions before and from a change on make of it.
fn around(world: &World, before: &str, since: &str) -> [String; 2] {
    [world.ask(by(before)), world.ask(by(since))]
}

#[test]
fn type_matches_since_1_0() {
    let world = World::new(|types| vec![Ask::whole(TypeMatches, thing(types))], thing);
    assert_eq!(around(&world, "0.8", "1.0"), ["ERR", "1"]);
}

#[test]
fn loads_of_elements_are_as_wide_as_one_since_1_6() {
    let holder = |types: &mut Builder, size: u32, length: u32| {
        let of = types.int("unsigned", size, 0);
        let index = types.int("__ARRAY_SIZE_TYPE__", 4, 0);
        let array = types.add(TypeSpec::Array { element: of, index, length });
        types.add(record("s", 64, vec![member("a", array, 64)]))
    };
    // The array became longer: its elements are as they were.
    let world = World::new(
        |types| vec![Ask::of(FieldByteOffset, holder(types, 4, 4), "0:0").put(Put::Load(0x61))],
        |types| holder(types, 4, 8),
    );
    assert_eq!(around(&world, "1.5", "1.6"), ["P", "8"]);
    let same = World::new(
        |types| vec![Ask::of(FieldByteOffset, holder(types, 4, 4), "0:0").put(Put::Load(0x61))],
        |types| holder(types, 4, 4),
    );
    assert_eq!(around(&same, "1.5", "1.6"), ["8", "8"]);
}

#[test]
fn numbers_have_64_bits_since_1_0() {
    let values = |value: u64| {
        move |types: &mut Builder| {
            let values = vec![("A".to_owned(), value)];
            types.add(TypeSpec::Enum { name: "e".to_owned(), size: 4, is_signed: true, is_64: false, values })
        }
    };
    let negative = |put| {
        World::new(
            move |types| vec![Ask::of(EnumvalValue, values(u64::MAX)(types), "0").put(put)],
            values(u64::MAX),
        )
    };
    assert_eq!(around(&negative(Put::Wide), "0.8", "1.0"), ["ERR".to_owned(), u64::MAX.to_string()]);
    assert_eq!(around(&negative(Put::Plain), "0.8", "1.0"), [u32::MAX.to_string(), u64::MAX.to_string()]);
}

#[test]
fn type_ids_may_be_any_number_since_0_7() {
    let world = World::new(|types| vec![Ask::whole(TypeIdTarget, thing(types)).put(Put::Number(77))], thing);
    let since = world.ask(by("0.7"));
    assert_eq!(around(&world, "0.6", "0.7"), ["ERR".to_owned(), since.clone()]);
    assert!(since.parse::<u64>().is_ok(), "{since}");
}

#[test]
fn kinds_of_types_are_known_since_they_are_there() {
    let enum64 = |types: &mut Builder| {
        let values = vec![("A".to_owned(), 1 << 40)];
        types.add(TypeSpec::Enum { name: "e".to_owned(), size: 8, is_signed: false, is_64: true, values })
    };
    let of_kernel = World::new(
        |types| vec![Ask::whole(TypeExists, thing(types))],
        |types| {
            enum64(types);
            thing(types)
        },
    );
    assert_eq!(around(&of_kernel, "0.8", "1.0"), ["ERR", "1"]);
    assert!(of_kernel.why(by("0.8")).contains("64-bit enumerations"));
    // An object without maps is opened, and its accesses are left.
    let mut of_object = World::new(
        |types| {
            enum64(types);
            vec![Ask::whole(TypeExists, thing(types))]
        },
        thing,
    );
    assert_eq!(around(&of_object, "0.8", "1.0"), ["?", "1"]);
    of_object.object.externs.push(crate::object::Extern {
        name: "jiffies".to_owned(),
        weak: true,
        kind: crate::object::ExternKind::KsymVariable,
        btf: None,
        of: None,
    });
    assert_eq!(around(&of_object, "0.8", "1.0"), ["refused", "1"]);
    for (spec, before, since) in [
        (TypeSpec::TypeTag { name: "t".to_owned(), to: TypeId::VOID, attribute: false }, "0.5", "0.6"),
        (TypeSpec::Float { name: "f".to_owned(), size: 4 }, "0.5", "0.5"),
    ] {
        let (btf, _) = crate::testing::btf(corecheck_layouts::btf::Endian::Little, |types| types.add(spec));
        let known = |version: &str| unread(version.parse().expect("it is one"), &btf).is_none();
        assert_eq!((known(before), known(since)), (before == since, true), "{since}");
    }
}

#[test]
fn optional_sections_since_0_8() {
    let mut world = World::new(|types| vec![Ask::whole(TypeExists, thing(types))], thing);
    world.object.sections[0].name = "?raw_tp/x".to_owned();
    assert_eq!(around(&world, "0.7", "0.8"), ["refused", "1"]);
}

#[test]
fn maps_of_the_old_form_until_1_0() {
    assert!(!refuses(Version::new(0, 8), &Problem::LegacyMaps));
    assert!(refuses(Version::new(1, 0), &Problem::LegacyMaps));
    let other = Problem::Reference { section: String::new(), insn: 0, what: String::new() };
    assert!(refuses(Version::new(0, 8), &other));
}
