//! Loaders refuse the object itself, on every kernel.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "object-refused",
    level: Level::Error,
    summary: "Loaders refuse the object itself, on every kernel.",
    page: include_str!("object_refused.md"),
    help: |_| "change the source as the message says and compile again".to_owned(),
};
