//! The views of records, from bytes written by hand.

use super::super::{Btf, Builder, Endian, MemberSpec, TypeSpec};
use super::*;

fn parse(types: Builder) -> Btf {
    types.finish().and_then(Btf::parse).expect("sound BTF")
}

#[test]
fn an_integer_has_four_bits_of_encoding() {
    let mut types = Builder::new(Endian::Little);
    types.int("int", 4, 1);
    let mut bytes = types.finish().expect("it can be written");
    // Behind header and record: bits, nothing, offset, and four bits of nothing above the encoding.
    bytes[36..40].copy_from_slice(&[5, 0xff, 3, 0xf6]);
    let btf = Btf::parse(bytes).expect("sound BTF");
    let Type::Int(int) = btf.ty(TypeId(1)) else { panic!("it is an integer") };
    assert_eq!((int.encoding, int.offset, int.bits), (6, 3, 5));
    assert_eq!((Int::SIGNED, Int::CHAR, Int::BOOL), (1, 2, 4));
    let signed = |encoding| Int { encoding, ..int }.is_signed();
    assert_eq!([0, 1, 2, 3, 4, 5].map(signed), [false, true, false, true, false, true]);
}

#[test]
fn members_by_number() {
    let mut types = Builder::new(Endian::Big);
    let of = types.int("int", 4, 1);
    let member = |name: &str, bit_offset: u32, bitfield_bits: u8| MemberSpec {
        name: name.to_owned(),
        of,
        bit_offset,
        bitfield_bits,
    };
    let composite = |name: &str, kind_flag: bool, members: Vec<MemberSpec>| TypeSpec::Composite {
        is_union: false,
        name: name.to_owned(),
        size: 8,
        kind_flag,
        members,
    };
    let plain = types.add(composite("plain", false, vec![member("a", 0, 0), member("b", 0x0100_0020, 0)]));
    let bits = types.add(composite("bits", true, vec![member("c", 32, 7)]));
    let empty = types.add(composite("empty", false, Vec::new()));
    let btf = parse(types);
    let of = |id| match btf.ty(id) {
        Type::Struct(composite) => composite,
        _ => panic!("it is a struct"),
    };
    let shown = |member: Member<'_>| (member.name().to_owned(), member.bit_offset, member.bitfield_bits);
    assert_eq!(
        of(plain).members().map(shown).collect::<Vec<_>>(),
        [("a".to_owned(), 0, 0), ("b".to_owned(), 0x0100_0020, 0)]
    );
    assert_eq!(of(bits).member(0).map(shown), Some(("c".to_owned(), 32, 7)));
    assert!(of(bits).member(1).is_none() && of(empty).member(0).is_none());
    assert_eq!([of(plain).is_empty(), of(empty).is_empty()], [false, true]);
    assert_eq!([of(plain).kind_flag(), of(bits).kind_flag()], [false, true]);
    assert_eq!(of(plain).member(1).map(|member| member.name_bytes()), Some(&b"b"[..]));
    assert!(format!("{:?}", of(plain)).contains("2 elements"));
}

#[test]
fn enumerators_by_number() {
    let mut types = Builder::new(Endian::Little);
    let mut add = |is_64: bool, values: &[u64]| {
        let values = (0..).zip(values).map(|(index, &value)| (format!("V{index}"), value)).collect();
        let size = if is_64 { 8 } else { 4 };
        types.add(TypeSpec::Enum { name: "e".to_owned(), size, is_signed: false, is_64, values })
    };
    let narrow = add(false, &[7, u64::MAX]);
    let wide = add(true, &[0x1_0000_0002, u64::MAX - 1]);
    let none = add(false, &[]);
    let btf = parse(types);
    let of = |id| match btf.ty(id) {
        Type::Enum(values) | Type::Enum64(values) => values,
        _ => panic!("it is an enumeration"),
    };
    let values = |id| of(id).values().map(|value| (value.name().to_owned(), value.value)).collect::<Vec<_>>();
    assert_eq!(values(narrow), [("V0".to_owned(), 7), ("V1".to_owned(), u64::MAX)]);
    assert_eq!(values(wide), [("V0".to_owned(), 0x1_0000_0002), ("V1".to_owned(), u64::MAX - 1)]);
    assert_eq!(of(wide).value(1).map(|value| value.name_bytes()), Some(&b"V1"[..]));
    assert!(of(wide).value(2).is_none() && of(none).value(0).is_none());
    assert_eq!([of(narrow).is_empty(), of(none).is_empty()], [false, true]);
}
