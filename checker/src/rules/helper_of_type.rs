//! A program calls a helper that its sort may not call.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "helper-of-type",
    level: Level::Error,
    summary: "The kernel has the helper, but not for programs of this sort.",
    page: include_str!("helper_of_type.md"),
    help: |_| {
        "call it in a program of another sort (tp_btf or fentry instead of raw_tp or kprobe), or read what it gives by CO-RE".to_owned()
    },
};
