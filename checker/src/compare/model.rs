//! The comparison's form, `corecheck.compare/1`: what JSON shows, field by field.

use serde::Serialize;

use crate::report::model::{KernelEntry, LeftOutEntry, LoaderEntry, SourceEntry, Tool};

/// Version of the form.
pub const SCHEMA: &str = "corecheck.compare/1";

/// What a new build asks that the old one did not, and what that costs.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// Whose rules were applied; the first decides.
    pub loaders: Vec<LoaderEntry>,
    /// The policy's file, if one says which kernels decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The kernels that both builds were checked against.
    pub kernels: Vec<KernelEntry>,
    /// As of a report.
    pub left_out: Vec<LeftOutEntry>,
    /// Whether no kernel that decides is lost.
    pub passes: bool,
    /// The objects in pairs.
    pub objects: Vec<PairEntry>,
}

/// An object in its old and in its new build.
#[derive(Debug, Clone, Serialize)]
pub struct PairEntry {
    /// The old one, as of a report; left out for an object that is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new one; left out for an object that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// What is asked otherwise than before, by sort and name.
    pub asks: Vec<AskEntry>,
    /// Rules of errors about the new object itself that were not in the way before.
    pub blocked_as_such: Vec<&'static str>,
    /// Kernels with another verdict than before, the lost ones first.
    pub verdicts: Vec<VerdictEntry>,
    /// How many kernels have the same verdict as before, under the rules of the first loader.
    pub unchanged: usize,
}

/// Something that one build asks of a kernel and the other does not, or not in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskEntry {
    /// `new`, `gone`; `required` for what the old build did without, `optional` for the other way round.
    pub change: &'static str,
    /// `btf` for BTF at all, `type`, `access`, `program`, or the sort of a requirement: `kfunc`, `helper` and others.
    pub kind: &'static str,
    /// What it is: `struct task_struct`, `byte_off struct task_struct.pid`, `bpf_map_lookup_elem`.
    pub name: String,
    /// The functions that ask it, each once.
    pub functions: Vec<String>,
    /// The first line that asks it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceEntry>,
}

/// Kernels whose verdict changed in the same way for the same causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictEntry {
    /// `lost`: it fails now and did not; `gained`: it loads now and failed; `worse`, `better`: it loads, and so it did; `unclear`:
    /// it is not known any more.
    pub change: &'static str,
    /// Whose rules.
    pub loader: String,
    /// The verdict of the old build; left out for an object that is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<&'static str>,
    /// The verdict of the new build.
    pub is: &'static str,
    /// Whether it is what the exit status tells: on these kernels the new build is in the way and the old one was not.
    pub decides: bool,
    /// Full names of the kernels, in the report's order.
    pub kernels: Vec<String>,
    /// What the new build has come to fail at; of gained and better ones, what is mended.
    pub causes: Vec<CauseEntry>,
}

/// A finding of one build that the other does not have on these kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseEntry {
    /// The rule.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
    /// What is or was wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The key of the access that it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// The function of that access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Where that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceEntry>,
}
