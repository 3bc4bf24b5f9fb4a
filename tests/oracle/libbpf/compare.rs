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

/// Several candidates, and left shifts for a machine of the other byte order.
const OTHER_ORDER: &str = "libbpf compares candidates by left shifts or loads of its own machine's byte order, corecheck by \
                           the object's";

/// Two errors.
const BOTH_REFUSE: &str = "both refuse: corecheck for what is wrong in the object itself, libbpf for a candidate that it \
                           compared before it came to that";

/// Compares one access.
pub fn compare(record: &Record, said: &Said, local: &Btf, access: &Access, outcome: &Outcome) -> Judgement {
    match differs(record, said, local, access, outcome) {
        Err(how) => Judgement::Differs(how),
        Ok(()) if refused_before(said, outcome) => Judgement::Explained(BOTH_REFUSE),
        Ok(()) if matches!(said, Said::OtherOrder) => Judgement::Explained(OTHER_ORDER),
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
            if refused_before(said, outcome) {
                return Ok(());
            }
            expect("error", &kind_of(outcome), &Some(kind_of_refusal(refusal)))
        }
        Said::OtherOrder => match outcome.state {
            State::Resolved => Ok(()),
            _ => expect("error", &kind_of(outcome), &Some(ErrorKind::Decision)),
        },
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
    // What is no 64-bit constant has one slot, and the next stays as it is.
    let second = second.map_or(answer.before[1], raw);
    expect("patched", &[hex(raw(first)), hex(second)], &patched.map(hex))
}

/// Whether libbpf could not compare a candidate of an access whose own field has no such value.
fn refused_before(said: &Said, outcome: &Outcome) -> bool {
    matches!(said, Said::Refused(refusal) if kind_of_refusal(refusal) == ErrorKind::Match)
        && matches!(outcome.reason, Some(Reason::Broken(Broken::Value(_))))
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
        Reason::Ambiguous(ambiguity) if ambiguity.differs == "offset" => ErrorKind::Offset,
        Reason::Ambiguous(_) => ErrorKind::Decision,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::Types;
    use crate::subject::Subject;
    use crate::target::Kernel;

    const OBJECTS: [&[u8]; 3] = [
        include_bytes!("../../fixtures/objects/all_kinds.bpf.o"),
        include_bytes!("../../fixtures/objects/bitfields_big_endian.bpf.o"),
        include_bytes!("../../fixtures/objects/fields_clang19.bpf.o"),
    ];

    /// Compares every record of the fixtures after `spoil` changed corecheck's side.
    fn judge_all(spoil: impl Fn(&mut Access, &mut Outcome)) -> Vec<(Outcome, Judgement)> {
        let mut all = Vec::new();
        for bytes in OBJECTS {
            let subject =
                Subject::read("fixture".to_owned(), bytes).expect("an object").expect("with records");
            let kernel = Kernel::of(&subject.records.btf, &[]).expect("a kernel");
            let said = subject.said(&kernel).expect("libbpf's answers");
            let (accesses, outcomes) = (&subject.accesses, subject.outcomes(&kernel).expect("corecheck's"));
            let local = subject.object.btf.as_deref().expect("BTF");
            for (index, said) in said.iter().enumerate() {
                let (mut access, mut outcome) = (accesses[index].clone(), outcomes[index].clone());
                spoil(&mut access, &mut outcome);
                let judgement = compare(&subject.records.all[index], said, local, &access, &outcome);
                all.push((outcome, judgement));
            }
        }
        all
    }

    #[test]
    fn right_answers_agree_and_only_converted_shifts_are_explained() {
        let all = judge_all(|_, _| ());
        assert!(all.len() > 40, "{}", all.len());
        let explained =
            all.iter().filter(|(_, judgement)| *judgement == Judgement::Explained(CONVERTED)).count();
        let agreeing = all.iter().filter(|(_, judgement)| *judgement == Judgement::Agrees).count();
        assert_eq!((explained, agreeing), (4, all.len() - 4), "{all:?}");
    }

    #[test]
    fn every_wrong_answer_differs() {
        let spoils: [fn(&mut Access, &mut Outcome); 11] = [
            |_, outcome| outcome.state = State::Poisoned,
            |_, outcome| outcome.state = State::Error,
            |_, outcome| outcome.state = State::Skipped,
            |_, outcome| outcome.value = outcome.value.map(|value| value ^ 1),
            |_, outcome| outcome.patched = None,
            |_, outcome| {
                if let Some(slots) = &mut outcome.patched {
                    slots.first.imm ^= 1 << 31;
                }
            },
            |_, outcome| {
                if let Some(slots) = &mut outcome.patched {
                    slots.first.off += 1;
                }
            },
            |access, _| access.insn += 1,
            |access, _| access.kind = RelocationKind::Unknown(99),
            |access, _| {
                if let Ok(local) = &mut access.local {
                    local.value.validate = !local.value.validate;
                }
            },
            |access, _| {
                if let Ok(local) = &mut access.local {
                    local.value.number ^= 1;
                }
            },
        ];
        for (number, spoil) in spoils.iter().enumerate() {
            for (outcome, judgement) in judge_all(spoil) {
                assert!(matches!(judgement, Judgement::Differs(_)), "{number}: {judgement:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn a_wrong_place_differs() {
        for (outcome, judgement) in judge_all(|_, outcome| {
            if let Some(place) = &mut outcome.target {
                place.spec.push('!');
            }
        }) {
            assert_eq!(matches!(judgement, Judgement::Differs(_)), outcome.target.is_some(), "{outcome:?}");
        }
    }

    #[test]
    fn libbpf_refuses_what_is_no_btf() {
        assert!(Types::read(b"no BTF", None).is_err());
    }
}
