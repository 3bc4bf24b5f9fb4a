//! Parts of a check that runs on several machines.

use serde::{Deserialize, Serialize};

/// Which part of a check a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// Which part, from 1.
    pub number: usize,
    /// How many parts there are.
    pub of: usize,
    /// Whether unknown and risky kernels decide the exit status, too.
    pub strict: bool,
    /// The paths of all objects of the whole check, in its order.
    pub files: Vec<String>,
    /// Which of these this part has, as positions, ascending.
    pub objects: Vec<usize>,
    /// The policy's waivers that fit something in this part, expired or not, as positions.
    pub waivers_used: Vec<usize>,
}
