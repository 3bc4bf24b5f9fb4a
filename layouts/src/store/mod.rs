//! The store: kernels with their layouts, and finding them by name.
//!
//! Kernels come from three places: the seed's tables (`seed`) and a file of Debian's kernels (`debian`), which are part of
//! this program, and files of the user's ([`mod@file`]). Of a file only names and facts are read at once; types when they
//! are asked for.

mod adding;
mod bytes;
pub mod content;
mod debian;
pub mod file;
mod given;
mod query;
mod seed;

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;

use thiserror::Error;

pub use adding::{Added, Extent, add};
pub use bytes::Damage;
pub use given::{GivenError, given};
pub use query::{QueryError, nearest};

use self::file::{StoreError, StoreFile};
use crate::kernel::{Kernel, KernelName, Looked, Root, StoredAt};
use crate::source::table::TableError;

/// What is part of this program is damaged.
#[derive(Debug, Error)]
#[error(transparent)]
pub enum EmbeddedError {
    /// A table of the seed.
    Table(#[from] TableError),
    /// The file of Debian's kernels.
    File(#[from] StoreError),
}

/// Kernels in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Store {
    kernels: Vec<Kernel>,
    files: Vec<Arc<StoreFile>>,
}

impl Store {
    /// The kernels that this program carries: the seed's, and after them Debian's.
    ///
    /// # Errors
    /// [`EmbeddedError`] when the data contradict their formats; the tests of this crate keep that from happening.
    pub fn embedded() -> Result<Self, EmbeddedError> {
        let mut store = Self::seed()?;
        store.add_file(StoreFile::embedded(debian::STORE)?);
        Ok(store)
    }

    /// The seed's 25 kernels, in its groups and order.
    ///
    /// # Errors
    /// As [`Store::embedded`].
    pub fn seed() -> Result<Self, EmbeddedError> {
        Ok(Self::of(seed::kernels()?))
    }

    /// A store of these kernels, in this order.
    pub fn of(kernels: Vec<Kernel>) -> Self {
        Self { kernels, files: Vec::new() }
    }

    /// Adds the kernels of a file, after those that are there. Where both have a kernel, the file's takes the place of the other.
    pub fn add_file(&mut self, file: StoreFile) {
        let number = self.files.len();
        // No two of a file have one name.
        let places: HashMap<KernelName, usize> =
            self.kernels.iter().enumerate().map(|(place, known)| (known.name.clone(), place)).collect();
        for (kernel, mut new) in file.kernels() {
            new.stored = Some(StoredAt { file: number, number: kernel });
            match places.get(&new.name).and_then(|&place| self.kernels.get_mut(place)) {
                Some(known) => {
                    // Who knows the kernel by another name goes on to find it.
                    new.aliases.append(&mut known.aliases);
                    *known = new;
                }
                None => self.kernels.push(new),
            }
        }
        self.files.push(Arc::new(file));
    }

    /// All kernels, in their order. Those out of a file have no types yet: see [`Store::look_up`] and [`Store::whole`].
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// Kernels with what they have of these roots.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged.
    pub fn look_up(&self, kernels: &[&Kernel], roots: &[Root]) -> Result<Vec<Kernel>, StoreError> {
        let mut found: Vec<Kernel> = kernels.iter().map(|&kernel| kernel.clone()).collect();
        for (file, of_file) in self.files.iter().enumerate() {
            let places: Vec<(usize, u32)> = found
                .iter()
                .enumerate()
                .filter_map(|(place, kernel)| {
                    Some((place, kernel.stored.filter(|at| at.file == file)?.number))
                })
                .collect();
            if places.is_empty() {
                continue;
            }
            let numbers: Vec<u32> = places.iter().map(|&(_, number)| number).collect();
            let up = Arc::new(of_file.look_up(&numbers, roots)?);
            for (index, (place, number)) in places.into_iter().enumerate() {
                let Some(kernel) = found.get_mut(place) else { continue };
                if up.asks_modules_of(index) {
                    of_file.add_details(number, kernel)?;
                }
                let endian = of_file.endian(number);
                kernel.looked = Some(Looked { up: Arc::clone(&up), kernel: index, endian });
            }
        }
        Ok(found)
    }

    /// Adds to the facts of kernels what their configurations say of these options.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged.
    pub fn add_options(&self, kernels: &mut [Kernel], options: &BTreeSet<String>) -> Result<(), StoreError> {
        for (file, of_file) in self.files.iter().enumerate() {
            let mut own: Vec<(&mut Kernel, u32)> = kernels
                .iter_mut()
                .filter_map(|kernel| {
                    let at = kernel.stored.filter(|at| at.file == file)?;
                    Some((kernel, at.number))
                })
                .collect();
            let numbers: Vec<u32> = own.iter().map(|&(_, number)| number).collect();
            let found = of_file.options(&numbers, options)?;
            for ((kernel, _), found) in own.iter_mut().zip(found) {
                kernel.facts.config.extend(found);
            }
        }
        Ok(())
    }

    /// A kernel with all types of all stored units.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged.
    pub fn whole(&self, kernel: &Kernel) -> Result<Kernel, StoreError> {
        self.with_units(kernel, |_| true)
    }

    /// A kernel with all types of its vmlinux and of these modules.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged.
    pub fn with_units(&self, kernel: &Kernel, modules: impl Fn(&str) -> bool) -> Result<Kernel, StoreError> {
        let mut whole = kernel.clone();
        if let Some((at, file)) = kernel.stored.and_then(|at| Some((at, self.files.get(at.file)?))) {
            file.fill(at.number, &mut whole, modules)?;
        }
        Ok(whole)
    }
}
