//! What whoever loads an object decides before the load.

mod programs;
mod rodata;

pub use programs::{AttachTarget, Choice};
pub use rodata::{Constant, ConstantError, data_sections};
