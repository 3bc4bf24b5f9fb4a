//! BTF of a module is broken, so it was left out of the answer.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "broken-btf",
    level: Level::Warning,
    summary: "BTF of a module is broken and was left out: a type that no other unit has is unknown, not absent.",
    page: include_str!("broken_btf.md"),
    help: |_| {
        "get the module again, for its file may be damaged; or take it as not loaded: --modules none, or the names of \
         those that are"
            .to_owned()
    },
};
