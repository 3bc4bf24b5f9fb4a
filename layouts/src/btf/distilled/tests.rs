use super::*;
use crate::btf::{Endian, MemberSpec};

fn built(types: Builder) -> Vec<u8> {
    types.finish().expect("it can be written")
}

fn read(types: Builder) -> Arc<Btf> {
    Arc::new(Btf::parse(built(types)).expect("sound BTF"))
}

fn composite(is_union: bool, name: &str, size: u32, members: Vec<MemberSpec>) -> TypeSpec {
    let kind_flag = members.iter().any(|member| member.bitfield_bits != 0);
    TypeSpec::Composite { is_union, name: name.to_owned(), size, kind_flag, members }
}

fn empty(name: &str, size: u32) -> TypeSpec {
    composite(false, name, size, Vec::new())
}

fn member(name: &str, of: TypeId, bit_offset: u32) -> MemberSpec {
    MemberSpec { name: name.to_owned(), of, bit_offset, bitfield_bits: 0 }
}

fn fwd(name: &str, is_union: bool) -> TypeSpec {
    TypeSpec::Fwd { name: name.to_owned(), is_union }
}

fn enumeration(name: &str, size: u32, is_64: bool) -> TypeSpec {
    TypeSpec::Enum { name: name.to_owned(), size, is_signed: false, is_64, values: Vec::new() }
}

/// A base with these types alone, the first of which has id 1.
fn base(types: &[TypeSpec]) -> Builder {
    let mut base = Builder::new(Endian::Little);
    for spec in types {
        base.add(spec.clone());
    }
    base
}

/// Moves a pointer to the distilled base's only type onto a vmlinux: what it points to there.
fn moved(distilled: TypeSpec, vmlinux: &[TypeSpec]) -> Result<TypeId, DistilledError> {
    moved_with(distilled, vmlinux, &|to| TypeSpec::Ptr { to })
}

/// The same with `holder` in the pointer's place.
fn moved_with(
    distilled: TypeSpec,
    vmlinux: &[TypeSpec],
    holder: &dyn Fn(TypeId) -> TypeSpec,
) -> Result<TypeId, DistilledError> {
    let distilled = built(base(&[distilled]));
    let mut split = Builder::split(&Btf::parse(distilled.clone()).expect("sound BTF"));
    split.add(holder(TypeId(1)));
    let vmlinux = read(base(vmlinux));
    let btf = Btf::parse_distilled(built(split), distilled, &vmlinux)?;
    let id = btf.own_ids().next().expect("it has one type");
    assert_eq!(id.0, vmlinux.type_count());
    let mut spec = TypeSpec::of(btf.ty(id)).expect("a kind that is known");
    let mut to = TypeId::VOID;
    spec.map_ids(|id| {
        to = id;
        id
    });
    Ok(to)
}

/// Holds a type by value.
fn holder(of: TypeId) -> TypeSpec {
    composite(false, "holder", 8, vec![member("held", of, 0)])
}

fn missing(wanted: &str) -> Result<TypeId, DistilledError> {
    Err(DistilledError::Missing { id: 1, wanted: wanted.to_owned() })
}

