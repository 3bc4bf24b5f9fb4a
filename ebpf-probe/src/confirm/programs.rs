//! The verdict on each program against what happened to it.

use super::{Load, refused};
use crate::load::{Refusal, State};
use crate::predict::Prediction;
use crate::report::{Observed, ProgramEntry};

/// Compares every program.
pub fn programs(load: &Load<'_>, predicted: &Prediction) -> Vec<ProgramEntry> {
    let programs = load.object.programs.iter().enumerate();
    let entry = |(index, program): (usize, &corecheck::object::Program)| {
        let result = predicted.program(index);
        let verdict = result.map_or("unknown", |result| result.verdict);
        let phase = result.and_then(|result| result.phase);
        let (observed, comparison) = match &load.states {
            Err(refusal) => (refused(refusal), compare(verdict, phase, Some(refusal))),
            Ok(states) => match states.get(index) {
                Some(State::Loaded(_)) => (loaded(), compare(verdict, phase, None)),
                Some(State::Refused(refusal)) => (refused(refusal), compare(verdict, phase, Some(refusal))),
                Some(State::NotTried(why)) => (not_tried(why), "not-compared"),
                None => (not_tried("aya does not know it"), "not-compared"),
            },
        };
        ProgramEntry {
            name: load.object.functions.get(program.function).map(|f| f.name.clone()).unwrap_or_default(),
            section: program.section_name.clone(),
            predicted: verdict,
            predicted_phase: phase,
            observed,
            comparison,
        }
    };
    programs.map(entry).collect()
}

/// A verdict, the phase in which it says that the program fails, and why it was refused, if it was.
fn compare(verdict: &str, phase: Option<&str>, refusal: Option<&Refusal>) -> &'static str {
    match (verdict, refusal) {
        ("skipped", _) => "not-compared",
        ("unknown", _) => "unknown",
        // Nothing is attached here.
        ("fails", None) if phase == Some("attach") => "not-compared",
        ("fails", None) => "falsely-failing",
        ("fails", Some(_)) => "right",
        (_, None) => "right",
        (_, Some(refusal)) if refusal.cause.is_judged() => "falsely-ok",
        (_, Some(_)) => "other-cause",
    }
}

fn loaded() -> Observed {
    Observed { state: "loaded", phase: None, cause: None, text: None, log: Vec::new() }
}

fn not_tried(why: &str) -> Observed {
    Observed { state: "not-tried", text: Some(why.to_owned()), ..loaded() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Cause, Phase};

    #[test]
    fn verdicts_are_held_against_what_happened() {
        let refusal = |cause| Refusal {
            phase: Phase::Verify,
            cause,
            text: String::new(),
            log: Vec::new(),
            poison: None,
        };
        let poisoned = refusal(Cause::PoisonedAccess);
        let logic = refusal(Cause::Verifier);
        for (verdict, phase, refusal, wanted) in [
            ("ok", None, None, "right"),
            ("degraded", None, Some(&poisoned), "falsely-ok"),
            ("ok", None, Some(&logic), "other-cause"),
            ("fails", Some("verify"), Some(&poisoned), "right"),
            ("fails", Some("verify"), None, "falsely-failing"),
            ("fails", Some("attach"), None, "not-compared"),
            ("unknown", None, None, "unknown"),
            ("skipped", None, Some(&poisoned), "not-compared"),
        ] {
            assert_eq!(compare(verdict, phase, refusal), wanted, "{verdict} {phase:?} {refusal:?}");
        }
    }
}
