//! A kernel variable has another type than the object declares.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "ksym-changed",
    level: Level::Error,
    summary: "The kernel's variable is of another kind than the object declares.",
    page: include_str!("ksym_changed.md"),
    help: |_| "declare the variable with the type that the kernel has; __weak does not help".to_owned(),
};
