use super::{MAX_DEPTH, MAX_LEVELS};
use crate::btf::{Btf, Builder, Endian, Kind, MemberSpec, TypeId, TypeSpec};
use crate::kernel::{Found, Kernel, KernelName, Modules, Need, Root};
use crate::store::Store;
use crate::store::file::{Import, StoreError, StoreFile};
use std::sync::Arc;

/// What a store with these types alone says of a root.
fn found(types: Builder, name: &str, kind: Kind) -> Result<Found, StoreError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let btf = Arc::new(Btf::parse(types.finish().expect("it can be written")).expect("sound BTF"));
    let kernel = Kernel::of_vmlinux(KernelName::new("test", "1", "amd64"), btf);
    Import::new(&kernel).expect("it can be stored").commit(&path).expect("it is written");
    let mut store = Store::of(Vec::new());
    store.add_file(StoreFile::open(&path).expect("it can be opened"));
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let root = Root { name: name.to_owned(), kind, need: Need::All, everywhere: false };
    let looked = store.look_up(&listed, &[root])?;
    Ok(looked[0].find(&[(name, kind)], &Modules::None).remove(0))
}

/// So many structs, each of which holds the next; the last holds an `int`.
fn structs(count: u32) -> Builder {
    let mut types = Builder::new(Endian::Little);
    let mut of = types.int("int", 4, 1);
    for number in (0..count).rev() {
        let members = vec![MemberSpec { name: "next".to_owned(), of, bit_offset: 0, bitfield_bits: 0 }];
        let name = format!("s{number}");
        of = types.add(TypeSpec::Composite { is_union: false, name, size: 4, kind_flag: false, members });
    }
    types
}

/// So many typedefs, each of so many pointers to the next.
fn typedefs(count: u32, pointers: u32) -> Builder {
    let mut types = Builder::new(Endian::Little);
    let mut to = TypeId::VOID;
    for number in (0..count).rev() {
        for _ in 0..pointers {
            to = types.add(TypeSpec::Ptr { to });
        }
        to = types.add(TypeSpec::Typedef { name: format!("t{number}"), to });
    }
    types
}

fn assert_found(found: &Result<Found, StoreError>) {
    assert!(
        matches!(found, Ok(Found::In(units)) if units.len() == 1 && units[0].ids.len() == 1),
        "{found:?}"
    );
}

fn assert_too_deep(found: &Result<Found, StoreError>) {
    let error = found.as_ref().expect_err("it is too deep").to_string();
    assert!(error.contains("a type that it needs cannot be made"), "{error}");
}

#[test]
fn definitions_that_need_each_other_too_deep_are_an_error() {
    // The `int` is the last of them.
    assert_found(&found(structs(MAX_DEPTH - 1), "s0", Kind::Struct));
    assert_too_deep(&found(structs(MAX_DEPTH), "s0", Kind::Struct));
    // From within the chain there is less to make.
    assert_found(&found(structs(MAX_DEPTH), "s1", Kind::Struct));
}

#[test]
fn levels_of_all_definitions_together_are_counted() {
    // The innermost definition may begin at the last level.
    let pointers = 99;
    let fit = MAX_LEVELS / (pointers + 1) + 1;
    assert_found(&found(typedefs(fit, pointers), "t0", Kind::Typedef));
    assert_too_deep(&found(typedefs(fit + 1, pointers), "t0", Kind::Typedef));
    // As deep as it gets: this many levels, and a definition of the most that is stored.
    assert_found(&found(typedefs(2, MAX_LEVELS - 101), "t0", Kind::Typedef));
}
