//! `corecheck explain [RULE]`

use clap::Args;

use super::Exit;
use super::format::{Format, ReadForm};
use super::output::Screen;
use crate::render::explain as render;
use crate::rules;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, as findings show it in brackets; without one, all are listed
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// Every rule's page, not the list alone
    #[arg(long, conflicts_with = "rule")]
    all: bool,
    /// human, json or markdown, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<ReadForm>>,
}

pub(super) fn run(args: &ExplainArgs, screen: &Screen) -> anyhow::Result<Exit> {
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
