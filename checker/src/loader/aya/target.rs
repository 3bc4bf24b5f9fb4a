//! The kernel's types as aya-obj gets them: one BTF with what was found of every root.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Endian, TypeId, gather};
use corecheck_layouts::kernel::{Candidates, Found};

use super::{Loader, name_of, quiet};

/// BTF for aya-obj.
pub(super) struct Target {
    pub(super) btf: aya_obj::btf::Btf,
    /// The ids of the roots' candidates in it, with the kernel's own.
    ids: HashMap<u64, TypeId>,
}

impl Target {
    /// Writes what was found. For a root of which nothing is known the object's own type stands in, so that aya-obj goes on
    /// to the next.
    pub(super) fn new<'a>(
        parsed: &aya_obj::Object,
        local: &'a Btf,
        roots: &'a HashMap<TypeId, Arc<Found>>,
    ) -> Result<Self, String> {
        let mut units: Vec<(&'a Btf, BTreeSet<TypeId>)> = vec![(local, BTreeSet::new())];
        let mut add = |btf: &'a Btf, ids: &mut dyn Iterator<Item = TypeId>| {
            let known = units.iter().position(|(known, _)| std::ptr::eq(*known, btf));
            let at = known.unwrap_or_else(|| {
                units.push((btf, BTreeSet::new()));
                units.len() - 1
            });
            units[at].1.extend(ids);
        };
        let mut in_order: Vec<(&TypeId, &Arc<Found>)> = roots.iter().collect();
        in_order.sort_unstable_by_key(|(id, _)| **id);
        for (&root, found) in in_order {
            match found.as_ref() {
                Found::In(found) => {
                    for Candidates { btf, ids, .. } in found {
                        add(btf.as_ref(), &mut ids.iter().copied());
                    }
                }
                Found::Unknown(_) => add(local, &mut std::iter::once(root)),
                Found::Absent(_) => {}
            }
        }
        let names: HashSet<&[u8]> = roots.keys().map(|&root| name_of(local, root)).collect();
        let hides = |name: &[u8]| !name.is_empty() && names.contains(Loader::Aya.essential(name));
        let (bytes, new) = gather(Endian::Little, &units, &hides).map_err(|error| error.to_string())?;
        let old = units.iter().flat_map(|(_, ids)| ids.iter().copied());
        let ids = new.iter().map(|id| u64::from(id.0)).zip(old).collect();
        let btf = quiet::catch(|| aya_obj::btf::Btf::parse(&bytes, parsed.endianness))
            .map_err(|panic| format!("aya-obj panics at the kernel's BTF: {panic}"))?
            .map_err(|error| format!("aya-obj does not read the kernel's BTF: {error}"))?;
        Ok(Self { btf, ids })
    }

    /// The id that a type has in the kernel's own BTF.
    pub(super) fn kernel_id(&self, id: u64) -> Option<u64> {
        self.ids.get(&id).map(|id| u64::from(id.0))
    }
}
