//! What whoever loads an object decides before the load.

mod alike;
mod alternatives;
mod programs;
mod rodata;

pub use alike::alike;
pub use alternatives::{Alternatives, Group};
pub use programs::{AttachTarget, Choice};
pub use rodata::{Constant, ConstantError, data_sections};
