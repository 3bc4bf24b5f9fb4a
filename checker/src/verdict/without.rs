//! What becomes of a verdict without what it holds under.

use std::collections::BTreeMap;

use corecheck_layouts::kernel::{Kernel, Modules};

use super::{Condition, ObjectVerdict, judge_all};
use crate::access::Access;
use crate::answer::{Answers, answer};
use crate::object::Object;

/// Verdicts on the kernels where a condition matters, as they are without it.
#[derive(Debug)]
pub struct Without {
    /// The condition.
    pub condition: Condition,
    /// Positions of these kernels, ascending.
    pub kernels: Vec<usize>,
    /// What the accesses come to there, one index per kernel of `kernels`.
    pub answers: Answers,
    /// What that means, one per kernel of `kernels`.
    pub verdicts: Vec<ObjectVerdict>,
}

impl Without {
    /// The answer and the verdict of the kernel at this position, if the condition matters there.
    pub fn of(&self, kernel: usize) -> Option<(usize, &ObjectVerdict)> {
        let at = self.kernels.binary_search(&kernel).ok()?;
        Some((*self.answers.of_kernel.get(at)?, self.verdicts.get(at)?))
    }
}

/// Judges again, for every condition about modules that some verdict has, the kernels that have it: as if that module
/// were not loaded, or none could be read. Nothing is done where no module answered.
pub fn without(
    object: &Object,
    accesses: &[Access],
    can_guard: &[bool],
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
        let answers = answer(object, accesses, &kernels, &modules);
        let verdicts = judge_all(object, accesses, can_guard, &answers, &kernels);
        Some(Without { condition: condition.clone(), kernels: positions, answers, verdicts })
    });
    judged.collect()
}
