//! The function that a kprobe is put on is not in the kernel's BTF.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "probe-target-doubtful",
    level: Level::Warning,
    summary: "The function to be probed is not in the kernel's BTF, which proves nothing, but is seldom good news.",
    page: include_str!("probe_target_doubtful.md"),
    help: |_| {
        "look for the function in /proc/kallsyms of that kernel, and have another target for it".to_owned()
    },
};
