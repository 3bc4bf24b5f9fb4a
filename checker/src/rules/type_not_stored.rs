//! What would decide is not stored, so the answer is unknown.

use corecheck_layouts::kernel::Gap;

use super::{Level, Rule};
use crate::resolve::Reason;

pub(super) static RULE: Rule = Rule {
    id: "type-not-stored",
    level: Level::Warning,
    summary: "What would decide is not stored, so the answer is unknown.",
    help: |about| {
        match about {
            Some((_, Reason::NotStored(Gap::ModuleNotStored(_) | Gap::ModulesNotStored))) => {
                "judge it without modules with --modules none; with them, no stored kernel can tell"
            }
            _ => "check against that kernel's own vmlinux with --against",
        }
        .to_owned()
    },
};
