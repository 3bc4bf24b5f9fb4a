//! The object is compiled for another byte order than the kernel's.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "byte-order",
    level: Level::Error,
    summary: "The object is compiled for another byte order than the kernel's.",
    page: include_str!("byte_order.md"),
    help: |_| {
        "compile with -target bpfel for little-endian kernels and -target bpfeb for big-endian ones"
            .to_owned()
    },
};
