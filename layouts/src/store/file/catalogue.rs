//! The kernels of a file, and all types of one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StoreError;
use super::{StoreFile, UnitNumber, config};
use crate::btf::Endian;
use crate::kernel::Kernel;

impl StoreFile {
    /// The kernels with what is known of them at once, by number: without types, configuration and modules.
    pub(in crate::store) fn kernels(&self) -> Vec<(UnitNumber, Kernel)> {
        let listed = self.units.all().iter().filter(|(_, head)| !head.is_removed);
        let mut kernels: Vec<(UnitNumber, Kernel)> = listed
            .map(|(number, head)| {
                let kernel = Kernel {
                    name: head.name.clone(),
                    aliases: head.aliases.clone(),
                    facts: head.facts.clone(),
                    coverage: head.coverage.clone(),
                    vmlinux: None,
                    modules: Default::default(),
                    shipped_modules: None,
                    broken_modules: Default::default(),
                    looked: None,
                    stored: None,
                    has_kernel_ids: false,
                };
                (*number, kernel)
            })
            .collect();
        kernels.sort_by_cached_key(|(number, kernel)| {
            let name = &kernel.name;
            (name.distro.clone(), numbers(&name.release), name.release.clone(), name.arch.clone(), *number)
        });
        kernels
    }

    pub(in crate::store) fn endian(&self, kernel: UnitNumber) -> Endian {
        self.units.head(kernel).map_or(Endian::Little, |head| head.endian)
    }

    /// Adds what is known of a kernel's modules besides their types.
    pub(in crate::store) fn add_details(
        &self,
        number: UnitNumber,
        kernel: &mut Kernel,
    ) -> Result<(), StoreError> {
        let details = self.details(number)?;
        kernel.shipped_modules = details.shipped_modules;
        kernel.broken_modules = details.broken_modules;
        Ok(())
    }

    /// What the configurations of these kernels say of these options, in the order of the kernels.
    pub(in crate::store) fn options(
        &self,
        kernels: &[UnitNumber],
        options: &BTreeSet<String>,
    ) -> Result<Vec<BTreeMap<String, String>>, StoreError> {
        let mut read = config::Options::new(options);
        kernels
            .iter()
            .map(|&kernel| read.of(&self.units, kernel, |kernel| self.view.config(kernel)))
            .collect()
    }

    /// Modules whose BTF was broken when they came in, with what was wrong, by kernel.
    ///
    /// # Errors
    /// [`StoreError`] when what is stored is damaged.
    pub fn broken_modules(&self) -> Result<BTreeMap<String, BTreeMap<String, String>>, StoreError> {
        let mut all = BTreeMap::new();
        for (number, head) in self.units.all().iter().filter(|(_, head)| !head.is_removed) {
            let broken = self.details(*number)?.broken_modules;
            if !broken.is_empty() {
                all.insert(head.name.to_string(), broken);
            }
        }
        Ok(all)
    }

    /// Adds everything: the vmlinux, and of the modules those that are wanted.
    pub(in crate::store) fn fill(
        &self,
        number: UnitNumber,
        kernel: &mut Kernel,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        self.add_details(number, kernel)?;
        kernel.facts.config = config::whole(&self.units, number, |kernel| self.view.config(kernel))?;
        let details = self.details(number)?;
        let stored = details.modules.iter().zip(number + 1..);
        let wanted: Vec<(&str, UnitNumber)> = stored
            .map(|((name, _), module)| (name.as_str(), module))
            .filter(|(name, _)| wanted(name))
            .collect();
        let (vmlinux, modules) = self.whole_units(number, &wanted)?;
        for ((name, _), module) in wanted.iter().zip(modules) {
            kernel.modules.insert((*name).to_owned(), module.btf);
        }
        kernel.vmlinux = Some(vmlinux.btf);
        Ok(())
    }
}

/// The numbers in a release, so that 5.10 comes after 5.9.
fn numbers(release: &str) -> Vec<u64> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}
