//! A fleet's kernels: what `uname -r` prints on its machines, and on how many. What becomes of a program on them, and which of them
//! nothing is known of.

mod adding;
mod near;
mod place;
mod read;
mod share;

pub use place::{Placed, place};
pub use read::{Inventory, InventoryError, Line, read};
pub use share::{entry, shares};
