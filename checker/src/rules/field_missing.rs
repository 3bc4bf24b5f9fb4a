//! The type exists in the target, but a member on the way of the access does not.

use super::{Level, Rule, bare_type};

pub(super) static RULE: Rule = Rule {
    id: "field-missing",
    level: Level::Error,
    summary: "A member that an access reads does not exist in the target's type.",
    page: include_str!("field_missing.md"),
    help: |about| match about {
        Some((access, _)) => format!(
            "guard it with bpf_core_field_exists(), and read what replaces it through a flavour of its own \
             (struct {}___new)",
            bare_type(access)
        ),
        None => {
            "guard it with bpf_core_field_exists(), and read what replaces it through a flavour".to_owned()
        }
    },
};
