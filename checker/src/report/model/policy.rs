//! What a policy makes of a report.

use serde::{Deserialize, Serialize};

use super::word::Word;

/// Kernels on which a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcusedEntry {
    /// `waiver` or `baseline`.
    #[serde(deserialize_with = "super::word::one")]
    pub by: Word,
    /// The kernels; empty for a finding about the object itself.
    pub kernels: Vec<String>,
    /// The waiver's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day of the waiver: `2027-03-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What a policy makes of the report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// The policy's file, as it was found; empty if there is none but a baseline.
    pub file: String,
    /// Whether nothing is in the way.
    pub passes: bool,
    /// What is in the way, by object, then kernel.
    pub blocked: Vec<BlockedEntry>,
    /// What is wrong with the policy itself.
    pub findings: Vec<PolicyFinding>,
}

/// Something that a policy does not let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedEntry {
    /// Index of the object.
    pub object: usize,
    /// Full name of the required kernel; left out for the object itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The verdict there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::word::some")]
    pub verdict: Option<Word>,
    /// The rules of the findings that are not excused.
    #[serde(deserialize_with = "super::word::all")]
    pub rules: Vec<Word>,
}

/// A finding about the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFinding {
    /// The rule.
    #[serde(deserialize_with = "super::word::one")]
    pub rule: Word,
    /// `error`, `warning` or `note`.
    #[serde(deserialize_with = "super::word::one")]
    pub level: Word,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Which of the policy's waivers it is about, from 0 in the policy's order.
    pub waiver: usize,
}
