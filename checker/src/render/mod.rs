//! Renderers: a report in, text out. One format, one file; none of them knows more than the report says.

pub mod accesses;
pub mod explain;
pub mod human;
pub mod json;
pub mod layouts;
mod snippet;
mod style;
mod text;
mod words;
