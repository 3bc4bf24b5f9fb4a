//! One machine: what it was, what happened in it, and what is said of that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corecheck::loader::Loader;
use corecheck::object::Object;
use corecheck_tests::ledger::{Accesses, Attempt, Came, Observation, Observed};
use serde::Serialize;

use super::cause::{self, Cause};
use super::predict::{self, Prediction};
use super::record::{Failure, Record, Step, record};

/// A machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Its name: 6.1-rt+vfio.
    pub name: String,
    /// Name and version of the kernel's package.
    pub package: String,
    /// What `uname -r` printed.
    pub release: String,
    /// The modules that were loaded.
    pub modules: BTreeSet<String>,
    /// What aya's programs have at their accesses.
    pub accesses: Accesses,
    /// Where its kernel is on the host.
    #[serde(skip)]
    folder: PathBuf,
    /// What it gave back.
    #[serde(skip)]
    given: PathBuf,
}

impl Machine {
    /// The machines that gave something to this folder, in the order of their kernels' versions.
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            all.push(Self::new(&entry?.path())?);
        }
        ensure!(!all.is_empty(), "no machine gave anything");
        all.sort_by_key(|machine| (numbers(&machine.release), machine.name.clone()));
        Ok(all)
    }

    fn new(given: &Path) -> Result<Self> {
        let text = |name: &str| -> Result<String> {
            let path = given.join(name);
            Ok(fs::read_to_string(&path).with_context(|| path.display().to_string())?.trim().to_owned())
        };
        Ok(Self {
            name: given.file_name().context("a name")?.to_string_lossy().into_owned(),
            package: text("package")?,
            release: text("release")?,
            accesses: Accesses::default(),
            modules: text("modules")?.split_whitespace().map(str::to_owned).collect(),
            folder: PathBuf::from(text("folder")?),
            given: given.to_owned(),
        })
    }

    /// Its part of the ledger.
    pub fn records(&mut self, objects: &BTreeMap<String, Object>) -> Result<Vec<Record>> {
        let list: Vec<Object> = objects.values().cloned().collect();
        let kernel = predict::kernel(&self.folder, &list)?;
        let predict = |name: &str, only: Option<&str>, loader: Loader| -> Result<Prediction> {
            let object = objects.get(name).with_context(|| format!("there is no object {name}"))?;
            predict::predict(object, only, &kernel, &self.modules, loader)
        };
        let mut records = Vec::new();
        let mut seen = BTreeSet::new();
        for line in self.lines("libbpf.jsonl")? {
            let attempt: Attempt = serde_json::from_str(&line)?;
            let only = attempt.program.as_deref();
            seen.insert(attempt.object.clone());
            libbpf(&attempt, &predict(&attempt.object, only, Loader::LIBBPF)?, &mut records);
        }
        ensure!(seen.len() == objects.len(), "{}: {} objects were tried", self.name, seen.len());
        if self.given.join("aya.json").exists() {
            let text = self.lines("aya.json")?.join("\n");
            let observation: Observation = serde_json::from_str(&text)?;
            self.accesses = observation.summary;
            ensure!(
                observation.objects.len() == objects.len(),
                "{}: {} objects were tried with aya",
                self.name,
                observation.objects.len()
            );
            for object in observation.objects {
                let name = object.path.rsplit('/').next().unwrap_or(&object.path);
                aya(&object, name, &predict(name, None, Loader::Aya)?, &mut records);
            }
        }
        Ok(records)
    }

    fn lines(&self, name: &str) -> Result<Vec<String>> {
        let path = self.given.join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

fn libbpf(attempt: &Attempt, said: &Prediction, records: &mut Vec<Record>) {
    let program = attempt.program.as_deref();
    let failure: Failure = (attempt.came != Came::Through).then(|| {
        let cause = cause::of_load(attempt.came, attempt.errno, &attempt.log);
        (attempt.came, attempt.errno, cause, cause::line(&attempt.log))
    });
    records.push(record("libbpf", &attempt.object, program, Step::Load, &said.whole, failure));
    for one in &attempt.attached {
        let Some((_, _, attach)) = said.programs.iter().find(|(name, ..)| *name == one.program) else {
            continue;
        };
        let failure = (!one.is_attached)
            .then(|| (Came::Through, one.errno, cause::of_attach(one), cause::line(&one.log)));
        records.push(record("libbpf", &attempt.object, Some(&one.program), Step::Attach, attach, failure));
    }
}

fn aya(
    seen: &corecheck_tests::ledger::ObservedObject,
    name: &str,
    said: &Prediction,
    records: &mut Vec<Record>,
) {
    let failure = |observed: &Observed| -> Failure {
        let phase = match observed.phase.as_deref()? {
            "open" => Came::Open,
            "relocate" => Came::Relocate,
            _ => Came::Verify,
        };
        let mut log = observed.log.clone();
        log.extend(observed.text.clone());
        let cause = match cause::of_load(phase, 0, &log) {
            // The verifier's own words are there, without the figures after them.
            Cause::Unexplained if phase == Came::Verify && !observed.log.is_empty() => Cause::Verifier,
            cause => cause,
        };
        Some((phase, 0, cause, cause::line(&log)))
    };
    if seen.observed.state == "refused" {
        records.push(record("aya", name, None, Step::Load, &said.whole, failure(&seen.observed)));
        return;
    }
    for program in seen.programs.iter().filter(|program| program.observed.state != "not-tried") {
        let Some((_, own, _)) = said.programs.iter().find(|(name, ..)| *name == program.name) else {
            continue;
        };
        let failure = failure(&program.observed);
        records.push(record("aya", name, Some(&program.name), Step::Load, own, failure));
    }
}

/// The numbers of a version, to sort by.
fn numbers(release: &str) -> Vec<u64> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).take(2).collect()
}
