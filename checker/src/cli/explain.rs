//! `corecheck explain [RULE]`, `corecheck explain --log FILE OBJECT`

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::check::{Question, Scope, report};
use super::format::{Format, ReadForm};
use super::output::Screen;
use super::{Exit, objects};
use crate::log;
use crate::render::{explain as render, json, log as of_log};
use crate::rules;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, as findings show it in brackets; without one, all are listed. With --log: the object
    #[arg(value_name = "RULE|OBJECT")]
    rule: Option<String>,
    /// Explain what a loader or a verifier said of an object: libbpf, cilium/ebpf or aya; - is standard input
    #[arg(long, value_name = "FILE", requires = "rule")]
    log: Option<PathBuf>,
    /// Every rule's page, not the list alone
    #[arg(long, conflicts_with = "rule")]
    all: bool,
    /// human, json or markdown, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<ReadForm>>,
}

pub(super) fn run(args: &ExplainArgs, screen: &Screen) -> anyhow::Result<Exit> {
    if let (Some(file), Some(object)) = (&args.log, &args.rule) {
        return explain_log(args, file, Path::new(object), screen);
    }
    let asked = args.rule.as_deref().map(find).transpose()?;
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    for format in formats {
        screen.write(format, |out| match (format.form, asked) {
            (ReadForm::Human, None) if args.all => render::pages(&rules::ALL, screen.width, out),
            (ReadForm::Human, None) => render::list(&rules::ALL, screen.width, out),
            (ReadForm::Human, Some(rule)) => render::page(rule, screen.width, out),
            (ReadForm::Json, None) => render::json(&rules::ALL, out),
            (ReadForm::Json, Some(rule)) => render::json(&[rule], out),
            (ReadForm::Markdown, None) => render::markdown(&rules::ALL, out),
            (ReadForm::Markdown, Some(rule)) => render::markdown(&[rule], out),
        })?;
    }
    Ok(Exit::Fine)
}

/// The most bytes of a log that are read: 256 MiB.
const MOST_LOG_BYTES: u64 = 0x1000_0000;

fn explain_log(args: &ExplainArgs, file: &Path, object: &Path, screen: &Screen) -> anyhow::Result<Exit> {
    if file == object {
        bail!("the log and the object cannot be the same file");
    }
    if args.formats.iter().any(|format| format.form == ReadForm::Markdown) {
        bail!("the formats of --log are human and json");
    }
    let name = file.display();
    let mut bytes = Vec::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().lock().take(MOST_LOG_BYTES).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(MOST_LOG_BYTES).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("the log {name} cannot be read"))?;
    let text = String::from_utf8_lossy(&bytes);
    let objects = objects::read(&[object.to_owned()])?;
    let entries: Vec<log::LogEntry> = objects.iter().map(|object| log::explain(object, &text)).collect();
    // Of several objects in an executable: the one that the log is about, as far as can be told.
    let most =
        entries.into_iter().max_by_key(|entry| entry.causes.iter().filter(|cause| is_placed(cause)).count());
    let Some(mut entry) = most.filter(|entry| !entry.causes.is_empty()) else {
        bail!(
            "{name}: no message of a loader or a verifier that is known; corecheck check tells what it finds itself"
        );
    };
    // What the stored kernels tell helps, but nothing depends on it.
    match report(&Question::plain(), &[object.to_owned()], objects, &Scope::default(), |_, _, _| ()) {
        Ok((report, ())) => log::suggest(&mut entry, &report),
        Err(error) => ::log::info!("nothing is suggested: {error:#}"),
    }
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    for format in formats {
        screen.write(format, |out| match format.form {
            ReadForm::Human => of_log::render(&entry, screen.width, out),
            ReadForm::Json => json::log(&entry, out),
            ReadForm::Markdown => Err(std::io::ErrorKind::Unsupported.into()),
        })?;
    }
    Ok(Exit::Fine)
}

fn is_placed(cause: &log::Cause) -> bool {
    cause.access.is_some() || cause.requirement.is_some()
}

/// The rule of this name, also as it stands in brackets behind a level: `error[field-missing]`.
fn find(name: &str) -> anyhow::Result<&'static rules::Rule> {
    let bare = name.split_once('[').map_or(name, |(_, rest)| rest).trim_end_matches(']');
    rules::find(bare).ok_or_else(|| {
        let near = corecheck_layouts::store::nearest(bare, rules::ALL.iter().map(|rule| rule.id));
        anyhow::anyhow!(
            "{name} is no rule; near: {} (corecheck explain lists all)",
            near.into_iter().take(3).collect::<Vec<_>>().join(", ")
        )
    })
}
