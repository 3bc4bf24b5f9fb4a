//! `corecheck compare OLD NEW`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::check::{Question, Scope, report};
use super::format::{Format, ReadForm};
use super::output::Screen;
use super::{Exit, objects};
use crate::compare::compare;
use crate::render;

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The object as it was, or an executable that embeds some
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The object as it is to be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    question: Question,
    /// human, json or markdown, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<ReadForm>>,
}

pub(super) fn run(args: &CompareArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let files = [args.old.clone(), args.new.clone()];
    let old = objects::read(&files[..1])?.len();
    if old == 0 {
        bail!("{}: there is no object in it", args.old.display());
    }
    // Both at once, so that the same kernels are looked at.
    let (report, ()) =
        report(&args.question, &files, objects::read(&files)?, &Scope::default(), |_, _, _| ())?;
    let comparison = compare(&report, old, args.question.strict);
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    for format in formats {
        screen.write(format, |out| match format.form {
            ReadForm::Human => render::compare::render(&comparison, screen.width, out),
            ReadForm::Json => render::json::compare(&comparison, out),
            ReadForm::Markdown => render::compare::markdown(&comparison, out),
        })?;
    }
    let first = report.loaders.first().map(|loader| &loader.name);
    let mut of_new = report.results.iter().filter(|of| of.object >= old && Some(&of.loader) == first);
    Ok(match comparison.passes {
        false => Exit::Fails,
        true if !report.results.is_empty() && of_new.all(|of| of.verdict == "unknown") => Exit::NoAnswer,
        true => Exit::Fine,
    })
}
