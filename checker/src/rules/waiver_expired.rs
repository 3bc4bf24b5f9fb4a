//! A waiver of the policy does not hold any more.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "waiver-expired",
    level: Level::Warning,
    summary: "A waiver of the policy does not hold any more.",
    page: include_str!("waiver_expired.md"),
    help: |_| {
        "see whether what it excused is mended; take the waiver out, or give it another day and a reason"
            .to_owned()
    },
};
