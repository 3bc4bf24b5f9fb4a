//! An array that an access indexes has fewer elements in the target.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "array-too-short",
    level: Level::Error,
    summary: "An array that an access indexes has fewer elements in the target.",
    page: include_str!("array_too_short.md"),
    help: |_| {
        "guard the read with bpf_core_field_exists() on that very element, or ask for the size with bpf_core_field_size()"
            .to_owned()
    },
};
