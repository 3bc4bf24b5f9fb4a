//! Compares what bpftool said about an object's records with what corecheck says about its accesses.
//!
//! | bpftool | corecheck |
//! |---|---|
//! | candidates match | `resolved`; `target` is the first one's text, and `value` is what the text tells of it |
//! | no candidate matches | `absent` with value 0 for kinds that ask whether, how big or which; `poisoned` for the others |
//! | a local type's id | `resolved` with that id |
//! | an error | `error` |
//! | nothing, after an error | cannot be compared |
//!
//! bpftool asks less than a loader does, and two differences follow from that alone (see [`explanation`]): it skips no
//! program, and it patches no instruction. Anything else is a disagreement.

use corecheck_tests::report::{Access, Outcome};
use serde_json::Value;

use crate::log::{Log, Record, Said, Spec};

/// The result for one access.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Both say the same.
    Agrees,
    /// They differ for this known reason.
    Explained(&'static str),
    /// bpftool had stopped before this record.
    Unsaid,
    /// They differ; this is how.
    Differs(String),
}

/// Compares all accesses of one object: `judgements[i]` is about `accesses[i]`.
///
/// # Errors
///
/// When the two do not even speak of the same number of records.
pub fn compare(log: &Log, accesses: &[(&Access, &Outcome)]) -> Result<Vec<Judgement>, String> {
    let (said, asked) = (log.records.len(), accesses.len());
    if said > asked || (said < asked && !log.stopped()) {
        return Err(format!("bpftool speaks of {said} records, corecheck of {asked} accesses"));
    }
    Ok(accesses
        .iter()
        .enumerate()
        .map(|(index, (access, outcome))| match log.records.get(index) {
            None => Judgement::Unsaid,
            Some(record) => judge(record, access, outcome, reads_bits(accesses, access)),
        })
        .collect())
}

/// Whether the same field is also read as a bit-field: then the value of its `byte_off` is where the load begins, and not
/// where the field does.
fn reads_bits(accesses: &[(&Access, &Outcome)], access: &Access) -> bool {
    let same_field = |other: &Access| other.root == access.root && other.spec == access.spec;
    accesses.iter().any(|(other, _)| other.kind.ends_with("shift_u64") && same_field(other))
}

fn judge(record: &Record, access: &Access, outcome: &Outcome, reads_bits: bool) -> Judgement {
    if let Err(difference) = same_question(record, access) {
        return Judgement::Differs(difference);
    }
    if let Some(why) = explanation(record, outcome) {
        return Judgement::Explained(why);
    }
    match same_answer(record, access, outcome, reads_bits) {
        Ok(()) => Judgement::Agrees,
        Err(difference) => Judgement::Differs(difference),
    }
}

/// Whether record and access are the same relocation.
fn same_question(record: &Record, access: &Access) -> Result<(), String> {
    expect("section", &access.section, &record.section)?;
    let Some(local) = &record.local else { return Ok(()) };
    expect("kind", &access.kind, &local.kind)?;
    match local.access() {
        Some(spec) => expect("spec", &access.spec, spec),
        None => Ok(()),
    }
}

/// Why the two may differ here, where bpftool does less than a loader.
fn explanation(record: &Record, outcome: &Outcome) -> Option<&'static str> {
    if outcome.outcome == "skipped" {
        return Some("its program is not loaded; bpftool skips no program");
    }
    let code = outcome.reason.as_ref()?.code.as_str();
    let Said::Matched(specs) = &record.said else { return None };
    let same_target = outcome.target.as_deref().is_none_or(|target| same_text(target, &specs[0]));
    let differs = matches!(outcome.outcome.as_str(), "poisoned" | "error");
    (differs && same_target && PATCHING.contains(&code))
        .then_some("it matches, but its instruction cannot be patched; bpftool patches none")
}

/// Codes of reasons that come from patching the instruction, after a target was found.
const PATCHING: &[&str] =
    &["width-changed", "unexpected-value", "offset-too-large", "unexpected-width", "unexpected-instruction"];

/// Kinds that have an answer, 0, where nothing matches.
const ANSWER_ZERO: &[&str] =
    &["field_exists", "type_exists", "type_size", "type_matches", "target_type_id", "enumval_exists"];

