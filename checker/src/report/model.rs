//! The report's form, `corecheck.report/1`: what JSON shows, field by field.
//!
//! The JSON Schema beside it (`checker/schema/report-1.json`) describes the same; a test holds the two together.

mod answer;
mod finding;
mod inventory;
mod kernel;
mod loaders;
mod object;
mod policy;
mod result;
mod shard;
mod word;

use serde::{Deserialize, Serialize};

pub use answer::{AnswerEntry, ChangeEntry, MeetingEntry, NeedsEntry, OutcomeEntry};
pub use finding::{FindingEntry, GuardEntry, HistoryEntry, LayoutEntry, RenamedEntry, SuggestedEntry};
pub use inventory::{FleetEntry, InventoryEntry, MissingEntry, ShareEntry};
pub use kernel::{KernelEntry, LeftOut, LeftOutEntry, RepresentativeEntry};
pub use loaders::{AccessDisagreement, DisagreementEntry, LoaderEntry, LoaderOutcome, LoaderVerdict};
pub use object::{AccessEntry, ObjectEntry, ProgramEntry, RequirementEntry, SourceEntry};
pub use policy::{BlockedEntry, ExcusedEntry, PolicyEntry, PolicyFinding};
pub use result::{ConditionEntry, ProgramResult, ReasonEntry, ResultEntry, WithoutEntry};
pub use shard::ShardEntry;
use word::Word;

/// Version of the form.
pub const SCHEMA: &str = "corecheck.report/1";

/// The whole report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    #[serde(deserialize_with = "word::one")]
    pub schema: Word,
    /// Who made it.
    pub tool: Tool,
    /// Which part of a check this is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardEntry>,
    /// The loaders whose rules were applied, in the order in which they were asked for; the first decides the exit status.
    pub loaders: Vec<LoaderEntry>,
    /// The objects that were checked.
    pub objects: Vec<ObjectEntry>,
    /// The kernels they were checked against, in the store's order.
    pub kernels: Vec<KernelEntry>,
    /// Kernels that were not asked for by name, and that cannot run any of the objects or of which nothing is stored that
    /// these ask about, with the reason: not judged.
    pub left_out: Vec<LeftOutEntry>,
    /// The distinct answers.
    pub answers: Vec<AnswerEntry>,
    /// What becomes of what objects need besides their accesses: the distinct ones.
    pub needs: Vec<NeedsEntry>,
    /// One result per object, kernel and loader, by object, then loader, then kernel.
    pub results: Vec<ResultEntry>,
    /// Where loaders disagree; empty where one was asked for.
    pub disagreements: Vec<DisagreementEntry>,
    /// The fewest kernels that together give every distinct answer, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representatives: Option<Vec<RepresentativeEntry>>,
    /// What to know and do, the gravest first.
    pub findings: Vec<FindingEntry>,
    /// The fleet that was asked about, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventoryEntry>,
    /// What the policy makes of it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyEntry>,
}

/// The tool.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tool {
    /// `corecheck`.
    #[serde(deserialize_with = "word::one")]
    pub name: Word,
    /// Its version.
    #[serde(deserialize_with = "word::one")]
    pub version: Word,
}
