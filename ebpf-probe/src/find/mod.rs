//! What the machine is: its kernel, its VFIO groups, and what this user may do with them.
//!
//! Every place is below a [`Roots`], so that tests can make machines up.

mod ability;
mod groups;
mod kernel;

use std::path::{Path, PathBuf};

pub use ability::{Ability, Obstacle};
pub use groups::{Group, Holder, groups, major};
pub use kernel::{FindError, Machine};

/// Where a machine shows itself.
#[derive(Debug, Clone)]
pub struct Roots {
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
    /// `/dev`.
    pub dev: PathBuf,
}

impl Roots {
    /// All below one folder; `/` is this machine.
    pub fn below(root: &Path) -> Self {
        Self { sys: root.join("sys"), proc: root.join("proc"), dev: root.join("dev") }
    }
}

/// A short file's text without spaces around it; `None` when it cannot be read.
fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}
