//! Bytes to checked [`Object`]s: what a compiled BPF object holds and what it asks of a kernel.
//!
//! Levels: `elf` knows sections, symbols and relocations, `btf_ext` knows the records that come with BTF, and the other
//! files each turn one of the two into one part of the [`Object`]. libbpf decides what the parts mean; where it refuses
//! to open or load an object that is otherwise sound, that is a [`Problem`] in the object. Only what is broken is an
//! [`ObjectError`]. What is missing (no `.BTF`, no `.BTF.ext`, no access) is neither.

mod btf_ext;
mod code;
mod elf;
mod embedded;
mod error;
mod externs;
mod insn;
mod kinds;
mod lines;
mod maps;
mod model;
mod open;
mod problem;
mod programs;
mod read;
mod references;
mod relos;
mod symbols;
#[cfg(test)]
pub(crate) mod testing;

pub use embedded::{Found, locate};
pub use error::{ErrorKind, ObjectError};
pub use insn::Insn;
pub use model::{
    Binding, CoreRelo, DataKind, DataSection, EmbeddedAt, Extern, ExternKind, File, Function, Map, MapKind,
    Object, Program, Reference, Section, SourceLine, Target, Uses, Variable,
};
pub use open::{MAX_INPUT, read_bytes, read_file};
pub use problem::Problem;
