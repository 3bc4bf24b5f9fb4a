//! A kernel variable that programs name is not in the kernel's BTF.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "ksym-missing",
    level: Level::Error,
    summary: "The kernel has no variable of that name in its BTF.",
    page: include_str!("ksym_missing.md"),
    help: |_| "declare it __weak, and look whether its address is 0".to_owned(),
};
