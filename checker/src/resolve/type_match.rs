//! Whether a whole type matches, names and all: for `type_matches`.

use corecheck_layouts::btf::types::{Composite, Enumeration};
use corecheck_layouts::btf::{Btf, Type, TypeId, essential_name};

use super::MatchError;
use super::budget::Budget;

/// Chains of pointers and arrays followed at one level.
const MAX_CHAIN: usize = 32;

/// `bpf_core_types_match`; the roots' names were compared by the caller. `levels`: members and parameters within each
/// other.
pub(super) fn types_match(
    [local_btf, target_btf]: [&Btf; 2],
    [local, target]: [TypeId; 2],
    levels: usize,
    budget: &mut Budget,
) -> Result<bool, MatchError> {
    let mut pair = Pair { local_btf, target_btf, budget };
    pair.matches(local, target, false, levels)
}

struct Pair<'a> {
    local_btf: &'a Btf,
    target_btf: &'a Btf,
    budget: &'a mut Budget,
}

impl Pair<'_> {
    fn matches(
        &mut self,
        mut local: TypeId,
        mut target: TypeId,
        mut behind_pointer: bool,
        level: usize,
    ) -> Result<bool, MatchError> {
        if level == 0 {
            return Err(MatchError::TooDeep);
        }
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        for _ in 0..MAX_CHAIN {
            local = local_btf.skip_modifiers_and_typedefs(local);
            target = target_btf.skip_modifiers_and_typedefs(target);
            self.budget.spend_on(target_btf.name_bytes(target))?;
            if !names_match(local_btf.name_bytes(local), target_btf.name_bytes(target)) {
                return Ok(false);
            }
            match (local_btf.ty(local), target_btf.ty(target)) {
                (Type::Void, other) => return Ok(matches!(other, Type::Void)),
                (Type::Int(from), Type::Int(to)) => {
                    return Ok(from.size == to.size && from.is_signed() == to.is_signed());
                }
                (Type::Ptr { to: from }, Type::Ptr { to }) => {
                    behind_pointer = true;
                    (local, target) = (from, to);
                }
                (Type::Array(from), Type::Array(to)) => {
                    if from.length != to.length {
                        return Ok(false);
                    }
                    (local, target) = (from.element, to.element);
                }
                (Type::Enum(from) | Type::Enum64(from), Type::Enum(to) | Type::Enum64(to)) => {
                    return self.enums_match(&from, &to);
                }
                (Type::Fwd { is_union: from, .. }, other) => {
                    return Ok(match other {
                        Type::Fwd { is_union, .. } => from == is_union,
                        Type::Struct(_) => behind_pointer && !from,
                        Type::Union(_) => behind_pointer && from,
                        _ => false,
                    });
                }
                (Type::Struct(from), Type::Struct(to)) | (Type::Union(from), Type::Union(to)) => {
                    return if behind_pointer { Ok(true) } else { self.members_match(&from, &to, level) };
                }
                (Type::Struct(_), Type::Fwd { is_union, .. }) => return Ok(behind_pointer && !is_union),
                (Type::Union(_), Type::Fwd { is_union, .. }) => return Ok(behind_pointer && is_union),
                (Type::FuncProto(from), Type::FuncProto(to)) => {
                    if from.params().len() != to.params().len() {
                        return Ok(false);
                    }
                    for (from, to) in from.params().zip(to.params()) {
                        if !self.matches(from.of, to.of, behind_pointer, level - 1)? {
                            return Ok(false);
                        }
                    }
                    (local, target) = (from.returns, to.returns);
                }
                _ => return Ok(false),
            }
        }
        Err(MatchError::TooDeep)
    }

    /// Every local enumerator has one of its name, and the sizes are equal (`bpf_core_enums_match`).
    fn enums_match(&mut self, local: &Enumeration<'_>, target: &Enumeration<'_>) -> Result<bool, MatchError> {
        if local.size != target.size || local.len() > target.len() {
            return Ok(false);
        }
        for value in local.values() {
            let mut is_there = false;
            for other in target.values() {
                self.budget.spend_on(other.name_bytes())?;
                is_there = names_match(value.name_bytes(), other.name_bytes());
                if is_there {
                    break;
                }
            }
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Every local member has one of its name that matches (`bpf_core_composites_match`).
    fn members_match(
        &mut self,
        local: &Composite<'_>,
        target: &Composite<'_>,
        level: usize,
    ) -> Result<bool, MatchError> {
        if local.len() > target.len() {
            return Ok(false);
        }
        for member in local.members() {
            let mut is_there = false;
            for other in target.members() {
                self.budget.spend_on(other.name_bytes())?;
                if names_match(member.name_bytes(), other.name_bytes())
                    && self.matches(member.of, other.of, false, level - 1)?
                {
                    is_there = true;
                    break;
                }
            }
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Equal essential names (`bpf_core_names_match`).
fn names_match(local: &[u8], target: &[u8]) -> bool {
    essential_name(local) == essential_name(target)
}

#[cfg(test)]
mod tests;
