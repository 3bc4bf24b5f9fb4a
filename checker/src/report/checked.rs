//! What the report is built from.

use corecheck_layouts::kernel::Modules;

use crate::access::Access;
use crate::attach::Requirement;
use crate::object::Object;
use crate::verdict::{Judged, Without};

/// The only loader whose rules are known so far.
pub(super) const LOADER: &str = "libbpf";

/// An object with everything that was found out about it. The verdicts are per kernel, in the kernels' order.
#[derive(Debug)]
pub struct Checked {
    /// The object.
    pub object: Object,
    /// Those of its accesses that were asked about.
    pub accesses: Vec<Access>,
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
    /// What it would mean without what verdicts hold under.
    pub without: Vec<Without>,
}
