//! What is missing, and on which kernels.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::kernel::Absence;

use super::Case;
use crate::resolve::{MismatchCode, Reason};
use crate::verdict::Cause;

/// What help is about: a position among the accesses that were asked about, or among the requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An access.
    Access(usize),
    /// Something else that is needed.
    Requirement(usize),
}

/// What exactly is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// The root type.
    Type,
    /// The root type, which is in a module that is not seen, or left out by the kernel's configuration: no other kernel tells more.
    Withheld,
    /// A member on the way of the access.
    Member,
    /// What the access found when it was written: the member is there, and is something else, or its array is too short.
    Kind,
    /// An enumerator.
    Enumerator,
    /// A requirement.
    Need,
}

impl Lost {
    /// What a reason says is missing; `None` where nothing is, or where it cannot be had by looking elsewhere.
    pub fn of(reason: &Reason) -> Option<Self> {
        match reason {
            Reason::TypeAbsent(Absence::NotInBtf) => Some(Self::Type),
            Reason::TypeAbsent(_) | Reason::NotSearched(_) => Some(Self::Withheld),
            Reason::NoMatch(explained) => Some(match explained.code {
                MismatchCode::FieldMissing => Self::Member,
                MismatchCode::EnumeratorMissing => Self::Enumerator,
                MismatchCode::FieldKindChanged | MismatchCode::ArrayTooShort => Self::Kind,
                MismatchCode::TypeChanged => Self::Type,
            }),
            _ => None,
        }
    }
}

/// Everything that is missing, each with the positions of the kernels on which a finding tells of it.
pub(super) fn failing(case: &Case<'_>) -> BTreeMap<(Subject, Lost), BTreeSet<usize>> {
    let mut failing: BTreeMap<(Subject, Lost), BTreeSet<usize>> = BTreeMap::new();
    for (kernel, verdict) in case.judged.verdicts.iter().enumerate() {
        let answers = &case.judged.answers;
        let answer = answers.of_kernel.get(kernel).and_then(|&number| answers.distinct.get(number));
        for cause in &verdict.causes {
            match cause {
                Cause::Failing(accesses) | Cause::MayBeReached(accesses) | Cause::Unreplaced(accesses) => {
                    for &at in accesses {
                        let outcome = answer.and_then(|answer| answer.outcomes.get(at));
                        let reason = outcome.and_then(|outcome| outcome.reason.as_ref());
                        if let Some(lost) = reason.and_then(Lost::of) {
                            failing.entry((Subject::Access(at), lost)).or_default().insert(kernel);
                        }
                    }
                }
                Cause::Unmet(needs) | Cause::Doubtful(needs) => {
                    for &at in needs {
                        failing.entry((Subject::Requirement(at), Lost::Need)).or_default().insert(kernel);
                    }
                }
                Cause::Refused | Cause::ByteOrder | Cause::Changed(_) | Cause::NotStored(_) => {}
            }
        }
    }
    failing
}
