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
pub struct Prediction(Report);

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
    check(vec![object.clone()], &[kernel], &settings).map(Prediction)
}

impl Prediction {
    /// The report.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// The result on the kernel.
    pub fn result(&self) -> Option<&ResultEntry> {
        self.0.results.first()
    }

    /// What an access comes to.
    pub fn outcome(&self, access: usize) -> Option<&OutcomeEntry> {
        let answer = self.0.answers.get(self.result()?.answer)?;
        answer.outcomes.iter().find(|outcome| outcome.access == access)
    }

    /// What becomes of a program.
    pub fn program(&self, index: usize) -> Option<&ProgramResult> {
        self.result()?.programs.get(index)
    }
}
