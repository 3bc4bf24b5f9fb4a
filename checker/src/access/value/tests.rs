//! Values on machines of both byte orders.

use RelocationKind::{
    FieldByteOffset, FieldByteSize, FieldExists, FieldLshiftU64, FieldRshiftU64, FieldSigned,
};
use corecheck_layouts::btf::{Builder, Kind, TypeSpec};

use super::*;
use crate::testing::{bitfield, btf, member, record};

fn ask(btf: &Btf, root: TypeId, kind: RelocationKind, text: &str) -> Result<Value, ValueError> {
    let spec = Spec::parse(btf, root, kind, text.as_bytes()).expect("the walk stays inside");
    value_of(&spec, btf, btf.endian())
}

fn number(btf: &Btf, root: TypeId, kind: RelocationKind, text: &str) -> u64 {
    ask(btf, root, kind, text).expect("it has a value").number
}

/// Bit-fields of an int at bits 3 to 7 and 29 to 35, the latter across two ints; one of a char at bits 70 to 72;
/// and signed ones at 96.
fn bits(types: &mut Builder) -> TypeId {
    let unsigned = types.int("unsigned int", 4, 0);
    let char = types.int("unsigned char", 1, 0);
    let int = types.int("int", 4, 1);
    let members = vec![
        bitfield("low", unsigned, 3, 5),
        bitfield("across", unsigned, 29, 7),
        bitfield("small", char, 70, 3),
        bitfield("negative", int, 96, 9),
    ];
    types.add(record("bits", 16, members))
}

#[test]
fn bit_fields_of_little_endian_machines() {
    let (btf, root) = btf(Endian::Little, bits);
    let all = |text: &str| {
        [FieldByteOffset, FieldByteSize, FieldLshiftU64, FieldRshiftU64, FieldSigned]
            .map(|kind| number(&btf, root, kind, text))
    };
    assert_eq!(all("0:0"), [0, 4, 64 - 8, 64 - 5, 0]);
    // The load grows until it covers the bits, and is aligned to its size.
    assert_eq!(all("0:1"), [0, 8, 64 - 36, 64 - 7, 0]);
    // Bits 70 to 72 reach over the byte at 8: two bytes from there.
    assert_eq!(all("0:2"), [8, 2, 64 - 9, 64 - 3, 0]);
    assert_eq!(all("0:3"), [12, 4, 64 - 9, 64 - 9, 1]);
}

#[test]
fn bit_fields_of_big_endian_machines() {
    let (btf, root) = btf(Endian::Big, bits);
    let shifts = |text: &str| [FieldLshiftU64, FieldRshiftU64].map(|kind| number(&btf, root, kind, text));
    // A load of n bytes stands right-aligned in 64 bits: the bits before the field go as well.
    assert_eq!(shifts("0:0"), [(8 - 4) * 8 + 3, 64 - 5]);
    assert_eq!(shifts("0:1"), [29, 64 - 7]);
    assert_eq!(shifts("0:2"), [(8 - 2) * 8 + 6, 64 - 3]);
    assert_eq!(shifts("0:3"), [(8 - 4) * 8, 64 - 9]);
}

#[test]
fn compilers_may_choose_the_load_of_a_bit_field() {
    let (btf, root) = btf(Endian::Little, bits);
    let validate = |kind| ask(&btf, root, kind, "0:0").map(|value| (value.validate, value.field_size));
    for kind in [FieldByteOffset, FieldByteSize, FieldLshiftU64] {
        assert_eq!(validate(kind), Ok((false, 0)), "{kind:?}");
    }
    for kind in [FieldRshiftU64, FieldSigned, FieldExists] {
        assert_eq!(validate(kind), Ok((true, 0)), "{kind:?}");
    }
}

#[test]
fn a_bit_field_is_read_by_the_size_of_its_declared_type() {
    let (btf, root) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let enumeration = |types: &mut Builder, is_signed: bool| {
            let (name, values) = ("e".to_owned(), Vec::new());
            types.add(TypeSpec::Enum { name, size: 2, is_signed, is_64: false, values })
        };
        let (unsigned, signed) = (enumeration(types, false), enumeration(types, true));
        let float = types.add(TypeSpec::Float { name: "double".to_owned(), size: 8 });
        let inner = types.add(record("inner", 1, Vec::new()));
        let members = vec![
            bitfield("whole", int, 32, 32),
            bitfield("choice", unsigned, 66, 3),
            bitfield("sign", signed, 69, 3),
            // No compiler makes these two, and libbpf reads their sizes all the same.
            bitfield("real", float, 72, 3),
            bitfield("inner", inner, 80, 3),
        ];
        types.add(record("bits", 16, members))
    });
    let all =
        |text: &str| [FieldByteOffset, FieldByteSize, FieldSigned].map(|kind| number(&btf, root, kind, text));
    assert_eq!(all("0:0"), [4, 4, 1]);
    assert_eq!(all("0:1"), [8, 2, 0]);
    assert_eq!(all("0:2"), [8, 2, 1]);
    assert_eq!(all("0:3"), [8, 8, 0]);
    assert_eq!(all("0:4"), [10, 1, 0]);
}

