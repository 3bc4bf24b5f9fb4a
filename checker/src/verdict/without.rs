//! What becomes of a verdict without what it holds under.

use std::collections::BTreeMap;

use corecheck_layouts::kernel::{Kernel, Modules};

use super::{Case, Condition, Judged, ObjectVerdict, judge_all};

/// Verdicts on the kernels where a condition matters, as they are without it.
#[derive(Debug)]
pub struct Without {
    /// The condition.
    pub condition: Condition,
    /// Positions of these kernels, ascending.
    pub kernels: Vec<usize>,
    /// The object there.
    pub judged: Judged,
}

impl Without {
    /// The answer and the verdict of the kernel at this position, if the condition matters there.
    pub fn of(&self, kernel: usize) -> Option<(usize, &ObjectVerdict)> {
        let at = self.kernels.binary_search(&kernel).ok()?;
        Some((*self.judged.answers.of_kernel.get(at)?, self.judged.verdicts.get(at)?))
    }
}

/// Judges again, for every condition about modules that some verdict has, the kernels that have it: as if that module
/// were not loaded, or none could be read. Nothing is done where no module answered.
pub fn without(
    case: &Case<'_>,
    kernels: &[&Kernel],
    modules: &Modules,
    verdicts: &[ObjectVerdict],
) -> Vec<Without> {
    let mut concerned: BTreeMap<&Condition, Vec<usize>> = BTreeMap::new();
    for (at, verdict) in verdicts.iter().enumerate() {
        for condition in &verdict.conditions {
            concerned.entry(condition).or_default().push(at);
        }
    }
    let judged = concerned.into_iter().filter_map(|(condition, positions)| {
        let modules = match condition {
            Condition::BtfBroughtAlong => return None,
            Condition::ModuleLoaded(module) => modules.without(module),
            Condition::ModulesReadable => Modules::None,
        };
        let kernels: Vec<&Kernel> = positions.iter().filter_map(|&at| kernels.get(at).copied()).collect();
        let judged = judge_all(case, &kernels, &modules);
        Some(Without { condition: condition.clone(), kernels: positions, judged })
    });
    judged.collect()
}
