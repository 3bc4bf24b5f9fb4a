//! An object against its own types: every access resolves to what the compiler wrote.
//!
//! Not of everything that can be written as BTF, and neither with libbpf. [`is_answered`] says of what, by itself and
//! without the resolver:
//!
//! - one type only has the root's essential name and kind: others are candidates too, and may disagree;
//! - the walk goes to the first member of each name, anonymous members searched in their order, and to the first
//!   enumerator of an essential name: the search stops there;
//! - members are composites, pointers, enumerations, floats, forward declarations, integers without an offset of their
//!   own, or arrays of those: libbpf finds other kinds unlike even themselves;
//! - types asked about as a whole are of the kinds that libbpf compares, in chains of less than 32 links. Floats,
//!   functions and variables are not: they "do not exist" in their own BTF.
//!
//! That a bit-field can be read with 8 bytes, that the walk has at most 64 steps, and that every size on the way can be
//! told is demanded of the object alone: such accesses are broken, and no value is compared.

use std::cell::Cell;

use corecheck::access::{Access, Local, RelocationKind};
use corecheck::resolve::State;
use corecheck_layouts::btf::{Btf, Endian, Type, TypeId, essential_name};
use corecheck_layouts::kernel::is_compatible;
use proptest::prelude::*;

use crate::model::{Model, Written};
use crate::walks::accesses;
use crate::world::{object, outcomes, world};
use crate::{regressions, try_all};

/// Prototypes within each other; beyond it nothing is claimed.
const PROTOTYPES: u32 = 3;

#[test]
fn an_object_resolves_against_its_own_types() {
    let (answered, sound, all) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<usize>| cell.set(cell.get() + 1);
    try_all(2000, regressions!("own"), &world(), |world| {
        let model = Model::of(&world.object);
        let written = |endian: Endian| -> Written { model.write(endian, &world.order(model.types.len())) };
        let object = object(written(world.endian).btf);
        let btf = object.btf.as_deref().expect("it has types");
        let accesses = accesses(btf, &world.walks);
        let outcomes = outcomes(&object, &accesses, written(world.endian).btf);
        prop_assert_eq!(outcomes.len(), accesses.len());
        for (access, outcome) in accesses.iter().zip(&outcomes) {
            count(&all);
            let Ok(local) = &access.local else {
                prop_assert_eq!(outcome.state, State::Error, "{}", access.key);
                continue;
            };
            count(&sound);
            if is_answered(btf, access, local) {
                count(&answered);
                prop_assert_eq!(outcome.state, State::Resolved, "{} {:?}", &access.key, outcome);
                prop_assert_eq!(outcome.value, Some(local.value.number), "{}", &access.key);
                prop_assert_eq!(outcome.patched, Some(access.slots), "{}", &access.key);
                // And nothing has changed.
                prop_assert_eq!((&outcome.changes[..], outcome.extent), (&[][..], None), "{}", &access.key);
                if access.kind != RelocationKind::TypeIdLocal {
                    // It is the same walk, step by step.
                    let walk = outcome.target.as_ref().map(|place| place.spec.clone());
                    prop_assert_eq!(walk, Some(local.spec.describe(btf)), "{}", &access.key);
                }
            }
        }
        Ok(())
    });
    let (answered, sound, all) = (answered.get(), sound.get(), all.get());
    assert!(
        all > 2000 && sound * 2 > all && answered * 3 > all,
        "{answered} of {sound} sound of {all} accesses"
    );
}

fn is_answered(btf: &Btf, access: &Access, local: &Local) -> bool {
    let kind = access.kind;
    if kind == RelocationKind::TypeIdLocal {
        return true;
    }
    let name = essential_name(btf.name_bytes(access.root));
    let is_candidate = |id: &TypeId| {
        essential_name(btf.name_bytes(*id)) == name && is_compatible(btf.kind(*id), btf.kind(access.root))
    };
    if btf.ids().filter(is_candidate).count() != 1 {
        return false;
    }
    if kind == RelocationKind::TypeMatches {
        matches_itself(btf, access.root, false, 0)
    } else if kind.is_type_based() {
        is_compatible_with_itself(btf, access.root, 0)
    } else if kind.is_enumval_based() {
        is_first_enumerator(btf, local)
    } else {
        walks_to_first_members(btf, local)
    }
}

