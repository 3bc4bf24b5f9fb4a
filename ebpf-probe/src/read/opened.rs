//! Opening a group that nobody uses.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use thiserror::Error;

use crate::find::{Group, Roots};
use crate::load::{GroupStatus, group_status};

/// Why a group was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Somebody has it open.
    #[error("it is in use")]
    InUse,
    /// It cannot be opened.
    #[error("it cannot be opened: {0}")]
    Io(#[from] io::Error),
}

/// A group that this process has open, for as long as this lives. Nothing else is done to it.
#[derive(Debug)]
pub struct Opened {
    file: File,
    /// What the kernel says of it.
    pub status: Option<GroupStatus>,
}

impl Opened {
    /// Opens it, unless somebody has it open. The kernel itself gives a group to one opener at a time, so that one who comes
    /// between is not disturbed.
    ///
    /// # Errors
    /// [`OpenError`] when somebody has it open, or the kernel refuses.
    pub fn new(roots: &Roots, group: &Group) -> Result<Self, OpenError> {
        if !group.holders.is_empty() {
            return Err(OpenError::InUse);
        }
        let path = roots.dev.join("vfio").join(&group.name);
        let file = File::options().read(true).write(true).open(path).map_err(|error| {
            match error.raw_os_error() {
                Some(libc::EBUSY) => OpenError::InUse,
                _ => OpenError::Io(error),
            }
        })?;
        let status = group_status(file.as_fd()).ok();
        Ok(Self { file, status })
    }

    /// Asks for its state again: whoever watches `ioctl` sees that.
    pub fn touch(&self) {
        if let Err(error) = group_status(self.file.as_fd()) {
            log::info!("the group's state is not told: {error}");
        }
    }
}
