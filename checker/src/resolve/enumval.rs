//! Which enumerator of a target a local one is.

use corecheck_layouts::btf::{Btf, Type, TypeId, essential_name};

use super::budget::Budget;
use super::{MatchError, Mismatch};
use crate::access::{Accessor, Spec};

/// Finds the first enumerator with the same essential name (the enumerator part of `bpf_core_spec_match`).
pub(super) fn match_enumerator(
    local: &Spec,
    target_btf: &Btf,
    root: TypeId,
    budget: &mut Budget,
) -> Result<Result<Spec, Mismatch>, MatchError> {
    let wanted = local.accessors.first().and_then(|accessor| accessor.name.as_deref()).unwrap_or_default();
    let missing = || Mismatch::EnumeratorMissing { name: String::from_utf8_lossy(wanted).into_owned() };
    let id = target_btf.skip_modifiers_and_typedefs(root);
    let (Type::Enum(values) | Type::Enum64(values)) = target_btf.ty(id) else { return Ok(Err(missing())) };
    for (index, value) in (0_u32..).zip(values.values()) {
        budget.spend_on(value.name_bytes())?;
        if essential_name(value.name_bytes()) == essential_name(wanted) {
            let accessor = Accessor { of: id, index, name: Some(value.name_bytes().into()) };
            let (raw, accessors) = (vec![index], vec![accessor]);
            return Ok(Ok(Spec { root, kind: local.kind, raw, accessors, bit_offset: 0 }));
        }
    }
    Ok(Err(missing()))
}
