//! Walks through targets that differ from the object's own types.

use corecheck_layouts::btf::{Builder, Endian, Kind, TypeSpec};

use super::*;
use crate::access::RelocationKind;
use crate::testing::{btf, member, record, union};

type Fill<'a> = dyn Fn(&mut Builder) -> TypeId + 'a;

/// The walk `text` from what `local` adds last, in what `target` adds last.
fn walk(local: &Fill<'_>, text: &str, target: &Fill<'_>) -> Result<Result<Spec, Mismatch>, MatchError> {
    let (local_btf, local) = btf(Endian::Little, local);
    let (target_btf, target) = btf(Endian::Little, target);
    let spec = Spec::parse(&local_btf, local, RelocationKind::FieldByteOffset, text.as_bytes());
    match_field(
        &spec.expect("the walk stays inside"),
        &local_btf,
        &target_btf,
        target,
        &mut Budget::of(crate::resolve::STEPS_IN_ALL),
    )
}

/// Where the walk ends: the steps as text, and the offset in bits.
fn end(local: &Fill<'_>, text: &str, target: &Fill<'_>) -> (String, u32) {
    let spec = walk(local, text, target).expect("it can be compared").expect("it is found");
    (spec.raw_text(), spec.bit_offset)
}

fn mismatch(local: &Fill<'_>, text: &str, target: &Fill<'_>) -> Mismatch {
    walk(local, text, target).expect("it can be compared").expect_err("nothing matches")
}

fn int(types: &mut Builder) -> TypeId {
    types.int("int", 4, 1)
}

fn pointer(types: &mut Builder) -> TypeId {
    types.add(TypeSpec::Ptr { to: TypeId::VOID })
}

fn array(types: &mut Builder, element: TypeId, length: u32) -> TypeId {
    types.add(TypeSpec::Array { element, index: element, length })
}

/// `struct s { int a; }`
fn one(types: &mut Builder) -> TypeId {
    let int = int(types);
    types.add(record("s", 4, vec![member("a", int, 0)]))
}

#[test]
fn members_are_found_by_name_within_anonymous_ones() {
    let target = |types: &mut Builder| {
        let int = int(types);
        let deep = types.add(record("", 8, vec![member("c", int, 0), member("a", int, 32)]));
        let either = types.add(union("", 8, vec![member("d", int, 0), member("", deep, 0)]));
        let other = types.add(record("", 4, vec![member("e", int, 0)]));
        types.add(record("s", 16, vec![member("b", int, 0), member("", other, 32), member("", either, 64)]))
    };
    assert_eq!(end(&one, "0:0", &target), ("0:2:1:1".to_owned(), 96));
    // What was passed on the way leaves nothing behind, neither steps nor offsets.
    let without = |types: &mut Builder| {
        let int = int(types);
        let deep = types.add(record("", 4, vec![member("c", int, 0)]));
        types.add(record("s", 16, vec![member("", deep, 32), member("b", int, 64)]))
    };
    let expected = Mismatch::FieldMissing { member: "a".to_owned(), parent: TypeId(3), depth: 1 };
    assert_eq!(mismatch(&one, "0:0", &without), expected);
    assert_eq!(expected.depth(), 1);
}

#[test]
fn a_member_of_another_kind_is_told_apart_from_none() {
    let changed = |types: &mut Builder| {
        let pointer = pointer(types);
        types.add(record("s", 16, vec![member("b", pointer, 0), member("a", pointer, 64)]))
    };
    let Mismatch::KindChanged { local, target, found } = mismatch(&one, "0:0", &changed) else {
        panic!("another mismatch")
    };
    assert_eq!(
        (local, target, found.bit_offset, found.raw_text()),
        (TypeId(1), TypeId(1), 64, "0:1".to_owned())
    );
    // Behind an anonymous member it is passed over, and remembered.
    let hidden = |types: &mut Builder| {
        let (int, inner) = (int(types), changed(types));
        let _ = inner;
        let pointer = pointer(types);
        let anonymous = types.add(record("", 8, vec![member("a", pointer, 0)]));
        types.add(record("s", 16, vec![member("", anonymous, 64), member("b", int, 128)]))
    };
    let hidden = mismatch(&one, "0:0", &hidden);
    assert!(matches!(&hidden, Mismatch::KindChanged { found, .. } if found.bit_offset == 64), "{hidden:?}");
    assert_eq!(hidden.depth(), 2);
}

