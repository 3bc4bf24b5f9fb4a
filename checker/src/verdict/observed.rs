//! What a program observes of the silent changes of a field.

use crate::resolve::{Change, ChangeCode, Extent, Misread, Outcome};

/// Something that a program reads wrongly without any loader's saying so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Observed {
    /// The field changed.
    Change(Change),
    /// It is read with a length that no longer fits.
    Misread {
        /// How many bytes are read.
        bytes: u32,
        /// What is wrong with that.
        how: Misread,
        /// Size of the field in bytes by the object's own types.
        local: u32,
        /// Size of the field in bytes in the target.
        target: u32,
    },
}

/// What a program observes of an access, given the constant numbers of bytes that it reads from the field's address.
///
/// Where these are known, and `are_all`, they decide about size and length: reads that still fit observe nothing of a change of these, and
/// of those that do not the length says more than the change.
pub fn observed(outcome: &Outcome, reads: &[u64], are_all: bool) -> Vec<Observed> {
    let misread = |extent: &Extent, bytes: u64| {
        let bytes = u32::try_from(bytes).ok()?;
        let how = extent.misread(bytes)?;
        Some(Observed::Misread { bytes, how, local: extent.local, target: extent.target })
    };
    let misreads =
        outcome.extent.iter().flat_map(|extent| reads.iter().filter_map(|&bytes| misread(extent, bytes)));
    let is_decided = |code: ChangeCode| {
        are_all && !reads.is_empty() && matches!(code, ChangeCode::Size | ChangeCode::Array)
    };
    let changes = outcome.changes.iter().filter(|change| !is_decided(change.code));
    let has = |code: ChangeCode| outcome.changes.iter().any(|change| change.code == code);
    // Both are told in the same words.
    let is_told =
        |code: ChangeCode| code == ChangeCode::Sign && has(ChangeCode::Size) && !is_decided(ChangeCode::Size);
    let changes = changes.filter(|change| !is_told(change.code)).cloned().map(Observed::Change);
    let mut observed: Vec<Observed> = misreads.chain(changes).collect();
    observed.sort_unstable();
    observed.dedup();
    observed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::State;

    fn outcome(codes: &[ChangeCode], extent: Option<Extent>) -> Outcome {
        let change = |&code: &ChangeCode| Change { code, was: "was".to_owned(), is: "is".to_owned() };
        Outcome {
            state: State::Resolved,
            value: Some(0),
            target: None,
            reason: None,
            changes: codes.iter().map(change).collect(),
            extent,
            patched: None,
        }
    }

    fn words(observed: &[Observed]) -> Vec<String> {
        observed
            .iter()
            .map(|one| match one {
                Observed::Change(change) => change.code.word().to_owned(),
                Observed::Misread { bytes, how, local, target } => {
                    format!("{bytes} {how:?} {local} {target}")
                }
            })
            .collect()
    }

    #[test]
    fn known_reads_decide_about_size() {
        let grown = Extent { local: 4, target: 8, alike: 4, is_number: true };
        let of =
            |codes: &[ChangeCode], reads: &[u64]| words(&observed(&outcome(codes, Some(grown)), reads, true));
        let (size, sign, pointee) = (ChangeCode::Size, ChangeCode::Sign, ChangeCode::Pointee);
        assert_eq!(of(&[size], &[]), ["size"]);
        assert_eq!(of(&[size], &[4]), ["4 Part 4 8"]);
        assert_eq!(of(&[size], &[4, 2, 4]), ["4 Part 4 8"]);
        assert_eq!(of(&[size], &[2]), [""; 0]);
        assert_eq!(of(&[size], &[u64::MAX]), [""; 0]);
        assert_eq!(of(&[sign, size], &[]), ["size"], "in the same words");
        assert_eq!(of(&[sign, size], &[2]), ["sign"]);
        assert_eq!(of(&[pointee, size], &[2]), ["pointee"]);
        assert_eq!(of(&[ChangeCode::Array], &[2]), [""; 0]);
        let not_all = observed(&outcome(&[size], Some(grown)), &[2], false);
        assert_eq!(words(&not_all), ["size"], "it may read in other ways too");
    }

    #[test]
    fn what_has_not_changed_is_not_observed() {
        assert_eq!(observed(&outcome(&[], None), &[1, 4, 8, 4096], true), []);
        let longer = Extent { local: 8, target: 4, alike: 4, is_number: false };
        assert_eq!(observed(&outcome(&[], Some(longer)), &[], true), [], "nothing is known to read so far");
        assert_eq!(words(&observed(&outcome(&[], Some(longer)), &[8], true)), ["8 Beyond 8 4"]);
    }
}