fn same_answer(record: &Record, access: &Access, outcome: &Outcome, reads_bits: bool) -> Result<(), String> {
    match &record.said {
        Said::Local => {
            expect("outcome", &outcome.outcome, "resolved")?;
            let local = record.local.as_ref().ok_or("bpftool names no local type")?;
            expect_value(outcome, "the local type's id", |value| value == i128::from(local.type_id))
        }
        Said::NoMatch if ANSWER_ZERO.contains(&access.kind.as_str()) => {
            expect("outcome", &outcome.outcome, "absent")?;
            expect_value(outcome, "0", |value| value == 0)
        }
        Said::NoMatch => expect("outcome", &outcome.outcome, "poisoned"),
        Said::Error(_) => expect("outcome", &outcome.outcome, "error"),
        Said::Matched(specs) => {
            expect("outcome", &outcome.outcome, "resolved")?;
            let first = specs.first().ok_or("bpftool names no target")?;
            let target = outcome.target.as_deref().ok_or("corecheck names no target")?;
            if !same_text(target, first) {
                return Err(format!("target: corecheck says `{target}`, bpftool `{}`", first.text));
            }
            same_value(outcome, first, reads_bits)
        }
    }
}

/// Compares the value, as far as the specification tells what it must be.
fn same_value(outcome: &Outcome, target: &Spec, reads_bits: bool) -> Result<(), String> {
    match target.kind.as_str() {
        "field_exists" | "type_exists" | "type_matches" | "enumval_exists" => {
            expect_value(outcome, "1", |value| value == 1)
        }
        "target_type_id" => {
            expect_value(outcome, "the target type's id", |value| value == i128::from(target.type_id))
        }
        "enumval_value" => {
            let enumerator = target.enumerator().ok_or("bpftool names no enumerator")?;
            // A negative one may be printed as the 64 bits that the loader writes.
            expect_value(outcome, "the enumerator's", |value| (value - enumerator).rem_euclid(1 << 64) == 0)
        }
        "byte_off" if !reads_bits => {
            let offset = target.byte_offset().ok_or("bpftool names no whole byte, and nothing reads bits")?;
            expect_value(outcome, "the field's offset", |value| value == i128::from(offset))
        }
        _ => expect_value(outcome, "a number", |_| true),
    }
}

/// Whether corecheck's text is that of the specification, whose end libbpf may have cut off.
fn same_text(ours: &str, spec: &Spec) -> bool {
    ours == spec.text || (spec.may_be_cut() && ours.starts_with(&spec.text))
}

fn expect(what: &str, ours: &str, theirs: &str) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: corecheck says `{ours}`, expected is `{theirs}`"))
    }
}

fn expect_value(outcome: &Outcome, what: &str, is_right: impl Fn(i128) -> bool) -> Result<(), String> {
    let value = outcome.value.as_ref().and_then(integer);
    match value {
        Some(value) if is_right(value) => Ok(()),
        _ => Err(format!("value: corecheck says {:?}, expected is {what}", outcome.value)),
    }
}

