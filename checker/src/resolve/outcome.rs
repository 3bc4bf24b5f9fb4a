//! What came of an access on a kernel, and why.

use corecheck_layouts::btf::TypeId;
use corecheck_layouts::kernel::{Absence, Gap};
use thiserror::Error;

use super::changes::{Change, Extent};
use super::patch::PatchError;
use crate::access::{Broken, Skipped, Slots, Spec, ValueError};

/// The result of resolving one access.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Which of the six it is.
    pub state: State,
    /// The number the loader would patch in; `None` when it patches none, or when it is not known
    /// (a target's type id where the store has renumbered types).
    pub value: Option<u64>,
    /// The matched place: which unit, and the walk in libbpf's words.
    pub target: Option<Place>,
    /// Why it is not plainly resolved.
    pub reason: Option<Reason>,
    /// What is something else there than the program was compiled for, though the loader accepts it. Sorted; only where an
    /// offset is resolved.
    pub changes: Vec<Change>,
    /// How far a copy of the field is what the program believes; `None` when it is so to its end.
    pub extent: Option<Extent>,
    /// The instruction as the loader leaves it; `None` when it leaves it as it is or refuses.
    pub patched: Option<Slots>,
}

impl Outcome {
    /// An outcome by which the loader leaves the instruction as the compiler wrote it.
    pub(crate) fn as_compiled() -> Self {
        Self {
            state: State::Skipped,
            value: None,
            target: None,
            reason: None,
            changes: Vec::new(),
            extent: None,
            patched: None,
        }
    }

    /// The units whose types decided: those that matched, contradicted each other, or came nearest.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        let of_reason = match &self.reason {
            Some(Reason::Ambiguous(ambiguity)) => ambiguity.candidates.as_slice(),
            Some(Reason::NoMatch(explained)) => explained.nearest.as_slice(),
            _ => &[],
        };
        self.target.iter().chain(of_reason).map(|place| place.unit.as_str())
    }
}

/// The six outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// A value is patched in.
    Resolved,
    /// Nothing matches, and the honest answer is 0.
    Absent,
    /// The instruction becomes a call that the verifier refuses when it reaches it.
    Poisoned,
    /// The loader gives up: the load fails.
    Error,
    /// The loader does not look at it.
    Skipped,
    /// Cannot be said.
    Unknown,
}

impl State {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Absent => "absent",
            Self::Poisoned => "poisoned",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// A place in a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// `vmlinux` or the module's name.
    pub unit: String,
    /// The walk: `struct vfio_group.minor (0:1 @ offset 4)`.
    pub spec: String,
}

/// Why a local walk finds nothing in one candidate. Steps and types are the target's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The composite has no such member.
    FieldMissing {
        /// The member's name.
        member: String,
        /// The composite.
        parent: TypeId,
        /// How many turning points matched before.
        depth: usize,
    },
    /// What should have the member is neither struct nor union.
    ParentNotComposite {
        /// The member's name.
        member: String,
        /// What is there.
        found: TypeId,
        /// How many turning points matched before.
        depth: usize,
    },
    /// The member is there, but of a kind that cannot stand for the local one.
    KindChanged {
        /// The local member's type, in the object's BTF.
        local: TypeId,
        /// The target member's type.
        target: TypeId,
        /// The walk to it.
        found: Box<Spec>,
    },
    /// What should be an array is none.
    NotAnArray {
        /// What is there.
        found: TypeId,
        /// How many turning points matched before.
        depth: usize,
    },
    /// The array has too few elements.
    ArrayTooShort {
        /// The element that is wanted.
        index: u32,
        /// How many there are.
        length: u32,
        /// How many turning points matched before.
        depth: usize,
    },
    /// The enumeration has no such enumerator.
    EnumeratorMissing {
        /// Its name.
        name: String,
    },
    /// The types as wholes do not go together.
    Kind,
}

impl Mismatch {
    /// How far the walk came: of several candidates the one that came farthest explains best.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::FieldMissing { depth, .. }
            | Self::ParentNotComposite { depth, .. }
            | Self::NotAnArray { depth, .. }
            | Self::ArrayTooShort { depth, .. } => *depth,
            Self::KindChanged { found, .. } => found.accessors.len(),
            Self::EnumeratorMissing { .. } | Self::Kind => 0,
        }
    }
}

/// A candidate that cannot even be compared: the load fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum MatchError {
    /// More than 64 steps, or types within types beyond what loaders follow.
    #[error("the walk through the target goes deeper than loaders follow")]
    TooDeep,
    /// The size of a type on the way cannot be told.
    #[error("the size of target type [{}] cannot be told", .0.0)]
    NoSize(TypeId),
    /// Our own bound; no real type comes near it.
    #[error("the target's types are nested so that comparing them would not end")]
    TooComplex,
}

/// A mismatch with what it was found on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Explained {
    /// Which kind of mismatch.
    pub code: MismatchCode,
    /// One sentence: what is there instead.
    pub text: String,
    /// The nearest place in the target: the walk as far as it came, or to what changed.
    pub nearest: Option<Place>,
}

/// Kinds of mismatches, as findings tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MismatchCode {
    /// A member is gone.
    FieldMissing,
    /// A member became something of another kind.
    FieldKindChanged,
    /// An array is too short.
    ArrayTooShort,
    /// An enumerator is gone.
    EnumeratorMissing,
    /// The type itself is of another kind or shape.
    TypeChanged,
}

/// Two candidates that match, and disagree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ambiguity {
    /// The first and the one that contradicts it.
    pub candidates: [Place; 2],
    /// Sizes in bytes of the two types, where they have one.
    pub sizes: [Option<u32>; 2],
    /// What differs: `offset` or `value`.
    pub differs: &'static str,
}

/// Why an outcome is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No candidate type.
    TypeAbsent(Absence),
    /// Candidates, but none that matches.
    NoMatch(Explained),
    /// A load or store would change its width in a way that changes what is read.
    WidthChanged {
        /// The local field: size in bytes and type.
        local: (u32, String),
        /// The target field: size in bytes and type; size 0 for bit-fields.
        target: (u32, String),
    },
    /// Candidates that match, and disagree.
    Ambiguous(Box<Ambiguity>),
    /// A candidate that cannot be compared.
    Match(MatchError),
    /// A matched field that cannot be used.
    Value(ValueError),
    /// An instruction that cannot be patched.
    Patch(PatchError),
    /// The access itself is broken, for every kernel.
    Broken(Broken),
    /// Loaders do not look at the access.
    Skipped(Skipped),
    /// What would be needed is not stored.
    NotStored(Gap),
    /// Not in vmlinux; this module has it, but the loader searches no modules.
    NotSearched(String),
    /// What a loader other than libbpf stumbles over, in words.
    Loader(String),
    /// The loader gave up before it came to the access.
    NotReached,
}
