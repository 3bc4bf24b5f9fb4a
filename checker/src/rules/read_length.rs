//! A constant number of bytes is read that fits the field the program was compiled for, and not the target's.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "read-length",
    level: Level::Warning,
    summary: "A constant number of bytes is read that fits the field the program was compiled for, and not the target's.",
    page: include_str!("read_length.md"),
    help: |_| {
        "read as many bytes as bpf_core_field_size() says into a variable with room for the larger, or \
         use BPF_CORE_READ_BITFIELD_PROBED(); read a struct member by member"
            .to_owned()
    },
};
