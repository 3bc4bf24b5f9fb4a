//! Loading with aya: an object's programs, each for itself, and what the kernel makes of their instructions.

mod numbered;
mod programs;
mod refusal;
mod syscall;
mod target;
mod translated;

pub use numbered::{NumberError, Numbers, numbered};
pub use programs::{Loaded, State, Types, load_each, open};
pub use refusal::{Cause, Phase, Refusal};
pub use syscall::{GroupStatus, group_status};
pub use target::{Candidate, Sources, TargetError, for_aya, write};
pub use translated::{Fate, POISON, Translated, fitted, value};
