//! Access strings, in range and out of it.

use corecheck_layouts::btf::{Builder, Endian, TypeSpec};

use super::*;
use crate::testing::{btf, member, record, union};

fn array(types: &mut Builder, element: TypeId, length: u32) -> TypeId {
    types.add(TypeSpec::Array { element, index: TypeId(1), length })
}

fn parse(btf: &Btf, root: TypeId, text: &str) -> Result<Spec, SpecError> {
    Spec::parse(btf, root, RelocationKind::FieldByteOffset, text.as_bytes())
}

/// `struct thing { int plain; union { int first; struct { int inner; }; }; struct { int x[4]; } row[3]; int tail[]; }`
fn thing(types: &mut Builder) -> TypeId {
    let int = types.int("int", 4, 1);
    let inner = types.add(record("", 4, vec![member("inner", int, 0)]));
    let either = types.add(union("", 4, vec![member("first", int, 0), member("", inner, 0)]));
    let four = array(types, int, 4);
    let row = types.add(record("row", 16, vec![member("x", four, 0)]));
    let rows = array(types, row, 3);
    let tail = array(types, int, 0);
    let qualified = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: rows });
    let members = vec![
        member("plain", int, 0),
        member("", either, 32),
        member("row", qualified, 64),
        member("tail", tail, 64 + 3 * 128),
    ];
    let thing = types.add(record("thing", 56, members));
    types.add(TypeSpec::Typedef { name: "thing_t".to_owned(), to: thing })
}

#[test]
fn strings_that_are_no_numbers() {
    let (btf, root) = btf(Endian::Little, thing);
    for text in ["", ":", ":0", "0:", "0::1", "a", "0:x", "-1", "0:-1", "+1", "0 ", " 0", "0:2147483648"] {
        assert!(matches!(parse(&btf, root, text), Err(SpecError::Syntax(_))), "{text:?}");
    }
    let kind = RelocationKind::FieldByteOffset;
    assert!(matches!(Spec::parse(&btf, root, kind, b"0:\xff"), Err(SpecError::Syntax(_))));
}

#[test]
fn walks_through_members_elements_and_anonymous_unions() {
    let (btf, root) = btf(Endian::Little, thing);
    let walk = |text: &str| {
        let spec = parse(&btf, root, text).expect("the walk stays inside");
        assert_eq!(spec.raw_text(), text);
        (spec.path(), spec.bit_offset / 8)
    };
    assert_eq!(walk("0"), (String::new(), 0));
    assert_eq!(walk("2"), ("[2]".to_owned(), 112));
    assert_eq!(walk("0:0"), ("plain".to_owned(), 0));
    assert_eq!(walk("0:1:0"), ("first".to_owned(), 4));
    assert_eq!(walk("0:1:1:0"), ("inner".to_owned(), 4));
    assert_eq!(walk("0:2:1:0:3"), ("row[1].x[3]".to_owned(), 8 + 16 + 12));
    assert_eq!(walk("0:2:0:0:0"), ("row[0].x[0]".to_owned(), 8));
    assert_eq!(walk("1:0"), ("[1].plain".to_owned(), 56));
}

#[test]
fn walks_in_libbpfs_words() {
    let (btf, root) = btf(Endian::Little, |types| {
        let thing = thing(types);
        let bits = vec![crate::testing::bitfield("flag", TypeId(1), 35, 3)];
        types.add(record("bits", 8, bits));
        thing
    });
    let words = |root: TypeId, text: &str| parse(&btf, root, text).map(|spec| spec.describe(&btf));
    assert_eq!(words(root, "0").as_deref(), Ok("typedef thing_t (0 @ offset 0)"));
    assert_eq!(words(root, "2:0").as_deref(), Ok("typedef thing_t[2].plain (2:0 @ offset 112)"));
    assert_eq!(words(root, "0:1:0").as_deref(), Ok("typedef thing_t.first (0:1:0 @ offset 4)"));
    assert_eq!(words(TypeId(root.0 + 1), "0:0").as_deref(), Ok("struct bits.flag (0:0 @ offset 4.3)"));
    let exists = Spec::parse(&btf, root, RelocationKind::TypeExists, b"0").map(|spec| spec.describe(&btf));
    assert_eq!(exists.as_deref(), Ok("typedef thing_t"));
}

#[test]
fn enumerators_in_libbpfs_words() {
    for (is_64, is_signed, words) in [
        (false, false, "enum e::LAST = 4294967294"),
        (false, true, "enum e::LAST = -2"),
        (true, false, "enum64 e::LAST = 18446744073709551614"),
        (true, true, "enum64 e::LAST = -2"),
    ] {
        let (btf, root) = btf(Endian::Little, |types| {
            let values = vec![("FIRST".to_owned(), 0), ("LAST".to_owned(), u64::MAX - 1)];
            let (name, size) = ("e".to_owned(), if is_64 { 8 } else { 4 });
            types.add(TypeSpec::Enum { name, size, is_signed, is_64, values })
        });
        let spec = Spec::parse(&btf, root, RelocationKind::EnumvalValue, b"1");
        assert_eq!(spec.map(|spec| spec.describe(&btf)).as_deref(), Ok(words));
    }
}

