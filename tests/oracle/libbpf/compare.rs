//! Compares what libbpf said of a record with what corecheck says of the access.
//!
//! | libbpf | corecheck |
//! |---|---|
//! | looks for a type without name, or cannot tell the target | `error`, not from patching |
//! | cannot patch the instruction | `error` from patching |
//! | poisons | `poisoned`, not for the load's width |
//! | replaces a load or store whose width cannot change | `poisoned` for the width |
//! | patches, with a target | `resolved` |
//! | patches, without a target | `absent` with 0; `resolved` for the id of a local type |
//!
//! Both must also agree on the local walk and the target's, both in libbpf's words, on the local value, its size and
//! whether the instruction is held against it, on the new value, and on every byte of the patched instruction.

use corecheck::access::{Access, Broken, RelocationKind, Slots};
use corecheck::object::Insn;
use corecheck::resolve::{MatchError, Outcome, POISON, Reason, State};
use corecheck_layouts::btf::Btf;

use crate::ffi::Refusal;
use crate::libbpf::{Answered, Said};
use crate::records::Record;

/// The result for one access.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Both say the same.
    Agrees,
    /// They differ for this known reason.
    Explained(&'static str),
    /// They differ; this is how.
    Differs(String),
}

/// Left shifts for a machine of the other byte order.
const CONVERTED: &str = "libbpf computes left shifts for its own machine's byte order, corecheck for the object's; \
                         converted by libbpf's own size and right shift they agree";

/// Compares one access.
pub fn compare(record: &Record, said: &Said, local: &Btf, access: &Access, outcome: &Outcome) -> Judgement {
    match differs(record, said, local, access, outcome) {
        Err(how) => Judgement::Differs(how),
        Ok(()) if matches!(said, Said::Answered(answer) if answer.converted) => {
            Judgement::Explained(CONVERTED)
        }
        Ok(()) => Judgement::Agrees,
    }
}

fn differs(
    record: &Record,
    said: &Said,
    local: &Btf,
    access: &Access,
    outcome: &Outcome,
) -> Result<(), String> {
    let Record { section, function, relo, slots } = record;
    expect("section", &access.section, section)?;
    expect("instruction", &(access.insn * 8), &relo.insn_off)?;
    expect("type", &access.root.0, &relo.type_id)?;
    expect("kind", &access.kind, &RelocationKind::from_number(relo.kind))?;
    if function.is_some() {
        expect("function", &access.function, function.as_ref().unwrap_or(section))?;
    }
    expect("first slot", &raw(access.slots.first), &slots[0])?;
    match said {
        Said::Skipped => expect("outcome", &outcome.state, &State::Skipped),
        Said::NoName => {
            expect("outcome", &(outcome.state, is_from_patching(outcome)), &(State::Error, false))
        }
        Said::Refused(refusal) => {
            expect("outcome", &(outcome.state, is_from_patching(outcome)), &(State::Error, false))?;
            expect("error", &kind_of(outcome), &Some(kind_of_refusal(refusal)))
        }
        Said::Answered(answer) => answers(answer, local, access, outcome),
    }
}

