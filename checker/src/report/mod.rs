//! The report: everything a check found, as values that renderers show and machines read.

mod alternatives;
mod build;
mod checked;
mod disagreements;
mod findings;
mod lacks;
pub mod model;
mod needs;
mod representatives;
mod suggested;
mod unchecked;
pub(crate) mod words;

pub(crate) use build::kernel_entry;
pub use build::{build, left_out, loader_entries, object_entry};
pub use checked::Checked;
pub use model::{LeftOut, Report};
pub use representatives::add_representatives;
