//! A struct that became another one.

use corecheck_layouts::btf::cdecl::definition_name;
use corecheck_layouts::btf::{Btf, Kind, TypeId, essential_name};

use super::members::members;
use super::{ChangeCode, Comparison, Extent, bytes};
use crate::resolve::MatchError;

impl Comparison<'_> {
    /// Compares structs and unions that the access ends at.
    ///
    /// One of another name that has every member that the program knows is the same under a new name. A type without members
    /// says nothing, and of members only names and places are compared.
    pub(super) fn composites(&mut self, local: TypeId, target: TypeId) -> Result<(), MatchError> {
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        let from = members(local_btf, local, self.budget)?;
        let to = members(target_btf, target, self.budget)?;
        if from.is_empty() || to.is_empty() {
            return Ok(());
        }
        let sizes = (local_btf.size_of(local).unwrap_or(0), target_btf.size_of(target).unwrap_or(0));
        let moved = from.iter().filter(|&(name, place)| to.get(name) != Some(place));
        let alike = moved.map(|(_, &(offset, _))| offset / 8).min().unwrap_or(sizes.0);
        if alike.min(sizes.1) < sizes.0 && !self.asks.size {
            let alike = alike.min(sizes.1);
            self.changed.extent = Some(Extent { local: sizes.0, target: sizes.1, alike, is_number: false });
        }
        let kinds = (local_btf.kind(local), target_btf.kind(target));
        let is_other = essential_name(local_btf.name_bytes(local))
            != essential_name(target_btf.name_bytes(target))
            && from.keys().any(|name| !to.contains_key(name));
        // What lay side by side is now one or the other.
        let is_union_now = kinds == (Kind::Struct, Kind::Union) && from.len() > 1;
        if !is_other && !is_union_now {
            return Ok(());
        }
        let shown =
            |btf: &Btf, id: TypeId, size: u32| format!("{} ({})", definition_name(btf, id), bytes(size));
        let (was, is) = (shown(local_btf, local, sizes.0), shown(target_btf, target, sizes.1));
        self.add(ChangeCode::Struct, was, is)
    }
}
