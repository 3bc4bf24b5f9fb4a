//! The object has no CO-RE access: whatever offsets it uses are those of the headers it was compiled with.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "baked-in-offsets",
    level: Level::Warning,
    summary: "The object has no CO-RE access: whatever offsets it uses are those of the headers it was compiled with.",
    page: include_str!("baked_in_offsets.md"),
    help: |_| {
        "compile with clang -g -target bpf and read kernel types through BPF_CORE_READ() or preserve_access_index; if the program reads no kernel type, all is well"
            .to_owned()
    },
};
