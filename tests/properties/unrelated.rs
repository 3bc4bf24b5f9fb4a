//! A type that is no candidate for any access changes nothing, wherever in a kernel's BTF it stands.
//!
//! Placed first it moves every id, so that the value of `target_type_id`, which is one, is compared by what it is
//! the id of. It must not be a `long` where there is none before it: the first one tells the size of pointers.

use corecheck_layouts::btf::{Btf, Endian};
use corecheck_layouts::btf::{Builder, Kind, MemberSpec, TypeId, TypeSpec};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::model::{Model, renumbered, write};
use crate::walks::accesses;
use crate::world::{object, outcomes, with_ids, world};
use crate::{regressions, try_all};

/// A type of a name that no access has, which refers to `of`.
fn unrelated(choice: u8, of: TypeId) -> TypeSpec {
    let name = "unrelated".to_owned();
    let member = MemberSpec { name: "a".to_owned(), of, bit_offset: 0, bitfield_bits: 0 };
    let members = vec![member];
    match choice {
        0 => TypeSpec::Composite { is_union: false, name, size: 64, kind_flag: false, members },
        1 => TypeSpec::Composite { is_union: true, name, size: 64, kind_flag: true, members },
        2 => TypeSpec::Typedef { name, to: of },
        3 => TypeSpec::Ptr { to: of },
        4 => TypeSpec::Qualifier { kind: Kind::Const, to: of },
        5 => TypeSpec::Fwd { name, is_union: false },
        6 => TypeSpec::Enum {
            name,
            size: 4,
            is_signed: false,
            is_64: false,
            values: vec![("ON".to_owned(), 77)],
        },
        // Anonymous types are candidates for nothing.
        7 => {
            TypeSpec::Composite { is_union: false, name: String::new(), size: 64, kind_flag: false, members }
        }
        8 => TypeSpec::Float { name, size: 8 },
        _ => TypeSpec::Int { name, size: 2, encoding: 0, offset: 0, bits: 16 },
    }
}

#[test]
fn an_unrelated_type_changes_nothing() {
    let case = (world(), 0u8..10, any::<Index>(), any::<bool>());
    try_all(1500, regressions!("unrelated"), &case, |(world, choice, of, is_first)| {
        let object = object(Model::of(&world.object).write_plainly(world.endian).btf);
        let accesses = accesses(object.btf.as_deref().expect("it has types"), &world.walks);
        let kernel = world.kernel();
        let plain = kernel.write(world.endian, &world.order(kernel.types.len()));
        let of = TypeId(of.index(plain.specs.len() + 1) as u32);
        let shift = |id: TypeId| if is_first && id != TypeId::VOID { TypeId(id.0 + 1) } else { id };
        let mut specs: Vec<TypeSpec> = plain.specs.iter().map(|spec| renumbered(spec, &shift)).collect();
        let place = if is_first { 0 } else { specs.len() };
        specs.insert(place, unrelated(choice, shift(of)));
        let more = parse(world.endian, &specs);
        let before = outcomes(&object, &accesses, plain.btf);
        let after = outcomes(&object, &accesses, more);
        for ((access, before), after) in accesses.iter().zip(before).zip(after) {
            // Both forms have lost what `target_type_id` leaves in the instruction, and nothing else.
            let (before, after) = (with_ids(access, before, &shift), with_ids(access, after, &|id| id));
            prop_assert_eq!(before, after, "{}", &access.key);
        }
        Ok(())
    });
}

fn parse(endian: Endian, specs: &[TypeSpec]) -> Btf {
    Btf::parse(write(Builder::new(endian), specs)).expect("the types are well-formed")
}
