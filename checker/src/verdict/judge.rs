//! From outcomes to verdicts.
//!
//! - An error in any access that is looked at fails the load of the whole object, subprograms that nobody calls
//!   included (`bpf_object__relocate_core` stops at it, and aya-obj does). With cilium/ebpf, which relocates each program as
//!   it is loaded, it fails the programs that hold the access.
//! - A poisoned access fails the programs in which the verifier comes to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use corecheck_layouts::kernel::{Kernel, ShippedBtf};

use super::{Cause, Condition, ObjectVerdict, Observed, Phase, ProgramVerdict, Verdict, observed};
use crate::access::Access;
use crate::answer::Answer;
use crate::loader::Loader;
use crate::object::{Object, Program};
use crate::reach::{ObjectReach, ProgramReach, Reach};
use crate::resolve::{Outcome, Reason, State};

/// What is loaded, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// The object.
    pub object: &'a Object,
    /// The loader.
    pub loader: Loader,
    /// Whether the loader refuses the object itself, on whatever kernel ([`Loader::refusals`]).
    pub is_refused: bool,
}

/// Judges an object on a kernel, given what its accesses come to there, and what the verifier comes to.
pub fn judge(
    load: &Load<'_>,
    accesses: &[Access],
    answer: &Answer,
    reach: &ObjectReach,
    kernel: &Kernel,
) -> ObjectVerdict {
    let with_state = |wanted: State| -> Vec<usize> {
        let states = answer.outcomes.iter().enumerate();
        states.filter(|(_, outcome)| outcome.state == wanted).map(|(access, _)| access).collect()
    };
    let errors = with_state(State::Error);
    let poisoned = with_state(State::Poisoned);
    let unknown = with_state(State::Unknown);
    let &Load { object, loader, is_refused: refused } = load;
    let is_apart = loader == Loader::Cilium;
    let byte_order = kernel.endian().is_some_and(|endian| endian != object.endian);

    // Those of programs that are not loaded fail nothing when each is relocated for itself.
    let is_loaded = |&access: &usize| {
        !is_apart
            || object.programs.iter().any(|program| program.autoload && belongs(program, &accesses[access]))
    };
    let errors: Vec<usize> = errors.into_iter().filter(is_loaded).collect();
    let mut failing = errors.clone();
    let (mut may_be_reached, mut unreplaced) = (Vec::new(), Vec::new());
    let mut changed: Vec<(usize, Observed)> = Vec::new();
    let mut programs = Vec::with_capacity(object.programs.len());
    for (index, program) in object.programs.iter().enumerate() {
        if !program.autoload {
            programs.push(ProgramVerdict {
                program: index,
                verdict: None,
                phase: None,
                conditions: Vec::new(),
            });
            continue;
        }
        let reach = reach.programs.get(index).and_then(Option::as_deref);
        let own = Poisoned::of(&poisoned, accesses, reach);
        let own_changed = changed_in(program, accesses, answer, reach);
        let lacks_answer = unknown.iter().any(|&access| belongs(program, &accesses[access]));
        let is_failed = errors.iter().any(|&access| !is_apart || belongs(program, &accesses[access]));
        let (verdict, phase) = if refused || byte_order {
            (Verdict::Fails, Some(Phase::Open))
        } else if is_failed {
            (Verdict::Fails, Some(Phase::Relocate))
        } else if !own.reached.is_empty() {
            (Verdict::Fails, Some(Phase::Verify))
        } else if !own.may_be_reached.is_empty() || lacks_answer {
            (Verdict::Unknown, None)
        } else if !own_changed.is_empty() {
            (Verdict::Risky, None)
        } else if !own.unreplaced.is_empty() {
            (Verdict::Degraded, None)
        } else {
            (Verdict::Ok, None)
        };
        failing.extend(own.reached);
        may_be_reached.extend(own.may_be_reached);
        unreplaced.extend(own.unreplaced);
        changed.extend(own_changed);
        let outcomes = accesses.iter().zip(&answer.outcomes).filter(|(access, _)| belongs(program, access));
        let conditions = conditions(outcomes.map(|(_, outcome)| outcome.as_ref()), kernel, loader);
        programs.push(ProgramVerdict { program: index, verdict: Some(verdict), phase, conditions });
    }
    let mut verdict = programs.iter().filter_map(|program| program.verdict).max().unwrap_or(Verdict::Ok);
    if refused || byte_order || !errors.is_empty() {
        verdict = Verdict::Fails;
    } else if !unknown.is_empty() {
        // An unknown access in a subprogram nobody calls may still turn out to be an error.
        verdict = verdict.max(Verdict::Unknown);
    }
    // What one program reaches for certain is in no doubt, whatever others do.
    may_be_reached.retain(|access| !failing.contains(access));
    unreplaced.retain(|access| !failing.contains(access) && !may_be_reached.contains(access));
    let conditions = conditions(answer.outcomes.iter().map(Arc::as_ref), kernel, loader);
    // What stopped the loader is told; what it did not come to for that is not a cause of its own.
    let unknown = unknown
        .into_iter()
        .filter(|&access| answer.outcomes[access].reason != Some(Reason::NotReached))
        .collect();
    let mut causes = Vec::new();
    if refused {
        causes.push(Cause::Refused);
    }
    if byte_order {
        // What its accesses come to on another machine's types says nothing.
        causes.push(Cause::ByteOrder);
        return ObjectVerdict { verdict, conditions, causes, programs };
    }
    for (list, cause) in [
        (failing, Cause::Failing as fn(Vec<usize>) -> Cause),
        (may_be_reached, Cause::MayBeReached),
        (unknown, Cause::NotStored),
        (unreplaced, Cause::Unreplaced),
    ] {
        let mut list = list;
        list.sort_unstable();
        list.dedup();
        if !list.is_empty() {
            causes.push(cause(list));
        }
    }
    changed.sort_unstable();
    changed.dedup();
    if !changed.is_empty() {
        causes.push(Cause::Changed(changed));
    }
    ObjectVerdict { verdict, conditions, causes, programs }
}

