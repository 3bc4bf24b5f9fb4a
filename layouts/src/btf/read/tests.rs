//! Ids and offsets at the border, in BTF that stands alone and on a base.

use super::super::{Builder, Endian, TypeSpec};
use super::*;

/// `int` and a pointer to it: types 1 and 2, the strings `\0int\0`.
fn bytes() -> Vec<u8> {
    let mut types = Builder::new(Endian::Little);
    let to = types.int("int", 4, 1);
    types.add(TypeSpec::Ptr { to });
    types.finish().expect("it can be written")
}

/// Where the pointer's record begins.
const POINTER: usize = 24 + 16;

/// [`bytes`] with the word at this offset changed.
fn with(at: usize, word: u32) -> Result<Btf, BtfError> {
    let mut bytes = bytes();
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    Btf::parse(bytes)
}

fn wrong(what: &str) -> Option<BtfError> {
    Some(BtfError::Type { id: 2, offset: POINTER, what: what.to_owned() })
}

#[test]
fn the_last_of_each_is_in_range() {
    assert!(with(POINTER + 8, 2).is_ok());
    assert_eq!(with(POINTER + 8, 3).err(), wrong("refers to type [3], but the last one is [2]"));
    assert_eq!(with(POINTER, 4).map(|btf| btf.name(TypeId(2)).to_owned()), Ok(String::new()));
    assert_eq!(with(POINTER, 5).err(), wrong("string offset 5 lies outside the 5 bytes of strings"));
}

#[test]
fn strings_begin_with_an_empty_one_unless_there_is_a_base() {
    let mut no_strings = bytes();
    no_strings[24..28].copy_from_slice(&[0; 4]);
    no_strings[20..24].copy_from_slice(&[0; 4]);
    let base = || Arc::new(Btf::parse(bytes()).expect("sound BTF"));
    assert_eq!(Btf::parse(no_strings.clone()).err(), Some(BtfError::Strings("it is empty".to_owned())));
    assert!(Btf::parse_split(no_strings, base()).is_ok());
    let mut own_name = bytes();
    let strings = own_name.len() - 5;
    own_name[strings] = b'x';
    let refused = Btf::parse(own_name.clone()).expect_err("it does not stand alone").to_string();
    assert!(refused.contains("whose vmlinux must be given too"), "{refused}");
    // What stands on a base may be called by names of its own, of the base, or not at all.
    own_name[24..28].copy_from_slice(&5_u32.to_le_bytes());
    let split = Btf::parse_split(own_name.clone(), base()).expect("sound BTF");
    assert_eq!((split.name(TypeId(3)), split.name(TypeId(1)), split.name(TypeId(4))), ("xint", "int", ""));
    own_name[24..28].copy_from_slice(&1_u32.to_le_bytes());
    assert!(Btf::parse_split(own_name.clone(), base()).is_ok());
    own_name[24..28].copy_from_slice(&2_u32.to_le_bytes());
    assert!(matches!(Btf::parse_split(own_name.clone(), base()), Err(BtfError::WrongBase { id: 3, .. })));
    own_name[24..28].copy_from_slice(&10_u32.to_le_bytes());
    assert!(matches!(Btf::parse_split(own_name, base()), Err(BtfError::WrongBase { id: 3, .. })));
}

#[test]
fn names_are_looked_at_where_there_are_any() {
    // The last byte before the base's strings is not zero: it would be no border, if the empty name needed one.
    let mut types = Builder::new(Endian::Big);
    types.add(TypeSpec::Fwd { name: "f".to_owned(), is_union: false });
    let to = types.add(TypeSpec::Fwd { name: "g".to_owned(), is_union: false });
    types.add(TypeSpec::Ptr { to });
    let base = Arc::new(types.finish().and_then(Btf::parse).expect("sound BTF"));
    let mut types = Builder::split(&base);
    types.add(TypeSpec::Ptr { to });
    types.add(TypeSpec::Fwd { name: String::new(), is_union: false });
    let mut bytes = types.finish().expect("it can be written");
    let forward = 24 + 12;
    bytes[forward..forward + 4].copy_from_slice(&3_u32.to_be_bytes());
    let split = Btf::parse_split(bytes, base).expect("sound BTF");
    assert_eq!([4, 5].map(|id| split.name(TypeId(id))), ["", "g"]);
}

