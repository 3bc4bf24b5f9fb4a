//! Reach on many kernels: once per program and distinct set of what decides it.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use corecheck_layouts::kernel::Kernel;

use super::{MOST_STEPS, Question, Reach, Read, Trap, Verifier, reach};
use crate::access::{Access, Slots};
use crate::answer::Answers;
use crate::attach::{ExternValue, ExternValues};
use crate::object::{ExternKind, Object, Program, Target};
use crate::resolve::{Outcome, State};

/// How many instructions are followed for one kernel in all programs of an object.
const STEPS_IN_ALL: usize = 10 * MOST_STEPS;

/// What is known of each load besides the outcomes of accesses.
#[derive(Debug)]
pub struct Known<'a> {
    /// What externs come to, per kernel.
    pub externs: &'a ExternValues,
    /// Calls of helpers that a kernel does not have, per kernel: the distinct lists, ascending, and which each kernel has.
    pub missing_helpers: (&'a [Vec<Trap>], &'a [usize]),
    /// The sections of variables as they are when the object is loaded.
    pub data: &'a [Vec<u8>],
}

/// What the verifier comes to, for an object on every kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaches {
    /// The distinct ones.
    pub distinct: Vec<ObjectReach>,
    /// For every kernel, in their order, the index of its own.
    pub of_kernel: Vec<usize>,
}

/// What it comes to in each program of an object: of those in which something would be refused, or is read that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectReach {
    /// Per program, in their order; `None` for those that are not loaded, and those in which nothing is asked.
    pub programs: Vec<Option<Arc<ProgramReach>>>,
}

/// What it comes to in one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramReach {
    /// Its poisoned accesses, by number.
    pub poisoned: BTreeMap<usize, Reach>,
    /// Its guarded accesses that nothing replaces, by number, ascending: they would be reached if the kernel had what they ask
    /// for, and then no other access is left out that is reached now.
    pub unreplaced: Vec<usize>,
    /// Its calls of weak kernel functions that are missing, and of helpers that the kernel does not have.
    pub missing_calls: BTreeMap<Trap, Reach>,
    /// Accesses whose instructions some path comes to, by number, ascending.
    pub reached: Vec<usize>,
    /// Reads through the addresses that accesses gave, of known numbers of bytes.
    pub reads: Vec<Read>,
    /// How many instructions were followed.
    pub steps: usize,
    /// Whether the budget was spent before all paths were followed.
    pub is_cut_short: bool,
}

impl ObjectReach {
    /// Whether a poisoned access is reached in any program; `None` when no program that is loaded holds it.
    pub fn of_access(&self, access: usize) -> Option<Reach> {
        self.programs.iter().flatten().filter_map(|program| program.poisoned.get(&access)).max().copied()
    }
}

/// Follows every program that is loaded, on every kernel.
pub fn reach_all(
    object: &Object,
    accesses: &[Access],
    answers: &Answers,
    kernels: &[&Kernel],
    known: &Known<'_>,
) -> Reaches {
    let mut all = Reaches { distinct: Vec::new(), of_kernel: Vec::with_capacity(kernels.len()) };
    let mut programs: Vec<Followed<'_>> = object
        .programs
        .iter()
        .enumerate()
        .map(|(index, of)| Followed::new(object, accesses, index, of))
        .collect();
    let mut by_case: HashMap<(usize, Verifier, usize, usize), usize> = HashMap::new();
    for (at, kernel) in kernels.iter().enumerate() {
        let index = |of_kernel: &[usize]| of_kernel.get(at).copied().unwrap_or(0);
        let (answer, externs) = (index(&answers.of_kernel), index(&known.externs.of_kernel));
        let helpers = index(known.missing_helpers.1);
        let verifier = Verifier::of_kernel(kernel);
        let number = *by_case.entry((answer, verifier, externs, helpers)).or_insert_with(|| {
            let case = Case {
                object,
                accesses,
                outcomes: &answers.distinct[answer].outcomes,
                externs: known.externs.distinct.get(externs).map(Vec::as_slice).unwrap_or_default(),
                missing_helpers: known.missing_helpers.0.get(helpers).map(Vec::as_slice).unwrap_or_default(),
                data: known.data,
                verifier,
            };
            // What one kernel may cost has a bound, however many programs there are.
            let mut steps = STEPS_IN_ALL;
            let of_programs = programs.iter_mut().map(|program| program.on(&case, &mut steps));
            let reach = ObjectReach { programs: of_programs.collect() };
            all.distinct.push(reach);
            all.distinct.len() - 1
        });
        all.of_kernel.push(number);
    }
    all
}

