//! The kernel was built without the option that brings the type.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "type-not-configured",
    level: Level::Error,
    summary: "The kernel was built without the option that brings the type.",
    page: include_str!("type_not_configured.md"),
    help: |_| {
        "nothing to read there: make the access optional with bpf_core_type_exists(), or leave that kernel out"
            .to_owned()
    },
};
