//! The line by which a suite tells `tests/run` what it did.

use std::fmt;

/// What an oracle compared. Its `Display` form is one line that `tests/run` adds to its summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects that were compared, each counted once per kernel.
    pub objects: usize,
    /// Kernels against which they were compared.
    pub kernels: usize,
    /// Accesses, each counted once per kernel: the sum of the four below.
    pub accesses: usize,
    /// Accesses on which both sides say the same.
    pub agreeing: usize,
    /// Accesses on which they differ for a reason that is known and written down.
    pub explained: usize,
    /// Accesses about which the other side says nothing.
    pub unsaid: usize,
    /// Accesses on which they differ.
    pub failing: usize,
    /// Checks that passed; an object on a kernel is one check.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { objects, kernels, accesses, agreeing, explained, unsaid, failing, passed, failed } = self;
        write!(
            f,
            "counts: objects={objects} kernels={kernels} accesses={accesses} agreeing={agreeing} \
             explained={explained} unsaid={unsaid} failing={failing} passed={passed} failed={failed}"
        )
    }
}
