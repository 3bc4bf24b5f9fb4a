//! A waiver of the policy excuses nothing.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "waiver-unused",
    level: Level::Warning,
    summary: "A waiver of the policy excuses nothing.",
    page: include_str!("waiver_unused.md"),
    help: |_| {
        "take it out, or see whether its rule, kernels and what it is about are still called so".to_owned()
    },
};
