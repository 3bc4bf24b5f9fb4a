//! Pairs of types that match, each beside one that does not: see `__bpf_core_types_match` and its kin in libbpf's
//! relo_core.c.

use corecheck_layouts::btf::{Builder, Endian, Kind, MemberSpec, TypeSpec};

use super::*;
use crate::testing::{btf, member, record, union};

type Fill<'a> = dyn Fn(&mut Builder) -> TypeId + 'a;

fn ask(local: &Fill<'_>, target: &Fill<'_>) -> Result<bool, MatchError> {
    let (local_btf, local) = btf(Endian::Little, local);
    let (target_btf, target) = btf(Endian::Little, target);
    types_match([&local_btf, &target_btf], [local, target], 32, &mut Budget::of(crate::resolve::STEPS_IN_ALL))
}

/// Says which pairs match that should not, and the other way round.
fn expect(cases: &[(bool, &Fill<'_>, &Fill<'_>)]) {
    for (number, (expected, local, target)) in cases.iter().enumerate() {
        assert_eq!(ask(local, target), Ok(*expected), "pair {number}");
    }
}

fn int(types: &mut Builder) -> TypeId {
    types.int("int", 4, 1)
}

fn to(types: &mut Builder, to: TypeId) -> TypeId {
    types.add(TypeSpec::Ptr { to })
}

fn fwd(types: &mut Builder, is_union: bool) -> TypeId {
    types.add(TypeSpec::Fwd { name: "s".to_owned(), is_union })
}

fn array(types: &mut Builder, length: u32) -> TypeId {
    let element = int(types);
    types.add(TypeSpec::Array { element, index: element, length })
}

/// `enum e` of this size with these enumerators.
fn enumeration(types: &mut Builder, size: u32, names: &[&str]) -> TypeId {
    let values = (0..).zip(names).map(|(value, &name)| (name.to_owned(), value)).collect();
    types.add(TypeSpec::Enum { name: "e".to_owned(), size, is_signed: false, is_64: size == 8, values })
}

/// A struct `s` with an int member of each of these names.
fn ints(types: &mut Builder, names: &[&str]) -> TypeId {
    let int = int(types);
    let members = (0..).zip(names).map(|(index, name)| member(name, int, 32 * index)).collect();
    types.add(record("s", 4 * names.len() as u32, members))
}

fn proto(types: &mut Builder, returns: TypeId, params: &[TypeId]) -> TypeId {
    let params = params.iter().map(|&of| (String::new(), of)).collect();
    types.add(TypeSpec::FuncProto { returns, params })
}

#[test]
fn integers_have_one_name_size_and_sign() {
    expect(&[
        (true, &int, &int),
        (true, &int, &|types| types.int("int___kernel", 4, 1)),
        (false, &int, &|types| types.int("long", 4, 1)),
        (false, &int, &|types| types.int("int", 8, 1)),
        (false, &int, &|types| types.int("int", 4, 0)),
        (false, &int, &|types| types.add(TypeSpec::Float { name: "int".to_owned(), size: 4 })),
        (true, &|_| TypeId::VOID, &|_| TypeId::VOID),
        (false, &|_| TypeId::VOID, &|types| types.int("", 4, 1)),
        (false, &|types| types.int("", 4, 1), &|_| TypeId::VOID),
    ]);
}

#[test]
fn names_for_types_and_qualifiers_do_not_count() {
    expect(&[
        (true, &int, &|types| {
            let int = int(types);
            types.add(TypeSpec::Typedef { name: "number".to_owned(), to: int })
        }),
        (
            true,
            &|types| {
                let to = int(types);
                types.add(TypeSpec::Qualifier { kind: Kind::Const, to })
            },
            &int,
        ),
    ]);
}

#[test]
fn arrays_have_one_length_and_their_elements_match() {
    expect(&[
        (true, &|types| array(types, 3), &|types| array(types, 3)),
        (false, &|types| array(types, 3), &|types| array(types, 4)),
        (false, &|types| array(types, 3), &int),
        (false, &|types| array(types, 3), &|types| {
            let element = types.int("int", 8, 1);
            types.add(TypeSpec::Array { element, index: element, length: 3 })
        }),
    ]);
}

