//! A bit-field is a plain field in the target, or the other way round, or lies elsewhere in its bytes.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "bitfield-changed",
    level: Level::Warning,
    summary: "A bit-field is a plain field in the target, or the other way round, or lies elsewhere in its bytes.",
    page: include_str!("bitfield_changed.md"),
    help: |_| {
        "read it with BPF_CORE_READ_BITFIELD_PROBED() or BPF_CORE_READ_BITFIELD(), whose shifts are \
         relocated"
            .to_owned()
    },
};
