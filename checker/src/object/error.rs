//! What is wrong with a file that should hold BPF objects: which file, where in it, what, and what to do.

use corecheck_layouts::btf::BtfError;
use thiserror::Error;

/// A file that could not be read as BPF objects.
#[derive(Debug, Error)]
#[error("{path}: {kind}")]
pub struct ObjectError {
    /// The file, or the place in a file of an embedded object.
    pub path: String,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong with the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system would not give the bytes.
    #[error("cannot be read: {0}")]
    Io(std::io::Error),
    /// More bytes than this program takes.
    #[error("is larger than {limit} bytes, the most this program reads")]
    TooLarge {
        /// The most, in bytes.
        limit: u64,
    },
    /// Not an ELF file.
    #[error(
        "is not an ELF file: {found}; give a BPF object (clang -target bpf -g -O2 -c) or an executable that embeds one"
    )]
    NotElf {
        /// What it begins with.
        found: String,
    },
    /// An ELF file for another machine that embeds no BPF object.
    #[error("is ELF for {machine} and no BPF object is embedded in it{seen}; give the BPF object itself")]
    NoObject {
        /// The machine.
        machine: String,
        /// What looked like an object and was none; begins with a space when there is something to say.
        seen: String,
    },
    /// Something in the file contradicts itself or the format.
    #[error("{place}: {what}{}", advice(.help))]
    Broken {
        /// Where: section and offset.
        place: String,
        /// What is wrong there.
        what: String,
        /// What to do; may be empty.
        help: &'static str,
    },
    /// The section `.BTF` is broken.
    #[error("section .BTF: {0}; build the object again, with an unmodified clang and linker")]
    Btf(BtfError),
}

fn advice(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; {text}") }
}

/// An [`ErrorKind::Broken`].
pub(super) fn broken(place: impl Into<String>, what: impl Into<String>, help: &'static str) -> ErrorKind {
    ErrorKind::Broken { place: place.into(), what: what.into(), help }
}
