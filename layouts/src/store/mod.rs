//! The store: kernels with their layouts, and finding them by name.

mod bytes;
pub mod content;
mod embedded;
pub mod file;
mod given;
mod query;

pub use bytes::Damage;
pub use given::{GivenError, kernel_from};
pub use query::{QueryError, nearest};

use crate::kernel::Kernel;
use crate::source::table::TableError;

/// Kernels in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Store {
    kernels: Vec<Kernel>,
}

impl Store {
    /// The kernels that this program carries: the seed's 25, in its groups and order.
    ///
    /// # Errors
    /// [`TableError`] when the data files contradict their format; the tests of this crate keep that from happening.
    pub fn embedded() -> Result<Self, TableError> {
        Ok(Self { kernels: embedded::kernels()? })
    }

    /// A store of these kernels, in this order.
    pub fn of(kernels: Vec<Kernel>) -> Self {
        Self { kernels }
    }

    /// All kernels, in their order.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }
}
