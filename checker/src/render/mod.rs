//! Renderers: a report in, text out. One format, one file; none of them knows more than the report says.

pub mod accesses;
pub mod compare;
mod decided;
pub mod explain;
pub mod github;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod layouts;
pub mod life;
pub mod log;
pub mod markdown;
pub mod sarif;
mod snippet;
mod style;
mod suggested;
mod text;
mod words;
