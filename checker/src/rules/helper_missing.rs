//! A program calls a helper that the kernel does not have.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "helper-missing",
    level: Level::Error,
    summary: "The kernel does not have a helper that the program calls.",
    page: include_str!("helper_missing.md"),
    help: |_| {
        "guard the call: bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_name), and have a fallback"
            .to_owned()
    },
};
