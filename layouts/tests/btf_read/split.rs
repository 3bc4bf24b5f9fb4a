//! Split BTF on its base, and on another.

use std::sync::Arc;

use corecheck_layouts::btf::{Btf, BtfError, Builder, Endian, Kind, TypeId, TypeSpec, cdecl};

use crate::{build, every_kind, record_offset};

#[test]
fn split_btf_counts_on_from_its_base() {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut builder = Builder::split(&base);
    let pointer = builder.add(TypeSpec::Ptr { to: TypeId(4) });
    builder.add(TypeSpec::Typedef { name: "handle".to_owned(), to: pointer });
    let bytes = builder.finish().expect("BTF");
    assert!(Btf::parse(bytes.clone()).is_err(), "it does not stand alone");
    let btf = Btf::parse_split(bytes, Arc::clone(&base)).expect("it is sound");
    assert_eq!(pointer, TypeId(20));
    assert_eq!((btf.own_ids().next(), btf.type_count()), (Some(TypeId(20)), 22));
    assert_eq!(cdecl::type_name(&btf, pointer), "struct s *");
    assert_eq!(btf.find_exact("handle", |_| true), [TypeId(21)]);
    assert!(btf.find_exact("s", |_| true).is_empty(), "types of the base are the base's");
    assert_eq!(btf.pointer_size(), Some(8));
}

#[test]
fn split_btf_without_strings_is_legal() {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut builder = Builder::split(&base);
    builder.add(TypeSpec::Ptr { to: TypeId(4) });
    let btf = Btf::parse_split(builder.finish().expect("BTF"), base).expect("it is sound");
    assert_eq!(btf.name(TypeId(20)), "");
}

#[test]
fn split_names_at_the_border_of_the_base_are_one_sides_or_the_others() {
    let end = build(Endian::Little, &every_kind()).len() as u32 - record_offset(19) as u32 - 12;
    let typedef = |name: u32| one_record(&[name, 8 << 24, 1]);
    // The base's last string, "user", begins 5 bytes before the border, the split unit's first one at it.
    let name = |offset| typedef(offset).map(|btf| btf.name(TypeId(20)).to_owned());
    assert_eq!(name(end - 5).as_deref(), Ok("user"));
    assert_eq!(name(end).as_deref(), Ok("own"));
    // None runs on from one to the other.
    for offset in (end - 4..end).chain(end + 1..end + 6).chain([u32::MAX]) {
        assert!(matches!(name(offset), Err(BtfError::WrongBase { id: 20, .. })), "{offset}");
    }
    // Nor does a type: 19 is the base's last, 20 the unit's only one.
    for (to, is_there) in [(19, true), (20, true), (21, false), (u32::MAX, false)] {
        assert_eq!(one_record(&[0, 2 << 24, to]).is_ok(), is_there, "{to}");
    }
}

/// A split unit of one record on top of [`every_kind`], and the error that it makes.
fn one_record(words: &[u32]) -> Result<Btf, BtfError> {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut bytes = build(Endian::Little, &[]);
    let length = words.len() as u32 * 4;
    bytes.truncate(24);
    bytes.extend(words.iter().copied().flat_map(u32::to_le_bytes));
    for (at, value) in [(12, length), (16, length), (20, 4)] {
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes.extend(b"own\0");
    Btf::parse_split(bytes, base)
}

#[test]
fn a_wrong_base_shows_in_names_that_begin_inside_others() {
    let own = build(Endian::Little, &every_kind()).len() as u32 - record_offset(19) as u32 - 12;
    let typedef = |name: u32| one_record(&[name, 8 << 24, 1]);
    let member = |name: u32| one_record(&[1, 4 << 24 | 1, 8, name, 1, 0]);
    for with_name in [&typedef as &dyn Fn(u32) -> Result<Btf, BtfError>, &member] {
        // Offset 1 is where the base's first string begins, "long int"; 3 lies inside it.
        assert!(with_name(1).is_ok() && with_name(own).is_ok());
        for inside in [3, own + 1] {
            let what = format!("string offset {inside} begins inside another string");
            assert_eq!(with_name(inside).expect_err("wrong base"), BtfError::WrongBase { id: 20, what });
        }
        let beyond = with_name(own + 4).expect_err("beyond the end").to_string();
        assert!(beyond.contains("does not belong to the base BTF it was given"), "{beyond}");
    }
}

#[test]
fn a_wrong_base_shows_in_references_that_make_no_sense() {
    // Kinds of the base's types: 13 is a function, 14 its prototype, 4 a struct.
    let base = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    assert_eq!([14, 13, 4].map(|id| base.kind(TypeId(id))), [Kind::FuncProto, Kind::Func, Kind::Struct]);
    let pointer = |to| one_record(&[0, 2 << 24, to]);
    let constant = |to| one_record(&[0, 10 << 24, to]);
    let array = |of| one_record(&[0, 3 << 24, 0, of, 1, 1]);
    let member = |of| one_record(&[1, 4 << 24 | 1, 8, 1, of, 0]);
    for sound in [pointer(4), pointer(14), constant(14), array(4), member(4)] {
        assert!(sound.is_ok(), "{sound:?}");
    }
    for wrong in [pointer(13), constant(13), array(14), array(13), member(14), member(13), pointer(21)] {
        assert!(matches!(wrong, Err(BtfError::WrongBase { id: 20, .. })), "{wrong:?}");
    }
    // A module may have no name at all; the index of its only array shows it then.
    let index = |index| one_record(&[0, 3 << 24, 0, 4, index, 1]);
    assert!(index(1).is_ok() && index(0).is_ok());
    assert!(matches!(index(4), Err(BtfError::WrongBase { id: 20, .. })));
    let text = array(13).expect_err("an array of functions").to_string();
    assert!(text.contains("type [20] is of kind array and refers to type [13] of kind func"), "{text}");
}
