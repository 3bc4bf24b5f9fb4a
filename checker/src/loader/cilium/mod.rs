//! cilium/ebpf, by its own algorithm (`CORERelocate`, btf/core.go).
//!
//! For each program, and each local type in it, every type of that name is tried as the target, of whatever kind, from vmlinux
//! and from all modules: the one that leaves the fewest accesses without an answer is taken for all of them, and where several
//! are as good they must agree. Subprograms are relocated with the program that calls them. Widths of loads are neither checked
//! nor changed.

mod field;
mod patch;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Type, TypeId, essential_name};
use corecheck_layouts::kernel::Found;

use crate::access::{Access, Accessor, Local, RelocationKind, Skipped, Slots, Spec, root_name};
use crate::object::Object;
use crate::resolve::budget::Budget;
use crate::resolve::changes::{Changed, changes};
use crate::resolve::{
    Ambiguity, Explained, MatchError, MismatchCode, Outcome, Place, Question, Reason, Resolved, State,
};

/// Why a target gives no answer.
#[derive(Debug)]
enum Miss {
    /// It does not fit: the access is poisoned, or the answer is 0.
    No(MismatchCode, String),
    /// The load fails.
    Stop(Reason),
}

impl Miss {
    fn stop(text: impl Into<String>) -> Self {
        Self::Stop(Reason::Loader(text.into()))
    }
}

impl From<MatchError> for Miss {
    fn from(error: MatchError) -> Self {
        Self::Stop(Reason::Match(error))
    }
}

/// Which programs hold a function: each is relocated with all that it calls.
#[derive(Debug)]
pub(crate) struct Programs {
    of_function: Vec<Vec<usize>>,
}

impl Programs {
    /// Of a function that some program loads by default calls, those that do; else all.
    pub(crate) fn of(object: &Object) -> Self {
        let holding = |function: usize, loaded: bool| -> Vec<usize> {
            let all = object.programs.iter().enumerate();
            let holding = all
                .filter(|(_, program)| program.functions.contains(&function) && program.autoload == loaded);
            holding.map(|(index, _)| index).collect()
        };
        let of_function = |function: usize| match holding(function, true) {
            none if none.is_empty() => holding(function, false),
            loaded => loaded,
        };
        Self { of_function: (0..object.functions.len()).map(of_function).collect() }
    }

    fn with(&self, access: &Access) -> &[usize] {
        let of_function = access.function_index.and_then(|function| self.of_function.get(function));
        of_function.map(Vec::as_slice).unwrap_or_default()
    }
}

/// One target for one access.
#[derive(Debug, Clone)]
struct Fixup {
    local: u64,
    target: u64,
    /// Whether the instruction must hold the local number.
    validate: bool,
    place: Place,
    /// What is silently another thing there.
    changed: Changed,
    /// Why it gives no answer.
    miss: Option<(MismatchCode, String)>,
}

impl Fixup {
    /// For a type id of the object's own.
    fn of_ids(id: u64) -> Self {
        let place = Place { unit: String::new(), spec: String::new() };
        Self { local: id, target: id, validate: true, place, changed: Changed::default(), miss: None }
    }
}

/// A type that may be the target.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    unit: &'a str,
    btf: &'a Btf,
    id: TypeId,
}

/// Resolves accesses that belong together, with so many comparisons.
pub(crate) fn resolve(
    accesses: &[&Access],
    question: &Question<'_>,
    programs: &Programs,
    steps: u32,
) -> Resolved {
    let mut budget = Budget::of(steps);
    let mut outcomes: Vec<Option<Outcome>> = vec![None; accesses.len()];
    let all: BTreeSet<usize> = accesses.iter().flat_map(|access| programs.with(access)).copied().collect();
    for program in all {
        let own: Vec<usize> =
            (0..accesses.len()).filter(|&at| programs.with(accesses[at]).contains(&program)).collect();
        for (at, outcome) in of_program(accesses, &own, question, &mut budget) {
            // A function in several programs is judged by the worst.
            let known = &mut outcomes[at];
            if known.as_ref().is_none_or(|known| gravity(known.state) < gravity(outcome.state)) {
                *known = Some(outcome);
            }
        }
    }
    let outcomes = outcomes.into_iter().zip(accesses).map(|(outcome, access)| {
        let skipped =
            access.skipped.filter(|_| access.function_index.is_none()).unwrap_or(Skipped::NotCalled);
        outcome.unwrap_or_else(|| Outcome::because(State::Skipped, Reason::Skipped(skipped)))
    });
    Resolved {
        outcomes: outcomes.collect(),
        steps: steps - budget.left_in_all(),
        is_cut_short: budget.is_exhausted(),
    }
}

