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
mod classes;
mod code;
mod compute;
mod copies;
mod helpers;
mod jump;
mod live;
mod meeting;
mod memory;
mod scalar;
mod stack;
mod state;
mod step;
mod tnum;
mod value;
mod verifier;
mod walk;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use classes::{Known, ObjectReach, ProgramReach, Reaches, reach_all};
pub use verifier::{Knows, Verifier};

use crate::access::Access;
use crate::attach::ExternValue;
use crate::object::{Object, Target};
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
    /// How many instructions may be followed, at most [`MOST_STEPS`]. What is not answered by then may be reached.
    pub steps: usize,
}

/// How many instructions are followed for one program, paths that meet again counted once. Real programs take some
/// thousands.
pub const MOST_STEPS: usize = 400_000;

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
///
/// Where a verifier's version does not tell how it takes global functions and callbacks, which changes every path behind
/// them, certain is what is so either way.
pub fn reach(question: &Question<'_>) -> Reached {
    let of = |verifier: Verifier| Question { verifier, ..*question };
    let verifier = question.verifier;
    if verifier.global_functions == Knows::Perhaps {
        let [one, other] = [Knows::Yes, Knows::No]
            .map(|global_functions| reach(&of(Verifier { global_functions, ..verifier })));
        return one.or(other);
    }
    if verifier.repeated_callbacks == Knows::Perhaps && calls_back(question) {
        let [one, other] = [Knows::Yes, Knows::No]
            .map(|repeated_callbacks| reach(&of(Verifier { repeated_callbacks, ..verifier })));
        return one.or(other);
    }
    walk::walk(question)
}

/// Whether the program takes the address of a function.
fn calls_back(question: &Question<'_>) -> bool {
    let functions = &question.object.programs[question.program].functions;
    question.object.references.iter().any(|reference| {
        matches!(reference.target, Target::FunctionAddress(function) if functions.binary_search(&function).is_ok())
    })
}

impl Reached {
    /// What is certain by both, and what may be by either.
    fn or(self, other: Self) -> Self {
        let both = |(one, two)| if one == two { one } else { Reach::MayBeReached };
        let reads: BTreeSet<Read> = self.reads.into_iter().chain(other.reads).collect();
        let accesses: BTreeSet<usize> = self.accesses.into_iter().chain(other.accesses).collect();
        Self {
            traps: self.traps.into_iter().zip(other.traps).map(both).collect(),
            reads: reads.into_iter().collect(),
            accesses: accesses.into_iter().collect(),
            steps: self.steps + other.steps,
            is_cut_short: self.is_cut_short || other.is_cut_short,
        }
    }
}

#[cfg(test)]
mod tests;
