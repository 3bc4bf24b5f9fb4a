//! The type is in a module, and the loader searches vmlinux alone.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "module-not-searched",
    level: Level::Error,
    summary: "The type is in a module, and the loader searches the BTF of vmlinux alone.",
    page: include_str!("module_not_searched.md"),
    help: |_| {
        "give the loader a BTF that has the type: `corecheck layouts export KERNEL --for OBJECT` writes the least one, which \
         aya takes with EbpfLoader::btf"
            .to_owned()
    },
};
