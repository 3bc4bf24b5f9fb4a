//! What a unit inherits from the units that it was compared with.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::UnitNumber;
use super::error::StoreError;
use super::record::Details;
use super::units::Units;

/// Options of a kernel's configuration.
type Config = BTreeMap<String, String>;

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

/// The whole configuration of a kernel.
pub(super) fn config(
    units: &Units,
    kernel: UnitNumber,
    read: impl Fn(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Config, StoreError> {
    let mut line: Vec<UnitNumber> = units.line(kernel).into_iter().collect();
    line.sort_unstable();
    let mut config = Config::new();
    for kernel in line {
        for (option, value) in details(kernel, &read)?.config {
            match value {
                Some(value) => config.insert(option, value),
                None => config.remove(&option),
            };
        }
    }
    Ok(config)
}

/// What turns `from` into `to`.
pub(super) fn differences(from: &Config, to: &Config) -> BTreeMap<String, Option<String>> {
    let changed = to.iter().filter(|(option, value)| from.get(*option) != Some(value));
    let changed = changed.map(|(option, value)| (option.clone(), Some(value.clone())));
    let gone = from.keys().filter(|option| !to.contains_key(*option)).map(|option| (option.clone(), None));
    changed.chain(gone).collect()
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
