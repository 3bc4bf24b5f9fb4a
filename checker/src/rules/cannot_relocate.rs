//! A loader cannot carry out the relocation and gives up, even if the access is guarded.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "cannot-relocate",
    level: Level::Error,
    summary: "A loader cannot carry out the relocation and gives up, even if the access is guarded.",
    page: include_str!("cannot_relocate.md"),
    help: |_| "see the message: the access must be written differently, a guard does not help".to_owned(),
};
