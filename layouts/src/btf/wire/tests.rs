//! Numbers, words and sizes of `include/uapi/linux/btf.h`, written out once more.

use super::*;

/// What follows a record, once and per element, in bytes.
type Trailing = Option<(usize, usize)>;

/// The kind's number, libbpf's word, and what follows its record.
const KNOWN: [(Kind, &str, Trailing); 20] = [
    (Kind::Void, "void", None),
    (Kind::Int, "int", Some((4, 0))),
    (Kind::Ptr, "ptr", Some((0, 0))),
    (Kind::Array, "array", Some((12, 0))),
    (Kind::Struct, "struct", Some((0, 12))),
    (Kind::Union, "union", Some((0, 12))),
    (Kind::Enum, "enum", Some((0, 8))),
    (Kind::Fwd, "fwd", Some((0, 0))),
    (Kind::Typedef, "typedef", Some((0, 0))),
    (Kind::Volatile, "volatile", Some((0, 0))),
    (Kind::Const, "const", Some((0, 0))),
    (Kind::Restrict, "restrict", Some((0, 0))),
    (Kind::Func, "func", Some((0, 0))),
    (Kind::FuncProto, "func_proto", Some((0, 8))),
    (Kind::Var, "var", Some((4, 0))),
    (Kind::DataSec, "datasec", Some((0, 12))),
    (Kind::Float, "float", Some((0, 0))),
    (Kind::DeclTag, "decl_tag", Some((4, 0))),
    (Kind::TypeTag, "type_tag", Some((0, 0))),
    (Kind::Enum64, "enum64", Some((0, 12))),
];

#[test]
fn kinds_are_those_of_the_kernel() {
    for (number, (kind, word, trailing)) in (0..).zip(KNOWN) {
        assert_eq!((Kind::from_number(number), kind.number()), (kind, number));
        assert_eq!((kind.word(), kind.trailing()), (word, trailing));
    }
    let newer = Kind::from_number(20);
    assert_eq!(
        (newer, newer.number(), newer.word(), newer.trailing()),
        (Kind::Unknown(20), 20, "unknown", None)
    );
    let those = |is: fn(Kind) -> bool| {
        KNOWN.iter().filter(|entry| is(entry.0)).map(|entry| entry.1).collect::<Vec<_>>()
    };
    assert_eq!(those(Kind::is_modifier), ["volatile", "const", "restrict", "type_tag"]);
    assert_eq!(those(Kind::is_composite), ["struct", "union"]);
    assert_eq!(those(Kind::is_any_enum), ["enum", "enum64"]);
}

#[test]
fn the_info_word_has_count_kind_and_flag() {
    for (word, kind, count, kind_flag) in [
        (0x0400_0003, Kind::Struct, 3, false),
        (0x84ff_ffff, Kind::Struct, 0x00ff_ffff, true),
        (0x7f00_0000, Kind::Unknown(127), 0, false),
        (0x8000_0001, Kind::Void, 1, true),
    ] {
        let info = Info { kind, count, kind_flag };
        assert_eq!((Info::decode(word), info.encode()), (info, word));
    }
    let too_many = Info { kind: Kind::Struct, count: 0x0100_0002, kind_flag: false };
    assert_eq!(too_many.encode(), 0x0400_0002);
}

#[test]
fn numbers_in_both_byte_orders() {
    let bytes = [1, 2, 3, 4, 5];
    assert_eq!((Endian::Little.u16(&bytes, 1), Endian::Big.u16(&bytes, 1)), (Some(0x0302), Some(0x0203)));
    assert_eq!(
        (Endian::Little.u32(&bytes, 1), Endian::Big.u32(&bytes, 1)),
        (Some(0x0504_0302), Some(0x0203_0405))
    );
    for endian in [Endian::Little, Endian::Big] {
        assert_eq!((endian.u16(&bytes, 4), endian.u32(&bytes, 2)), (None, None));
        assert_eq!((endian.u16(&bytes, usize::MAX), endian.u32(&bytes, usize::MAX)), (None, None));
        assert_eq!(endian.u16(&endian.u16_bytes(0xeb9f), 0), Some(0xeb9f));
        assert_eq!(endian.u32(&endian.u32_bytes(0x1234_5678), 0), Some(0x1234_5678));
    }
    let shown = [Endian::Little, Endian::Big].map(|endian| format!("{endian:>14}|"));
    assert_eq!(shown, [" little-endian|", "    big-endian|"]);
}
