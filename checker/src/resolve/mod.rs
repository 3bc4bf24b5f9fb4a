//! The resolver: an object's ordered accesses against candidate types, by libbpf's rules.
//!
//! Pure: no input and output, nothing kept between calls, one outcome per access, never stopping at the first
//! problem. The order of the accesses matters, because libbpf remembers per local type which candidates matched
//! before ([`resolve`]).

pub(crate) mod budget;
pub(crate) mod changes;
mod enumval;
mod explain;
mod field;
mod outcome;
mod patch;
mod rules;
mod type_compat;
mod type_match;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::{Btf, Endian, TypeId};
use corecheck_layouts::kernel::Found;

pub use changes::{Change, ChangeCode, Extent, Misread};

pub use outcome::{Ambiguity, Explained, MatchError, Mismatch, MismatchCode, Outcome, Place, Reason, State};
pub(crate) use patch::poison;
pub use patch::{POISON, PatchError};
pub use rules::Rules;

pub(crate) use self::budget::STEPS_IN_ALL;

use self::budget::Budget;
use self::changes::Changed;
use self::type_compat::types_are_compatible;
use crate::access::{Access, Broken, RelocationKind, Slots, Spec, SpecError, Value, value_of};

/// What the resolver is given besides the accesses.
#[derive(Debug)]
pub struct Question<'a> {
    /// The object's own types.
    pub local: &'a Btf,
    /// Byte order of the object.
    pub endian: Endian,
    /// Where the root types are found, by local type id.
    pub roots: &'a HashMap<TypeId, Arc<Found>>,
    /// Whether type ids of the target are the kernel's own; a store renumbers them.
    pub has_kernel_ids: bool,
    /// What the loader does otherwise than the newest libbpf.
    pub rules: Rules,
}

/// One candidate of a root type.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    unit: &'a str,
    btf: &'a Btf,
    id: TypeId,
}

/// What some accesses come to, and what it took to find out.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// One outcome per access.
    pub(crate) outcomes: Vec<Outcome>,
    /// Comparisons that were made.
    pub(crate) steps: u32,
    /// Whether the comparisons that were allowed did not suffice.
    pub(crate) is_cut_short: bool,
}

/// Resolves `accesses` in their order.
///
/// The candidates of one local type id are pruned as libbpf prunes them: after an access that at least one of
/// them matched, those that did not match are forgotten for the rest of the object (`bpf_core_calc_relo_insn`).
pub fn resolve(accesses: &[Access], question: &Question<'_>) -> Vec<Outcome> {
    let accesses: Vec<&Access> = accesses.iter().collect();
    resolve_some(&accesses, question, STEPS_IN_ALL).outcomes
}

/// Resolves some of an object's accesses with so many comparisons. Nothing but these goes from one access to another:
/// what was pruned of the candidates of a local type, and what an access left of an instruction. So accesses that
/// share neither can be resolved apart.
pub(crate) fn resolve_some(accesses: &[&Access], question: &Question<'_>, steps: u32) -> Resolved {
    let mut candidates: HashMap<TypeId, Vec<Candidate<'_>>> = HashMap::new();
    let mut patched: BTreeMap<(usize, u32), Slots> = BTreeMap::new();
    let mut budget = Budget::of(steps);
    let outcomes = accesses
        .iter()
        .map(|access| {
            let place = (access.section_index, access.insn);
            let slots = patched.get(&place).copied().unwrap_or(access.slots);
            let outcome = resolve_one(access, slots, question, &mut candidates, &mut budget);
            if let Some(slots) = outcome.patched {
                patched.insert(place, slots);
            }
            outcome
        })
        .collect();
    Resolved { outcomes, steps: steps - budget.left_in_all(), is_cut_short: budget.is_exhausted() }
}

