//! The member exists in the target, but as something of another kind.

use super::{Level, Rule, bare_type};

pub(super) static RULE: Rule = Rule {
    id: "field-kind-changed",
    level: Level::Error,
    summary: "A member that an access reads has become something of another kind, which loaders do not accept.",
    page: include_str!("field_kind_changed.md"),
    help: |about| match about {
        Some((access, _)) => format!(
            "declare it as it is there in a flavour (struct {}___new), and choose by bpf_core_field_exists() on each: \
             for the wrong kind it answers 0",
            bare_type(access)
        ),
        None => {
            "declare it as it is there in a flavour, and choose by bpf_core_field_exists() on each".to_owned()
        }
    },
};
