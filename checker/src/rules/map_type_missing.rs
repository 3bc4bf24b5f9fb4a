//! The object has a map of a type that the kernel does not have.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "map-type-missing",
    level: Level::Error,
    summary: "The kernel does not have the type of a map.",
    page: include_str!("map_type_missing.md"),
    help: |_| {
        "do not create the map there (bpf_map__set_autocreate), or change its type before the load (bpf_map__set_type)"
            .to_owned()
    },
};