fn resolve_one<'a>(
    access: &Access,
    slots: Slots,
    question: &'a Question<'a>,
    candidates: &mut HashMap<TypeId, Vec<Candidate<'a>>>,
    budget: &mut Budget,
) -> Outcome {
    if let Some(skipped) = access.skipped {
        return Outcome::because(State::Skipped, Reason::Skipped(skipped));
    }
    let local = match &access.local {
        Ok(local) => local,
        Err(broken) => return Outcome::refused(Reason::Broken(broken.clone())),
    };
    if access.kind == RelocationKind::TypeMatches && !question.rules.knows_type_matches {
        let number = RelocationKind::TYPE_MATCHES;
        return Outcome::refused(Reason::Broken(Broken::Spec(SpecError::UnknownKind(number))));
    }
    if access.kind == RelocationKind::TypeIdLocal {
        let value = question.rules.seen(local.value, access.kind);
        return patch_in(slots, value, value, question.local, question.local, question.rules, None);
    }
    let own = question.rules.seen(local.value, access.kind);
    let found = match question.roots.get(&access.root).map(Arc::as_ref) {
        Some(Found::In(found)) => found.as_slice(),
        Some(Found::Absent(absence)) => {
            return no_match(access.kind, slots, own, question, Reason::TypeAbsent(absence.clone()));
        }
        Some(Found::Unknown(gap)) => {
            return Outcome::because(State::Unknown, Reason::NotStored(gap.clone()));
        }
        None => return Outcome::because(State::Error, Reason::Broken(Broken::AnonymousRoot)),
    };
    let listed = candidates.entry(access.root).or_insert_with(|| {
        let of_unit = |unit: &'a corecheck_layouts::kernel::Candidates| {
            unit.ids.iter().map(|&id| Candidate { unit: &unit.unit, btf: &unit.btf, id })
        };
        found.iter().flat_map(of_unit).collect()
    });
    let mut copied;
    let candidates = if question.rules.prunes {
        listed
    } else {
        copied = listed.clone();
        &mut copied
    };
    let choice = match choose(&local.spec, question, candidates, budget) {
        Ok(choice) => choice,
        Err(reason) => return Outcome::refused(reason),
    };
    match choice {
        Choice::None(explained) => no_match(access.kind, slots, own, question, Reason::NoMatch(explained)),
        Choice::One { candidate, spec, value } => {
            let place = Place { unit: candidate.unit.to_owned(), spec: spec.describe(candidate.btf) };
            let (local_btf, rules) = (question.local, question.rules);
            let mut outcome = patch_in(slots, own, value, local_btf, candidate.btf, rules, Some(place));
            if access.kind == RelocationKind::TypeIdTarget && !question.has_kernel_ids {
                outcome.value = None;
            }
            if access.kind == RelocationKind::FieldByteOffset && outcome.state == State::Resolved {
                let changed = changed(access, &local.spec, question, candidates, budget);
                (outcome.changes, outcome.extent) = (changed.changes, changed.extent);
            }
            outcome
        }
    }
}

/// What a resolved field is that the program was not compiled for. Where several candidates match, which of them it will see is
/// not known: then only what is so of all.
fn changed(
    access: &Access,
    local: &Spec,
    question: &Question<'_>,
    candidates: &[Candidate<'_>],
    budget: &mut Budget,
) -> Changed {
    let mut all: Option<Changed> = None;
    for &candidate in candidates {
        let Ok(Ok(spec)) = match_candidate(local, question, candidate, budget) else { continue };
        let (own, there) = ((local, question.local), (&spec, candidate.btf));
        let mut changed = changes::changes(access, own, there, true, budget);
        changed.changes.sort_unstable();
        match &all {
            None => all = Some(changed),
            Some(first) if *first == changed => {}
            Some(_) => return Changed::default(),
        }
    }
    all.unwrap_or_default()
}

/// What the candidates agree on.
enum Choice<'a> {
    One { candidate: Candidate<'a>, spec: Spec, value: Value },
    None(Explained),
}

/// Matches every candidate, demands that those that match agree, and prunes the others.
///
/// Works in place as libbpf does, so that even what is left after an error is what libbpf would leave.
fn choose<'a>(
    local: &Spec,
    question: &Question<'_>,
    candidates: &mut Vec<Candidate<'a>>,
    budget: &mut Budget,
) -> Result<Choice<'a>, Reason> {
    let mut chosen: Option<(Candidate<'a>, Spec, Value)> = None;
    let mut farthest: Option<(Mismatch, Candidate<'a>)> = None;
    let mut kept = 0;
    for index in 0..candidates.len() {
        let candidate = candidates[index];
        let spec = match match_candidate(local, question, candidate, budget).map_err(Reason::Match)? {
            Ok(spec) => spec,
            Err(mismatch) => {
                if farthest.as_ref().is_none_or(|(best, _)| mismatch.depth() > best.depth()) {
                    farthest = Some((mismatch, candidate));
                }
                continue;
            }
        };
        let value = value_of(&spec, candidate.btf, question.endian).map_err(Reason::Value)?;
        let value = question.rules.seen(value, spec.kind);
        match &chosen {
            None => chosen = Some((candidate, spec, value)),
            Some((first, first_spec, first_value)) => {
                let differs = if spec.bit_offset != first_spec.bit_offset {
                    "offset"
                } else if value.number != first_value.number {
                    "value"
                } else {
                    candidates[kept] = candidate;
                    kept += 1;
                    continue;
                };
                let place = |of: &Candidate<'_>, spec: &Spec| Place {
                    unit: of.unit.to_owned(),
                    spec: spec.describe(of.btf),
                };
                return Err(Reason::Ambiguous(Box::new(Ambiguity {
                    candidates: [place(first, first_spec), place(&candidate, &spec)],
                    sizes: [first.btf.size_of(first.id), candidate.btf.size_of(candidate.id)],
                    differs,
                })));
            }
        }
        candidates[kept] = candidate;
        kept += 1;
    }
    if kept > 0 {
        candidates.truncate(kept);
    }
    Ok(match (chosen, farthest) {
        (Some((candidate, spec, value)), _) => Choice::One { candidate, spec, value },
        (None, Some((mismatch, of))) => {
            Choice::None(explain::explain(&mismatch, local, question.local, of.btf, of.unit, of.id))
        }
        (None, None) => Choice::None(Explained {
            code: MismatchCode::TypeChanged,
            text: "there is no candidate".to_owned(),
            nearest: None,
        }),
    })
}

