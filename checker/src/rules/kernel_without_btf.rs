//! The kernel ships no BTF, and something besides accesses needs it.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "kernel-without-btf",
    level: Level::Error,
    summary: "The kernel ships no BTF of its own, which is needed for more than accesses.",
    page: include_str!("kernel_without_btf.md"),
    help: |_| {
        "have kprobes, raw_tp or tp programs for kernels without BTF, chosen when the tool starts".to_owned()
    },
};
