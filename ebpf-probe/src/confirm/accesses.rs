//! Each access's prediction against the instruction that the kernel runs.

use corecheck::access::{Access, RelocationKind, accesses as all_accesses};
use corecheck::object::{Insn, Object, Program};
use corecheck::report::model::OutcomeEntry;

use super::{Load, Refusal};
use crate::load::{Cause, Fate, State, fitted, value};
use crate::predict::Prediction;
use crate::report::{AccessSeen, InProgram};

/// What one program shows of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The instruction holds this number.
    Patched(u64),
    /// It calls the helper that no kernel has.
    Poisoned,
    /// No path leads there.
    Removed,
    /// Another instruction is in its place.
    Replaced,
    /// The kernel does not show the program.
    NotShown,
    /// The program was refused because the verifier came to this access, which is poisoned.
    MetPoison,
    /// The program was refused for something else, or not tried.
    NotLoaded,
}

impl Seen {
    fn word(self) -> &'static str {
        match self {
            Self::Patched(_) => "patched",
            Self::Poisoned => "poisoned",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
            Self::NotShown => "not-shown",
            Self::MetPoison | Self::NotLoaded => "not-loaded",
        }
    }
}

/// Compares every access.
pub fn accesses(load: &Load<'_>, predicted: &Prediction) -> Vec<AccessSeen> {
    let entries =
        predicted.report().objects.first().map(|object| object.accesses.as_slice()).unwrap_or_default();
    let all = all_accesses(load.object);
    let pairs = all.iter().zip(entries).filter_map(|(access, entry)| {
        let outcome = predicted.outcome(access.id)?;
        let seen = seen(load, access);
        let number = outcome.value.map(|number| fitted(access.slots, number));
        let is_renumbered = access.kind == RelocationKind::TypeIdTarget && load.btf != "kernel";
        let whole = load.states.as_ref().err();
        let (result, text) = match is_renumbered {
            true => {
                ("not-read", Some("types have other ids in the BTF that was given to the loader".to_owned()))
            }
            false => judge(outcome, number, &seen.iter().map(|(_, seen)| *seen).collect::<Vec<_>>(), whole),
        };
        let observed = seen.into_iter().map(|(program, seen)| InProgram {
            program,
            state: seen.word(),
            value: if let Seen::Patched(number) = seen { Some(number) } else { None },
        });
        Some(AccessSeen {
            access: entry.clone(),
            predicted: outcome.clone(),
            observed: observed.collect(),
            result,
            text,
        })
    });
    pairs.collect()
}

/// What each program shows that the access is in.
fn seen(load: &Load<'_>, access: &Access) -> Vec<(String, Seen)> {
    let Ok(states) = &load.states else { return Vec::new() };
    let Some(function) = access.function_index else { return Vec::new() };
    let programs = load.object.programs.iter().zip(states);
    let programs = programs.filter(|(program, _)| program.functions.contains(&function));
    let of = |(program, state): (&Program, &State)| {
        let name = load.object.functions.get(program.function).map(|f| f.name.clone()).unwrap_or_default();
        let seen = match state {
            State::Refused(refusal) if met(refusal, load.object, program, access) => Seen::MetPoison,
            State::Refused(_) | State::NotTried(_) => Seen::NotLoaded,
            State::Loaded(translated) => {
                let number = load.numbers.of(access.section_index, access.insn);
                match number.map_or(Fate::NotShown, |number| translated.fate(number, access.slots.first)) {
                    Fate::There(slots)
                        if slots.first.imm == crate::load::POISON && is_call(slots.first.code) =>
                    {
                        Seen::Poisoned
                    }
                    Fate::There(_) if is_context(access) => Seen::Replaced,
                    Fate::There(slots) => Seen::Patched(value(slots)),
                    Fate::Removed => Seen::Removed,
                    Fate::Replaced => Seen::Replaced,
                    Fate::NotShown => Seen::NotShown,
                }
            }
        };
        (name, seen)
    };
    programs.map(of).collect()
}

/// Whether the program was refused because the verifier came to this very access. Of functions that are linked into the program
/// the log does not tell which it was.
fn met(refusal: &Refusal, object: &Object, program: &Program, access: &Access) -> bool {
    let function =
        object.functions.get(program.function).filter(|_| access.function_index == Some(program.function));
    let within = function.and_then(|function| access.insn.checked_sub(function.insn_off));
    refusal.cause == Cause::PoisonedAccess && within.is_some() && within == refusal.poison
}

fn is_call(code: u8) -> bool {
    code == Insn::CALL
}

/// Structs that only seem to be there: the verifier puts other instructions in the place of reads of them
/// (`convert_ctx_accesses`).
const CONTEXTS: [&str; 16] = [
    "struct __sk_buff",
    "struct bpf_cgroup_dev_ctx",
    "struct bpf_fib_lookup",
    "struct bpf_flow_keys",
    "struct bpf_perf_event_data",
    "struct bpf_sk_lookup",
    "struct bpf_sock",
    "struct bpf_sock_addr",
    "struct bpf_sock_ops",
    "struct bpf_sockopt",
    "struct bpf_sysctl",
    "struct bpf_tcp_sock",
    "struct bpf_xdp_sock",
    "struct sk_msg_md",
    "struct sk_reuseport_md",
    "struct xdp_md",
];

