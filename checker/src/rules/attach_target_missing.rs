//! What a program attaches to is not in the kernel's BTF.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "attach-target-missing",
    level: Level::Error,
    summary: "The kernel does not have what the program attaches to.",
    page: include_str!("attach_target_missing.md"),
    help: |_| {
        "make the program optional, SEC(\"?...\"), and choose at run time: bpf_program__set_autoload(), or a kprobe in its place"
            .to_owned()
    },
};
