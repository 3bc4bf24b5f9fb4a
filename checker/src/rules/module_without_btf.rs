//! The type is in a module, and modules of that kernel carry no BTF, so that no loader finds it.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "module-without-btf",
    level: Level::Error,
    summary: "The type is in a module, and modules of that kernel carry no BTF, so that no loader finds it.",
    page: include_str!("module_without_btf.md"),
    help: |_| {
        "bring along BTF made from the module's own debug information, or make the access optional with bpf_core_type_exists()"
            .to_owned()
    },
};
