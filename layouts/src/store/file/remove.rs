//! A kernel out of the store.

use std::path::Path;

use super::disk::{Change, meta};
use super::error::StoreError;
use super::record::Head;
use super::require_format;
use super::units::Units;
use crate::kernel::KernelName;

/// Removes a kernel from the file at `path`: it is no longer listed, found or answered for. What other kernels differ from
/// stays, and so does the room; a kernel that comes back shares it. Returns whether it was there.
///
/// # Errors
/// [`StoreError`]; then the file is as it was.
pub fn remove(path: &Path, name: &KernelName) -> Result<bool, StoreError> {
    let mut change = Change::begin(path)?;
    require_format(change.meta(meta::FORMAT)?)?;
    let units = Units::read(change.heads()?)?;
    let mut was_there = false;
    for (number, head) in units.all() {
        if !head.is_removed && head.name == *name {
            was_there = true;
            change.put_head(*number, &Head { is_removed: true, ..head.clone() }.write())?;
        }
    }
    if was_there {
        change.commit()?;
    }
    Ok(was_there)
}