#[test]
fn only_structs_and_unions_have_members() {
    let local = |types: &mut Builder| {
        let inner = one(types);
        types.add(record("outer", 4, vec![member("in", inner, 0)]))
    };
    let target = |types: &mut Builder| {
        let inner = types.add(union("s", 4, Vec::new()));
        types.add(record("outer", 4, vec![member("in", inner, 0)]))
    };
    let expected = Mismatch::FieldMissing { member: "a".to_owned(), parent: TypeId(1), depth: 2 };
    assert_eq!(mismatch(&local, "0:0:0", &target), expected);
    let expected = Mismatch::ParentNotComposite { member: "a".to_owned(), found: TypeId(1), depth: 1 };
    assert_eq!(mismatch(&one, "0:0", &int), expected);
}

#[test]
fn elements_are_counted_by_the_targets_size() {
    let local = |length: u32| {
        move |types: &mut Builder| {
            let int = int(types);
            let row = array(types, int, length);
            let members = vec![member("n", int, 0), member("row", row, 32)];
            types.add(record("s", 4 + 4 * length, members))
        }
    };
    let target = |length: u32, size: u32, is_last: bool| {
        move |types: &mut Builder| {
            let int = types.int("int", size, 1);
            let row = array(types, int, length);
            let mut members = vec![member("row", row, 64)];
            members.extend((!is_last).then(|| member("n", int, 512)));
            types.add(record("s", 128, members))
        }
    };
    assert_eq!(end(&local(3), "0:1:2", &target(3, 8, false)), ("0:0:2".to_owned(), 64 + 128));
    // Whole objects before the one that is asked about.
    assert_eq!(end(&local(3), "2:1:2", &target(3, 8, false)), ("2:0:2".to_owned(), 2 * 1024 + 64 + 128));
    let short = Mismatch::ArrayTooShort { index: 2, length: 2, depth: 2 };
    assert_eq!(mismatch(&local(3), "0:1:2", &target(2, 8, false)), short);
    assert_eq!(short.depth(), 2);
    assert_eq!(end(&local(3), "0:1:2", &target(0, 4, true)), ("0:0:2".to_owned(), 64 + 64));
    assert_eq!(
        mismatch(&local(3), "0:1:2", &target(0, 4, false)),
        Mismatch::ArrayTooShort { index: 2, length: 0, depth: 2 }
    );
    // A length is no zero because it is the last.
    assert!(matches!(mismatch(&local(3), "0:1:2", &target(1, 4, true)), Mismatch::ArrayTooShort { .. }));
}

#[test]
fn only_arrays_have_elements() {
    let grid = |types: &mut Builder| {
        let int = int(types);
        let row = array(types, int, 2);
        let grid = array(types, row, 2);
        types.add(record("s", 16, vec![member("m", grid, 0)]))
    };
    assert_eq!(end(&grid, "0:0:1:1", &grid), ("0:0:1:1".to_owned(), 96));
    // A member that is none is of another kind; so it is only seen where the root is an array.
    let row = |types: &mut Builder| {
        let int = int(types);
        array(types, int, 2)
    };
    assert_eq!(mismatch(&row, "0:1", &int), Mismatch::NotAnArray { found: TypeId(1), depth: 1 });
}

#[test]
fn sixty_four_steps_and_no_more() {
    // Locally one anonymous struct less on the way.
    let within = |count: usize| {
        move |types: &mut Builder| {
            let innermost = one(types);
            let inner = (0..count).fold(innermost, |of, _| types.add(record("", 4, vec![member("", of, 0)])));
            types.add(record("s", 4, vec![member("", inner, 0)]))
        }
    };
    assert_eq!(end(&one, "0:0", &within(61)).0.split(':').count(), 64);
    assert_eq!(walk(&one, "0:0", &within(62)), Err(MatchError::TooDeep));
    // An array of as many dimensions, at the end of as many steps.
    let dimensions = |within: usize| {
        move |types: &mut Builder| {
            let int = int(types);
            let grid = (0..31).fold(int, |of, _| array(types, of, 1));
            let innermost = types.add(record("", 4, vec![member("a", grid, 0)]));
            let inner =
                (0..within).fold(innermost, |of, _| types.add(record("", 4, vec![member("", of, 0)])));
            types.add(record("s", 4, vec![member("", inner, 0)]))
        }
    };
    let text = |within: usize| vec!["0"; 1 + within + 2 + 31].join(":");
    assert_eq!(end(&dimensions(0), &text(0), &dimensions(30)).0.split(':').count(), 64);
    assert_eq!(walk(&dimensions(0), &text(0), &dimensions(31)), Err(MatchError::TooDeep));
}

