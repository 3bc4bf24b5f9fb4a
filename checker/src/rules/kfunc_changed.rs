//! A kernel function has another prototype than the object declares.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "kfunc-changed",
    level: Level::Error,
    summary: "The kernel's function has another prototype than the object declares.",
    page: include_str!("kfunc_changed.md"),
    help: |_| {
        "declare the older and the newer prototype with flavours (name___old), both __weak, and call the one that exists"
            .to_owned()
    },
};
