//! A type over kernels: how it is laid out, how two layouts differ, and its life from kernel to kernel.
//!
//! All are values derived from stored BTF; whoever prints them decides how.

mod compare;
mod diff;
mod distinct;
mod layout;
mod life;
mod lookup;
mod nested;
#[cfg(test)]
mod testing;

pub use compare::{Comparison, Pair, compare};
pub use diff::{Change, Declared, TypeDiff, diff};
pub use distinct::{Distinct, Placed, Shared, distinct};
pub use layout::{Body, Depth, EnumValue, Hole, Item, Layout, Member, Pointee, layout};
pub use life::{Life, Station, Transition, life};
pub use lookup::{Definition, Status, TypeName, TypeNameError, lookup};
pub use nested::Nested;
