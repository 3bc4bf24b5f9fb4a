//! What was found before: only what is new counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::excuse::{file_name, subjects};
use crate::report::Report;

/// Version of the form.
const SCHEMA: &str = "corecheck.baseline/1";

/// A baseline that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is not JSON of this form.
    #[error("it is no baseline: {0}; --write-baseline makes one")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("it is a {0:?}, and this program reads {SCHEMA:?}; --write-baseline makes a new one")]
    Version(String),
}

/// Findings that are known. It survives recompiling: what they are about goes by keys, and objects by the names of their files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Object, rule, what it is about; on which kernels.
    known: BTreeMap<(String, String, String), BTreeSet<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema: String,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    object: String,
    rule: String,
    about: String,
    /// Empty for what holds of the object itself.
    kernels: BTreeSet<String>,
}

impl Baseline {
    /// What a report has found, under the rules of its first loader.
    pub fn of(report: &Report) -> Self {
        let mut known: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        let first = report.loaders.first().map(|loader| loader.name.as_str());
        for finding in report.findings.iter().filter(|finding| Some(finding.loader.as_str()) == first) {
            for about in subjects(report, finding) {
                let object = file_name(report, finding.object).to_owned();
                let kernels = known.entry((object, finding.rule.to_owned(), about)).or_default();
                kernels.extend(finding.kernels.iter().cloned());
            }
        }
        Self { known }
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`BaselineError`] when it is none.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let form: Form = serde_json::from_str(text)?;
        if form.schema != SCHEMA {
            return Err(BaselineError::Version(form.schema));
        }
        let entries = form.findings.into_iter();
        Ok(Self {
            known: entries.map(|entry| ((entry.object, entry.rule, entry.about), entry.kernels)).collect(),
        })
    }

    /// Its file's text, the same for the same findings.
    pub fn text(&self) -> String {
        let entry =
            |((object, rule, about), kernels): (&(String, String, String), &BTreeSet<String>)| Entry {
                object: object.clone(),
                rule: rule.clone(),
                about: about.clone(),
                kernels: kernels.clone(),
            };
        let form = Form { schema: SCHEMA.to_owned(), findings: self.known.iter().map(entry).collect() };
        let mut text = serde_json::to_string_pretty(&form).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Whether a finding was there before on this kernel; without one, of the object itself.
    pub(super) fn knows(&self, object: &str, rule: &str, about: &str, kernel: Option<&str>) -> bool {
        let key = (object.to_owned(), rule.to_owned(), about.to_owned());
        let known = self.known.get(&key);
        known.is_some_and(|kernels| kernel.is_none_or(|kernel| kernels.contains(kernel)))
    }
}