fn integer(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corecheck_tests::report::Reason;

    const KINDS: &str = include_str!("samples/kinds.log");
    const AMBIGUOUS: &str = include_str!("samples/ambiguous.log");

    /// What corecheck ought to say where bpftool says this.
    fn right_answer(record: &Record) -> (Access, Outcome) {
        let local = record.local.clone().expect("a question");
        let access = Access {
            id: Value::from(format!("{} {}", record.section, record.number)),
            section: record.section.clone(),
            insn: 0,
            kind: local.kind.clone(),
            root: "t".into(),
            spec: local.access().unwrap_or("0").into(),
        };
        let (outcome, value, target) = match &record.said {
            Said::Local => ("resolved", Some(i128::from(local.type_id)), None),
            Said::NoMatch if ANSWER_ZERO.contains(&local.kind.as_str()) => ("absent", Some(0), None),
            Said::NoMatch => ("poisoned", None, None),
            Said::Error(_) => ("error", None, None),
            Said::Matched(specs) => {
                let value = match local.kind.as_str() {
                    "target_type_id" => specs[0].type_id.into(),
                    "enumval_value" => specs[0].enumerator().expect("an enumerator"),
                    "byte_off" => specs[0].byte_offset().map_or(4, i128::from),
                    _ => 1,
                };
                ("resolved", Some(value), Some(specs[0].text.clone()))
            }
        };
        let value = value.map(|value| Value::from(i64::try_from(value).expect("small")));
        let access_id = access.id.clone();
        (access, Outcome { access: access_id, outcome: outcome.into(), value, reason: None, target })
    }

    fn judge_all(log: &Log, answers: &[(Access, Outcome)]) -> Vec<Judgement> {
        let pairs: Vec<_> = answers.iter().map(|(access, outcome)| (access, outcome)).collect();
        compare(log, &pairs).expect("as many accesses as records")
    }

    #[test]
    fn right_answers_agree() {
        for text in [KINDS, AMBIGUOUS] {
            let log = Log::parse(text).expect("a log of bpftool");
            let answers: Vec<_> = log.records.iter().map(right_answer).collect();
            for (judgement, record) in judge_all(&log, &answers).iter().zip(&log.records) {
                assert_eq!(*judgement, Judgement::Agrees, "{record:?}");
            }
        }
    }

    #[test]
    fn every_wrong_answer_differs() {
        let log = Log::parse(KINDS).expect("a log of bpftool");
        let wrong: [fn(&mut (Access, Outcome)); 7] = [
            |(_, outcome)| outcome.outcome = "unknown".into(),
            |(_, outcome)| outcome.outcome = "error".into(),
            |(access, _)| access.kind = "byte".into(),
            |(access, _)| access.section = "kprobe/other".into(),
            |(_, outcome)| outcome.target = outcome.target.take().map(|text| text + "!"),
            |(_, outcome)| outcome.value = outcome.value.take().map(|_| Value::from(123_456)),
            |(_, outcome)| outcome.value = outcome.value.take().map(|value| Value::from(value.to_string())),
        ];
        for (number, spoil) in wrong.iter().enumerate() {
            let mut answers: Vec<_> = log.records.iter().map(right_answer).collect();
            let right = answers.clone();
            answers.iter_mut().for_each(spoil);
            for ((judgement, now), before) in judge_all(&log, &answers).iter().zip(&answers).zip(&right) {
                // bpftool prints no size, shift or sign of a match, so there any number passes.
                let untold = ["byte_sz", "type_size", "signed", "lshift_u64", "rshift_u64"];
                let untold = now.0.section == "kprobe/bits" || untold.contains(&now.0.kind.as_str());
                let passes = now == before || (number == 5 && untold && now.1.outcome == "resolved");
                assert_eq!(*judgement == Judgement::Agrees, passes, "{number}: {judgement:?} {now:?}");
            }
        }
    }

    #[test]
    fn what_follows_an_error_is_unsaid_and_a_missing_record_is_no_excuse() {
        let mut log = Log::parse(AMBIGUOUS).expect("a log of bpftool");
        let first = right_answer(&log.records[0]);
        let answers = [first.clone(), first];
        assert_eq!(judge_all(&log, &answers), [Judgement::Agrees, Judgement::Unsaid]);
        log.records[0].said = Said::NoMatch;
        let pairs: Vec<_> = answers.iter().map(|(access, outcome)| (access, outcome)).collect();
        assert!(compare(&log, &pairs).is_err());
        assert!(compare(&log, &[]).is_err());
    }

    #[test]
    fn only_what_bpftool_leaves_out_is_explained() {
        let log = Log::parse(KINDS).expect("a log of bpftool");
        let change = |outcome: &str, code: &str, target: Option<&str>| {
            let mut answers: Vec<_> = log.records.iter().map(right_answer).collect();
            let moved = &mut answers[0].1;
            moved.outcome = outcome.into();
            moved.reason = Some(Reason { code: code.into(), text: String::new() });
            moved.target = target.map(Into::into).or(moved.target.take());
            judge_all(&log, &answers).swap_remove(0)
        };
        assert!(matches!(change("skipped", "not-loaded", None), Judgement::Explained(_)));
        assert!(matches!(change("poisoned", PATCHING[0], None), Judgement::Explained(_)));
        assert!(matches!(change("poisoned", "no-candidate", None), Judgement::Differs(_)));
        assert!(matches!(change("poisoned", PATCHING[0], Some("struct other")), Judgement::Differs(_)));
        assert!(matches!(change("unknown", PATCHING[0], None), Judgement::Differs(_)));
    }
}
