//! A program has instructions that the kernel's verifier does not know.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "instruction-set",
    level: Level::Error,
    summary: "The kernel's verifier does not know some of the program's instructions.",
    page: include_str!("instruction_set.md"),
    help: |_| {
        "compile for older kernels (clang -mcpu=v2, or v3 without atomics that return a value), or do not load the program there"
            .to_owned()
    },
};
