//! What a policy makes of a report.

use serde::Serialize;

/// Kernels on which a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcusedEntry {
    /// `waiver` or `baseline`.
    pub by: &'static str,
    /// The kernels; empty for a finding about the object itself.
    pub kernels: Vec<String>,
    /// The waiver's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day of the waiver: `2027-03-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What a policy makes of the report.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockedEntry {
    /// Index of the object.
    pub object: usize,
    /// Full name of the required kernel; left out for the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The verdict there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// The rules of the findings that are not excused.
    pub rules: Vec<&'static str>,
}

/// A finding about the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyFinding {
    /// The rule.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}
