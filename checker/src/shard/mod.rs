//! A check on several machines: each takes a part of the objects, and the reports are put together into the one that a single run
//! would have written.
//!
//! Objects are what is shared out. Kernels are not: one that answers as another does costs next to nothing, so that a part of the
//! kernels takes nearly as long as all; and what helps with a finding is found by comparing kernels with each other.

mod merge;
mod read;
mod share;
mod sound;

pub use merge::{MergeError, merge};
pub use read::{ReadError, read};
pub use share::Shard;
