//! Verdicts: what the outcomes mean for loading a program, and with it the object.

mod all;
mod chosen;
mod judge;
mod needed;
mod observed;
mod suggest;
mod without;

pub use all::{Case, Judged, judge_all};
pub use judge::{Load, judge};
pub use needed::{Needed, needed_by};
pub use observed::{Observed, observed};
pub use suggest::{Suggestion, suggest};
pub use without::{Without, without};

/// The verdict on a program or an object, from best to worst: the worst stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It loads, as far as types decide.
    Ok,
    /// It loads; a guarded access that nothing replaces takes its fallback.
    Degraded,
    /// It loads, but a read changed its meaning.
    Risky,
    /// Cannot be said.
    Unknown,
    /// It does not load.
    Fails,
}

impl Verdict {
    /// All, from best to worst.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Degraded, Self::Risky, Self::Unknown, Self::Fails];

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Risky => "risky",
            Self::Unknown => "unknown",
            Self::Fails => "fails",
        }
    }
}

/// When a load fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The loader refuses the file.
    Open,
    /// The loader refuses a relocation, or something else that it prepares before it loads the first program: an extern, a
    /// `struct_ops` map, the creation of a map.
    Relocate,
    /// The verifier meets a poisoned instruction, or the kernel refuses the program before.
    Verify,
    /// All is loaded, but the program cannot be attached.
    Attach,
}

impl Phase {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Relocate => "relocate",
            Self::Verify => "verify",
            Self::Attach => "attach",
        }
    }
}

/// What a verdict holds under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// The kernel ships no BTF: a BTF file of its vmlinux is brought along.
    BtfBroughtAlong,
    /// This module is loaded.
    ModuleLoaded(String),
    /// The loader may read BTF of modules, for which the kernel wants `CAP_SYS_ADMIN`. libbpf passes over them without a
    /// word where it may not (`load_module_btfs`).
    ModulesReadable,
}

/// The verdict on one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramVerdict {
    /// Index of the program in the object.
    pub program: usize,
    /// The verdict; `None` for a program that is not loaded: not automatically, or another is in its place.
    pub verdict: Option<Verdict>,
    /// When it fails.
    pub phase: Option<Phase>,
    /// What its own accesses need.
    pub conditions: Vec<Condition>,
}

/// Why an object's verdict is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Loaders refuse the file itself.
    Refused,
    /// Object and kernel have different byte orders.
    ByteOrder,
    /// These accesses fail.
    Failing(Vec<usize>),
    /// These accesses are poisoned, and the verifier may come to them.
    MayBeReached(Vec<usize>),
    /// These accesses are poisoned and guarded, and nothing takes their place.
    Unreplaced(Vec<usize>),
    /// What these accesses read is something else than the program was compiled for.
    Changed(Vec<(usize, Observed)>),
    /// These accesses need types that are not stored.
    NotStored(Vec<usize>),
    /// These requirements are not met.
    Unmet(Vec<usize>),
    /// Whether these requirements are met cannot be said, and the verdict depends on it.
    Doubtful(Vec<usize>),
}

/// The verdict on an object on one kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVerdict {
    /// The worst of its programs'.
    pub verdict: Verdict,
    /// What it holds under.
    pub conditions: Vec<Condition>,
    /// Why.
    pub causes: Vec<Cause>,
    /// Its programs', in their order.
    pub programs: Vec<ProgramVerdict>,
}
