//! Reach: whether the verifier comes to an instruction that it would refuse.
//!
//! A poisoned access fails a load only when the verifier reaches it, and portable programs are full of poisoned accesses
//! behind guards. Here every path of a program is followed over its *relocated* instructions, with what the verifier of the
//! kernel knows of constants, ranges, pointers and the stack. Two questions are answered at once: to which instructions
//! does no path lead (`guarded`), and to which does a path lead of which every turn is one that the verifier certainly
//! takes (`reached`)? What is neither, or was not answered within the budget, is `may-be-reached`.
//!
//! Pure, like the resolver: a function of the object, its outcomes, and what is known of the kernel.

mod alu;
mod branch;
mod calls;
mod code;
mod helpers;
mod live;
mod memory;
mod scalar;
mod stack;
mod state;
mod step;
mod tnum;
mod value;
mod verifier;
mod walk;

use std::sync::Arc;

pub use verifier::{Knows, Verifier};

use crate::access::Access;
use crate::object::Object;
use crate::resolve::Outcome;

/// Whether the verifier comes to an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// It never does.
    Guarded,
    /// It may.
    MayBeReached,
    /// It does.
    Reached,
}

impl Reach {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guarded => "guarded",
            Self::MayBeReached => "may-be-reached",
            Self::Reached => "reached",
        }
    }
}

/// An instruction that the verifier refuses if it comes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trap {
    /// Index of the section in the object.
    pub section: usize,
    /// The instruction, counted from the start of the section.
    pub insn: u32,
}

/// What an extern comes to when the object is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExternValue {
    /// A value of the configuration: its bytes as they stand in memory.
    Bytes(Vec<u8>),
    /// A symbol that the kernel has: its address is not 0.
    Present,
    /// A symbol that it has not: its address is 0.
    Missing,
    /// Not known.
    Unknown,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The object.
    pub object: &'a Object,
    /// The program, by its index in the object.
    pub program: usize,
    /// Accesses of the object.
    pub accesses: &'a [Access],
    /// What each comes to.
    pub outcomes: &'a [Arc<Outcome>],
    /// What each extern of the object comes to; those not listed are unknown.
    pub externs: &'a [ExternValue],
    /// The sections of variables as they are when the object is loaded: those of the object, with what the user sets.
    pub data: &'a [Vec<u8>],
    /// What the verifier knows of values.
    pub verifier: Verifier,
    /// The instructions asked about.
    pub traps: &'a [Trap],
}

/// A read of a field through the address that a relocation gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Read {
    /// The access, by its number.
    pub access: usize,
    /// How many bytes are read.
    pub bytes: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// For each trap, whether it is reached.
    pub traps: Vec<Reach>,
    /// Reads of fields with a size that is known, each once, in order.
    pub reads: Vec<Read>,
    /// Accesses whose instruction some path comes to, by their numbers, ascending.
    pub accesses: Vec<usize>,
    /// How many instructions were followed.
    pub steps: usize,
    /// Whether the budget was spent before all paths were followed.
    pub is_cut_short: bool,
}

/// Follows a program.
pub fn reach(question: &Question<'_>) -> Reached {
    walk::walk(question)
}

#[cfg(test)]
mod tests;
