//! `corecheck accesses OBJECT...`

use std::path::PathBuf;

use clap::Args;

use super::format::{Form, Format};
use super::output::Screen;
use super::{Exit, objects};
use crate::access::accesses;
use crate::attach::requirements;
use crate::check::is_wanted;
use crate::loader::Version;
use crate::render;
use crate::report::object_entry;

/// Arguments of `accesses`.
#[derive(Debug, Args)]
pub(super) struct AccessesArgs {
    /// BPF objects, or executables and libraries that embed some; - is standard input
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,
    /// Only accesses rooted at this type (repeatable)
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
}

pub(super) fn run(args: &AccessesArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let objects = objects::read(&args.objects)?;
    let all: Vec<_> = objects.iter().map(accesses).collect();
    objects::require_types(all.iter().flatten(), &args.types)?;
    let entries: Vec<_> = objects
        .iter()
        .zip(all)
        .map(|(object, mut accesses)| {
            accesses.retain(|access| is_wanted(access, &args.types));
            object_entry(object, &accesses, (&requirements(object, Version::NEWEST), &[]))
        })
        .collect();
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    for format in formats {
        screen.write(format, |out| match format.form {
            Form::Human => render::accesses::render(&entries, screen.width, out),
            Form::Json => render::json::accesses(&entries, out),
        })?;
    }
    Ok(Exit::Fine)
}