fn is_first_enumerator(btf: &Btf, local: &Local) -> bool {
    let Some(accessor) = local.spec.accessors.first() else { return false };
    let (Type::Enum(values) | Type::Enum64(values)) = btf.ty(accessor.of) else { return false };
    let name = accessor.name.as_deref().map(essential_name);
    values.values().position(|value| Some(essential_name(value.name_bytes())) == name)
        == Some(accessor.index as usize)
}

fn walks_to_first_members(btf: &Btf, local: &Local) -> bool {
    let mut raw: Vec<u32> = Vec::new();
    let mut id = local.spec.root;
    for (position, accessor) in local.spec.accessors.iter().enumerate() {
        id = btf.skip_modifiers_and_typedefs(id);
        match &accessor.name {
            Some(name) => {
                let Some((path, of)) = first_member(btf, id, name) else { return false };
                if !is_field_like_itself(btf, of) {
                    return false;
                }
                raw.extend(path);
                id = of;
            }
            None => {
                raw.push(accessor.index);
                if let (Type::Array(array), true) = (btf.ty(id), position > 0) {
                    id = array.element;
                }
            }
        }
    }
    // Steps into an anonymous member without one of its members turn nowhere, and are not part of the target's walk.
    let turns = local.spec.raw.get(..raw.len());
    turns == Some(&raw[..]) && raw.len() == local.spec.raw.len()
}

/// The first member of that name, and the steps to it.
fn first_member(btf: &Btf, id: TypeId, name: &[u8]) -> Option<(Vec<u32>, TypeId)> {
    let (Type::Struct(composite) | Type::Union(composite)) = btf.ty(btf.skip_modifiers_and_typedefs(id))
    else {
        return None;
    };
    composite.members().zip(0..).find_map(|(member, index)| {
        if member.name_bytes() == name {
            return Some((vec![index], member.of));
        }
        let (mut path, of) = first_member(btf, member.of, name).filter(|_| member.name_bytes().is_empty())?;
        path.insert(0, index);
        Some((path, of))
    })
}

fn is_field_like_itself(btf: &Btf, id: TypeId) -> bool {
    match btf.ty(btf.innermost_element(id)) {
        Type::Struct(_) | Type::Union(_) | Type::Ptr { .. } | Type::Float { .. } | Type::Fwd { .. } => true,
        Type::Enum(_) | Type::Enum64(_) => true,
        Type::Int(int) => int.offset == 0,
        _ => false,
    }
}

fn is_compatible_with_itself(btf: &Btf, mut id: TypeId, prototypes: u32) -> bool {
    for _ in 0..31 {
        id = btf.skip_modifiers_and_typedefs(id);
        match btf.ty(id) {
            Type::Void | Type::Struct(_) | Type::Union(_) | Type::Fwd { .. } => return true,
            Type::Enum(_) | Type::Enum64(_) => return true,
            Type::Int(int) => return int.offset == 0,
            Type::Ptr { to } => id = to,
            Type::Array(array) => id = array.element,
            Type::FuncProto(proto) if prototypes < PROTOTYPES => {
                if !proto.params().all(|param| is_compatible_with_itself(btf, param.of, prototypes + 1)) {
                    return false;
                }
                id = proto.returns;
            }
            _ => return false,
        }
    }
    false
}

fn matches_itself(btf: &Btf, mut id: TypeId, mut behind_pointer: bool, prototypes: u32) -> bool {
    for _ in 0..31 {
        id = btf.skip_modifiers_and_typedefs(id);
        match btf.ty(id) {
            Type::Void | Type::Int(_) | Type::Enum(_) | Type::Enum64(_) | Type::Fwd { .. } => return true,
            Type::Struct(_) | Type::Union(_) if behind_pointer => return true,
            Type::Struct(composite) | Type::Union(composite) => {
                return composite.members().all(|member| matches_itself(btf, member.of, false, prototypes));
            }
            Type::Ptr { to } => (id, behind_pointer) = (to, true),
            Type::Array(array) => id = array.element,
            Type::FuncProto(proto) if prototypes < PROTOTYPES => {
                if !proto.params().all(|param| matches_itself(btf, param.of, behind_pointer, prototypes + 1))
                {
                    return false;
                }
                id = proto.returns;
            }
            _ => return false,
        }
    }
    false
}
