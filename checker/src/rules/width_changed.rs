//! A direct load or store would have to change its width in a way that changes what is read.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "width-changed",
    level: Level::Error,
    summary: "A direct load or store would have to change its width in a way that changes what is read.",
    page: include_str!("width_changed.md"),
    help: |_| {
        "read it with bpf_core_read() into a variable of the right size, or tell the cases apart with bpf_core_field_size()"
            .to_owned()
    },
};
