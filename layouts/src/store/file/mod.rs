//! The store's file: kernels with their types, each definition kept once for all kernels that have it.
//!
//! - `disk`: the SQLite database that the file is: tables, transactions; `guard`: what foreign ones may not do;
//! - `block`: the definitions of a range of names, with a log of which unit has which;
//! - `record`, `config`: what is known of a kernel besides its types; `sealed`: these with their hashes;
//! - `units`: kernels and modules by number, and which is compared with which;
//! - `import`: a kernel in; `export`: a kernel out; `lookup`: some types of many kernels; `verify`: every hash again.
//!
//! A **unit** (a vmlinux or a module) has a number and may have a **parent**: the unit that it was compared with when it
//! came in. What is stored of a unit is how it differs from its parent, so that a patch release costs what it changed.

mod ancestors;
mod block;
mod borders;
mod catalogue;
mod columns;
mod config;
mod decompress;
mod disk;
mod error;
mod export;
mod guard;
mod import;
mod interner;
mod lineage;
mod lookup;
mod made;
mod parts;
mod record;
mod remove;
mod rewrite;
mod sealed;
mod sharing;
mod signature;
mod similar;
#[cfg(test)]
mod tests;
mod units;
mod verify;

pub use disk::compact;
pub use error::StoreError;
pub use export::Whole;
pub use import::{Import, Imported};
pub use parts::Parts;
pub use remove::remove;
pub use verify::Verified;

use std::path::{Path, PathBuf};

use self::borders::Borders;
use self::disk::{View, meta};
use self::units::Units;
use super::bytes::Damage;

/// The number of a unit in a store: of a vmlinux, or of a module, whose number follows its kernel's.
type UnitNumber = u32;

/// What the file says that it is.
const FORMAT: &str = "corecheck.store/1";

/// A file of kernels, open for reading: as it was when it was opened.
#[derive(Debug)]
pub struct StoreFile {
    path: Option<PathBuf>,
    view: View,
    units: Units,
    borders: Borders,
}

impl StoreFile {
    /// Opens a file.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be read, or is not a store of this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::of(View::open(path)?, Some(path.to_owned()))
    }

    /// Opens a file that is part of this program.
    ///
    /// # Errors
    /// As [`StoreFile::open`].
    pub fn embedded(bytes: &'static [u8]) -> Result<Self, StoreError> {
        Self::of(View::embedded(bytes)?, None)
    }

    /// Opens a copy of a file that is in memory.
    ///
    /// # Errors
    /// As [`StoreFile::open`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        Self::of(View::of_bytes(bytes)?, None)
    }

    fn of(view: View, path: Option<PathBuf>) -> Result<Self, StoreError> {
        require_format(view.meta(meta::FORMAT)?)?;
        let units = Units::read(view.heads()?)?;
        let borders = Borders::read(view.meta(meta::BORDERS)?)?;
        Ok(Self { path, view, units, borders })
    }

    fn details(&self, kernel: UnitNumber) -> Result<record::Details, StoreError> {
        let details = lineage::details(kernel, |kernel| self.view.details(kernel))?;
        let known = self.units.head(kernel).map_or(0, |head| head.module_count as usize);
        if details.modules.len() > known {
            let damage = Damage { offset: 0, what: "it has more modules than its head says" };
            return Err(StoreError::damaged(format!("the details of kernel {kernel}"))(damage));
        }
        Ok(details)
    }

    /// Where it is; `None` for one that is in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

fn require_format(found: Option<Vec<u8>>) -> Result<(), StoreError> {
    match found {
        Some(found) if found == FORMAT.as_bytes() => Ok(()),
        Some(found) => {
            let what = format!("its format is {:?}", String::from_utf8_lossy(&found));
            Err(StoreError::Format { what, expected: FORMAT })
        }
        None => Err(StoreError::foreign()),
    }
}
