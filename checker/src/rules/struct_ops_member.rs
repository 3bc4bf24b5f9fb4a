//! A member of a struct_ops map does not fit the kernel's struct.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "struct-ops-member",
    level: Level::Error,
    summary: "A member that the object sets does not fit the kernel's struct of operations.",
    page: include_str!("struct_ops_member.md"),
    help: |_| {
        "leave the member zero for kernels without it: set it when the tool starts, through the skeleton"
            .to_owned()
    },
};
