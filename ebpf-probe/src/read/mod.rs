//! Reading from live groups: where they lie, and what stands there.

mod opened;
mod sample;
mod seen;

use aya::EbpfError;
use aya::maps::MapError;
use aya::programs::{ProgramError, links::LinkError};
use thiserror::Error;

pub use opened::{OpenError, Opened};
pub use sample::{Answer, Reader};
pub use seen::{OpenGroup, Through, Watcher};

/// Why nothing can be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A program cannot be attached.
    #[error("a program cannot be attached: {0}")]
    Program(#[from] ProgramError),
    /// A link cannot be read from.
    #[error("an iterator cannot be opened: {0}")]
    Link(#[from] LinkError),
    /// A map cannot be used.
    #[error("a map cannot be used: {0}")]
    Map(#[from] MapError),
    /// A file cannot be read.
    #[error("an iterator cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Something else of aya's.
    #[error(transparent)]
    Ebpf(#[from] EbpfError),
    /// The object is another one.
    #[error("the object has no {0}")]
    Missing(&'static str),
}
