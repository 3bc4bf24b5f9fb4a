//! What would be if programs that look like alternatives were some.

use corecheck_layouts::kernel::{Kernel, Modules};

use super::{Case, Judged, Verdict, judge_all};
use crate::load::{Group, alike};

/// Programs that look like alternatives, and the kernels where the object fares better when one set of each group is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The groups.
    pub groups: Vec<Group>,
    /// The positions of these kernels, ascending, with the verdict that they would have.
    pub kernels: Vec<(usize, Verdict)>,
}

/// Looks whether some verdict is better if programs that look like alternatives are taken for such. It is tried, not guessed: a
/// suggestion is what was judged.
pub fn suggest(
    case: &Case<'_>,
    kernels: &[&Kernel],
    modules: &Modules,
    judged: &Judged,
) -> Option<Suggestion> {
    let wanting = judged.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.verdict != Verdict::Ok);
    let positions: Vec<usize> = wanting.map(|(at, _)| at).collect();
    if positions.is_empty() {
        return None;
    }
    let some: Vec<&Kernel> = positions.iter().filter_map(|&at| kernels.get(at).copied()).collect();
    let better_with = |groups: &[Group]| -> Vec<(usize, Verdict)> {
        let all: Vec<Group> = case.alternatives.iter().chain(groups).cloned().collect();
        let tried = judge_all(&Case { alternatives: &all, ..*case }, &some, modules);
        let verdicts = positions.iter().zip(tried.verdicts).map(|(&at, verdict)| (at, verdict.verdict));
        verdicts.filter(|&(at, verdict)| verdict < judged.verdicts[at].verdict).collect()
    };
    let decided: Vec<usize> = case.alternatives.iter().flat_map(Group::members).collect();
    for mut groups in alike(case.object, &decided) {
        if groups.is_empty() {
            continue;
        }
        let kernels = better_with(&groups);
        if kernels.is_empty() {
            continue;
        }
        // Those that change nothing are not suggested.
        let mut at = 0;
        while groups.len() > 1 && at < groups.len() {
            let one = groups.remove(at);
            if better_with(&groups) != kernels {
                groups.insert(at, one);
                at += 1;
            }
        }
        return Some(Suggestion { groups, kernels });
    }
    None
}