fn answers(answer: &Answered, local: &Btf, access: &Access, outcome: &Outcome) -> Result<(), String> {
    let worth = &answer.worth;
    let known = access.local.as_ref().map_err(|broken| format!("local: corecheck says {broken}"))?;
    let head = format!("<{}> [{}] ", access.kind.word(), access.root.0);
    expect("local walk", &(head + &known.spec.describe(local)), &answer.local)?;
    expect("local value", &known.value.number, &worth.orig_val)?;
    expect("local size", &known.value.field_size, &worth.orig_sz)?;
    expect("validate", &known.value.validate, &worth.validate)?;
    let target = answer.target.as_deref().map(|text| text.split_once("] ").map_or(text, |(_, text)| text));
    expect("target", &outcome.target.as_ref().map(|place| place.spec.as_str()), &target)?;
    let patched = match &answer.patched {
        Ok(patched) => *patched,
        Err(_) => {
            return expect("outcome", &(outcome.state, is_from_patching(outcome)), &(State::Error, true));
        }
    };
    let is_width = matches!(outcome.reason, Some(Reason::WidthChanged { .. }));
    if is_poison(patched[0]) {
        expect("outcome", &(outcome.state, is_width), &(State::Poisoned, !worth.poison))?;
        expect("value", &outcome.value, &None)?;
    } else {
        let is_absent = target.is_none() && access.kind != RelocationKind::TypeIdLocal;
        expect("outcome", &outcome.state, if is_absent { &State::Absent } else { &State::Resolved })?;
        expect("value", &outcome.value, &Some(worth.new_val))?;
    }
    let Slots { first, second } = outcome.patched.ok_or("corecheck patches nothing")?;
    let second = second.map_or(patched[1], raw);
    expect("patched", &[hex(raw(first)), hex(second)], &patched.map(hex))
}

/// Kinds of errors that libbpf's warnings tell apart.
#[derive(Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The access string does not fit.
    Parse,
    /// A candidate cannot be compared.
    Match,
    /// Candidates are at different offsets.
    Offset,
    /// Candidates come to different values.
    Decision,
    /// A bit-field that no load covers.
    Bitfield,
    /// An element of an array is asked for what only fields have.
    Element,
    /// Something else.
    Other,
}

/// The kind of an error of libbpf's.
pub fn kind_of_refusal(refusal: &Refusal) -> ErrorKind {
    let says = |words: &str| refusal.warning.contains(words);
    match () {
        () if says("parsing [") => ErrorKind::Parse,
        () if says("error matching candidate") => ErrorKind::Match,
        () if says("field offset ambiguity") => ErrorKind::Offset,
        () if says("relocation decision ambiguity") => ErrorKind::Decision,
        () if says("can't be satisfied for bitfield") => ErrorKind::Bitfield,
        () if says("can't be applied to array access") => ErrorKind::Element,
        () => ErrorKind::Other,
    }
}

fn kind_of(outcome: &Outcome) -> Option<ErrorKind> {
    use corecheck::access::ValueError;
    Some(match outcome.reason.as_ref()? {
        Reason::Broken(Broken::Spec(_)) => ErrorKind::Parse,
        Reason::Match(MatchError::TooComplex) => return None,
        Reason::Match(_) => ErrorKind::Match,
        Reason::Ambiguous { differs: "offset", .. } => ErrorKind::Offset,
        Reason::Ambiguous { .. } => ErrorKind::Decision,
        Reason::Broken(Broken::Value(error)) | Reason::Value(error) => match error {
            ValueError::BitfieldTooWide { .. } => ErrorKind::Bitfield,
            ValueError::NotForElements(_) => ErrorKind::Element,
            ValueError::NoSize => ErrorKind::Other,
        },
        _ => return None,
    })
}

fn is_from_patching(outcome: &Outcome) -> bool {
    matches!(outcome.reason, Some(Reason::Patch(_)))
}

/// An instruction as this machine has it in memory.
pub fn raw(insn: Insn) -> u64 {
    let (low, high) =
        if cfg!(target_endian = "little") { (insn.dst, insn.src) } else { (insn.src, insn.dst) };
    let mut bytes = [insn.code, low | high << 4, 0, 0, 0, 0, 0, 0];
    bytes[2..4].copy_from_slice(&insn.off.to_ne_bytes());
    bytes[4..8].copy_from_slice(&insn.imm.to_ne_bytes());
    u64::from_ne_bytes(bytes)
}

/// Whether the instruction is what a loader puts in the place of one that it cannot relocate.
pub fn is_poison(slot: u64) -> bool {
    slot == raw(Insn { code: Insn::CALL, imm: POISON, ..Insn::default() })
}

fn hex(slot: u64) -> String {
    slot.to_ne_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn expect<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    what: &str,
    ours: &T,
    theirs: &U,
) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: corecheck says {ours:?}, libbpf {theirs:?}")) }
}
