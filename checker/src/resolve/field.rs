//! Which field of a target a local walk ends at: members by name, elements by index.

use corecheck_layouts::btf::{Btf, Type, TypeId, essential_name};
use corecheck_layouts::kernel::is_compatible;

use super::budget::Budget;
use super::{MatchError, Mismatch};
use crate::access::{Accessor, MAX_DEPTH, Spec, element_offset, is_flexible};

/// Walks `local` through the target type `root` (the field part of `bpf_core_spec_match`).
pub(super) fn match_field(
    local: &Spec,
    local_btf: &Btf,
    target_btf: &Btf,
    root: TypeId,
    budget: &mut Budget,
) -> Result<Result<Spec, Mismatch>, MatchError> {
    let mut walk = Walk {
        local_btf,
        target_btf,
        spec: Spec { root, kind: local.kind, raw: Vec::new(), accessors: Vec::new(), bit_offset: 0 },
        budget,
        incompatible: None,
    };
    let mut id = root;
    for (position, accessor) in local.accessors.iter().enumerate() {
        id = target_btf.skip_modifiers_and_typedefs(id);
        let step = match &accessor.name {
            Some(_) => walk.member(accessor, id)?,
            None => walk.element(accessor, id, position == 0)?,
        };
        match step {
            Ok(next) => id = next,
            Err(mismatch) => return Ok(Err(mismatch)),
        }
    }
    Ok(Ok(walk.spec))
}

/// A walk through the target under way.
struct Walk<'a> {
    local_btf: &'a Btf,
    target_btf: &'a Btf,
    spec: Spec,
    budget: &'a mut Budget,
    /// A member of the wanted name and an unfit kind, passed on the way: explains a search that found nothing.
    incompatible: Option<Mismatch>,
}

/// What a search among members gave.
enum Search {
    Found(TypeId),
    /// The name is there, with a kind that does not go with the local one.
    Incompatible,
    Missing,
}