/// `bpf_core_spec_match`.
fn match_candidate(
    local: &Spec,
    question: &Question<'_>,
    candidate: Candidate<'_>,
    budget: &mut Budget,
) -> Result<Result<Spec, Mismatch>, MatchError> {
    let Candidate { btf, id, .. } = candidate;
    let (local_btf, levels) = (question.local, question.rules.levels);
    budget.next_candidate();
    // The name, of which candidates have as long a one as they like, is also shown.
    budget.spend_on(btf.name_bytes(id))?;
    if local.kind.is_enumval_based() {
        return enumval::match_enumerator(local, btf, id, budget);
    }
    if local.kind.is_field_based() {
        return field::match_field(local, local_btf, btf, id, budget);
    }
    let matches = if local.kind == RelocationKind::TypeMatches {
        type_match::types_match([local_btf, btf], [local.root, id], levels, budget)?
    } else {
        types_are_compatible([local_btf, btf], [local.root, id], levels, budget)?
    };
    let spec = Spec { root: id, raw: Vec::new(), accessors: Vec::new(), bit_offset: 0, kind: local.kind };
    Ok(if matches { Ok(spec) } else { Err(Mismatch::Kind) })
}

/// Nothing matched: 0 where that is an honest answer, else poison.
fn no_match(
    kind: RelocationKind,
    slots: Slots,
    local: Value,
    question: &Question<'_>,
    reason: Reason,
) -> Outcome {
    if !kind.may_be_absent() {
        let patched = Some(poison(slots));
        return Outcome { patched, ..Outcome::because(State::Poisoned, reason) };
    }
    let (btf, rules) = (question.local, question.rules);
    let outcome = patch_in(slots, local, Value::default(), btf, btf, rules, None);
    match outcome.state {
        State::Resolved => Outcome { state: State::Absent, reason: Some(reason), ..outcome },
        _ => outcome,
    }
}

/// Patches a value into the instruction, and tells what came of it.
fn patch_in(
    slots: Slots,
    local: Value,
    target: Value,
    local_btf: &Btf,
    target_btf: &Btf,
    rules: Rules,
    place: Option<Place>,
) -> Outcome {
    let outcome = match patch::patch(slots, (&local, local_btf), (&target, target_btf), rules) {
        Ok(patch::Patched::Done(patched)) => Outcome {
            state: State::Resolved,
            value: Some(target.number),
            target: None,
            reason: None,
            changes: Vec::new(),
            extent: None,
            patched: Some(patched),
        },
        Ok(patch::Patched::WidthPoisoned(patched)) => {
            let reason = Reason::WidthChanged {
                local: (local.field_size, type_name(local_btf, local.field_type)),
                target: (target.field_size, type_name(target_btf, target.field_type)),
            };
            Outcome { patched: Some(patched), ..Outcome::because(State::Poisoned, reason) }
        }
        Err(error) => Outcome::because(State::Error, Reason::Patch(error)),
    };
    Outcome { target: place, ..outcome }
}

/// Whether a type of an object and one of a kernel are compatible as externs must be (`bpf_core_types_are_compat`).
///
/// # Errors
/// [`MatchError`] when they are nested deeper than libbpf follows, or than we do.
pub(crate) fn compatible(
    local_btf: &Btf,
    local: TypeId,
    target_btf: &Btf,
    target: TypeId,
) -> Result<bool, MatchError> {
    let levels = Rules::LIBBPF.levels;
    types_are_compatible([local_btf, target_btf], [local, target], levels, &mut Budget::of(STEPS_IN_ALL))
}

impl Outcome {
    /// An error, or, where it was a bound of our own that ended the work, unknown: that says nothing of what a loader
    /// would do.
    pub(crate) fn refused(reason: Reason) -> Self {
        let is_our_bound =
            matches!(reason, Reason::Match(MatchError::TooComplex) | Reason::Broken(Broken::TooMuchText));
        Self::because(if is_our_bound { State::Unknown } else { State::Error }, reason)
    }

    pub(crate) fn because(state: State, reason: Reason) -> Self {
        Self {
            state,
            value: None,
            target: None,
            reason: Some(reason),
            changes: Vec::new(),
            extent: None,
            patched: None,
        }
    }
}

#[cfg(test)]
mod tests;
