//! Several target types of the wanted name match, and disagree.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "ambiguous",
    level: Level::Error,
    summary: "Two different types of that name match the access and give different answers, so the loader refuses.",
    page: include_str!("ambiguous.md"),
    help: |_| {
        "a guard does not help: through the same local type, first touch a member that only the type you mean has \
         (bpf_core_field_exists() is enough), so that libbpf drops the other one; it does so per local type, in the \
         order of the program's accesses"
            .to_owned()
    },
};