fn gravity(state: State) -> u8 {
    match state {
        State::Skipped => 0,
        State::Resolved => 1,
        State::Absent => 2,
        State::Poisoned => 3,
        State::Unknown => 4,
        State::Error => 5,
    }
}

/// What the accesses at these positions come to in one program.
fn of_program(
    accesses: &[&Access],
    own: &[usize],
    question: &Question<'_>,
    budget: &mut Budget,
) -> Vec<(usize, Outcome)> {
    let mut decided: BTreeMap<usize, Result<Fixup, Outcome>> = BTreeMap::new();
    let mut by_root: BTreeMap<TypeId, Vec<(usize, &Local)>> = BTreeMap::new();
    for &at in own {
        let access = accesses[at];
        match &access.local {
            Err(broken) => {
                decided.insert(at, Err(Outcome::refused(Reason::Broken(broken.clone()))));
            }
            Ok(local) if access.kind == RelocationKind::TypeIdLocal => {
                let id = u64::from(local.spec.root.0);
                decided.insert(at, Ok(Fixup::of_ids(id)));
            }
            Ok(local) => by_root.entry(access.root).or_default().push((at, local)),
        }
    }
    for (root, group) in by_root {
        match question.roots.get(&root).map(Arc::as_ref) {
            Some(Found::In(units)) => {
                let targets: Vec<Target<'_>> = units
                    .iter()
                    .flat_map(|unit| {
                        unit.ids.iter().map(|&id| Target { unit: &unit.unit, btf: &unit.btf, id })
                    })
                    .collect();
                decided.extend(best(accesses, &group, &targets, question, budget));
            }
            Some(Found::Absent(absence)) => decided.extend(
                group
                    .iter()
                    .map(|&(at, _)| (at, Err(missing(accesses[at], Reason::TypeAbsent(absence.clone()))))),
            ),
            Some(Found::Unknown(gap)) => {
                decided.extend(group.iter().map(|&(at, _)| {
                    (at, Err(Outcome::because(State::Unknown, Reason::NotStored(gap.clone()))))
                }))
            }
            None => decided.extend(group.iter().map(|&(at, _)| {
                (
                    at,
                    Err(Outcome::because(State::Error, Reason::Broken(crate::access::Broken::AnonymousRoot))),
                )
            })),
        }
    }
    let mut patched: BTreeMap<(usize, u32), Slots> = BTreeMap::new();
    let apply = |(at, decided): (usize, Result<Fixup, Outcome>)| {
        let access = accesses[at];
        let place = (access.section_index, access.insn);
        let slots = patched.get(&place).copied().unwrap_or(access.slots);
        let mut outcome = match decided {
            Ok(fixup) => applied(access, slots, fixup, question),
            Err(outcome) if outcome.state == State::Poisoned => {
                Outcome { patched: Some(patch::poisoned(slots)), ..outcome }
            }
            Err(outcome) if outcome.state == State::Absent => {
                let zero = patch::patch(slots, 1, 0, true);
                match zero {
                    Ok(patched) => Outcome { patched: Some(patched), ..outcome },
                    Err(error) => Outcome::because(State::Error, Reason::Patch(error)),
                }
            }
            Err(outcome) => outcome,
        };
        if let Some(slots) = outcome.patched {
            patched.insert(place, slots);
        }
        if access.kind == RelocationKind::TypeIdLocal {
            // It gets an id in BTF that is made for the program.
            (outcome.value, outcome.target) = (None, None);
        }
        (at, outcome)
    };
    decided.into_iter().map(apply).collect()
}

/// No answer: 0 where existence is asked, else poison.
fn missing(access: &Access, reason: Reason) -> Outcome {
    let is_absent = asks_for_existence(access.kind);
    let state = if is_absent { State::Absent } else { State::Poisoned };
    Outcome { value: is_absent.then_some(0), ..Outcome::because(state, reason) }
}

fn asks_for_existence(kind: RelocationKind) -> bool {
    matches!(
        kind,
        RelocationKind::FieldExists
            | RelocationKind::TypeExists
            | RelocationKind::EnumvalExists
            | RelocationKind::TypeMatches
    )
}

