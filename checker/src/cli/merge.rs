//! `corecheck merge REPORT...`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use corecheck_layouts::kernel::Kernel;

use super::Exit;
use super::format::{Format, ReportForm};
use super::output::Screen;
use super::pictures::{Compiled, beside};
use super::reported::{Shown, told};
use super::stores::StoreArg;
use crate::render::html::Beside;
use crate::report::Report;
use crate::shard::{MergeError, merge, read};

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// What `corecheck check --shard --format json=FILE` wrote, of every part, in any order
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// human, json, sarif, junit, github (annotations, and the step's summary), markdown or html (a page), with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<ReportForm>>,
    /// Leave the causes and the last line
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn run(args: &MergeArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let mut parts = Vec::new();
    for file in &args.reports {
        let text = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        parts.push(read(&text).with_context(|| file.display().to_string())?);
    }
    let (report, strict) = merge(parts).map_err(|error| match &error {
        MergeError::Different { at, .. } | MergeError::Twice { at, .. } => match args.reports.get(*at) {
            Some(file) => anyhow!("{}: {error}", file.display()),
            None => error.into(),
        },
        _ => error.into(),
    })?;
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    let wants_page = formats.iter().any(|format| format.form == ReportForm::Html);
    let beside = if wants_page { shown_beside(&report, &args.store)? } else { Beside::default() };
    let exit = told(&report, strict);
    Shown { report: &report, beside: &beside, exit, quiet: args.quiet }.write(formats, screen)?;
    Ok(exit)
}

/// The pictures and layouts of a page: of those of the report's kernels that are stored here, for a report does not hold whole types.
fn shown_beside(report: &Report, store: &StoreArg) -> anyhow::Result<Beside> {
    let store = store.open()?;
    let named = |kernel: &&Kernel| {
        let name = kernel.name.to_string();
        report.kernels.iter().any(|of| of.name == name)
    };
    let kernels: Vec<&Kernel> = store.kernels().iter().filter(named).collect();
    if kernels.len() < report.kernels.len() {
        let missing = report.kernels.len() - kernels.len();
        log::warn!("{missing} of the report's kernels are not stored here: the pictures are without them");
    }
    Ok(beside(report, &Compiled::read(report), Some(&store), &kernels))
}