/// What a program reads that is something else than it was compiled for: accesses by position, with what it observes.
///
/// Where not all of its paths were followed, any access may be reached, and it may read in other ways than were seen.
fn changed_in(
    program: &Program,
    accesses: &[Access],
    answer: &Answer,
    reach: Option<&ProgramReach>,
) -> Vec<(usize, Observed)> {
    let Some(reach) = reach else { return Vec::new() };
    let mut changed = Vec::new();
    for (position, (access, outcome)) in accesses.iter().zip(&answer.outcomes).enumerate() {
        let may_change = !outcome.changes.is_empty() || outcome.extent.is_some();
        if !may_change || !belongs(program, access) {
            continue;
        }
        if !reach.is_cut_short && reach.reached.binary_search(&access.id).is_err() {
            continue;
        }
        let reads = reach.reads.iter().filter(|read| read.access == access.id).map(|read| read.bytes);
        let all = observed(outcome, &reads.collect::<Vec<_>>(), !reach.is_cut_short);
        changed.extend(all.into_iter().map(|observed| (position, observed)));
    }
    changed
}

/// The poisoned accesses of a program, by position.
#[derive(Default)]
struct Poisoned {
    reached: Vec<usize>,
    may_be_reached: Vec<usize>,
    unreplaced: Vec<usize>,
}

impl Poisoned {
    fn of(poisoned: &[usize], accesses: &[Access], reach: Option<&ProgramReach>) -> Self {
        let mut sorted = Self::default();
        let Some(reach) = reach else { return sorted };
        for &access in poisoned {
            let id = accesses[access].id;
            match reach.poisoned.get(&id) {
                Some(Reach::Reached) => sorted.reached.push(access),
                Some(Reach::MayBeReached) => sorted.may_be_reached.push(access),
                Some(Reach::Guarded) if reach.unreplaced.binary_search(&id).is_ok() => {
                    sorted.unreplaced.push(access);
                }
                Some(Reach::Guarded) | None => {}
            }
        }
        sorted
    }
}

fn belongs(program: &Program, access: &Access) -> bool {
    access.skipped.is_none() && access.function_index.is_some_and(|f| program.functions.contains(&f))
}

/// What these outcomes were found out under.
fn conditions<'a>(
    outcomes: impl Iterator<Item = &'a Outcome>,
    kernel: &Kernel,
    loader: Loader,
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut modules: BTreeSet<&str> = BTreeSet::new();
    let mut is_asked = false;
    for outcome in outcomes {
        is_asked = true;
        modules.extend(outcome.units().filter(|&unit| unit != "vmlinux"));
    }
    if kernel.facts.btf == ShippedBtf::None && is_asked {
        conditions.push(Condition::BtfBroughtAlong);
    }
    if !modules.is_empty() {
        conditions.extend(modules.into_iter().map(|module| Condition::ModuleLoaded(module.to_owned())));
        // cilium/ebpf reads files that everybody may read, and the kernel its own.
        if matches!(loader, Loader::Libbpf(_)) {
            conditions.push(Condition::ModulesReadable);
        }
    }
    conditions
}

#[cfg(test)]
mod tests;