/// The target that leaves the fewest accesses without an answer, for all of them (`coreCalculateFixups`).
fn best(
    accesses: &[&Access],
    group: &[(usize, &Local)],
    targets: &[Target<'_>],
    question: &Question<'_>,
    budget: &mut Budget,
) -> Vec<(usize, Result<Fixup, Outcome>)> {
    let stopped = |stop: usize, reason: Reason| -> Vec<(usize, Result<Fixup, Outcome>)> {
        let outcome = |at: usize| match at == stop {
            true => Outcome::refused(reason.clone()),
            false => Outcome::because(State::Unknown, Reason::NotReached),
        };
        group.iter().map(|&(at, _)| (at, Err(outcome(at)))).collect()
    };
    let mut least = group.len();
    let mut chosen: Option<(Target<'_>, Vec<Fixup>)> = None;
    // Where none gives any answer, the first says why.
    let mut first: Option<Vec<Fixup>> = None;
    for &target in targets {
        let mut fixups = Vec::with_capacity(group.len());
        for &(at, local) in group {
            match fixup(accesses[at], local, target, question, budget) {
                Ok(fixup) => fixups.push(fixup),
                Err(Miss::Stop(reason)) => return stopped(at, reason),
                Err(Miss::No(code, text)) => {
                    let spec = root_name(target.btf, target.id);
                    let place = Place { unit: target.unit.to_owned(), spec };
                    let miss = Some((code, text));
                    let local = u64::from(asks_for_existence(local.spec.kind));
                    let changed = Changed::default();
                    fixups.push(Fixup { local, target: 0, validate: true, place, changed, miss });
                }
            }
        }
        let score = fixups.iter().filter(|fixup| fixup.miss.is_some()).count();
        if score > least {
            continue;
        }
        match &chosen {
            Some((known, best)) if score == least => {
                let differs =
                    best.iter().zip(&fixups).position(|(a, b)| (a.local, a.target) != (b.local, b.target));
                if let Some(at) = differs {
                    let candidates = [best[at].place.clone(), fixups[at].place.clone()];
                    let sizes = [known.btf.size_of(known.id), target.btf.size_of(target.id)];
                    let ambiguity = Ambiguity { candidates, sizes, differs: "value" };
                    return stopped(group[at].0, Reason::Ambiguous(Box::new(ambiguity)));
                }
            }
            _ if score < least => {
                least = score;
                chosen = Some((target, fixups));
            }
            _ => {
                first.get_or_insert(fixups);
            }
        }
    }
    let fixups = chosen.map(|(_, fixups)| fixups).or(first).unwrap_or_default();
    group.iter().map(|&(at, _)| at).zip(fixups.into_iter().map(Ok)).collect()
}

/// What one target gives for one access (`coreCalculateFixup`).
fn fixup(
    access: &Access,
    local: &Local,
    target: Target<'_>,
    question: &Question<'_>,
    budget: &mut Budget,
) -> Result<Fixup, Miss> {
    budget.next_candidate();
    budget.spend_on(target.btf.name_bytes(target.id))?;
    let (spec, local_btf) = (&local.spec, question.local);
    let done = |local: u64, number: u64, validate: bool, spec: &Spec| {
        let place = Place { unit: target.unit.to_owned(), spec: spec.describe(target.btf) };
        Ok(Fixup { local, target: number, validate, place, changed: Changed::default(), miss: None })
    };
    let root =
        Spec { root: target.id, kind: spec.kind, raw: Vec::new(), accessors: Vec::new(), bit_offset: 0 };
    match spec.kind {
        RelocationKind::TypeMatches => {
            whole::matches([local_btf, target.btf], [spec.root, target.id], budget)?;
            done(1, 1, true, &root)
        }
        RelocationKind::TypeExists | RelocationKind::TypeIdTarget | RelocationKind::TypeSize => {
            whole::compatible([local_btf, target.btf], [spec.root, target.id], budget)?;
            match spec.kind {
                RelocationKind::TypeExists => done(1, 1, true, &root),
                RelocationKind::TypeSize => {
                    let sizes =
                        (field::size_of(local_btf, spec.root)?, field::size_of(target.btf, target.id)?);
                    done(sizes.0, sizes.1, true, &root)
                }
                // Ids of modules cannot be put into an instruction.
                _ if target.unit != "vmlinux" => Err(Miss::No(
                    MismatchCode::TypeChanged,
                    format!("it is in the module {}, whose type ids cannot be used", target.unit),
                )),
                _ => done(spec.root.0.into(), target.id.0.into(), true, &root),
            }
        }
        RelocationKind::EnumvalExists | RelocationKind::EnumvalValue => {
            let (values, spec) = enumerator(spec, target, question, budget)?;
            match spec.kind {
                RelocationKind::EnumvalExists => done(1, 1, true, &spec),
                _ => done(values.0, values.1, true, &spec),
            }
        }
        _ => {
            let walked = field::find([local_btf, target.btf], spec, target.id, budget)?;
            let (local, number, validate) =
                walked.numbers([local_btf, target.btf], spec.kind, question.endian)?;
            let fixup = done(local, number, validate, &walked.spec)?;
            if spec.kind != RelocationKind::FieldByteOffset {
                return Ok(fixup);
            }
            // Loads stay as wide as they were compiled.
            let there = (&walked.spec, target.btf);
            Ok(Fixup { changed: changes(access, (spec, local_btf), there, false, budget), ..fixup })
        }
    }
}

/// The enumerator of the same essential name (`coreFindEnumValue`).
fn enumerator(
    local: &Spec,
    target: Target<'_>,
    question: &Question<'_>,
    budget: &mut Budget,
) -> Result<((u64, u64), Spec), Miss> {
    let wanted = local.accessors.first().and_then(|accessor| accessor.name.as_deref()).unwrap_or_default();
    let missing = || {
        let text = format!("there is no enumerator `{}` there", String::from_utf8_lossy(wanted));
        Miss::No(MismatchCode::EnumeratorMissing, text)
    };
    let of_local = question.local.skip_modifiers_and_typedefs(local.root);
    let index = local.raw.first().copied().unwrap_or_default() as usize;
    let own = match question.local.ty(of_local) {
        Type::Enum(values) => values.value(index).map(|value| number(value.value, values.is_signed, false)),
        Type::Enum64(values) => values.value(index).map(|value| number(value.value, values.is_signed, true)),
        _ => None,
    };
    let own = own.ok_or_else(|| Miss::stop("the access is not one to an enumerator"))?;
    let id = target.btf.skip_modifiers_and_typedefs(target.id);
    let (values, is_64) = match target.btf.ty(id) {
        Type::Enum(values) => (values, false),
        Type::Enum64(values) => (values, true),
        _ => return Err(missing()),
    };
    for (index, value) in (0_u32..).zip(values.values()) {
        budget.spend_on(value.name_bytes())?;
        if essential_name(value.name_bytes()) == essential_name(wanted) {
            let accessor = Accessor { of: id, index, name: Some(value.name_bytes().into()) };
            let (raw, accessors) = (vec![index], vec![accessor]);
            let spec = Spec { root: target.id, kind: local.kind, raw, accessors, bit_offset: 0 };
            return Ok(((own, number(value.value, values.is_signed, is_64)), spec));
        }
    }
    Err(missing())
}

/// An enumerator's value as cilium/ebpf keeps it: 32 bits are extended as the enumeration's sign says.
fn number(value: u64, is_signed: bool, is_64: bool) -> u64 {
    if is_64 || is_signed { value } else { u64::from(value as u32) }
}

/// Puts a fixup into the instruction.
fn applied(access: &Access, slots: Slots, fixup: Fixup, question: &Question<'_>) -> Outcome {
    if let Some((code, text)) = fixup.miss {
        let explained = Explained { code, text, nearest: Some(fixup.place) };
        let outcome = missing(access, Reason::NoMatch(explained));
        if outcome.state == State::Poisoned {
            return Outcome { patched: Some(patch::poisoned(slots)), ..outcome };
        }
        return match patch::patch(slots, fixup.local, 0, fixup.validate) {
            Ok(patched) => Outcome { patched: Some(patched), ..outcome },
            Err(error) => Outcome::because(State::Error, Reason::Patch(error)),
        };
    }
    let is_known = access.kind != RelocationKind::TypeIdTarget || question.has_kernel_ids;
    match patch::patch(slots, fixup.local, fixup.target, fixup.validate) {
        Ok(patched) => {
            let Changed { mut changes, extent } = fixup.changed;
            changes.sort_unstable();
            Outcome {
                state: State::Resolved,
                value: is_known.then_some(fixup.target),
                target: Some(fixup.place),
                reason: None,
                changes,
                // What a load reads is not a copy.
                extent: extent.filter(|_| !patch::is_memory(slots)),
                patched: Some(patched),
            }
        }
        Err(error) => {
            let outcome = Outcome::because(State::Error, Reason::Patch(error));
            Outcome { target: Some(fixup.place), ..outcome }
        }
    }
}
