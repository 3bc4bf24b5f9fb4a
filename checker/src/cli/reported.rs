//! A report's way out: in the forms that are asked for, and as an exit status.

use std::io::Write;

use anyhow::Context;

use super::Exit;
use super::format::{Format, ReportForm};
use super::output::Screen;
use crate::render::html::Beside;
use crate::render::{self, human::HumanOptions};
use crate::report::Report;

/// A report with what its forms need besides.
pub(super) struct Shown<'a> {
    pub(super) report: &'a Report,
    /// Pictures and layouts of a page.
    pub(super) beside: &'a Beside,
    /// How the program will end.
    pub(super) exit: Exit,
    /// Whether people see causes and the last line alone.
    pub(super) quiet: bool,
}

impl Shown<'_> {
    /// Writes every form to where it is to go.
    pub(super) fn write(&self, formats: &[Format<ReportForm>], screen: &Screen) -> anyhow::Result<()> {
        let Self { report, beside, exit, quiet } = *self;
        let options = HumanOptions { width: screen.width, quiet };
        for format in formats {
            screen.write(format, |out| match format.form {
                ReportForm::Human => render::human::render(report, &options, out),
                ReportForm::Json => render::json::report(report, out),
                ReportForm::Sarif => render::sarif::render(report, exit.code(), out),
                ReportForm::Junit => render::junit::render(report, out),
                ReportForm::Github => render::github::render(report, out),
                ReportForm::Markdown => render::markdown::render(report, out),
                ReportForm::Html => render::html::render_with(report, beside, out),
            })?;
            if format.form == ReportForm::Github {
                add_to_summary(report)?;
            }
        }
        Ok(())
    }
}

/// Adds the report to the summary of a step of GitHub Actions, if it runs in one.
fn add_to_summary(report: &Report) -> anyhow::Result<()> {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else {
        return Ok(());
    };
    let mut text = Vec::new();
    render::markdown::render(report, &mut text)?;
    let add = || std::fs::OpenOptions::new().append(true).create(true).open(&file)?.write_all(&text);
    add().with_context(|| format!("the step's summary {} cannot be written", file.display()))
}

/// The exit status that tells of a report. The first loader decides.
pub(super) fn told(report: &Report, strict: bool) -> Exit {
    let first = report.loaders.first().map(|loader| loader.name.as_str());
    let results = || report.results.iter().filter(|result| Some(result.loader.as_str()) == first);
    let has = |verdict: &str| results().any(|result| result.verdict == verdict);
    if let Some(policy) = &report.policy {
        let is_told = report.shard.is_some() || results().any(|result| result.verdict != "unknown");
        return match policy.passes {
            true => Exit::Fine,
            false if is_told => Exit::Fails,
            false => Exit::NoAnswer,
        };
    }
    // Whether anything is known is said of the whole, not of a part, which may even have no object.
    let is_part = report.shard.is_some();
    // What runs on some machines, and is not stored, is unknown.
    let is_missing = report.inventory.as_ref().is_some_and(|inventory| !inventory.missing.is_empty());
    if has("fails") {
        Exit::Fails
    } else if !is_part && results().all(|result| result.verdict == "unknown") {
        Exit::NoAnswer
    } else if strict && (has("unknown") || has("risky") || is_missing) {
        Exit::Fails
    } else {
        Exit::Fine
    }
}
