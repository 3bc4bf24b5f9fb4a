//! Prediction against what the machine says: pure.

mod accesses;
mod programs;
mod values;

use corecheck::object::Object;

pub use accesses::{Seen, accesses};
pub use programs::programs;
pub use values::{Objects, Reading, When, values};

use crate::load::{Numbers, Refusal, State};
use crate::predict::Prediction;
use crate::report::{ObjectEntry, Observed, PredictedObject, Tool};

/// The version of aya that is linked.
pub const AYA: &str = "0.14.0";

/// A load: what aya and the kernel made of an object.
#[derive(Debug)]
pub struct Load<'a> {
    /// The object.
    pub object: &'a Object,
    /// The numbers of its instructions.
    pub numbers: &'a Numbers,
    /// Where its types came from: see [`ObjectEntry::btf`].
    pub btf: &'static str,
    /// Its programs, or why none could be loaded.
    pub states: Result<Vec<State>, Refusal>,
}

/// Compares everything about an object.
pub fn object(load: &Load<'_>, predicted: &Prediction) -> ObjectEntry {
    let programs = programs(load, predicted);
    let worst = ["falsely-ok", "falsely-failing", "unknown", "other-cause", "not-compared"];
    let worst = worst.into_iter().find(|word| programs.iter().any(|program| program.comparison == *word));
    let result = predicted.result();
    ObjectEntry {
        path: load.object.path.clone(),
        loader: Tool { name: "aya", version: AYA },
        btf: load.btf,
        predicted: PredictedObject {
            loader: result.map(|result| result.loader.clone()).unwrap_or_default(),
            verdict: result.map_or("unknown", |result| result.verdict),
            conditions: result.map(|result| result.conditions.clone()).unwrap_or_default(),
            reasons: result.map(|result| result.reasons.clone()).unwrap_or_default(),
            unchecked: result.map(|result| result.unchecked.clone()).unwrap_or_default(),
        },
        observed: match &load.states {
            Ok(_) => Observed { state: "loaded", phase: None, cause: None, text: None, log: Vec::new() },
            Err(refusal) => refused(refusal),
        },
        comparison: worst.unwrap_or("right"),
        accesses: accesses(load, predicted),
        programs,
    }
}

fn refused(refusal: &Refusal) -> Observed {
    Observed {
        state: "refused",
        phase: Some(refusal.phase.word()),
        cause: Some(refusal.cause.word()),
        text: Some(refusal.text.clone()),
        log: refusal.log.clone(),
    }
}
