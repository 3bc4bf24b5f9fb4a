//! A struct is another one in the target, and loaders take any struct for any other.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "struct-changed",
    level: Level::Warning,
    summary: "A struct is another one in the target, and loaders take any struct for any other.",
    page: include_str!("struct_changed.md"),
    help: |_| {
        "read the members that are needed by name through the whole path, in place of a copy of the \
         struct or of accesses from its address"
            .to_owned()
    },
};