#[test]
fn pointers_lead_to_what_matches() {
    let pointer = |types: &mut Builder| {
        let int = int(types);
        to(types, int)
    };
    expect(&[
        (true, &pointer, &pointer),
        (false, &pointer, &|types| {
            let long = types.int("int", 8, 1);
            to(types, long)
        }),
        (false, &pointer, &|types| {
            let pointer = pointer(types);
            to(types, pointer)
        }),
        (false, &pointer, &|types| types.int("", 8, 0)),
    ]);
}

#[test]
fn declared_types_stand_for_defined_ones_behind_pointers() {
    let empty = |is_union: bool| {
        move |types: &mut Builder| {
            types.add(if is_union { union("s", 0, vec![]) } else { record("s", 0, vec![]) })
        }
    };
    for is_union in [false, true] {
        for other in [false, true] {
            let same = is_union == other;
            let declared = move |types: &mut Builder| fwd(types, is_union);
            let defined = empty(is_union);
            expect(&[
                (same, &declared, &move |types| fwd(types, other)),
                (false, &declared, &empty(other)),
                (false, &defined, &move |types| fwd(types, other)),
                (
                    same,
                    &move |types| {
                        let s = declared(types);
                        to(types, s)
                    },
                    &move |types| {
                        let s = empty(other)(types);
                        to(types, s)
                    },
                ),
                (
                    same,
                    &move |types| {
                        let s = defined(types);
                        to(types, s)
                    },
                    &move |types| {
                        let s = fwd(types, other);
                        to(types, s)
                    },
                ),
            ]);
        }
    }
    expect(&[(false, &|types| fwd(types, false), &|types| types.int("s", 4, 1))]);
}

#[test]
fn structs_match_by_their_members_but_behind_a_pointer_by_name() {
    let one = |types: &mut Builder| ints(types, &["a"]);
    let other = |types: &mut Builder| ints(types, &["b"]);
    expect(&[
        (true, &one, &one),
        (true, &one, &|types| ints(types, &["b", "a"])),
        (true, &one, &|types| ints(types, &["b", "a___old"])),
        (false, &one, &other),
        (false, &|types| ints(types, &["a", "b"]), &one),
        (false, &|types| ints(types, &["a", "b"]), &|types| ints(types, &["a", "c"])),
        // The name alone is not enough: of two of one name any may match.
        (false, &one, &|types| {
            let of = types.int("int", 8, 1);
            types.add(record("s", 8, vec![member("a", of, 0)]))
        }),
        (true, &one, &|types| {
            let (long, int) = (types.int("int", 8, 1), types.int("int", 4, 1));
            types.add(record("s", 16, vec![member("a", long, 0), member("a", int, 64)]))
        }),
        (false, &one, &|types| {
            let int = int(types);
            types.add(union("s", 4, vec![member("a", int, 0)]))
        }),
        (
            true,
            &|types| {
                let s = one(types);
                to(types, s)
            },
            &|types| {
                let s = other(types);
                to(types, s)
            },
        ),
        (
            false,
            &|types| {
                let s = one(types);
                to(types, s)
            },
            &|types| {
                let int = int(types);
                let s = types.add(record("t", 4, vec![member("a", int, 0)]));
                to(types, s)
            },
        ),
        // What a pointer among the members leads to is not looked into, but its name is.
        (true, &|types| holder(types, one), &|types| holder(types, other)),
        // A member that is a struct is looked into, even if the whole is only a member.
        (false, &|types| nest(types, one), &|types| nest(types, other)),
        (true, &|types| nest(types, one), &|types| nest(types, one)),
    ]);
    let unions = |name: &'static str| {
        move |types: &mut Builder| {
            let int = int(types);
            types.add(union("s", 4, vec![member(name, int, 0)]))
        }
    };
    expect(&[(true, &unions("a"), &unions("a")), (false, &unions("a"), &unions("b"))]);
}

/// A struct with a pointer to what `fill` adds.
fn holder(types: &mut Builder, fill: impl Fn(&mut Builder) -> TypeId) -> TypeId {
    let of = fill(types);
    let pointer = to(types, of);
    types.add(record("holder", 8, vec![member("p", pointer, 0)]))
}

/// A struct with what `fill` adds as its member.
fn nest(types: &mut Builder, fill: impl Fn(&mut Builder) -> TypeId) -> TypeId {
    let of = fill(types);
    types.add(record("nest", 4, vec![member("m", of, 0)]))
}

