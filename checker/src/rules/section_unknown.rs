//! libbpf knows no section of that name.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "section-unknown",
    level: Level::Error,
    summary: "libbpf does not know the section, and so not of which type its programs are.",
    page: include_str!("section_unknown.md"),
    help: |_| {
        "use a section's name that libbpf knows, or have the tool say the type: bpf_program__set_type()"
            .to_owned()
    },
};
