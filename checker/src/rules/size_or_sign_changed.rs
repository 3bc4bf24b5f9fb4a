//! A number has another size or sign in the target than the program was compiled for.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "size-or-sign-changed",
    level: Level::Warning,
    summary: "A number has another size or sign in the target than the program was compiled for.",
    page: include_str!("size_or_sign_changed.md"),
    help: |_| {
        "ask for bpf_core_field_size(), or read it with BPF_CORE_READ_BITFIELD_PROBED(), which adapts to \
         size and sign; if values never leave what both can hold, all is well"
            .to_owned()
    },
};