#[test]
fn a_whole_module_moves() {
    let int = TypeSpec::Int { name: "int".to_owned(), size: 4, encoding: 1, offset: 0, bits: 32 };
    let distilled = built(base(&[int.clone(), empty("file", 8)]));
    let (int_there, file_there) = (TypeId(1), TypeId(2));
    let mut split = Builder::split(&Btf::parse(distilled.clone()).expect("sound BTF"));
    let pointer = split.add(TypeSpec::Ptr { to: file_there });
    let typedef = split.add(TypeSpec::Typedef { name: "int".to_owned(), to: int_there });
    let own = vec![member("file", pointer, 0), member("count", typedef, 64)];
    split.add(composite(false, "device", 16, own));
    split.add(TypeSpec::Typedef { name: "nothing".to_owned(), to: TypeId::VOID });

    let pad = TypeSpec::Float { name: "double".to_owned(), size: 8 };
    let vmlinux = read(base(&[pad.clone(), empty("file", 16), pad, int]));
    let btf = Btf::parse_distilled(built(split), distilled, &vmlinux).expect("it can be moved");
    assert!(btf.base().is_some_and(|base| Arc::ptr_eq(base, &vmlinux)));
    let own: Vec<TypeId> = btf.own_ids().collect();
    assert_eq!(own, [5, 6, 7, 8].map(TypeId));
    assert_eq!(TypeSpec::of(btf.ty(own[0])), Some(TypeSpec::Ptr { to: TypeId(2) }));
    let typedef = TypeSpec::Typedef { name: "int".to_owned(), to: TypeId(4) };
    assert_eq!(TypeSpec::of(btf.ty(own[1])), Some(typedef));
    let members = vec![member("file", own[0], 0), member("count", own[1], 64)];
    assert_eq!(TypeSpec::of(btf.ty(own[2])), Some(composite(false, "device", 16, members)));
    let nothing = TypeSpec::Typedef { name: "nothing".to_owned(), to: TypeId::VOID };
    assert_eq!(TypeSpec::of(btf.ty(own[3])), Some(nothing));
}

#[test]
fn integers_match_by_name_size_and_encoding() {
    let int = |size, encoding| TypeSpec::Int { name: "int".to_owned(), size, encoding, offset: 0, bits: 8 };
    assert_eq!(moved(int(4, 1), &[int(8, 1), int(4, 0), int(4, 1)]), Ok(TypeId(3)));
    assert_eq!(moved(int(4, 1), &[int(8, 1), int(4, 0)]), missing("int int of 4 bytes"));
    let float = |size| TypeSpec::Float { name: "double".to_owned(), size };
    assert_eq!(moved(float(8), &[float(4), float(8)]), Ok(TypeId(2)));
    assert_eq!(moved(float(8), &[float(4)]), missing("float double of 8 bytes"));
}

#[test]
fn enumerations_match_by_name_and_size() {
    let narrow = enumeration("state", 4, false);
    assert_eq!(moved(narrow.clone(), &[enumeration("state", 1, false), narrow.clone()]), Ok(TypeId(2)));
    // Those of 64 bits are distilled to the plain kind.
    assert_eq!(moved(enumeration("state", 8, false), &[enumeration("state", 8, true)]), Ok(TypeId(1)));
    assert_eq!(moved(narrow, &[enumeration("state", 8, true)]), missing("enum state of 4 bytes"));
}

#[test]
fn a_struct_held_by_value_must_have_its_size() {
    let there = [empty("file", 16)];
    assert_eq!(moved(empty("file", 8), &there), Ok(TypeId(1)));
    let lacks = missing("struct file of 8 bytes");
    assert_eq!(moved_with(empty("file", 8), &there, &holder), lacks);
    assert_eq!(moved_with(empty("file", 16), &there, &holder), Ok(TypeId(1)));
    assert_eq!(moved(empty("file", 8), &[empty("inode", 8)]), missing("struct file"));
}

#[test]
fn it_is_held_through_arrays_typedefs_and_qualifiers_but_not_through_pointers() {
    let array = |element| TypeSpec::Array { element, index: TypeId::VOID, length: 1 };
    let links: [(&dyn Fn(TypeId) -> TypeSpec, bool); 5] = [
        (&array, true),
        (&|to| TypeSpec::Typedef { name: "alias".to_owned(), to }, true),
        (&|to| TypeSpec::Qualifier { kind: Kind::Const, to }, true),
        (&|to| TypeSpec::TypeTag { name: "tag".to_owned(), to, attribute: false }, true),
        (&|to| TypeSpec::Ptr { to }, false),
    ];
    for (link, is_held) in links {
        let distilled = built(base(&[empty("file", 8)]));
        let mut split = Builder::split(&Btf::parse(distilled.clone()).expect("sound BTF"));
        let to = split.add(link(TypeId(1)));
        split.add(holder(to));
        let vmlinux = read(base(&[empty("file", 16)]));
        let moved = Btf::parse_distilled(built(split), distilled, &vmlinux);
        assert_eq!(moved.is_err(), is_held, "{:?}", link(TypeId(1)));
    }
}