/// What is the case on some kernels.
struct Case<'a> {
    object: &'a Object,
    accesses: &'a [Access],
    outcomes: &'a [Arc<Outcome>],
    externs: &'a [ExternValue],
    missing_helpers: &'a [Trap],
    data: &'a [Vec<u8>],
    verifier: Verifier,
}

/// What decides about one program: outcomes of its accesses, externs it uses, calls that are missing, and the verifier.
type Key = (Vec<(State, Option<Slots>)>, Vec<ExternValue>, Vec<Trap>, Verifier);

/// A program, with what was found of it so far.
struct Followed<'a> {
    index: usize,
    program: &'a Program,
    /// Positions of its own accesses.
    own: Vec<usize>,
    /// Its externs.
    externs: Vec<usize>,
    /// Its calls of weak kernel functions, with the index of each.
    weak_calls: Vec<(Trap, usize)>,
    known: HashMap<Key, Arc<ProgramReach>>,
    /// Which accesses are reached where the kernel has everything as the compiler saw it.
    as_compiled: HashMap<(Vec<ExternValue>, Verifier), Vec<usize>>,
}

impl<'a> Followed<'a> {
    fn new(object: &'a Object, accesses: &[Access], index: usize, program: &'a Program) -> Self {
        let is_own = |access: &Access| {
            access.skipped.is_none()
                && access
                    .function_index
                    .is_some_and(|function| program.functions.binary_search(&function).is_ok())
        };
        let own =
            accesses.iter().enumerate().filter(|(_, access)| is_own(access)).map(|(at, _)| at).collect();
        let weak_calls = object.references.iter().filter_map(|reference| match reference.target {
            Target::ExternCall(symbol) => {
                let of = object.externs.get(symbol)?;
                let is_weak = of.weak && of.kind == ExternKind::KsymFunction;
                let trap = Trap { section: reference.section, insn: reference.insn };
                (is_weak && holds(object, program, trap)).then_some((trap, symbol))
            }
            _ => None,
        });
        Self {
            index,
            program,
            own,
            externs: object.program_uses(program).externs,
            weak_calls: weak_calls.collect(),
            known: HashMap::new(),
            as_compiled: HashMap::new(),
        }
    }

    /// What the program comes to. Takes what that costs from `steps`, also when it was paid for before: so it depends on no other
    /// kernel.
    fn on(&mut self, case: &Case<'_>, steps: &mut usize) -> Option<Arc<ProgramReach>> {
        if !self.program.autoload {
            return None;
        }
        let outcomes = self.own.iter().filter_map(|&at| case.outcomes.get(at));
        let outcomes: Vec<_> = outcomes.map(|outcome| (outcome.state, outcome.patched)).collect();
        let externs: Vec<ExternValue> =
            self.externs.iter().filter_map(|&symbol| case.externs.get(symbol)).cloned().collect();
        let is_missing = |symbol: usize| case.externs.get(symbol) == Some(&ExternValue::Missing);
        let kfuncs = self.weak_calls.iter().filter(|&&(_, symbol)| is_missing(symbol)).map(|&(trap, _)| trap);
        let helpers = case.missing_helpers.iter().copied();
        let calls: Vec<Trap> =
            kfuncs.chain(helpers.filter(|&trap| holds(case.object, self.program, trap))).collect();
        let own = self.own.iter().filter_map(|&at| case.outcomes.get(at));
        let is_asked = |outcome: &Arc<Outcome>| {
            outcome.state == State::Poisoned || !outcome.changes.is_empty() || outcome.extent.is_some()
        };
        if calls.is_empty() && !own.into_iter().any(is_asked) {
            return None;
        }
        let key = (outcomes, externs, calls, case.verifier);
        let known = self.known.get(&key).filter(|known| known.steps <= *steps).cloned();
        let found = known.unwrap_or_else(|| {
            let found = Arc::new(self.follow(case, &key, *steps));
            if !found.is_cut_short || *steps >= MOST_STEPS {
                self.known.insert(key, Arc::clone(&found));
            }
            found
        });
        *steps = steps.saturating_sub(found.steps);
        Some(found)
    }

