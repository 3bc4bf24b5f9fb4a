//! Loaders, and where they disagree.

use serde::{Deserialize, Serialize};

use super::result::ReasonEntry;
use super::word::Word;

/// A loader.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoaderEntry {
    /// As on the command line: `libbpf`, `libbpf@1.1`, `aya`, `cilium` or `kernel`.
    pub name: String,
    /// For people; tells the version of aya-obj.
    pub title: String,
}

/// Kernels on which loaders disagree about an object, all in the same way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DisagreementEntry {
    /// Index of the object.
    pub object: usize,
    /// Full names of the kernels, in the report's order.
    pub kernels: Vec<String>,
    /// What each loader comes to, in their order.
    pub verdicts: Vec<LoaderVerdict>,
    /// The accesses that do not come to the same with all loaders.
    pub accesses: Vec<AccessDisagreement>,
}

/// One loader's verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoaderVerdict {
    /// The loader.
    pub loader: String,
    /// As of a result.
    #[serde(deserialize_with = "super::word::one")]
    pub verdict: Word,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
}

/// An access that does not come to the same with all loaders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessDisagreement {
    /// The access.
    pub access: usize,
    /// What it comes to with each loader, in their order.
    pub outcomes: Vec<LoaderOutcome>,
}

/// What an access comes to with one loader.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoaderOutcome {
    /// The loader.
    pub loader: String,
    /// As of an answer.
    #[serde(deserialize_with = "super::word::one")]
    pub outcome: Word,
    /// The number that the loader patches in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}
