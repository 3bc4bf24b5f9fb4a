//! The object holds no program.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "no-program",
    level: Level::Warning,
    summary: "The object holds no program, so there is nothing that a kernel could refuse.",
    page: include_str!("no_program.md"),
    help: |_| "give the object that holds the programs".to_owned(),
};
