//! The type does not exist in the target's BTF.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "type-missing",
    level: Level::Error,
    summary: "The type does not exist in the target's BTF.",
    page: include_str!("type_missing.md"),
    help: |_| "make the access optional with bpf_core_type_exists(), and have a fallback".to_owned(),
};
