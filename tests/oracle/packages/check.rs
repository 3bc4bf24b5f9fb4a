//! `check` says the same of a stored kernel and of its packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{Tally, corecheck::Corecheck, kernel::Added};

/// Checks the objects against every kernel both ways.
pub fn run(tally: &mut Tally, corecheck: &Corecheck, all: &[Added], objects: &[PathBuf]) {
    for added in all {
        for object in objects {
            let (name, object_name) = (added.row.name(), object.display());
            let what = format!("{name}: {object_name} is checked alike with the store and without");
            tally.check(&what, alike(corecheck, added, object));
        }
    }
}

fn alike(corecheck: &Corecheck, added: &Added, object: &Path) -> Result<()> {
    let object = object.to_string_lossy();
    let stored = report(corecheck, &object, &["--kernel", &added.row.name()])?;
    let packages = added.row.package_folder();
    let given = report(corecheck, &object, &["--against", &packages.to_string_lossy()])?;
    for part in ["objects", "kernels", "answers", "results", "findings"] {
        ensure!(stored.get(part).is_some(), "the report has no {part}");
        let (stored, given) = (&stored[part], &given[part]);
        ensure!(stored == given, "{part} with the store: {stored}\n  without: {given}");
    }
    let accesses = stored["answers"][0]["outcomes"].as_array().map_or(0, Vec::len);
    ensure!(accesses > 0, "nothing is answered");
    Ok(())
}

fn report(corecheck: &Corecheck, object: &str, words: &[&str]) -> Result<Value> {
    let mut all = vec!["check", object, "--format", "json"];
    all.extend(words);
    let output = corecheck.run::<&str>(&all, &[])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(matches!(output.status.code(), Some(0..=2)), "corecheck ended with {}: {said}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("no report: {said}"))
}
