//! The members of a struct as a program sees them, in their order, and the way to a struct within another.

use corecheck_layouts::btf::{Btf, Type, TypeId};

use crate::access::Accessor;

/// Structs without a name within each other that are followed.
const MAX_DEPTH: usize = 32;
/// Of foreign BTF no more members are looked at: real structs have some hundred.
const MOST: usize = 10_000;

/// A member with a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'b> {
    pub(super) name: &'b str,
    pub(super) of: TypeId,
    /// Its width if it is a bit-field, else 0.
    pub(super) bits: u8,
}

/// The members that have a name, those of members without one included.
pub(super) fn members(btf: &Btf, composite: TypeId) -> Vec<Member<'_>> {
    let mut found = Vec::new();
    collect(btf, composite, MAX_DEPTH, &mut found);
    found
}

fn collect<'b>(btf: &'b Btf, composite: TypeId, depth: usize, found: &mut Vec<Member<'b>>) {
    let id = btf.skip_modifiers_and_typedefs(composite);
    let (Type::Struct(of) | Type::Union(of), Some(depth)) = (btf.ty(id), depth.checked_sub(1)) else {
        return;
    };
    for member in of.members() {
        if found.len() >= MOST {
            return;
        }
        if member.name_bytes().is_empty() {
            collect(btf, member.of, depth, found);
        } else {
            found.push(Member { name: member.name(), of: member.of, bits: member.bitfield_bits });
        }
    }
}

/// Where a walk by names ends for want of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    /// The struct that should have it.
    pub(super) parent: TypeId,
    /// Which turning point it is.
    pub(super) at: usize,
}

/// The first turning point of a walk whose member is not there.
pub(super) fn missing(btf: &Btf, root: TypeId, walk: &[Accessor]) -> Option<Missing> {
    let mut id = root;
    for (at, accessor) in walk.iter().enumerate() {
        match step(btf, id, accessor, at == 0) {
            Some(next) => id = next,
            None if accessor.name.is_some() => return Some(Missing { parent: id, at }),
            None => return None,
        }
    }
    None
}

/// The struct that a walk has come to before its turning point `at`.
pub(super) fn parent(btf: &Btf, root: TypeId, walk: &[Accessor], at: usize) -> Option<TypeId> {
    let before = walk.get(..at)?;
    before.iter().enumerate().try_fold(root, |id, (at, accessor)| step(btf, id, accessor, at == 0))
}

fn step(btf: &Btf, id: TypeId, accessor: &Accessor, is_first: bool) -> Option<TypeId> {
    let id = btf.skip_modifiers_and_typedefs(id);
    let Some(wanted) = &accessor.name else {
        return match btf.ty(id) {
            _ if is_first => Some(id),
            Type::Array(array) => Some(array.element),
            _ => None,
        };
    };
    let is_wanted = |member: &Member<'_>| member.name.as_bytes() == &wanted[..];
    members(btf, id).into_iter().find(is_wanted).map(|member| member.of)
}
