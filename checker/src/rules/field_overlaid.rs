//! A field that had bytes of its own lies in a union in the target, and the bytes may be another member's.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "field-overlaid",
    level: Level::Warning,
    summary: "A field that had bytes of its own lies in a union in the target, and the bytes may be another member's.",
    page: include_str!("field_overlaid.md"),
    help: |_| {
        "see in the kernel's source when the field is the member in use, and read it only then".to_owned()
    },
};
