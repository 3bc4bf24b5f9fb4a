//! What cannot be written, and how names are kept.

use std::sync::Arc;

use super::*;

/// What is wrong with BTF of these types, the first of which is an integer.
fn refusal(spec: TypeSpec) -> Option<String> {
    let mut types = Builder::new(Endian::Little);
    types.int("int", 4, 1);
    types.add(spec);
    types.finish().err().map(|error| error.to_string())
}

fn composite(kind_flag: bool, bit_offset: u32, bitfield_bits: u8) -> TypeSpec {
    let member = MemberSpec { name: "m".to_owned(), of: TypeId(1), bit_offset, bitfield_bits };
    TypeSpec::Composite { is_union: false, name: "s".to_owned(), size: 4, kind_flag, members: vec![member] }
}

fn function(linkage: u32) -> TypeSpec {
    TypeSpec::Func { name: "f".to_owned(), proto: TypeId(1), linkage }
}

fn refused(what: &str) -> Option<String> {
    Some(format!("cannot be written as BTF: type [2] {what}"))
}

#[test]
fn numbers_must_fit_their_fields() {
    // Bit-fields leave 24 bits for the offset, and members of others have 32.
    assert_eq!(refusal(composite(true, 0x00ff_ffff, 255)), None);
    assert_eq!(
        refusal(composite(true, 0x0100_0000, 0)),
        refused("has bit-fields and a member beyond 2^24 bits")
    );
    assert_eq!(refusal(composite(false, u32::MAX, 0)), None);
    assert_eq!(refusal(composite(false, 0, 1)), refused("has a bit-field, but not the kind flag"));
    // A function's linkage stands where others have their count.
    assert_eq!(refusal(function(0x00ff_ffff)), None);
    assert_eq!(refusal(function(0x0100_0000)), refused("has more than 2^24 elements"));
}

#[test]
fn names_and_ids_must_be_whole() {
    let typedef = |name: &str| TypeSpec::Typedef { name: name.to_owned(), to: TypeId(1) };
    assert_eq!(refusal(typedef("a\0b")), refused("has a name with a NUL in it"));
    let mut types = Builder::new(Endian::Little);
    types.int("int", 4, 1);
    types.reserve();
    let error = types.finish().err().map(|error| error.to_string());
    assert_eq!(error, refused("was reserved and never defined"));
}

#[test]
fn ids_may_be_defined_later_and_anew() {
    let mut types = Builder::new(Endian::Little);
    let (first, second) = (types.reserve(), types.int("int", 4, 1));
    types.define(first, TypeSpec::Ptr { to: first });
    types.define(first, TypeSpec::Ptr { to: second });
    assert_eq!((first, second), (TypeId(1), TypeId(2)));
    let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
    assert!(matches!(btf.ty(first), Type::Ptr { to } if to == second));
    // So it is on top of a base.
    let mut types = Builder::split(&Arc::new(btf));
    let third = types.reserve();
    types.define(third, TypeSpec::Ptr { to: first });
    assert_eq!(third, TypeId(3));
}

#[test]
#[should_panic(expected = "handed out by this builder")]
fn an_id_of_the_base_cannot_be_defined() {
    let mut types = Builder::new(Endian::Little);
    types.int("int", 4, 1);
    let base = types.finish().and_then(Btf::parse).expect("sound BTF");
    Builder::split(&base).define(TypeId(1), TypeSpec::Ptr { to: TypeId(0) });
}

#[test]
fn equal_names_are_kept_once() {
    let mut types = Builder::new(Endian::Big);
    for name in ["one", "", "two", "one"] {
        types.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false });
    }
    let bytes = types.finish().expect("it can be written");
    assert!(bytes.ends_with(b"\0one\0two\0"));
    assert_eq!(bytes.len(), 24 + 4 * 12 + 9);
    let offsets = bytes[24..].chunks_exact(12).take(4).map(|record| record[3]);
    assert_eq!(offsets.collect::<Vec<_>>(), [1, 0, 5, 1]);
    // On top of a base, offsets count on from where its strings end; only the empty name is the base's.
    let base = Btf::parse(bytes).expect("sound BTF");
    let mut types = Builder::split(&base);
    for name in ["one", "", "three"] {
        types.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false });
    }
    let bytes = types.finish().expect("it can be written");
    let offsets = bytes[24..].chunks_exact(12).take(3).map(|record| record[3]);
    assert_eq!(offsets.collect::<Vec<_>>(), [9, 0, 13]);
    let split = Btf::parse_split(bytes, Arc::new(base)).expect("sound BTF");
    let names: Vec<&str> = split.own_ids().map(|id| split.name(id)).collect();
    assert_eq!(names, ["one", "", "three"]);
}

#[test]
fn integers_fill_their_size() {
    let mut types = Builder::new(Endian::Little);
    let ids = [types.int("int", 4, 1), types.int("__int128", 16, 1), types.int("vector", 64, 0)];
    let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
    let bits = ids.map(|id| match btf.ty(id) {
        Type::Int(int) => int.bits,
        _ => 0,
    });
    assert_eq!(bits, [32, 128, 255]);
}
