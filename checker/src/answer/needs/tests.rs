//! What decides about an access is asked of a store: two kernels that differ in it do not count as alike.

use std::sync::Arc;

use corecheck_layouts::btf::{Builder, Endian, Kind, TypeId, TypeSpec};
use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::store::Store;
use corecheck_layouts::store::file::{Import, StoreFile};

use super::needs_of;
use crate::access::{Access, RelocationKind};
use crate::answer::answer;
use crate::object::Object;
use crate::testing::{bitfield, btf, kernel, member, record, union};

/// `struct s { long a; … }`, with what is compared of it as the object was compiled against it, or changed in one way.
fn types(types: &mut Builder, changed: &str) -> TypeId {
    let is = |name: &str| changed == name;
    let long = types.int("long", 8, 1);
    let int = types.int("int", 4, u8::from(!is("sign")));
    let text = |text: &str| text.to_owned();
    let pointee = types.add(record(if is("pointee") { "other" } else { "one" }, 8, Vec::new()));
    let pointer = types.add(TypeSpec::Ptr { to: pointee });
    let behind = types.add(record(if is("typedef") { "other" } else { "one" }, 8, Vec::new()));
    let typedef = types.add(TypeSpec::Typedef { name: text("one_t"), to: behind });
    let of_typedef = types.add(TypeSpec::Ptr { to: typedef });
    let values = vec![(text("A"), 0), (text("B"), if is("enumerator") { 2 } else { 1 })];
    let (size, is_signed, is_64) = (4, false, false);
    let state = types.add(TypeSpec::Enum { name: text("state"), size, is_signed, is_64, values });
    let moved = if is("member") { 64 } else { 0 };
    let inner = types.add(record("inner", 16, vec![member("x", int, moved)]));
    let length = if is("length") { 2 } else { 4 };
    let row = types.add(TypeSpec::Array { element: int, index: int, length });
    // In the target alone: the object's own has no union.
    let sibling = if is("sibling") { int } else { long };
    let overlay = types.add(union("", 8, vec![member("shared", long, 0), member("sibling", sibling, 0)]));
    let shared = match is("local") {
        true => member("shared", long, 384),
        false => member("", overlay, 384),
    };
    let mut members = vec![
        member("i", int, 0),
        member("p", pointer, 64),
        member("t", of_typedef, 128),
        member("e", state, 192),
        member("n", inner, 256),
        shared,
        member("r", row, 448),
        bitfield("b", int, 576 + if is("bits") { 3 } else { 0 }, 2),
    ];
    if is("nothing that decides") {
        members.push(member("more", long, 640));
    }
    types.add(record("s", 128, members))
}

#[test]
fn whatever_tells_of_a_change_tells_kernels_apart() {
    let (local, root) = btf(Endian::Little, |builder| types(builder, "local"));
    let object = Object {
        btf: Some(Arc::clone(&local)),
        ..crate::testing::object("tests/fixtures/objects/programs.bpf.o")
    };
    let accesses: Vec<Access> = (0..8)
        .map(|index| {
            let spec = format!("0:{index}");
            let access = Access::of_types(
                &local,
                Endian::Little,
                root,
                RelocationKind::FieldByteOffset,
                spec.as_bytes(),
            );
            let mut access = Access { id: index, insn: index as u32, ..access };
            access.slots.first.code = 0xb7;
            access.slots.first.imm = access.local.as_ref().map_or(0, |local| local.value.number as i32);
            access
        })
        .collect();
    // What changes, and the access that sees it, by the number of what it sees.
    let cases = [
        ("sign", vec![0]),
        ("pointee", vec![1]),
        ("typedef", vec![2]),
        ("enumerator", vec![3]),
        ("member", vec![]),
        ("sibling", vec![5]),
        ("length", vec![6]),
        ("bits", vec![7]),
        ("nothing", vec![]),
    ];
    for (changed, seen) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store");
        for release in ["plain", changed] {
            let (btf, _) = btf(Endian::Little, |builder| types(builder, release));
            let import = Import::new(&kernel(release, &btf)).expect("it can be stored");
            import.commit(&path).expect("it is written");
        }
        let mut store = Store::of(Vec::new());
        store.add_file(StoreFile::open(&path).expect("it was written"));
        let listed: Vec<&Kernel> = store.kernels().iter().collect();
        let looked = store.look_up(&listed, &needs_of(&local, &accesses)).expect("it can be read");
        let looked: Vec<&Kernel> = looked.iter().collect();
        let answers = answer(&object, &accesses, &looked, &Modules::None);
        let is_alike = answers.of_kernel[0] == answers.of_kernel[1];
        assert_eq!(is_alike, changed == "nothing", "{changed}");
        let position = listed.iter().position(|kernel| kernel.name.release == changed).expect("it is listed");
        let of_changed = &answers.distinct[answers.of_kernel[position]];
        let with_changes: Vec<usize> = of_changed
            .outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| !outcome.changes.is_empty())
            .map(|(access, _)| access)
            .collect();
        // The sign is also that of the elements and of the bit-field, which has no sign to compare.
        let with_changes: Vec<usize> =
            with_changes.into_iter().filter(|&access| changed != "sign" || access == 0).collect();
        assert_eq!(with_changes, seen, "{changed}");
        if changed == "member" {
            assert!(of_changed.outcomes[4].extent.is_some(), "a member of what is held by value moved");
        }
    }
    assert_eq!(local.kind(root), Kind::Struct);
}