    fn follow(&mut self, case: &Case<'_>, key: &Key, steps: usize) -> ProgramReach {
        let outcomes = self.own.iter().zip(&key.0);
        let poisoned: Vec<&Access> = outcomes
            .filter(|(_, (state, _))| *state == State::Poisoned)
            .map(|(&at, _)| &case.accesses[at])
            .collect();
        let places = poisoned.iter().map(|access| Trap { section: access.section_index, insn: access.insn });
        let traps: Vec<Trap> = places.chain(key.2.iter().copied()).collect();
        let question = Question {
            object: case.object,
            program: self.index,
            accesses: case.accesses,
            outcomes: case.outcomes,
            externs: case.externs,
            data: case.data,
            verifier: case.verifier,
            traps: &traps,
            steps,
        };
        let found = reach(&question);
        let (of_accesses, of_calls) = found.traps.split_at(poisoned.len());
        let by_number: BTreeMap<usize, Reach> =
            poisoned.iter().map(|access| access.id).zip(of_accesses.iter().copied()).collect();
        let guarded: Vec<usize> = by_number
            .iter()
            .filter(|(_, reach)| **reach == Reach::Guarded)
            .map(|(&access, _)| access)
            .collect();
        let unreplaced = match guarded.is_empty() || steps < MOST_STEPS {
            true => Vec::new(),
            false => self.unreplaced(&question, key, guarded, &found.accesses),
        };
        ProgramReach {
            unreplaced,
            poisoned: by_number,
            missing_calls: key.2.iter().copied().zip(of_calls.iter().copied()).collect(),
            reached: found.accesses,
            reads: found.reads,
            steps: found.steps,
            is_cut_short: found.is_cut_short,
        }
    }

    /// Those of the guarded accesses that nothing replaces. A guarded read is replaced, within its function,
    /// - by one that is reached here, and would not be where the kernel had everything: `if (exists(a)) a else b`;
    /// - by one through another flavour of its root type that is asked about, and that the kernel has: `if (exists(a)) a; if
    ///   (exists(b)) b`.
    fn unreplaced(
        &mut self,
        question: &Question<'_>,
        key: &Key,
        guarded: Vec<usize>,
        reached: &[usize],
    ) -> Vec<usize> {
        let as_compiled = self.as_compiled.entry((key.1.clone(), key.3)).or_insert_with(|| {
            // An outcome that changes nothing leaves the instruction as the compiler wrote it.
            let unchanged = Arc::new(Outcome::as_compiled());
            let outcomes: Vec<Arc<Outcome>> =
                question.accesses.iter().map(|_| Arc::clone(&unchanged)).collect();
            reach(&Question { outcomes: &outcomes, traps: &[], ..*question }).accesses
        });
        let is_here = |id: usize| reached.binary_search(&id).is_ok();
        let own =
            || self.own.iter().filter_map(|&at| question.accesses.get(at).zip(question.outcomes.get(at)));
        let resolved =
            || own().filter(|(_, outcome)| outcome.state == State::Resolved).map(|(access, _)| access);
        let is_replaced = |of: &Access| {
            let beside = || resolved().filter(|access| access.function_index == of.function_index);
            let asked = |root| beside().any(|access| access.root == root && access.kind.may_be_absent());
            let mut reads = beside().filter(|access| is_here(access.id) && !access.kind.may_be_absent());
            reads.any(|read| {
                let is_other_flavour =
                    read.root != of.root && read.essential_type_name() == of.essential_type_name();
                as_compiled.binary_search(&read.id).is_err() || is_other_flavour && asked(read.root)
            })
        };
        let is_unreplaced = |id: &usize| {
            let access = own().map(|(access, _)| access).find(|access| access.id == *id);
            as_compiled.binary_search(id).is_ok() && access.is_some_and(|access| !is_replaced(access))
        };
        guarded.into_iter().filter(is_unreplaced).collect()
    }
}

/// Whether an instruction belongs to a function of the program.
fn holds(object: &Object, program: &Program, trap: Trap) -> bool {
    let function = object.function_at(trap.section, trap.insn);
    function.is_some_and(|function| program.functions.binary_search(&function).is_ok())
}
