//! A value of the kernel's configuration is not there, or does not fit.

use super::{Level, Rule};

pub(super) static RULE: Rule = Rule {
    id: "kconfig-missing",
    level: Level::Error,
    summary: "The kernel's configuration does not have the value, or not one that the variable can hold.",
    page: include_str!("kconfig_missing.md"),
    help: |_| {
        "declare it __weak, so that it is 0 where it is not set; and with a type that every value fits"
            .to_owned()
    },
};
