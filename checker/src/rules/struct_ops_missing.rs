//! The kernel does not have the struct of operations of a struct_ops map.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "struct-ops-missing",
    level: Level::Error,
    summary: "The kernel does not have the struct of operations that a struct_ops map fills.",
    page: include_str!("struct_ops_missing.md"),
    help: |_| {
        "put the map into SEC(\"?.struct_ops\") and turn it on where the kernel has the struct".to_owned()
    },
};
