//! `corecheck layouts health KERNEL`

use clap::Args;
use corecheck_layouts::kernel::health::{health, units};

use super::{formats, one_kernel};
use crate::cli::format::{Form, Format};
use crate::cli::output::Screen;
use crate::cli::stores::StoreArg;
use crate::render::layouts::health as render;

/// Arguments of `layouts health`.
#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    /// The kernel: an alias, its full name, or a glob that fits just one
    #[arg(value_name = "KERNEL")]
    kernel: String,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn run(args: &HealthArgs, screen: &Screen) -> anyhow::Result<()> {
    let store = args.store.open()?;
    let kernel = store.whole(one_kernel(&args.kernel, &store)?)?;
    let health = health(&units(&kernel));
    for format in &formats(&args.formats) {
        screen.write(format, |out| match format.form {
            Form::Human => render::human(&kernel, &health, screen.width, out),
            Form::Json => render::json(&kernel, &health, out),
        })?;
    }
    Ok(())
}
