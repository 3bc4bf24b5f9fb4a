//! Loading with aya: an object's programs, each for itself, and what the kernel makes of their instructions.

mod numbered;
mod programs;
mod refusal;
mod syscall;
mod translated;

pub use numbered::{NumberError, Numbers, numbered};
pub use programs::{State, Types, load_each, open};
pub use refusal::{Cause, Phase, Refusal};
pub use translated::{Fate, POISON, Translated, fitted, value};
