//! What the report is built from.

use crate::access::Access;
use crate::answer::Answers;
use crate::object::Object;
use crate::verdict::ObjectVerdict;

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
    /// What they come to.
    pub answers: Answers,
    /// What that means.
    pub verdicts: Vec<ObjectVerdict>,
}
