//! One output format per file.

pub mod human;
pub mod json;