#[test]
fn a_bit_field_beyond_one_load() {
    let (btf, root) = btf(Endian::Little, |types| {
        let long = types.int("unsigned long", 8, 0);
        types.add(record("packed", 16, vec![bitfield("wide", long, 60, 9)]))
    });
    let error = Err(ValueError::BitfieldTooWide { bit_offset: 60 });
    for kind in [FieldByteOffset, FieldByteSize, FieldLshiftU64, FieldSigned] {
        assert_eq!(ask(&btf, root, kind, "0:0"), error, "{kind:?}");
    }
    assert_eq!(number(&btf, root, FieldExists, "0:0"), 1);
}

#[test]
fn arrays_have_the_size_of_all_and_are_loaded_by_element() {
    let (btf, root) = btf(Endian::Little, |types| {
        let short = types.int("short", 2, 1);
        let array = |types: &mut Builder, element, length| {
            types.add(TypeSpec::Array { element, index: short, length })
        };
        let row = array(types, short, 3);
        let grid = array(types, row, 5);
        types.add(record("grid", 34, vec![member("n", short, 0), member("grid", grid, 32)]))
    });
    let offset = ask(&btf, root, FieldByteOffset, "0:1").expect("an offset");
    assert_eq!((offset.number, offset.field_size, btf.kind(offset.field_type)), (4, 2, Kind::Array));
    assert_eq!(number(&btf, root, FieldByteSize, "0:1"), 30);
    let element = ask(&btf, root, FieldByteOffset, "0:1:2:1").expect("an offset");
    assert_eq!((element.number, element.field_size, element.validate), (4 + 12 + 2, 2, true));
    assert_eq!((element.field_type, btf.name(element.field_type)), (TypeId(1), "short"));
    let size = ask(&btf, root, FieldByteSize, "0:1:2").expect("a size");
    assert_eq!((size.number, size.field_size, size.validate), (6, 0, true));
    // Elements have no name, so libbpf tells neither sign nor shifts.
    for kind in [FieldSigned, FieldLshiftU64, FieldRshiftU64] {
        let error = Err(ValueError::NotForElements(kind.word()));
        assert_eq!(ask(&btf, root, kind, "0:1:2"), error);
    }
    assert_eq!(number(&btf, root, FieldSigned, "0:0"), 1);
    assert_eq!(number(&btf, root, FieldSigned, "0:1"), 0);
}

#[test]
fn enumerators_are_sign_extended() {
    let enumeration = |is_signed, is_64, value| {
        let (btf, root) = btf(Endian::Little, |types| {
            let values = vec![("V".to_owned(), value)];
            let (name, size) = ("e".to_owned(), if is_64 { 8 } else { 4 });
            types.add(TypeSpec::Enum { name, size, is_signed, is_64, values })
        });
        number(&btf, root, RelocationKind::EnumvalValue, "0")
    };
    let minus_one = u64::from(u32::MAX);
    assert_eq!(enumeration(true, false, minus_one), u64::MAX);
    // As libbpf does even where the kind flag says unsigned: old writers set it never.
    assert_eq!(enumeration(false, false, minus_one), u64::MAX);
    assert_eq!(enumeration(false, false, 0x7fff_ffff), 0x7fff_ffff);
    assert_eq!(enumeration(false, true, minus_one), minus_one);
    assert_eq!(enumeration(true, true, u64::MAX - 1), u64::MAX - 1);
}

#[test]
fn types_have_sizes_and_ids() {
    let (btf, (root, forward)) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let root = types.add(record("thing", 20, vec![member("n", int, 0)]));
        (root, types.add(TypeSpec::Fwd { name: "later".to_owned(), is_union: false }))
    });
    assert_eq!(number(&btf, root, RelocationKind::TypeSize, "0"), 20);
    assert_eq!(ask(&btf, forward, RelocationKind::TypeSize, "0"), Err(ValueError::NoSize));
    let id = ask(&btf, root, RelocationKind::TypeIdTarget, "0").expect("its id");
    // Linking renumbers, so the instruction may hold another.
    assert_eq!((id.number, id.validate), (u64::from(root.0), false));
}
