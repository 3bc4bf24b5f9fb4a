//! The context of a system call's event is not what the program takes it for.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "event-context",
    level: Level::Error,
    summary: "The event's context is not the struct that the program takes it for.",
    page: include_str!("event_context.md"),
    help: |_| {
        "read the context as struct syscall_trace_enter or syscall_trace_exit, whose members stay where the event has them"
            .to_owned()
    },
};