#[test]
fn enumerators_are_found_by_name() {
    let both = |types: &mut Builder| enumeration(types, 4, &["A", "B"]);
    expect(&[
        (true, &both, &both),
        (true, &both, &|types| enumeration(types, 4, &["C", "B___x", "A"])),
        (false, &both, &|types| enumeration(types, 4, &["A", "C"])),
        (false, &both, &|types| enumeration(types, 4, &["A"])),
        (false, &both, &|types| enumeration(types, 8, &["A", "B"])),
        (true, &|types| enumeration(types, 8, &["A"]), &|types| enumeration(types, 8, &["A"])),
        (false, &|types| enumeration(types, 4, &["A", "A"]), &|types| enumeration(types, 4, &["A"])),
        (false, &both, &|types| types.int("e", 4, 0)),
    ]);
}

#[test]
fn prototypes_match_by_parameters_and_result() {
    let of = |returns: u32, params: &'static [u32]| {
        move |types: &mut Builder| {
            let (int, long) = (types.int("int", 4, 1), types.int("long", 8, 1));
            let id = |number: &u32| [TypeId::VOID, int, long][*number as usize];
            let params: Vec<TypeId> = params.iter().map(id).collect();
            proto(types, id(&returns), &params)
        }
    };
    expect(&[
        (true, &of(1, &[2, 1]), &of(1, &[2, 1])),
        (false, &of(1, &[2, 1]), &of(1, &[1, 1])),
        (false, &of(1, &[2, 1]), &of(1, &[2, 2])),
        (false, &of(1, &[2, 1]), &of(2, &[2, 1])),
        (false, &of(1, &[2, 1]), &of(1, &[2])),
        (false, &of(0, &[]), &of(1, &[])),
    ]);
    // Behind a pointer to a function, structs among the parameters are known by name only.
    let taking = |name: &'static str| {
        move |types: &mut Builder| {
            let s = ints(types, &[name]);
            proto(types, TypeId::VOID, &[s])
        }
    };
    let pointer = |name: &'static str| {
        move |types: &mut Builder| {
            let function = taking(name)(types);
            to(types, function)
        }
    };
    expect(&[(false, &taking("a"), &taking("b")), (true, &pointer("a"), &pointer("b"))]);
}

#[test]
fn kinds_that_libbpf_does_not_compare() {
    let float = |types: &mut Builder| types.add(TypeSpec::Float { name: "double".to_owned(), size: 8 });
    let variable = |types: &mut Builder| {
        let of = int(types);
        types.add(TypeSpec::Var { name: "v".to_owned(), of, linkage: 1 })
    };
    expect(&[(false, &float, &float), (false, &variable, &variable)]);
}

/// An int behind so many pointers.
fn behind(count: usize) -> impl Fn(&mut Builder) -> TypeId {
    move |types| (0..count).fold(int(types), |of, _| to(types, of))
}

/// A struct within so many others.
fn within(count: usize) -> impl Fn(&mut Builder) -> TypeId {
    move |types| {
        let hold = |of: TypeId, types: &mut Builder| types.add(record("level", 4, vec![member("m", of, 0)]));
        let innermost = types.add(record("level", 0, Vec::<MemberSpec>::new()));
        (0..count).fold(innermost, |of, _| hold(of, types))
    }
}

/// A prototype that takes a prototype that … takes nothing.
fn taking(count: usize) -> impl Fn(&mut Builder) -> TypeId {
    move |types| (0..count).fold(proto(types, TypeId::VOID, &[]), |of, _| proto(types, TypeId::VOID, &[of]))
}

#[test]
fn thirty_two_steps_and_levels_and_no_more() {
    assert_eq!(ask(&behind(31), &behind(31)), Ok(true));
    assert_eq!(ask(&behind(32), &behind(32)), Err(MatchError::TooDeep));
    assert_eq!(ask(&within(31), &within(31)), Ok(true));
    assert_eq!(ask(&within(32), &within(32)), Err(MatchError::TooDeep));
    assert_eq!(ask(&taking(31), &taking(31)), Ok(true));
    assert_eq!(ask(&taking(32), &taking(32)), Err(MatchError::TooDeep));
}
