//! The report: everything a check found, as values that renderers show and machines read.

mod build;
mod findings;
pub mod model;
mod words;

pub use build::{Checked, build};
pub use model::Report;
