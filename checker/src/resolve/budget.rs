//! A bound on how much one question may cost, so that hostile BTF cannot make the resolver run for ever.

use super::MatchError;

/// Comparisons allowed per access and candidate. The largest real types take a few thousand; types nested to
/// double at every level would take 2^64.
const STEPS: u32 = 1 << 20;

/// Counts comparisons down.
#[derive(Debug)]
pub(super) struct Budget(u32);

impl Budget {
    pub(super) fn new() -> Self {
        Self(STEPS)
    }

    /// Pays for one comparison.
    pub(super) fn spend(&mut self) -> Result<(), MatchError> {
        self.0 = self.0.checked_sub(1).ok_or(MatchError::TooComplex)?;
        Ok(())
    }
}
