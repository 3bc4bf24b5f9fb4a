//! The `corecheck` binary: arguments, log, exit status. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use corecheck::cli::{Cli, Exit};

/// A check makes and drops many small things: a tenth of its time went into the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Wrong arguments end here with status 2, --help and --version with 0.
    let cli = Cli::parse();
    env_logger::Builder::new()
        .filter_level(cli.log_level())
        .parse_default_env()
        .format_timestamp(None)
        .init();
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            anstream::eprintln!("corecheck: {error:#}");
            Exit::NoAnswer.into()
        }
    }
}
