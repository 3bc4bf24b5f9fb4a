//! The named members of a struct, those of nameless members included.

use std::collections::BTreeMap;

use corecheck_layouts::btf::{Btf, Type, TypeId};

use crate::resolve::MatchError;
use crate::resolve::budget::Budget;

/// Structs without a name within each other that are followed.
const MAX_DEPTH: usize = 32;

/// Where a member lies: offset in bits, width in bits if it is a bit-field, else 0.
pub(crate) type Place = (u32, u8);

/// The members that have a name, as a program sees them, with their places.
pub(crate) fn members<'b>(
    btf: &'b Btf,
    composite: TypeId,
    budget: &mut Budget,
) -> Result<BTreeMap<&'b [u8], Place>, MatchError> {
    let mut found = BTreeMap::new();
    collect(btf, composite, 0, MAX_DEPTH, budget, &mut found)?;
    Ok(found)
}

fn collect<'b>(
    btf: &'b Btf,
    composite: TypeId,
    before: u32,
    depth: usize,
    budget: &mut Budget,
    found: &mut BTreeMap<&'b [u8], Place>,
) -> Result<(), MatchError> {
    let id = btf.skip_modifiers_and_typedefs(composite);
    let (Type::Struct(of) | Type::Union(of)) = btf.ty(id) else { return Ok(()) };
    let depth = depth.checked_sub(1).ok_or(MatchError::TooDeep)?;
    for member in of.members() {
        let name = member.name_bytes();
        budget.spend_on(name)?;
        let offset = before.wrapping_add(member.bit_offset);
        if name.is_empty() {
            collect(btf, member.of, offset, depth, budget, found)?;
        } else {
            found.entry(name).or_insert((offset, member.bitfield_bits));
        }
    }
    Ok(())
}
