//! A fleet: its kernels, and which part of its machines comes to which verdict.

use serde::{Deserialize, Serialize};

use super::word::Word;

/// What a report says of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryEntry {
    /// The file that lists the machines' kernels.
    pub file: String,
    /// How many machines there are.
    pub machines: u64,
    /// Releases that were judged.
    pub judged: Vec<FleetEntry>,
    /// Releases that the policy ignores.
    pub ignored: Vec<FleetEntry>,
    /// Releases of which nothing is stored.
    pub missing: Vec<MissingEntry>,
    /// The judged machines by verdict: for each object and loader, the worst verdict first.
    pub shares: Vec<ShareEntry>,
}

/// A release of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetEntry {
    /// What `uname -r` prints.
    pub release: String,
    /// The architecture in Debian's words, if the inventory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How many machines run it.
    pub machines: u64,
    /// The kernels that are called so; several where it is not told which of them it is.
    pub kernels: Vec<String>,
}

impl FleetEntry {
    /// The release, with the architecture where it is told.
    pub fn title(&self) -> String {
        title(&self.release, self.arch.as_deref())
    }
}

/// A release of which nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingEntry {
    /// What `uname -r` prints.
    pub release: String,
    /// The architecture in Debian's words, if the inventory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How many machines run it.
    pub machines: u64,
    /// The stored kernel that is most like it. What is said of that one need not hold of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// What to do that it is stored.
    pub add: String,
    /// What the policy makes of it, by what its release tells.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::word::some")]
    pub standing: Option<Word>,
}

impl MissingEntry {
    /// The release, with the architecture where it is told.
    pub fn title(&self) -> String {
        title(&self.release, self.arch.as_deref())
    }
}

fn title(release: &str, arch: Option<&str>) -> String {
    match arch {
        Some(arch) => format!("{release} {arch}"),
        None => release.to_owned(),
    }
}

/// The machines on which an object comes to one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareEntry {
    /// Index of the object.
    pub object: usize,
    /// Under whose rules.
    pub loader: String,
    /// The verdict; `unknown` also where a release has kernels with different verdicts.
    #[serde(deserialize_with = "super::word::one")]
    pub verdict: Word,
    /// How many machines.
    pub machines: u64,
    /// The releases that these run, with the architecture where the inventory tells it: those of most machines first.
    pub releases: Vec<String>,
}
