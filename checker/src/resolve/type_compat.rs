//! Compatibility of whole types, by kinds: for `type_exists`, `type_size` and `target_type_id`.

use corecheck_layouts::btf::{Btf, Type, TypeId};
use corecheck_layouts::kernel::is_compatible;

use super::MatchError;
use super::budget::Budget;

/// Chains of pointers and arrays followed at one level.
const MAX_CHAIN: usize = 32;

/// `bpf_core_types_are_compat`; the roots' names were compared by the caller. `levels`: prototypes within prototypes.
pub(super) fn types_are_compatible(
    [local_btf, target_btf]: [&Btf; 2],
    [local, target]: [TypeId; 2],
    levels: usize,
    budget: &mut Budget,
) -> Result<bool, MatchError> {
    let mut pair = Pair { local_btf, target_btf, budget };
    pair.compatible(local, target, levels)
}

struct Pair<'a> {
    local_btf: &'a Btf,
    target_btf: &'a Btf,
    budget: &'a mut Budget,
}

impl Pair<'_> {
    fn compatible(&mut self, local: TypeId, target: TypeId, level: usize) -> Result<bool, MatchError> {
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        if !is_compatible(local_btf.kind(local), target_btf.kind(target)) {
            return Ok(false);
        }
        let (mut local, mut target) = (local, target);
        for _ in 0..MAX_CHAIN {
            self.budget.spend()?;
            local = local_btf.skip_modifiers_and_typedefs(local);
            target = target_btf.skip_modifiers_and_typedefs(target);
            if !is_compatible(local_btf.kind(local), target_btf.kind(target)) {
                return Ok(false);
            }
            match (local_btf.ty(local), target_btf.ty(target)) {
                (Type::Void | Type::Struct(_) | Type::Union(_) | Type::Fwd { .. }, _)
                | (Type::Enum(_) | Type::Enum64(_), _) => return Ok(true),
                (Type::Int(from), Type::Int(to)) => return Ok(from.offset == 0 && to.offset == 0),
                (Type::Ptr { to: from }, Type::Ptr { to }) => (local, target) = (from, to),
                (Type::Array(from), Type::Array(to)) => (local, target) = (from.element, to.element),
                (Type::FuncProto(from), Type::FuncProto(to)) => {
                    if from.params().len() != to.params().len() {
                        return Ok(false);
                    }
                    for (from, to) in from.params().zip(to.params()) {
                        let level = level.checked_sub(1).ok_or(MatchError::TooDeep)?;
                        let from = local_btf.skip_modifiers_and_typedefs(from.of);
                        let to = target_btf.skip_modifiers_and_typedefs(to.of);
                        if !self.compatible(from, to, level)? {
                            return Ok(false);
                        }
                    }
                    (local, target) = (from.returns, to.returns);
                }
                // Floats, functions, variables: libbpf warns of an unexpected kind and says no.
                _ => return Ok(false),
            }
        }
        Err(MatchError::TooDeep)
    }
}

#[cfg(test)]
mod tests;