impl Walk<'_> {
    /// Finds the member of that name in the composite `id`.
    fn member(&mut self, local: &Accessor, id: TypeId) -> Result<Result<TypeId, Mismatch>, MatchError> {
        Ok(match self.search(local, id)? {
            Search::Found(next) => Ok(next),
            Search::Incompatible => Err(self.incompatible.take().unwrap_or(Mismatch::Kind)),
            Search::Missing if self.incompatible.is_some() => {
                Err(self.incompatible.take().unwrap_or(Mismatch::Kind))
            }
            Search::Missing => {
                let member = String::from_utf8_lossy(local.name.as_deref().unwrap_or_default()).into_owned();
                let target = self.target_btf;
                Err(if target.kind(id).is_composite() {
                    Mismatch::FieldMissing { member, parent: id, depth: self.spec.accessors.len() }
                } else {
                    Mismatch::ParentNotComposite { member, found: id, depth: self.spec.accessors.len() }
                })
            }
        })
    }

    /// Searches all members, anonymous composites recursively (`bpf_core_match_member`).
    ///
    /// Like libbpf it does not take back the step into a member whose kind does not fit. That is seen only when
    /// another member of that name follows behind an anonymous composite, which no C compiler produces.
    fn search(&mut self, local: &Accessor, id: TypeId) -> Result<Search, MatchError> {
        let target = self.target_btf;
        let id = target.skip_modifiers_and_typedefs(id);
        let (Type::Struct(composite) | Type::Union(composite)) = target.ty(id) else {
            return Ok(Search::Missing);
        };
        let wanted = local.name.as_deref().unwrap_or_default();
        for (index, member) in composite.members().enumerate() {
            let name = member.name_bytes();
            self.budget.spend_on(name)?;
            if self.spec.raw.len() == MAX_DEPTH {
                return Err(MatchError::TooDeep);
            }
            let before = self.spec.bit_offset;
            self.spec.bit_offset = before.wrapping_add(member.bit_offset);
            self.spec.raw.push(index as u32);
            if name.is_empty() {
                match self.search(local, member.of)? {
                    // libbpf cannot tell an incompatible member in there from a missing one, and goes on.
                    Search::Missing | Search::Incompatible => {}
                    found @ Search::Found(_) => return Ok(found),
                }
            } else if name == wanted {
                return Ok(self.take(local, id, index as u32, member.of));
            }
            self.spec.bit_offset = self.spec.bit_offset.wrapping_sub(member.bit_offset);
            self.spec.raw.pop();
        }
        Ok(Search::Missing)
    }

    /// Takes the member with the wanted name, if its kind goes with the local member's.
    fn take(&mut self, local: &Accessor, parent: TypeId, index: u32, of: TypeId) -> Search {
        let local_type = match self.local_btf.ty(local.of) {
            Type::Struct(composite) | Type::Union(composite) => {
                composite.member(local.index as usize).map_or(TypeId::VOID, |member| member.of)
            }
            _ => TypeId::VOID,
        };
        if fields_are_compatible(self.local_btf, local_type, self.target_btf, of) {
            self.spec.accessors.push(Accessor { of: parent, index, name: local.name.clone() });
            return Search::Found(of);
        }
        let mut found = self.spec.clone();
        found.accessors.push(Accessor { of: parent, index, name: local.name.clone() });
        let (local, target) = (local_type, of);
        self.incompatible = Some(Mismatch::KindChanged { local, target, found: Box::new(found) });
        Search::Incompatible
    }

    /// Steps to an element. The first accessor only counts objects of the root type itself.
    fn element(
        &mut self,
        local: &Accessor,
        mut id: TypeId,
        is_first: bool,
    ) -> Result<Result<TypeId, Mismatch>, MatchError> {
        let target = self.target_btf;
        let depth = self.spec.accessors.len();
        if !is_first {
            let Type::Array(array) = target.ty(id) else {
                return Ok(Err(Mismatch::NotAnArray { found: id, depth }));
            };
            let last = self.spec.accessors.last();
            let is_flexible = last.is_some_and(|last| is_flexible(target, last, array.length));
            if !is_flexible && local.index >= array.length {
                let (index, length) = (local.index, array.length);
                return Ok(Err(Mismatch::ArrayTooShort { index, length, depth }));
            }
            id = target.skip_modifiers_and_typedefs(array.element);
        }
        if self.spec.raw.len() == MAX_DEPTH {
            return Err(MatchError::TooDeep);
        }
        self.spec.accessors.push(Accessor { of: id, index: local.index, name: None });
        self.spec.raw.push(local.index);
        // libbpf keeps this size in a signed number of 32 bits, so that 2 GiB and more look like an error to it.
        let has_size = target.size_of(id).is_some_and(|size| i32::try_from(size).is_ok());
        let offset = element_offset(target, id, local.index).ok().filter(|_| has_size);
        let offset = offset.ok_or(MatchError::NoSize(id))?;
        self.spec.bit_offset = self.spec.bit_offset.wrapping_add(offset);
        Ok(Ok(id))
    }
}

/// Whether two fields may stand for each other (`bpf_core_fields_are_compat`).
pub(super) fn fields_are_compatible(
    local_btf: &Btf,
    local: TypeId,
    target_btf: &Btf,
    target: TypeId,
) -> bool {
    let (mut local, mut target) = (local, target);
    loop {
        local = local_btf.skip_modifiers_and_typedefs(local);
        target = target_btf.skip_modifiers_and_typedefs(target);
        let (local_kind, target_kind) = (local_btf.kind(local), target_btf.kind(target));
        if local_kind.is_composite() && target_kind.is_composite() {
            return true;
        }
        if !is_compatible(local_kind, target_kind) {
            return false;
        }
        return match (local_btf.ty(local), target_btf.ty(target)) {
            (Type::Ptr { .. } | Type::Float { .. }, _) => true,
            (Type::Fwd { .. } | Type::Enum(_) | Type::Enum64(_), _) => {
                let local = essential_name(local_btf.name_bytes(local));
                let target = essential_name(target_btf.name_bytes(target));
                local.is_empty() || target.is_empty() || local == target
            }
            (Type::Int(local), Type::Int(target)) => local.offset == 0 && target.offset == 0,
            (Type::Array(from), Type::Array(to)) => {
                (local, target) = (from.element, to.element);
                continue;
            }
            _ => false,
        };
    }
}

#[cfg(test)]
mod tests;