/// Whether it is a direct read or write of such a struct.
fn is_context(access: &Access) -> bool {
    matches!(access.slots.first.code & 0x07, 1..=3) && CONTEXTS.contains(&access.essential_type_name())
}

/// The result, and what to say of it. `number` is the predicted one, as far as the instruction has room for it.
fn judge(
    outcome: &OutcomeEntry,
    number: Option<u64>,
    seen: &[Seen],
    refusal: Option<&Refusal>,
) -> (&'static str, Option<String>) {
    let not_read = |why: &str| ("not-read", Some(why.to_owned()));
    if let Some(refusal) = refusal {
        let is_relocation = refusal.cause == Cause::Relocation || refusal.cause == Cause::Panic;
        return match outcome.outcome {
            "error" if is_relocation => ("confirmed", Some(refusal.text.clone())),
            _ => not_read("the object was not loaded"),
        };
    }
    let patched =
        || seen.iter().filter_map(|seen| if let Seen::Patched(number) = seen { Some(*number) } else { None });
    match outcome.outcome {
        "error" => (
            "contradicted",
            Some("the object was loaded although this access was to stop the loader".to_owned()),
        ),
        "resolved" | "absent" => {
            let Some(number) = number else { return not_read("no number was predicted") };
            if let Some(other) = patched().find(|&other| other != number) {
                return ("contradicted", Some(format!("the kernel has {other}, not {number}")));
            }
            if seen.contains(&Seen::Poisoned) {
                return ("contradicted", Some(format!("the access is poisoned, not {number}")));
            }
            match patched().next() {
                Some(_) => ("confirmed", None),
                None => not_read(why_not(seen)),
            }
        }
        "poisoned" => {
            if let Some(other) = patched().next() {
                return (
                    "contradicted",
                    Some(format!("the kernel has {other}, and the access was to be poisoned")),
                );
            }
            match outcome.reach {
                Some("reached") if seen.contains(&Seen::MetPoison) => ("confirmed", None),
                Some("reached") if seen.contains(&Seen::Removed) => (
                    "contradicted",
                    Some("no path leads there, and the verifier was to come to it".to_owned()),
                ),
                Some("guarded") if seen.contains(&Seen::Poisoned) => {
                    ("contradicted", Some("a path leads there, and it was to be guarded".to_owned()))
                }
                Some("guarded") if seen.contains(&Seen::Removed) => ("confirmed", None),
                _ => not_read(why_not(seen)),
            }
        }
        "skipped" => not_read("its program is not loaded"),
        _ => not_read("nothing was predicted"),
    }
}

fn why_not(seen: &[Seen]) -> &'static str {
    let has = |wanted: Seen| seen.contains(&wanted);
    if seen.is_empty() {
        "no program reaches its function"
    } else if has(Seen::Removed) {
        "the verifier removed it: no path leads there"
    } else if has(Seen::Replaced) {
        "the verifier put other instructions in its place"
    } else if has(Seen::NotShown) {
        "the kernel does not show the program's instructions (net.core.bpf_jit_harden may hide them)"
    } else {
        "its program was not loaded, and the verifier did not say that it came there"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(word: &'static str, value: Option<u64>, reach: Option<&'static str>) -> OutcomeEntry {
        OutcomeEntry {
            access: 0,
            outcome: word,
            value,
            reason: None,
            unit: None,
            target: None,
            changes: Vec::new(),
            reach,
        }
    }

    #[test]
    fn an_access_is_held_against_every_program_it_is_in() {
        let eight = outcome("resolved", Some(8), None);
        let guarded = outcome("poisoned", None, Some("guarded"));
        let reached = outcome("poisoned", None, Some("reached"));
        for (outcome, seen, wanted) in [
            (&eight, &[Seen::Patched(8), Seen::Removed][..], "confirmed"),
            (&eight, &[Seen::Patched(8), Seen::Patched(16)], "contradicted"),
            (&eight, &[Seen::Poisoned], "contradicted"),
            (&eight, &[Seen::Removed], "not-read"),
            (&eight, &[], "not-read"),
            (&outcome("absent", Some(0), None), &[Seen::Patched(1)], "contradicted"),
            (&guarded, &[Seen::Removed], "confirmed"),
            (&guarded, &[Seen::Poisoned], "contradicted"),
            (&guarded, &[Seen::Patched(8)], "contradicted"),
            (&reached, &[Seen::MetPoison], "confirmed"),
            (&reached, &[Seen::Removed], "contradicted"),
            (&outcome("unknown", None, None), &[Seen::Patched(8)], "not-read"),
            (&outcome("error", None, None), &[Seen::Patched(8)], "contradicted"),
        ] {
            assert_eq!(judge(outcome, outcome.value, seen, None).0, wanted, "{outcome:?} {seen:?}");
        }
    }
}
