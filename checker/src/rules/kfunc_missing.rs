//! A kernel function that programs call is not in the kernel's BTF.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "kfunc-missing",
    level: Level::Error,
    summary: "The kernel has no function of that name that programs could call.",
    page: include_str!("kfunc_missing.md"),
    help: |_| "declare it __weak and call it only if bpf_ksym_exists() says that it is there".to_owned(),
};
