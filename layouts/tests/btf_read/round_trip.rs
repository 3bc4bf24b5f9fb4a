//! What is well-formed is read as it was written, and means what it means in C.

use corecheck_layouts::btf::{Btf, Builder, Endian, Kind, TypeId, TypeSpec, cdecl};

use crate::{build, every_kind, walk};

#[test]
fn every_kind_is_read_as_it_was_written_in_both_byte_orders() {
    for endian in [Endian::Little, Endian::Big] {
        let specs = every_kind();
        let bytes = build(endian, &specs);
        let btf = Btf::parse(bytes.clone()).expect("it is sound");
        assert_eq!(btf.endian(), endian);
        assert_eq!(btf.pointer_size(), Some(8));
        let read: Vec<TypeSpec> = btf.ids().filter_map(|id| TypeSpec::of(btf.ty(id))).collect();
        assert_eq!(read, specs);
        assert_eq!(build(endian, &read), bytes);
        walk(&btf);
    }
}

#[test]
fn types_are_written_as_in_c() {
    let btf = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    let name = |id: u32| cdecl::type_name(&btf, TypeId(id));
    assert_eq!(name(2), "struct s *");
    assert_eq!(name(3), "struct s *[3]");
    assert_eq!(cdecl::declaration(&btf, TypeId(3), "a"), "struct s *a[3]");
    assert_eq!(name(9), "t");
    assert_eq!(name(10), "const volatile struct s");
    assert_eq!(cdecl::declaration(&btf, TypeId(12), "r"), "struct s *restrict r");
    assert_eq!(cdecl::declaration(&btf, TypeId(14), "(*fn)"), "void (*fn)(struct s *, ...)");
    assert_eq!(cdecl::definition_name(&btf, TypeId(8)), "union f (declared only)");
}

#[test]
fn sizes_multiply_arrays_and_look_through_names() {
    let btf = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    assert_eq!(btf.size_of(TypeId(3)), Some(24));
    assert_eq!(btf.size_of(TypeId(9)), Some(48));
    assert_eq!(btf.size_of(TypeId(8)), None, "a declaration has no size");
    assert_eq!(btf.size_of(TypeId(0)), None, "void has no size");
}

#[test]
fn a_four_byte_long_makes_pointers_small() {
    let mut builder = Builder::new(Endian::Little);
    builder.int("unsigned long", 4, 0);
    let pointer = builder.add(TypeSpec::Ptr { to: TypeId(0) });
    let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
    assert_eq!((btf.pointer_size(), btf.size_of(pointer)), (Some(4), Some(4)));
}

#[test]
fn types_in_any_order_are_found_alike() {
    // As 7.2 and 7.3 have them, by name, and as older kernels do, as they come.
    let int = |name: &str| TypeSpec::Int { name: name.to_owned(), size: 8, encoding: 1, offset: 0, bits: 64 };
    let fwd = |name: &str| TypeSpec::Fwd { name: name.to_owned(), is_union: false };
    let sorted = [fwd("a"), fwd("file"), int("long"), fwd("z")];
    let unsorted = [int("long"), fwd("z"), fwd("file"), fwd("a")];
    for types in [&sorted, &unsorted] {
        let btf = Btf::parse(build(Endian::Little, types)).expect("it is sound");
        let place = types.iter().position(|spec| *spec == fwd("file")).map(|index| TypeId(index as u32 + 1));
        assert_eq!(btf.find_exact("file", |_| true), Vec::from_iter(place));
        assert_eq!(btf.pointer_size(), Some(8));
    }
}

#[test]
fn without_a_long_pointers_have_the_hosts_size() {
    let pointers = |long: Option<u32>| {
        let mut builder = Builder::new(Endian::Little);
        if let Some(size) = long {
            builder.int("long", size, 1);
        }
        let to = builder.add(TypeSpec::Ptr { to: TypeId::VOID });
        let array = builder.add(TypeSpec::Array { element: to, index: TypeId::VOID, length: 2 });
        let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
        (btf.pointer_size(), btf.size_of(array))
    };
    assert_eq!(pointers(Some(4)), (Some(4), Some(8)));
    // The size of `p[2]` is another: BTF made for a 32-bit target must keep its `long`.
    assert_eq!(pointers(None), (None, Some(16)));
}

#[test]
fn flavours_are_found_by_their_essential_name() {
    let mut builder = Builder::new(Endian::Little);
    for name in ["task", "task___old", "task_struct", "xtask", "task___a___b", "task"] {
        builder.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false });
    }
    builder.int("task", 4, 0);
    let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
    let found = btf.find_by_essential_name(&[b"task", b"task___a", b"none"], |kind| kind == Kind::Fwd);
    let ids =
        |name: &str| found.get(name.as_bytes()).map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    assert_eq!(ids("task"), Some(vec![1, 2, 6]));
    assert_eq!(ids("task___a"), Some(vec![5]));
    assert_eq!(ids("none"), None);
    assert_eq!(btf.find_exact("task", |_| true), [TypeId(1), TypeId(6), TypeId(7)]);
}
