//! What would decide is not stored, so the answer is unknown.

use corecheck_layouts::kernel::Gap;

use super::{Level, Rule};
use crate::resolve::Reason;

pub(super) static RULE: Rule = Rule {
    id: "type-not-stored",
    level: Level::Warning,
    summary: "What would decide is not stored, so the answer is unknown.",
    page: include_str!("type_not_stored.md"),
    help: |about| {
        let help = match about {
            Some((_, Reason::NotStored(Gap::ModuleNotStored(_) | Gap::ModulesNotStored))) => {
                "add the kernel with its modules (corecheck layouts add PACKAGE, or live), or give its package or root file \
                 system to --against; or say --modules none to judge it without modules"
            }
            _ => "check against that kernel's own vmlinux or BTF with --against",
        };
        help.to_owned()
    },
};
