//! The type is in a module that is taken as not loaded.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "module-not-loaded",
    level: Level::Error,
    summary: "The type is in a module that is taken as not loaded.",
    page: include_str!("module_not_loaded.md"),
    help: |_| {
        "load the module before the program, or make the access optional with bpf_core_type_exists()"
            .to_owned()
    },
};
