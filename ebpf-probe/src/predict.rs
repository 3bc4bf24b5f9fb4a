//! What the checker says of an object on the running kernel.

use corecheck::check::{Settings, check};
use corecheck::load::ConstantError;
use corecheck::loader::Loader;
use corecheck::object::Object;
use corecheck::report::Report;
use corecheck::report::model::{OutcomeEntry, ProgramResult, ResultEntry};
use corecheck_layouts::kernel::{Kernel, Modules};

/// The checker's report on one object, kernel and loader.
#[derive(Debug)]
pub struct Prediction {
    report: Report,
    /// What accesses come to where other types are given to the loader.
    given: Option<Report>,
}

/// Predicts.
///
/// # Errors
/// None is expected: no constants are set.
pub fn predict(
    object: &Object,
    kernel: &Kernel,
    modules: &Modules,
    loader: Loader,
) -> Result<Prediction, ConstantError> {
    let settings = Settings { loaders: vec![loader], modules: modules.clone(), ..Settings::default() };
    let report = check(vec![object.clone()], &[kernel], &settings)?;
    Ok(Prediction { report, given: None })
}

impl Prediction {
    /// The same verdicts, but each access comes to what `given` says: what is true of the kernel's own types, and else of types
    /// that were brought along.
    pub fn with_outcomes_of(self, given: Self) -> Self {
        Self { given: Some(given.report), ..self }
    }

    /// Whether every access comes to the same number, or to none for the same reason.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let accesses = self.report.objects.first().map_or(0, |object| object.accesses.len());
        let short = |one: &Self, access| one.outcome(access).map(|outcome| (outcome.outcome, outcome.value));
        (0..accesses).all(|access| short(self, access) == short(other, access))
    }

    /// The report.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The result on the kernel.
    pub fn result(&self) -> Option<&ResultEntry> {
        self.report.results.first()
    }

    /// What an access comes to.
    pub fn outcome(&self, access: usize) -> Option<&OutcomeEntry> {
        let report = self.given.as_ref().unwrap_or(&self.report);
        let answer = report.answers.get(report.results.first()?.answer)?;
        answer.outcomes.iter().find(|outcome| outcome.access == access)
    }

    /// What becomes of a program.
    pub fn program(&self, index: usize) -> Option<&ProgramResult> {
        self.result()?.programs.get(index)
    }
}
