//! What can be wrong with BTF, with the place where it is wrong.

use thiserror::Error;

use super::HeaderProblem;

/// BTF that cannot be used. Offsets are in bytes from the start of the BTF blob.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BtfError {
    /// The header is none, or states what the bytes do not have.
    #[error(transparent)]
    Header(HeaderProblem),
    /// Byte order or size that does not go with the base, or beyond what ids and offsets can count.
    #[error("BTF: {0}")]
    Limits(String),
    /// The string section does not begin or end as it must.
    #[error("BTF string section: {0}")]
    Strings(String),
    /// A type record that is cut off, or of a kind that cannot be sized.
    #[error("BTF type [{id}] at offset {offset:#x}: {what}")]
    Type {
        /// Its id.
        id: u32,
        /// Where its record begins.
        offset: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A type that holds itself by value, directly or through others.
    #[error("BTF type [{id}] {name:?} contains itself by value (a cycle of {length} types)")]
    Cycle {
        /// A type on the cycle.
        id: u32,
        /// Its name, empty when it has none.
        name: String,
        /// How many types the cycle has.
        length: usize,
    },
    /// Types within types beyond what any compiler makes.
    #[error("BTF type [{id}] holds more than {levels} types within each other by value")]
    TooDeep {
        /// The type.
        id: u32,
        /// How many are read.
        levels: u16,
    },
    /// Split BTF whose names or references do not fit the base it was given. That it is broken itself cannot be told
    /// from that.
    #[error(
        "this split BTF does not belong to the base BTF it was given, or is broken: type [{id}] {what}; \
         give the vmlinux it was built with"
    )]
    WrongBase {
        /// The first type that shows it.
        id: u32,
        /// What does not fit.
        what: String,
    },
    /// What is to be written does not fit BTF.
    #[error("cannot be written as BTF: {0}")]
    Write(String),
}
