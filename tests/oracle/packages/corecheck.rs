//! Runs corecheck with a store.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The program, and the file in which it keeps kernels.
#[derive(Debug, Clone)]
pub struct Corecheck {
    /// The program.
    pub program: PathBuf,
    /// The file.
    pub store: PathBuf,
}

impl Corecheck {
    /// Runs it; what comes of it is for the caller to judge.
    ///
    /// # Errors
    ///
    /// When it cannot be run.
    pub fn run<A: AsRef<OsStr>>(&self, words: &[&str], arguments: &[A]) -> Result<Output> {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--store").arg(&self.store).args(arguments).stdin(Stdio::null());
        command.output().with_context(|| format!("cannot run {command:?}"))
    }

    /// Runs it, and gives what it prints.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub fn succeed<A: AsRef<OsStr>>(&self, words: &[&str], arguments: &[A]) -> Result<String> {
        let output = self.run(words, arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "corecheck {} ended with {}: {said}",
            words.join(" "),
            output.status
        );
        ensure!(!said.contains("WARN"), "corecheck {} warns: {said}", words.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Adds sources.
    ///
    /// # Errors
    ///
    /// When it does not add them, or warns.
    pub fn add<A: AsRef<OsStr>>(&self, sources: &[A]) -> Result<String> {
        self.succeed(&["layouts", "add"], sources)
    }

    /// Exports a unit into a file; no module is vmlinux.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub fn export(&self, kernel: &str, module: Option<&str>, out: &Path) -> Result<()> {
        let mut words = vec!["layouts", "export", kernel];
        if let Some(module) = module {
            words.extend(["--module", module]);
        }
        self.succeed(&words, &[OsStr::new("--output"), out.as_os_str()]).map(drop)
    }

    /// What `layouts list` says of the only kernel that fits the pattern.
    ///
    /// # Errors
    ///
    /// When it fails, or lists none or several.
    pub fn listed(&self, pattern: &str) -> Result<Value> {
        let said =
            self.succeed::<&str>(&["layouts", "list", "--kernel", pattern, "--format", "json"], &[])?;
        let mut said: Value = serde_json::from_str(&said)?;
        let kernels = said.get_mut("kernels").and_then(Value::as_array_mut).context("no list of kernels")?;
        ensure!(kernels.len() == 1, "{} kernels are listed as {pattern}", kernels.len());
        Ok(kernels.remove(0))
    }
}
