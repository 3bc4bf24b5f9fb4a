//! Some types of many kernels at once.
//!
//! Kernels that have a type alike, with all that is needed of what it holds, are found by a signature of it and share one
//! `Btf`, which holds just that. So a check costs by how many ways its types were ever laid out, not by how many kernels.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::columns::{Column, Columns};
use super::error::StoreError;
use super::made::{Make, Unit};
use super::signature::Signatures;
use super::{StoreFile, UnitNumber};
use crate::btf::Kind;
use crate::kernel::{Candidates, Found, LookedUp, Near, Need, Root, is_asked, is_compatible};
use crate::store::content::Use;

/// What the unit of vmlinux is called.
const VMLINUX: &str = "vmlinux";

impl Need {
    pub(super) fn as_use(&self) -> Use<'_> {
        match self {
            Self::All => Use::All,
            Self::Members(names) => Use::Members(names),
            Self::Kind => Use::Kind,
        }
    }
}

impl StoreFile {
    /// Finds roots in kernels, given by number.
    ///
    /// # Errors
    /// [`StoreError`] when what is stored is damaged.
    pub(in crate::store) fn look_up(
        &self,
        kernels: &[UnitNumber],
        roots: &[Root],
    ) -> Result<LookedUp, StoreError> {
        let mut columns = Columns::new(self);
        let mut up = LookedUp::default();
        let places: Vec<usize> = kernels.iter().filter_map(|&kernel| columns.place(kernel)).collect();
        for (number, root) in roots.iter().enumerate() {
            up.roots.insert((root.name.clone(), root.kind), number);
            let mut of_root = self.in_vmlinux(&mut columns, root, &places)?;
            up.in_modules.push(self.missing_in_modules(
                &mut columns,
                root,
                kernels,
                &of_root,
                &mut up.modules,
            )?);
            let near = near(&mut columns, root, &places, &of_root)?;
            if !near.is_empty() {
                up.near.insert(number, near);
            }
            of_root.shrink_to_fit();
            up.in_vmlinux.push(of_root);
        }
        Ok(up)
    }

    fn in_vmlinux(
        &self,
        columns: &mut Columns<'_>,
        root: &Root,
        places: &[usize],
    ) -> Result<Vec<Option<Arc<Found>>>, StoreError> {
        let of_root = columns_of(columns, root)?;
        let used = root.need.as_use();
        let signatures = Signatures::new(columns, used).of_root(&of_root)?;
        let mut by_signature: HashMap<u64, Option<Arc<Found>>> = HashMap::new();
        let mut found = Vec::with_capacity(places.len());
        for &place in places {
            let signature = signatures[place];
            let known = match by_signature.get(&signature) {
                Some(known) => known.clone(),
                None => {
                    let candidates =
                        Make::new(columns, Unit::Vmlinux(place), used).candidates(VMLINUX, &of_root)?;
                    let new = candidates.map(|candidates| Arc::new(Found::In(vec![candidates])));
                    by_signature.insert(signature, new.clone());
                    new
                }
            };
            found.push(known);
        }
        Ok(found)
    }

    /// What modules have of a root that their vmlinux has not, or that is looked for everywhere.
    fn missing_in_modules(
        &self,
        columns: &mut Columns<'_>,
        root: &Root,
        kernels: &[UnitNumber],
        in_vmlinux: &[Option<Arc<Found>>],
        modules: &mut HashMap<usize, Arc<BTreeSet<String>>>,
    ) -> Result<HashMap<usize, Vec<Candidates>>, StoreError> {
        let mut all = HashMap::new();
        // Modules of many kernels are alike: what is made of them is shared by content.
        let mut shared = HashMap::new();
        for (index, (&kernel, _)) in kernels
            .iter()
            .zip(in_vmlinux)
            .enumerate()
            .filter(|(_, (_, found))| found.is_none() || root.everywhere)
        {
            let of_kernel = columns.modules_of(kernel)?;
            modules
                .entry(index)
                .or_insert_with(|| Arc::new(of_kernel.iter().map(|(name, _)| name.clone()).collect()));
            if of_kernel.is_empty() {
                continue;
            }
            let Some(place) = columns.place(kernel) else { continue };
            let of_root = columns_of(columns, root)?;
            let mut found = Vec::new();
            for (name, module) in of_kernel.iter() {
                let unit = Unit::Module { place, module: *module };
                let mut has_it = false;
                for &column in &of_root {
                    has_it |= columns.state(column, unit)? != 0;
                }
                if has_it {
                    let made = Make::new(columns, unit, root.need.as_use()).sharing(&mut shared);
                    found.extend(made.candidates(name, &of_root)?);
                }
            }
            if !found.is_empty() {
                all.insert(index, found);
            }
        }
        Ok(all)
    }
}

/// Names near to a root, for kernels whose vmlinux has it not, by their place among those that were asked.
fn near(
    columns: &mut Columns<'_>,
    root: &Root,
    places: &[usize],
    found: &[Option<Arc<Found>>],
) -> Result<HashMap<usize, Arc<Vec<String>>>, StoreError> {
    let mut all = HashMap::new();
    let missing: Vec<usize> = (0..found.len()).filter(|&index| found[index].is_none()).collect();
    let Some(near) = Near::new(&root.name).filter(|_| !missing.is_empty() && is_asked(&root.name, root.kind))
    else {
        return Ok(all);
    };
    let mut known = Vec::new();
    for prefix in near.prefixes() {
        known.extend(columns.beginning_with(is_type(root.kind), prefix.as_bytes())?);
    }
    known.retain(|column| is_compatible(column.class.kind(), root.kind));
    // Kernels that have the same of these names have the same that are near.
    let mut by_presence: HashMap<Vec<bool>, Arc<Vec<String>>> = HashMap::new();
    for index in missing {
        let Some(&place) = places.get(index) else { continue };
        let presence: Vec<bool> =
            known.iter().map(|column| column.of_kernel.get(place).is_some_and(|&state| state != 0)).collect();
        let names = by_presence.entry(presence).or_insert_with_key(|presence| {
            let there = known.iter().zip(presence).filter(|(_, is_there)| **is_there);
            let names = there.filter_map(|(column, _)| std::str::from_utf8(&column.name).ok());
            Arc::new(near.best(names))
        });
        if !names.is_empty() {
            all.insert(index, Arc::clone(names));
        }
    }
    Ok(all)
}

/// Functions and variables stand apart from types: CO-RE asks for none, attach points and externs do.
fn is_type(kind: Kind) -> bool {
    !matches!(kind, Kind::Func | Kind::Var | Kind::DataSec)
}

/// The columns that a root may be in.
fn columns_of(columns: &mut Columns<'_>, root: &Root) -> Result<Vec<usize>, StoreError> {
    let is_wanted = |column: &Column| is_compatible(column.class.kind(), root.kind);
    let all: Rc<[usize]> = columns.of_essential_name(is_type(root.kind), root.name.as_bytes())?;
    Ok(all.iter().copied().filter(|&column| is_wanted(columns.get(column))).collect())
}
