//! What accesses and requirements come to: answers that kernels share.

use serde::{Deserialize, Serialize};

use super::result::ReasonEntry;
use super::word::Word;

/// A distinct answer of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerEntry {
    /// Its number within the report.
    pub id: usize,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// One outcome per access.
    pub outcomes: Vec<OutcomeEntry>,
}

/// An outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutcomeEntry {
    /// The access.
    pub access: usize,
    /// `resolved`, `absent`, `poisoned`, `error`, `skipped` or `unknown`.
    #[serde(deserialize_with = "super::word::one")]
    pub outcome: Word,
    /// The number that the loader patches in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Why it is not plainly resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonEntry>,
    /// `vmlinux` or the module whose BTF matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What matched, in libbpf's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What is something else there than the program was compiled for, though loaders accept it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeEntry>,
    /// For poisoned accesses, whether the verifier reaches them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::word::some")]
    pub reach: Option<Word>,
}

/// A silent change of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEntry {
    /// Which kind: `array`, `bitfield`, `enumerators`, `overlaid`, `pointee`, `sign`, `size` or `struct`.
    #[serde(deserialize_with = "super::word::one")]
    pub code: Word,
    /// What the program was compiled for.
    pub was: String,
    /// What it is in the target.
    pub is: String,
}

/// What becomes of all requirements of an object, on some kernels.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NeedsEntry {
    /// Its number within the report.
    pub id: usize,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// One per requirement.
    pub meetings: Vec<MeetingEntry>,
}

/// What becomes of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingEntry {
    /// The requirement.
    pub requirement: usize,
    /// `met`, `missing`, `unknown` or `not-judged`.
    #[serde(deserialize_with = "super::word::one")]
    pub outcome: Word,
    /// `vmlinux` or the module that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why it is not met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonEntry>,
}
