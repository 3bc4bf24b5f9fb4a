//! What the running kernel has of functions that programs were to be attached to.

use std::collections::HashSet;
use std::fs;

use anyhow::{Context, Result};
use corecheck_tests::ledger::{Attempt, Function};

/// Names of the kernel's functions.
pub struct Functions {
    symbols: HashSet<String>,
    traceable: HashSet<String>,
}

impl Functions {
    /// Reads what the kernel shows. The address of a symbol may be hidden, its name is not.
    pub fn of_the_running_kernel() -> Result<Self> {
        let names = |path: &str, column: usize| -> Result<HashSet<String>> {
            let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
            let name = |line: &str| line.split_ascii_whitespace().nth(column).map(str::to_owned);
            Ok(text.lines().filter_map(name).collect())
        };
        Ok(Self {
            symbols: names("/proc/kallsyms", 2)?,
            traceable: names("/sys/kernel/debug/tracing/available_filter_functions", 0)?,
        })
    }

    /// Adds what there is of the functions that programs were not attached to.
    pub fn look_up(&self, attempt: &mut Attempt) {
        for one in attempt.attached.iter_mut().filter(|one| !one.is_attached) {
            let Some((kind, name)) = one.section.split_once('/') else { continue };
            if ["fentry", "fexit", "fmod_ret", "kprobe", "kretprobe"].contains(&kind) {
                let name = name.split('+').next().unwrap_or(name);
                one.function = Some(Function {
                    is_symbol: self.symbols.contains(name),
                    is_renamed: self
                        .symbols
                        .iter()
                        .any(|symbol| symbol.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))),
                    is_traceable: self.traceable.contains(name),
                });
            }
        }
    }
}
