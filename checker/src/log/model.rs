//! What is found in a log: `corecheck.log/1`.

use serde::Serialize;

use crate::report::model::{AccessEntry, RequirementEntry, SuggestedEntry, Tool};

/// Version of the form.
pub const SCHEMA: &str = "corecheck.log/1";

/// What a log says of an object.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// The object.
    pub object: String,
    /// What went wrong, each once, in the order of the log.
    pub causes: Vec<Cause>,
}

/// Something that went wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// The line of the log, from 1.
    pub line: usize,
    /// The line itself.
    pub text: String,
    /// Who said it: `libbpf`, `cilium`, `aya` or `verifier`.
    pub speaker: &'static str,
    /// The rule that explains it.
    pub rule: &'static str,
    /// The program that was being loaded, where the log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The access that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessEntry>,
    /// What else the object needs that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<RequirementEntry>,
    /// What it means.
    pub message: String,
    /// What to do.
    pub help: String,
    /// What helps, by the kernels that are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<SuggestedEntry>,
}

impl Cause {
    /// By what it is known again: an access, a requirement, or its message.
    pub(super) fn about(&self) -> (Option<usize>, Option<usize>, &str) {
        let (access, need) =
            (self.access.as_ref().map(|of| of.id), self.requirement.as_ref().map(|of| of.id));
        (access, need, if access.is_none() && need.is_none() { &self.message } else { "" })
    }
}

/// What a line says, before it is known what of the object it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A relocation does not resolve, in libbpf's words for it: `[27] struct s.f (0:1 @ offset 4)`.
    Unresolved {
        /// `byte_off` and others.
        kind: String,
        /// The root type's id in the object.
        root: Option<u32>,
        /// The access string; empty where none is told.
        spec: String,
    },
    /// The relocation at this instruction, counted from the start of its section, to this root type does not resolve.
    UnresolvedAt {
        /// The root type's id in the object.
        root: u32,
        /// The instruction.
        insn: u32,
    },
    /// The accesses with this access string to the type of this name do not resolve.
    Unfit {
        /// The access string.
        spec: String,
        /// The name of the root type.
        name: String,
    },
    /// The map of this name could not be created.
    Map(String),
    /// An instruction that a loader poisoned, counted from the start of what was loaded.
    Poisoned(u32),
    /// The relocation of this number among those of the program's section comes to several values.
    Ambiguous(usize),
    /// The relocation of this number failed.
    Failed(usize),
    /// Several types of this name have different layouts.
    AmbiguousType(String),
    /// Something of these sorts with this name is not there.
    Missing(&'static [&'static str], String),
    /// A kernel function or variable is there, and is another.
    Incompatible(&'static [&'static str], String),
    /// The kernel does not have the helper of this number, or a program of this sort may not call it.
    Helper(i32, String),
    /// The kernel's BTF is not there.
    NoKernelBtf,
    /// The object's own BTF is not there.
    NoOwnBtf,
}
