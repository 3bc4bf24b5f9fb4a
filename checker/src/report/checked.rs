//! What the report is built from.

use std::collections::BTreeMap;
use std::sync::Arc;

use corecheck_layouts::kernel::Modules;

use crate::access::Access;
use crate::attach::Requirement;
use crate::help::{Case, Help, Lost, Subject};
use crate::loader::Loader;
use crate::object::Object;
use crate::verdict::{Judged, Suggestion, Without};

/// An object under one loader's rules, with everything that was found out about it. The verdicts are per kernel, in the kernels'
/// order.
#[derive(Debug)]
pub struct Checked {
    /// The object's number in the report: an object stands here once for each loader.
    pub number: usize,
    /// The object.
    pub object: Arc<Object>,
    /// Whose rules.
    pub loader: Loader,
    /// Whether it is the first loader: what is about the object alone is said there.
    pub is_first: bool,
    /// Why the loader refuses the object itself.
    pub refusals: Vec<String>,
    /// Those of its accesses that were asked about.
    pub accesses: Arc<Vec<Access>>,
    /// How many accesses were not asked about.
    pub left_out: usize,
    /// Which modules were taken as loaded.
    pub modules: Modules,
    /// What it needs besides its accesses.
    pub requirements: Vec<Requirement>,
    /// Whether these count for verdicts.
    pub judges_requirements: bool,
    /// What they come to, and what that means.
    pub judged: Judged,
    /// Which programs look like alternatives, where it would be better if they were.
    pub suggested: Option<Suggestion>,
    /// What it would mean without what verdicts hold under.
    pub without: Vec<Without>,
    /// What helps with what is missing.
    pub help: BTreeMap<(Subject, Lost), Help>,
}

impl Checked {
    /// What help is about.
    pub fn case(&self) -> Case<'_> {
        Case {
            loader: self.loader,
            object: &self.object,
            accesses: &self.accesses,
            modules: &self.modules,
            requirements: &self.requirements,
            judged: &self.judged,
        }
    }
}
