//! A program reads more arguments than what it attaches to has.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "arguments",
    level: Level::Error,
    summary: "What the program attaches to has fewer arguments than the program reads.",
    page: include_str!("arguments.md"),
    help: |_| {
        "read the arguments by what the kernel has, not by its version: tell the kinds apart with bpf_core_type_matches(btf_trace_NAME), or load one of two programs"
            .to_owned()
    },
};