#[test]
fn of_several_of_one_name_the_size_decides() {
    let there = [empty("dma_chan", 8), empty("dma_chan", 16), empty("dma_chan", 24)];
    assert_eq!(moved(empty("dma_chan", 16), &there), Ok(TypeId(2)));
    assert_eq!(moved(empty("dma_chan", 12), &there), missing("struct dma_chan"));
    let twice = moved(empty("dma_chan", 16), &[there[1].clone(), there[1].clone()]);
    let ambiguous = DistilledError::Ambiguous { wanted: "struct dma_chan".to_owned(), first: 1, second: 2 };
    assert_eq!(twice, Err(ambiguous));
    // A struct and a union of one name are two as well.
    let there = [empty("dma_chan", 8), composite(true, "dma_chan", 16, Vec::new())];
    assert_eq!(moved(empty("dma_chan", 8), &there), Ok(TypeId(1)));
}

#[test]
fn a_declaration_stands_for_what_libbpf_lets_it_stand_for() {
    assert_eq!(moved(fwd("file", false), &[fwd("file", true), fwd("file", false)]), Ok(TypeId(2)));
    assert_eq!(moved(fwd("file", false), &[empty("file", 8)]), Ok(TypeId(1)));
    // libbpf takes the flag for bit-fields for the one that says union.
    let bits = MemberSpec { bitfield_bits: 3, ..member("bits", TypeId::VOID, 0) };
    let with_bits = composite(false, "file", 8, vec![bits.clone()]);
    assert_eq!(moved(fwd("file", false), &[with_bits]), missing("fwd file"));
    let union = composite(true, "file", 8, Vec::new());
    assert_eq!(moved(fwd("file", true), std::slice::from_ref(&union)), missing("fwd file"));
    assert_eq!(moved(fwd("file", true), &[composite(true, "file", 8, vec![bits])]), Ok(TypeId(1)));
    // And a struct may be only declared there.
    assert_eq!(moved(empty("file", 8), &[fwd("file", false)]), Ok(TypeId(1)));
    let typedef = TypeSpec::Typedef { name: "file".to_owned(), to: TypeId::VOID };
    // The word that has a struct's size has the id of `void` here: as numbers they are the same.
    assert_eq!(moved(empty("file", 0), &[typedef]), missing("struct file"));
}

#[test]
fn what_no_distilled_base_has_is_refused() {
    let unexpected = |what: &str| Err(DistilledError::Unexpected { id: 1, what: what.to_owned() });
    assert_eq!(moved(TypeSpec::Ptr { to: TypeId::VOID }, &[]), unexpected("of kind ptr"));
    assert_eq!(moved(enumeration("state", 8, true), &[]), unexpected("of kind enum64"));
    assert_eq!(moved(empty("", 8), &[]), unexpected("of kind struct and without a name"));
    let many = vec![empty("file", 8); MOST_ALIKE + 1];
    let split = Builder::split(&read(base(&many)));
    let refused = Btf::parse_distilled(built(split), built(base(&many)), &read(base(&[])));
    assert!(matches!(refused, Err(DistilledError::Unexpected { id: 257, .. })), "{refused:?}");
}

#[test]
fn broken_parts_are_told_apart() {
    let distilled = built(base(&[empty("file", 8)]));
    let split = || built(Builder::split(&Btf::parse(distilled.clone()).expect("sound BTF")));
    let vmlinux = read(base(&[empty("file", 8)]));
    let move_it =
        |split: Vec<u8>, distilled: Vec<u8>, vmlinux| Btf::parse_distilled(split, distilled, vmlinux);
    assert!(move_it(split(), distilled.clone(), &vmlinux).is_ok());
    let cut = distilled[..20].to_vec();
    assert!(matches!(move_it(split(), cut, &vmlinux), Err(DistilledError::Base(_))));
    let cut = split()[..20].to_vec();
    assert!(matches!(move_it(cut, distilled.clone(), &vmlinux), Err(DistilledError::Split(_))));
    let big = Arc::new(Btf::parse(built(Builder::new(Endian::Big))).expect("sound BTF"));
    assert_eq!(move_it(split(), distilled.clone(), &big).err(), Some(DistilledError::ByteOrder));
}
