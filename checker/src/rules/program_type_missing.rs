//! The kernel does not have a program's type, or its type of attachment.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "program-type-missing",
    level: Level::Error,
    summary: "The kernel does not have the type of a program, or the way in which it attaches.",
    page: include_str!("program_type_missing.md"),
    help: |_| {
        "make the program optional, SEC(\"?...\"), and turn it on where libbpf_probe_bpf_prog_type() finds its type"
            .to_owned()
    },
};
