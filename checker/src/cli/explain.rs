//! `corecheck explain [RULE]`

use clap::Args;

use super::Exit;
use super::format::{Form, Format};
use super::output::Screen;
use crate::render::explain as render;
use crate::rules;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, as findings show it in brackets; without one, all are listed
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
}

pub(super) fn run(args: &ExplainArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let asked = args.rule.as_deref().map(find).transpose()?;
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    for format in formats {
        screen.write(format, |out| match (format.form, asked) {
            (Form::Human, None) => render::list(&rules::ALL, screen.width, out),
            (Form::Human, Some(rule)) => render::page(rule, screen.width, out),
            (Form::Json, None) => render::json(&rules::ALL, out),
            (Form::Json, Some(rule)) => render::json(&[rule], out),
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