#[test]
fn long_strings_of_both_are_counted_together() {
    let one = |mut types: Builder, letter: &str| {
        types.add(TypeSpec::Fwd { name: letter.repeat(70_000), is_union: false });
        types.finish().expect("it can be written")
    };
    let base = Arc::new(Btf::parse(one(Builder::new(Endian::Little), "a")).expect("sound BTF"));
    let split = Btf::parse_split(one(Builder::split(&base), "b"), base).expect("sound BTF");
    assert_eq!(split.name(TypeId(2)).len(), 70_000);
}

#[test]
fn many_types_of_both_are_counted_together() {
    let many = |mut types: Builder| {
        (0..70_000).for_each(|_| {
            types.add(TypeSpec::Fwd { name: String::new(), is_union: false });
        });
        types.finish().expect("it can be written")
    };
    let base = Arc::new(Btf::parse(many(Builder::new(Endian::Little))).expect("sound BTF"));
    let split = Btf::parse_split(many(Builder::split(&base)), base).expect("sound BTF");
    assert_eq!(split.type_count(), 140_001);
}

#[test]
fn no_record_is_of_kind_0() {
    let void = with(POINTER + 4, 0).err();
    assert_eq!(void, wrong("has kind 0"));
    let newer = with(POINTER + 4, 20 << 24).err();
    assert_eq!(newer, wrong("has kind 20, which this program does not know and no layout section sizes"));
}

#[test]
fn byte_order_is_that_of_the_base() {
    let mut types = Builder::new(Endian::Big);
    types.int("int", 4, 1);
    let big = types.finish().and_then(Btf::parse).expect("sound BTF");
    let refused = Btf::parse_split(bytes(), Arc::new(big)).err();
    assert_eq!(refused, Some(BtfError::Limits("its byte order is not that of its base".to_owned())));
}

#[test]
fn ids_count_on_from_the_base() {
    let base = Arc::new(Btf::parse(bytes()).expect("sound BTF"));
    assert_eq!((base.type_count(), base.contains(TypeId(2)), base.contains(TypeId(3))), (3, true, false));
    assert!(base.base().is_none());
    let mut types = Builder::split(&base);
    let own = types.add(TypeSpec::Typedef { name: "own".to_owned(), to: TypeId(1) });
    let split =
        types.finish().and_then(|bytes| Btf::parse_split(bytes, Arc::clone(&base))).expect("sound BTF");
    assert!(split.base().is_some_and(|known| Arc::ptr_eq(known, &base)));
    assert_eq!(split.own_ids().collect::<Vec<_>>(), [own]);
    assert_eq!(split.ids().collect::<Vec<_>>(), [1, 2, 3].map(TypeId));
    let kinds = [0, 1, 2, 3, 4].map(|id| split.kind(TypeId(id)));
    assert_eq!(kinds, [Kind::Void, Kind::Int, Kind::Ptr, Kind::Typedef, Kind::Void]);
    // Strings of the base, of its own, and beyond.
    assert_eq!([0, 1, 5, 8, 9].map(|offset| split.text(offset)), ["", "int", "own", "", ""]);
    let inside = [0, 4, 8, 9, u32::MAX].map(|offset| split.string_checked(offset).is_some());
    assert_eq!(inside, [true, true, true, false, false]);
}

#[test]
fn names_that_are_no_text_have_a_stand_in() {
    let mut bytes = bytes();
    let at = bytes.len() - 3;
    bytes[at] = 0xff;
    let btf = Btf::parse(bytes).expect("sound BTF");
    assert_eq!((btf.name(TypeId(1)), btf.name_bytes(TypeId(1))), ("<name is not UTF-8>", &b"i\xfft"[..]));
}

#[test]
fn only_tags_refer_to_sections_and_tags() {
    for to in [Kind::DataSec, Kind::DeclTag] {
        let senseful =
            [Kind::DeclTag, Kind::Ptr, Kind::DataSec, Kind::Typedef].map(|from| makes_sense(from, to));
        assert_eq!(senseful, [true, false, false, false], "{to:?}");
    }
}
