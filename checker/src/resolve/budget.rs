//! A bound on how much one question may cost, so that hostile BTF cannot make the resolver run for ever.

use super::MatchError;

/// Comparisons allowed per access and candidate. The largest real types take a few thousand; types nested to
/// double at every level would take 2^64.
const STEPS: u32 = 0x10_0000;
/// Comparisons allowed for all accesses and candidates together. Ten thousand accesses to the largest
/// real types stay below it; thousands of candidates that each just keep to their own bound would take hours.
pub(crate) const STEPS_IN_ALL: u32 = 0x200_0000;
/// Names of so many bytes cost one comparison more.
const NAME_BYTES: usize = 64;

/// Counts comparisons down.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
    in_all: u32,
    is_exhausted: bool,
}

impl Budget {
    /// So many comparisons for all accesses and candidates together.
    pub(crate) fn of(in_all: u32) -> Self {
        Self { left: STEPS, in_all, is_exhausted: false }
    }

    /// What is left for all together.
    pub(crate) fn left_in_all(&self) -> u32 {
        self.in_all
    }

    /// Whether some comparison was refused because too few were left for all together.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Begins with the next candidate.
    pub(crate) fn next_candidate(&mut self) {
        self.left = STEPS;
    }

    /// Pays for one comparison.
    pub(crate) fn spend(&mut self) -> Result<(), MatchError> {
        self.spend_on(&[])
    }

    /// Pays for one comparison with this name: what it costs grows with the name.
    pub(crate) fn spend_on(&mut self, name: &[u8]) -> Result<(), MatchError> {
        let steps = u32::try_from(name.len() / NAME_BYTES).unwrap_or(u32::MAX).saturating_add(1);
        self.left = self.left.checked_sub(steps).ok_or(MatchError::TooComplex)?;
        let Some(in_all) = self.in_all.checked_sub(steps) else {
            self.is_exhausted = true;
            return Err(MatchError::TooComplex);
        };
        self.in_all = in_all;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_have_a_bound_each_and_one_together() {
        let mut budget = Budget::of(STEPS_IN_ALL);
        let name = vec![0; NAME_BYTES * (STEPS as usize / 2)];
        for _ in 0..2 * (STEPS_IN_ALL / STEPS) - 2 {
            assert!(budget.spend_on(&name).is_ok());
            assert_eq!(budget.spend_on(&name), Err(MatchError::TooComplex), "the second half and one more");
            budget.next_candidate();
        }
        assert!(budget.spend().is_ok());
        assert!(!budget.is_exhausted(), "only candidates came to their bound");
        while budget.spend_on(&name[..NAME_BYTES << 10]).is_ok() {
            budget.next_candidate();
        }
        budget.next_candidate();
        assert_eq!(budget.spend_on(&name), Err(MatchError::TooComplex), "nothing is left");
        assert!(budget.is_exhausted());
    }
}
