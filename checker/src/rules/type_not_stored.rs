//! What would decide is not stored, so the answer is unknown.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "type-not-stored",
    level: Level::Warning,
    summary: "What would decide is not stored, so the answer is unknown.",
    help: |_| {
        "check against that kernel's own files with --against, or say --modules none to judge it without modules"
            .to_owned()
    },
};
