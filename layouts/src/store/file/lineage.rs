//! What a unit inherits from the units that it was compared with.

use std::collections::{HashMap, HashSet};

use super::UnitNumber;
use super::error::StoreError;
use super::record::Details;
use super::units::Units;

/// The details of a kernel, out of whatever holds them.
pub(super) fn details(
    kernel: UnitNumber,
    read: impl FnOnce(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Details, StoreError> {
    match read(kernel)? {
        Some(bytes) => {
            Details::read(&bytes).map_err(StoreError::damaged(format!("the details of kernel {kernel}")))
        }
        None => Ok(Details::default()),
    }
}

/// What modules were compared with, by kernel.
#[derive(Debug, Default)]
pub(super) struct Modules {
    parents: HashMap<UnitNumber, Vec<Option<UnitNumber>>>,
}

impl Modules {
    /// A module, what it was compared with, what that was compared with, and so on.
    pub(super) fn line(
        &mut self,
        module: UnitNumber,
        units: &Units,
        read: impl Fn(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<HashSet<UnitNumber>, StoreError> {
        let mut line = HashSet::new();
        let mut next = Some(module);
        while let Some(unit) = next.filter(|&unit| line.insert(unit)) {
            next = self.parent(unit, units, &read)?;
        }
        Ok(line)
    }

    /// What a module was compared with.
    pub(super) fn parent(
        &mut self,
        module: UnitNumber,
        units: &Units,
        read: impl Fn(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<Option<UnitNumber>, StoreError> {
        let Some(kernel) = units.kernel_of(module) else { return Ok(None) };
        let parents = match self.parents.get(&kernel) {
            Some(known) => known,
            None => {
                let modules = details(kernel, read)?.modules;
                self.parents.entry(kernel).or_insert(modules.into_iter().map(|(_, parent)| parent).collect())
            }
        };
        let index = (module - kernel).checked_sub(1);
        // Only what came before, so that no line is endless.
        let parent = index.and_then(|index| parents.get(index as usize).copied().flatten());
        Ok(parent.filter(|&parent| parent < module))
    }
}
