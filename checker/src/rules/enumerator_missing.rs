//! An enumerator that the program wants the value of does not exist in the target.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "enumerator-missing",
    level: Level::Error,
    summary: "An enumerator that the program wants the value of does not exist in the target.",
    page: include_str!("enumerator_missing.md"),
    help: |_| "ask first with bpf_core_enum_value_exists(), and have a fallback".to_owned(),
};
