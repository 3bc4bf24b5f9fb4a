//! The type exists in the target, but a member on the way of the access does not.

use super::{Level, Rule, bare_type};
use crate::access::Access;
use crate::resolve::{Explained, Instead, Reason};

pub(super) static RULE: Rule = Rule {
    id: "field-missing",
    level: Level::Error,
    summary: "A member that an access reads does not exist in the target's type.",
    page: include_str!("field_missing.md"),
    help: |about| match about {
        Some((access, Reason::NoMatch(Explained { instead: Some(instead), .. }))) => renamed(access, instead),
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

/// What to do where the member has another name.
fn renamed(access: &Access, instead: &Instead) -> String {
    let (member, name) = (&instead.member, bare_type(access));
    let keyword = access.essential_type_name().split(' ').next().unwrap_or("struct");
    if !instead.is_of_root {
        return format!(
            "it seems to be called `{member}` there ({}): declare the type that has it a second time, in a flavour, with \
             that name, and choose by bpf_core_field_exists()",
            instead.place.spec
        );
    }
    format!(
        "it seems to be called `{member}` there ({}): declare {keyword} {name}___new {{ {}; }} \
         __attribute__((preserve_access_index)), and read `{member}` through a pointer to that where \
         bpf_core_field_exists((({keyword} {name}___new *)0)->{member})",
        instead.place.spec, instead.declaration
    )
}
