//! An array that the program uses beyond its first element is shorter in the target, or its elements have another size.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "array-changed",
    level: Level::Warning,
    summary: "An array that the program uses beyond its first element is shorter in the target, or its elements have another size.",
    page: include_str!("array_changed.md"),
    help: |_| {
        "take the length from bpf_core_field_size() of the array, and read elements of another size \
         through a constant index, which is relocated"
            .to_owned()
    },
};
