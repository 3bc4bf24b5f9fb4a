//! What whoever loads an object decides before the load.

mod rodata;

pub use rodata::{Constant, ConstantError, data_sections};
