//! `struct_ops`.

use super::*;

/// A struct of operations: a number, a function, and a member of its own.
fn ops(types: &mut Builder, number_size: u32, own: &str, has_function: bool) -> TypeId {
    let number = types.int(if number_size == 4 { "int" } else { "long long" }, number_size, 1);
    let proto = types.add(TypeSpec::FuncProto { returns: number, params: vec![] });
    let pointer = types.add(TypeSpec::Ptr { to: if has_function { proto } else { number } });
    let members = vec![member("flags", number, 0), member("init", pointer, 64), member(own, number, 128)];
    types.add(record("my_ops", 24, members))
}

/// What becomes of a map with this value, whose `init` is a program, on a kernel with such a struct.
fn struct_ops_fate(value: &[u8], fill: impl FnOnce(&mut Builder) -> TypeId) -> Fate {
    let (local, of) = btf(Endian::Little, |types| ops(types, 4, "own", true));
    let kernel = kernel_with(|types| {
        let target = fill(types);
        types.add(record("bpf_struct_ops_my_ops", 64, vec![member("data", target, 128)]));
    });
    let mut object = any();
    object.btf = Some(local);
    let what = What::StructOps { name: "my_ops".to_owned(), of, value: (value.to_vec(), vec![8]) };
    let requirement = Requirement { what, by: By::Map(0), optional: false };
    meet(&object, &[requirement], &[&kernel], &Modules::None).of(0)[0].fate.clone()
}

#[test]
fn struct_ops_need_every_member_that_is_set() {
    let zero = [0; 24];
    let mut set = zero;
    set[16] = 1;
    let lack = |name: &str, why| Fate::Missing(Lack::Member { name: name.to_owned(), why });
    assert_eq!(struct_ops_fate(&set, |types| ops(types, 4, "own", true)), met("vmlinux"));
    // A member that the kernel has not may be there, but zero.
    assert_eq!(struct_ops_fate(&zero, |types| ops(types, 4, "other", true)), met("vmlinux"));
    assert_eq!(struct_ops_fate(&set, |types| ops(types, 4, "other", true)), lack("own", MemberLack::Absent));
    let size = MemberLack::Size { local: 4, target: Some(8) };
    assert_eq!(struct_ops_fate(&zero, |types| ops(types, 8, "own", true)), lack("flags", size));
    assert_eq!(
        struct_ops_fate(&zero, |types| ops(types, 4, "own", false)),
        lack("init", MemberLack::NoFunction)
    );
    let without_function = |types: &mut Builder| {
        let int = types.int("int", 4, 1);
        types.add(record("my_ops", 8, vec![member("flags", int, 0)]))
    };
    // What holds a program is not zero.
    assert_eq!(struct_ops_fate(&zero, without_function), lack("init", MemberLack::Absent));
    let changed = |types: &mut Builder| {
        let held = types.add(record("held", 4, vec![]));
        types.add(record("my_ops", 8, vec![member("flags", held, 0)]))
    };
    let fate = struct_ops_fate(&zero, changed);
    assert!(matches!(fate, Fate::Missing(Lack::Member { why: MemberLack::Kind { .. }, .. })), "{fate:?}");
    let narrow = |types: &mut Builder| {
        let int = types.int("int", 4, 1);
        types.add(record("my_ops", 8, vec![bitfield("flags", int, 0, 3)]))
    };
    assert_eq!(struct_ops_fate(&zero, narrow), lack("flags", MemberLack::BitField));
    // The value's struct must be there, and hold the struct.
    let other = |types: &mut Builder| types.add(record("other_ops", 8, vec![]));
    assert_eq!(struct_ops_fate(&zero, other), ABSENT);
}
