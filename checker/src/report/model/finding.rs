//! Findings: one cause each, and what helps.

use serde::{Deserialize, Serialize};

use super::policy::ExcusedEntry;
use super::word::Word;

/// A finding: one cause, with all the kernels it concerns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindingEntry {
    /// The rule.
    #[serde(deserialize_with = "super::word::one")]
    pub rule: Word,
    /// `error`, `warning` or `note`.
    #[serde(deserialize_with = "super::word::one")]
    pub level: Word,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// Full names of the kernels, in the report's order; empty for findings about the object itself.
    pub kernels: Vec<String>,
    /// The access it shows; the first of `accesses`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<usize>,
    /// Every access it concerns.
    pub accesses: Vec<usize>,
    /// Every requirement it concerns.
    pub requirements: Vec<usize>,
    /// What is wrong.
    pub message: String,
    /// Where the target differs, in libbpf's words, one line each.
    pub details: Vec<String>,
    /// What to do.
    pub help: String,
    /// What was found out to help with this very access or requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<SuggestedEntry>,
    /// Why it does not count on some kernels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excused: Vec<ExcusedEntry>,
}

/// What helps with something that is missing. All of it comes from layouts that are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedEntry {
    /// Which kernels first or last had it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
    /// What it may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<RenamedEntry>,
    /// A guard for the access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardEntry>,
}

/// Which kernels of a distribution, architecture and flavour first or last had something, of those that are stored; full names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Whose kernels these are.
    pub distro: String,
    /// Their architecture.
    pub arch: String,
    /// Their flavour, empty when unknown.
    pub flavour: String,
    /// The last of the older ones that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_with: Option<String>,
    /// The first after that without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_without: Option<String>,
    /// The last one without it before newer ones have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_without: Option<String>,
    /// The first of the newer ones that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_with: Option<String>,
    /// The same for people.
    pub text: String,
}

/// What a missing member may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenamedEntry {
    /// Its name.
    pub member: String,
    /// The path of the access with it.
    pub path: String,
    /// Where it stands.
    pub there: LayoutEntry,
    /// Where it has its old name; left out where the object's own type was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<LayoutEntry>,
    /// The same for people.
    pub text: String,
}

/// A place in a kernel's layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutEntry {
    /// Full name of the kernel.
    pub kernel: String,
    /// `vmlinux` or the module.
    pub unit: String,
    /// The walk in libbpf's words.
    pub target: String,
}

/// A guard for an access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardEntry {
    /// C, for a source that includes `bpf/bpf_helpers.h` and `bpf/bpf_core_read.h`.
    pub code: String,
    /// Kernels on which it was tried that what it asks gives 0.
    pub gives_0_on: Vec<String>,
    /// And on which it gives 1.
    pub gives_1_on: Vec<String>,
}
