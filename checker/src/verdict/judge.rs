//! From outcomes to verdicts, for libbpf.
//!
//! - An error in any access that is looked at fails the load of the whole object, subprograms that nobody calls
//!   included (`bpf_object__relocate_core` stops at it).
//! - A poisoned access fails the programs that reach it. Reach is not analysed yet: so it fails a program that has
//!   nothing it could guard with, and makes every other unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use corecheck_layouts::kernel::{Kernel, ShippedBtf};

use super::{Cause, Condition, ObjectVerdict, Phase, ProgramVerdict, Verdict};
use crate::access::Access;
use crate::answer::{Answer, Answers};
use crate::object::{Object, Program};
use crate::resolve::{Outcome, State};

/// Judges an object on every kernel, given the answers of all.
pub fn judge_all(
    object: &Object,
    accesses: &[Access],
    can_guard: &[bool],
    answers: &Answers,
    kernels: &[&Kernel],
) -> Vec<ObjectVerdict> {
    let answered = kernels.iter().zip(&answers.of_kernel);
    answered
        .map(|(kernel, &index)| judge(object, accesses, can_guard, &answers.distinct[index], kernel))
        .collect()
}

/// Judges an object on a kernel, given what its accesses come to there, and for each of its programs whether it
/// [`can_guard`].
pub fn judge(
    object: &Object,
    accesses: &[Access],
    can_guard: &[bool],
    answer: &Answer,
    kernel: &Kernel,
) -> ObjectVerdict {
    let with_state = |wanted: State| -> Vec<usize> {
        let states = answer.outcomes.iter().enumerate();
        states.filter(|(_, outcome)| outcome.state == wanted).map(|(access, _)| access).collect()
    };
    let errors = with_state(State::Error);
    let poisoned = with_state(State::Poisoned);
    let unknown = with_state(State::Unknown);
    let refused = object.problems.iter().any(|problem| problem.libbpf_refuses());
    let byte_order = kernel.endian().is_some_and(|endian| endian != object.endian);

    let mut failing = errors.clone();
    let mut not_analysed = Vec::new();
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
        let own = |all: &[usize]| -> Vec<usize> {
            all.iter().copied().filter(|&access| belongs(program, &accesses[access])).collect()
        };
        let own_poisoned = own(&poisoned);
        let can_guard = can_guard.get(index).copied().unwrap_or(true);
        let (verdict, phase) = if refused || byte_order {
            (Verdict::Fails, Some(Phase::Open))
        } else if !errors.is_empty() {
            (Verdict::Fails, Some(Phase::Relocate))
        } else if !own_poisoned.is_empty() && !can_guard {
            (Verdict::Fails, Some(Phase::Verify))
        } else if !own_poisoned.is_empty() || !own(&unknown).is_empty() {
            (Verdict::Unknown, None)
        } else {
            (Verdict::Ok, None)
        };
        if can_guard { &mut not_analysed } else { &mut failing }.extend(own_poisoned);
        let outcomes = accesses.iter().zip(&answer.outcomes).filter(|(access, _)| belongs(program, access));
        let conditions = conditions(outcomes.map(|(_, outcome)| outcome.as_ref()), kernel);
        programs.push(ProgramVerdict { program: index, verdict: Some(verdict), phase, conditions });
    }
    let mut verdict = programs.iter().filter_map(|program| program.verdict).max().unwrap_or(Verdict::Ok);
    if refused || byte_order || !errors.is_empty() {
        verdict = Verdict::Fails;
    } else if !unknown.is_empty() {
        // An unknown access in a subprogram nobody calls may still turn out to be an error.
        verdict = verdict.max(Verdict::Unknown);
    }
    // Poisoned code that no program reaches is neither.
    not_analysed.retain(|access| !failing.contains(access));
    let conditions = conditions(answer.outcomes.iter().map(Arc::as_ref), kernel);
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
        (not_analysed, Cause::NotAnalysed),
        (unknown, Cause::NotStored),
    ] {
        let mut list = list;
        list.sort_unstable();
        list.dedup();
        if !list.is_empty() {
            causes.push(cause(list));
        }
    }
    ObjectVerdict { verdict, conditions, causes, programs }
}

fn belongs(program: &Program, access: &Access) -> bool {
    access.skipped.is_none() && access.function_index.is_some_and(|f| program.functions.contains(&f))
}

/// Whether a branch in the program can depend on something that is fixed when it is loaded: an answer about a
/// type, a value of the configuration, an address that may be 0, or a constant in read-only data.
pub fn can_guard(object: &Object, program: &Program, accesses: &[Access]) -> bool {
    let uses = object.program_uses(program);
    !uses.externs.is_empty()
        || uses.reads_rodata
        || accesses.iter().any(|access| belongs(program, access) && access.kind.can_guard())
}

/// What these outcomes were found out under.
fn conditions<'a>(outcomes: impl Iterator<Item = &'a Outcome>, kernel: &Kernel) -> Vec<Condition> {
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
        conditions.push(Condition::ModulesReadable);
    }
    conditions
}

#[cfg(test)]
mod tests;