#[test]
fn what_has_no_size_has_no_elements() {
    let (btf, root) = btf(Endian::Little, |types| {
        types.add(TypeSpec::Typedef { name: "nothing".to_owned(), to: TypeId::VOID })
    });
    assert_eq!(parse(&btf, root, "0"), Err(SpecError::NoSize("void".to_owned())));
}

#[test]
fn every_array_has_an_end_but_a_flexible_one() {
    let (btf, root) = btf(Endian::Little, thing);
    let what = |text: &str| match parse(&btf, root, text) {
        Err(SpecError::OutOfRange { step, index, what }) => (step, index, what),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(what("0:4"), (1, 4, "struct thing has 4 members".to_owned()));
    assert_eq!(what("0:2:3"), (2, 3, "the array has 3 elements".to_owned()));
    assert_eq!(what("0:2:2:0:4"), (4, 4, "the array has 4 elements".to_owned()));
    assert_eq!(what("0:0:0"), (2, 0, "int int has neither members nor elements".to_owned()));
    assert_eq!(what("0:1:1:1"), (3, 1, "struct <anon> has 1 members".to_owned()));
    let spec = parse(&btf, root, "0:3:100").expect("a flexible array goes on");
    assert_eq!((spec.path(), spec.bit_offset / 8), ("tail[100]".to_owned(), 56 + 400));
}

#[test]
fn an_empty_array_is_flexible_only_as_the_last_member() {
    let (btf, (last, first, both)) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let empty = array(types, int, 0);
        let one = array(types, int, 1);
        let last = types.add(record("last", 8, vec![member("n", int, 0), member("tail", empty, 64)]));
        let first = types.add(record("first", 8, vec![member("head", empty, 0), member("n", int, 0)]));
        let members = vec![member("one", one, 0), member("any", empty, 0)];
        (last, first, types.add(union("both", 4, members)))
    });
    assert!(parse(&btf, last, "0:1:7").is_ok());
    assert!(parse(&btf, first, "0:0:0").is_err());
    assert!(parse(&btf, both, "0:1:7").is_ok());
    assert!(parse(&btf, both, "0:0:1").is_err());
}

/// Structs within structs: `depth` members named `m`, one inside the other.
fn nested(types: &mut Builder, depth: usize) -> TypeId {
    let int = types.int("int", 4, 1);
    (0..depth).fold(int, |inner, _| types.add(record("level", 4, vec![member("m", inner, 0)])))
}

#[test]
fn sixty_four_steps_and_no_more() {
    let (btf, root) = btf(Endian::Little, |types| nested(types, 70));
    let steps = |count: usize| vec!["0"; count].join(":");
    let spec = parse(&btf, root, &steps(64)).expect("as deep as loaders go");
    assert_eq!((spec.raw.len(), spec.accessors.len()), (64, 64));
    assert_eq!(parse(&btf, root, &steps(65)), Err(SpecError::TooDeep));
    assert_eq!(parse(&btf, root, &steps(100_000)), Err(SpecError::TooDeep));
}

#[test]
fn types_have_the_string_0_and_nothing_else() {
    let (btf, root) = btf(Endian::Little, thing);
    let parse = |text: &[u8]| Spec::parse(&btf, root, RelocationKind::TypeSize, text);
    assert_eq!(parse(b"0").map(|spec| spec.path()), Ok(String::new()));
    for text in [&b"1"[..], b"0:0", b"00", b"x"] {
        assert!(matches!(parse(text), Err(SpecError::NotZero(_))), "{text:?}");
    }
}

#[test]
fn enumerators_by_their_number() {
    let (btf, (few, int)) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let values = vec![("A".to_owned(), 5), ("B".to_owned(), 6)];
        let (name, size) = ("few".to_owned(), 4);
        (types.add(TypeSpec::Enum { name, size, is_signed: false, is_64: false, values }), int)
    });
    let parse =
        |root: TypeId, text: &str| Spec::parse(&btf, root, RelocationKind::EnumvalValue, text.as_bytes());
    assert_eq!(parse(few, "1").map(|spec| spec.path()), Ok("B".to_owned()));
    assert_eq!(parse(few, "1").map(|spec| spec.describe(&btf)), Ok("enum few::B = 6".to_owned()));
    for (root, text) in [(few, "2"), (few, "0:0"), (int, "0")] {
        assert!(matches!(parse(root, text), Err(SpecError::OutOfRange { .. })), "{text}");
    }
}

#[test]
fn kinds_that_nobody_knows() {
    let (btf, root) = btf(Endian::Little, thing);
    let spec = Spec::parse(&btf, root, RelocationKind::Unknown(77), b"0:0");
    assert_eq!(spec, Err(SpecError::UnknownKind(77)));
}
