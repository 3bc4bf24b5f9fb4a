//! A pointer points to something else in the target than the program was compiled for.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "pointee-changed",
    level: Level::Warning,
    summary: "A pointer points to something else in the target than the program was compiled for.",
    page: include_str!("pointee_changed.md"),
    help: |_| {
        "declare the type a second time, in a flavour, with what it points to there, and choose by a \
         member or type that came with the change"
            .to_owned()
    },
};
