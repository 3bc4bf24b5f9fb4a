//! Pairs of types that go together, and pairs that do not: see `__bpf_core_types_are_compat` in libbpf's relo_core.c.

use corecheck_layouts::btf::{Builder, Endian, Kind, TypeSpec};

use super::*;
use crate::testing::{btf, record, union};

type Fill<'a> = dyn Fn(&mut Builder) -> TypeId + 'a;

fn ask(local: &Fill<'_>, target: &Fill<'_>) -> Result<bool, MatchError> {
    let (local_btf, local) = btf(Endian::Little, local);
    let (target_btf, target) = btf(Endian::Little, target);
    types_are_compatible(
        [&local_btf, &target_btf],
        [local, target],
        32,
        &mut Budget::of(crate::resolve::STEPS_IN_ALL),
    )
}

fn int(types: &mut Builder) -> TypeId {
    types.int("int", 4, 1)
}

/// An integer of the old sort, that stands for bits within it.
fn part(types: &mut Builder) -> TypeId {
    types.add(TypeSpec::Int { name: "int".to_owned(), size: 4, encoding: 0, offset: 3, bits: 5 })
}

fn to(types: &mut Builder, fill: &Fill<'_>) -> TypeId {
    let to = fill(types);
    types.add(TypeSpec::Ptr { to })
}

fn array(types: &mut Builder, fill: &Fill<'_>, length: u32) -> TypeId {
    let element = fill(types);
    types.add(TypeSpec::Array { element, index: element, length })
}

fn enumeration(types: &mut Builder) -> TypeId {
    let (name, values) = ("e".to_owned(), Vec::new());
    types.add(TypeSpec::Enum { name, size: 4, is_signed: false, is_64: false, values })
}

fn thing(types: &mut Builder) -> TypeId {
    types.add(record("thing", 0, Vec::new()))
}

fn proto(types: &mut Builder, returns: TypeId, params: &[TypeId]) -> TypeId {
    let params = params.iter().map(|&of| (String::new(), of)).collect();
    types.add(TypeSpec::FuncProto { returns, params })
}

fn typedef(types: &mut Builder, fill: &Fill<'_>) -> TypeId {
    let to = fill(types);
    types.add(TypeSpec::Typedef { name: "t".to_owned(), to })
}

#[test]
fn kinds_decide_and_names_and_sizes_do_not() {
    let long = |types: &mut Builder| types.int("long", 8, 0);
    let one_union = |types: &mut Builder| types.add(union("thing", 8, Vec::new()));
    let forward = |types: &mut Builder| types.add(TypeSpec::Fwd { name: "f".to_owned(), is_union: false });
    let float = |types: &mut Builder| types.add(TypeSpec::Float { name: "f".to_owned(), size: 4 });
    let cases: [(bool, &Fill<'_>, &Fill<'_>); 22] = [
        (true, &int, &long),
        (false, &int, &part),
        (false, &part, &int),
        (false, &int, &enumeration),
        (true, &enumeration, &enumeration),
        (true, &thing, &|types| types.add(record("other", 8, Vec::new()))),
        (true, &one_union, &one_union),
        (false, &thing, &one_union),
        (false, &thing, &int),
        (true, &forward, &forward),
        (true, &|_| TypeId::VOID, &|_| TypeId::VOID),
        // libbpf knows of no way to compare them.
        (false, &float, &float),
        (true, &|types| to(types, &int), &|types| to(types, &long)),
        (false, &|types| to(types, &int), &|types| to(types, &thing)),
        (false, &|types| to(types, &int), &int),
        (true, &|types| array(types, &int, 2), &|types| array(types, &long, 3)),
        (false, &|types| array(types, &int, 2), &|types| array(types, &thing, 2)),
        // The kinds of the roots are compared as they stand, what is behind them without qualifiers and typedefs.
        (false, &|types| typedef(types, &int), &int),
        (true, &|types| typedef(types, &int), &|types| typedef(types, &long)),
        (false, &|types| typedef(types, &int), &|types| typedef(types, &thing)),
        (true, &|types| to(types, &|types| typedef(types, &int)), &|types| to(types, &int)),
        (true, &|types| to(types, &int), &|types| {
            let int = int(types);
            let constant = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: int });
            types.add(TypeSpec::Ptr { to: constant })
        }),
    ];
    for (number, (expected, local, target)) in cases.into_iter().enumerate() {
        assert_eq!(ask(local, target), Ok(expected), "pair {number}");
    }
}

#[test]
fn prototypes_go_together_by_parameters_and_result() {
    let of = |returns: usize, params: &'static [usize]| {
        move |types: &mut Builder| {
            let ids = [int(types), thing(types), typedef(types, &int)];
            let params: Vec<TypeId> = params.iter().map(|&index| ids[index]).collect();
            proto(types, ids[returns], &params)
        }
    };
    let cases: [(bool, &Fill<'_>, &Fill<'_>); 6] = [
        (true, &of(0, &[0, 1]), &of(0, &[0, 1])),
        (true, &of(0, &[0, 1]), &of(2, &[2, 1])),
        (false, &of(0, &[0, 1]), &of(0, &[1, 1])),
        (false, &of(0, &[0, 1]), &of(0, &[0, 0])),
        (false, &of(0, &[0, 1]), &of(1, &[0, 1])),
        (false, &of(0, &[0, 1]), &of(0, &[0])),
    ];
    for (number, (expected, local, target)) in cases.into_iter().enumerate() {
        assert_eq!(ask(local, target), Ok(expected), "pair {number}");
    }
}

#[test]
fn thirty_two_steps_and_levels_and_no_more() {
    let behind = |count: usize| {
        move |types: &mut Builder| (0..count).fold(int(types), |to, _| types.add(TypeSpec::Ptr { to }))
    };
    assert_eq!(ask(&behind(31), &behind(31)), Ok(true));
    assert_eq!(ask(&behind(32), &behind(32)), Err(MatchError::TooDeep));
    let doubling = |count: usize| {
        move |types: &mut Builder| {
            (0..count).fold(proto(types, TypeId::VOID, &[]), |of, _| proto(types, TypeId::VOID, &[of, of]))
        }
    };
    assert_eq!(ask(&doubling(10), &doubling(10)), Ok(true));
    assert_eq!(ask(&doubling(21), &doubling(21)), Err(MatchError::TooComplex), "two million prototypes");
    let taking = |count: usize| {
        move |types: &mut Builder| {
            (0..count).fold(proto(types, TypeId::VOID, &[]), |of, _| proto(types, TypeId::VOID, &[of]))
        }
    };
    assert_eq!(ask(&taking(32), &taking(32)), Ok(true));
    assert_eq!(ask(&taking(33), &taking(33)), Err(MatchError::TooDeep));
}
