//! A traced function has more arguments than the kernel passes on.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "trampoline",
    level: Level::Error,
    summary: "The traced function has more arguments than the kernel passes on to programs.",
    page: include_str!("trampoline.md"),
    help: |_| "attach by kprobe there, which is told nothing of arguments".to_owned(),
};
