//! What holds itself, how it is named, and how deep types may go.

use super::super::{Builder, Endian, MemberSpec, TypeSpec};
use super::*;

fn parse(specs: Vec<TypeSpec>) -> Result<Btf, BtfError> {
    let mut types = Builder::new(Endian::Little);
    specs.into_iter().for_each(|spec| {
        types.add(spec);
    });
    types.finish().and_then(Btf::parse)
}

fn record(name: &str, of: &[u32]) -> TypeSpec {
    let member =
        |&of: &u32| MemberSpec { name: "m".to_owned(), of: TypeId(of), bit_offset: 0, bitfield_bits: 0 };
    let members = of.iter().map(member).collect();
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size: 4, kind_flag: false, members }
}

fn typedef(to: u32) -> TypeSpec {
    TypeSpec::Typedef { name: "t".to_owned(), to: TypeId(to) }
}

#[test]
fn a_cycle_is_told_with_one_of_its_types_and_its_length() {
    let cycle =
        |id: u32, name: &str, length: usize| Some(BtfError::Cycle { id, name: name.to_owned(), length });
    assert_eq!(parse(vec![record("s", &[1])]).err(), cycle(1, "s", 1));
    // One that leads to the cycle is no part of it.
    let tail = vec![typedef(2), record("s", &[4, 3]), typedef(2), TypeSpec::Ptr { to: TypeId(2) }];
    assert_eq!(parse(tail).err(), cycle(2, "s", 2));
    let array = TypeSpec::Array { element: TypeId(2), index: TypeId(1), length: 1 };
    assert_eq!(parse(vec![array, typedef(1)]).err().map(|error| error.to_string()).as_deref(), {
        Some("BTF type [1] \"\" contains itself by value (a cycle of 2 types)")
    });
    // The index of an array is no part of it, nor is the second of two members that are sound.
    let index = TypeSpec::Array { element: TypeId(0), index: TypeId(1), length: 1 };
    assert!(parse(vec![index, record("s", &[1, 1, 3]), typedef(1)]).is_ok());
}

#[test]
fn types_hold_five_hundred_and_twelve_others() {
    // Forwards and backwards: the first order is the one that needs the closer look.
    for forwards in [true, false] {
        let chain = |count: u32| {
            parse(
                (1..=count)
                    .map(|id| if forwards { typedef((id + 1) % (count + 1)) } else { typedef(id - 1) })
                    .collect(),
            )
        };
        assert!(chain(512).is_ok());
        let id = if forwards { 1 } else { 513 };
        assert_eq!(chain(513).err(), Some(BtfError::TooDeep { id, levels: 512 }));
    }
    // Of several members the deepest counts, wherever it stands.
    let deep = |members: &[u32]| {
        let mut specs: Vec<TypeSpec> = (1..=511).map(|id| typedef(id - 1)).collect();
        specs.extend([record("s", members), typedef(512)]);
        parse(specs).err()
    };
    for members in [&[510, 1][..], &[1, 510]] {
        assert_eq!(deep(members), None);
    }
    for members in [&[511, 1][..], &[1, 511]] {
        assert_eq!(deep(members), Some(BtfError::TooDeep { id: 513, levels: 512 }));
    }
}
