//! Programs look like alternatives, of which a tool loads only some.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "alternatives",
    level: Level::Note,
    summary: "Programs look like alternatives, and the verdict is better if the tool loads only one of them.",
    page: include_str!("alternatives.md"),
    help: |_| "if the tool chooses among them, say so: --alternatives NAME,NAME".to_owned(),
};
