//! Runs the two programs.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use corecheck_tests::report::{Access, Outcome, Report};

/// What corecheck says about one object.
#[derive(Debug)]
pub struct Answers {
    /// How corecheck names the object.
    pub path: String,
    /// Its accesses in their order, each with its outcome.
    pub accesses: Vec<(Access, Outcome)>,
}

/// Asks corecheck about objects against one kernel.
///
/// # Errors
///
/// When it cannot be run, when it says that it could not do its work, or when its report cannot be read.
pub fn corecheck(program: &Path, objects: &[&Path], target: &Path) -> Result<Vec<Answers>> {
    let mut command = Command::new(program);
    // bpftool searches no modules: without them a type that vmlinux lacks is missing, not unknown.
    command.arg("check").args(objects).arg("--against").arg(target).args(["--modules", "none"]);
    let output = run(command.args(["--format", "json"]))?;
    // 2 is also said when every verdict is unknown; then there is a report all the same.
    ensure!(
        matches!(output.status.code(), Some(0..=2)) && !output.stdout.is_empty(),
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let json = String::from_utf8(output.stdout).context("corecheck's report is not text")?;
    let report = Report::read(&json)?;
    (0..report.objects.len())
        .map(|index| {
            let outcomes = report.outcomes(index)?;
            Ok(Answers {
                path: report.objects[index].path.clone(),
                accesses: outcomes.into_iter().map(|(access, one)| (access.clone(), one.clone())).collect(),
            })
        })
        .collect()
}

/// Asks bpftool about one object: its debug output. Whether it stopped at an error is read there.
///
/// # Errors
///
/// When it cannot be run.
pub fn bpftool(object: &Path, btf: &Path) -> Result<String> {
    let smaller = object.with_extension("min.btf");
    let mut command = Command::new("bpftool");
    command.args(["-d", "gen", "min_core_btf"]).arg(btf).arg(&smaller).arg(object);
    let output = run(&mut command)?;
    let text = String::from_utf8(output.stderr).context("bpftool's output is not text")?;
    if !output.status.success() && !text.contains("Error: ") {
        bail!("{command:?} ended with {} and no word", output.status);
    }
    Ok(text)
}

fn run(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))
}
