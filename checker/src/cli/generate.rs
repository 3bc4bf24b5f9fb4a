//! `corecheck completions SHELL` and `corecheck man FOLDER`: what a package of corecheck installs beside the program.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::Screen;
use super::{Cli, Exit};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell that they are for
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Where the pages go: one for the program and one for each command, in a folder that is there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn completions(args: &CompletionsArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "corecheck", &mut text);
    screen.write_bytes(&text)?;
    Ok(Exit::Fine)
}

pub(super) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let folder = args.folder.display();
    clap_mangen::generate_to(Cli::command(), &args.folder)
        .with_context(|| format!("no pages can be written to the folder {folder}"))?;
    Ok(Exit::Fine)
}
