//! A field is an enumeration of which some numbers mean something else in the target.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "enumerators-changed",
    level: Level::Warning,
    summary: "A field is an enumeration of which some numbers mean something else in the target.",
    page: include_str!("enumerators_changed.md"),
    help: |_| {
        "compare the field with bpf_core_enum_value(), which gives the kernel's own number; if the \
         program compares with none of these, all is well"
            .to_owned()
    },
};