#[test]
fn what_has_no_size_cannot_be_counted() {
    let forward = |types: &mut Builder| types.add(TypeSpec::Fwd { name: "s".to_owned(), is_union: false });
    assert_eq!(walk(&one, "0:0", &forward), Err(MatchError::NoSize(TypeId(1))));
    let sized = |size: u32| {
        move |types: &mut Builder| {
            let int = int(types);
            types.add(record("s", size, vec![member("a", int, 0)]))
        }
    };
    // libbpf takes a size of 2 GiB and more for an error.
    assert!(walk(&one, "0:0", &sized(i32::MAX as u32)).is_ok());
    assert_eq!(walk(&one, "0:0", &sized(1 << 31)), Err(MatchError::NoSize(TypeId(2))));
}

#[test]
fn which_fields_may_stand_for_each_other() {
    let float = |types: &mut Builder| types.add(TypeSpec::Float { name: "float".to_owned(), size: 4 });
    let long = |types: &mut Builder| types.int("long", 8, 0);
    let part = |types: &mut Builder| {
        types.add(TypeSpec::Int { name: "int".to_owned(), size: 4, encoding: 0, offset: 3, bits: 5 })
    };
    let thing = |types: &mut Builder| types.add(record("thing", 4, Vec::new()));
    let one_union = |types: &mut Builder| types.add(union("other", 4, Vec::new()));
    let forward = |name: &'static str| {
        move |types: &mut Builder| types.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false })
    };
    let enumeration = |name: &'static str, is_64: bool| {
        move |types: &mut Builder| {
            let (name, values) = (name.to_owned(), Vec::new());
            types.add(TypeSpec::Enum { name, size: 4, is_signed: false, is_64, values })
        }
    };
    let of = |fill: fn(&mut Builder) -> TypeId, length: u32| {
        move |types: &mut Builder| {
            let element = fill(types);
            array(types, element, length)
        }
    };
    let constant = |types: &mut Builder| {
        let to = int(types);
        types.add(TypeSpec::Qualifier { kind: Kind::Const, to })
    };
    let function =
        |types: &mut Builder| types.add(TypeSpec::FuncProto { returns: TypeId::VOID, params: Vec::new() });
    let cases: [(bool, &Fill<'_>, &Fill<'_>); 24] = [
        (true, &int, &long),
        (true, &int, &constant),
        (false, &int, &part),
        (false, &part, &int),
        (false, &int, &pointer),
        (false, &int, &float),
        (true, &float, &float),
        (true, &pointer, &|types| {
            let to = int(types);
            types.add(TypeSpec::Ptr { to })
        }),
        (true, &thing, &one_union),
        (false, &thing, &int),
        (false, &int, &thing),
        (true, &forward("a"), &forward("a___old")),
        (false, &forward("a"), &forward("b")),
        (true, &enumeration("a", false), &enumeration("a", true)),
        (true, &enumeration("a", true), &enumeration("a___x", false)),
        (false, &enumeration("a", false), &enumeration("b", false)),
        (true, &enumeration("", false), &enumeration("b", false)),
        (true, &enumeration("a", false), &enumeration("", false)),
        (false, &enumeration("a", false), &int),
        (true, &of(int, 2), &of(int, 5)),
        (false, &of(int, 2), &of(pointer, 2)),
        (false, &of(int, 2), &int),
        (false, &function, &function),
        (false, &|_| TypeId::VOID, &|_| TypeId::VOID),
    ];
    for (number, (expected, local, target)) in cases.into_iter().enumerate() {
        let (local_btf, local) = btf(Endian::Little, local);
        let (target_btf, target) = btf(Endian::Little, target);
        let are_compatible = fields_are_compatible(&local_btf, local, &target_btf, target);
        assert_eq!(are_compatible, expected, "pair {number}");
    }
}
