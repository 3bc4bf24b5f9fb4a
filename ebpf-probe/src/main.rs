//! The `ebpf-probe` binary: arguments, log, exit status. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use ebpf_probe::cli::Cli;

fn main() -> ExitCode {
    // Wrong arguments end here with status 2, --help and --version with 0.
    let cli = Cli::parse();
    env_logger::Builder::new()
        .filter_level(cli.log_level())
        .parse_default_env()
        .format_timestamp(None)
        .init();
    cli.run().unwrap_or_else(|error| {
        anstream::eprintln!("ebpf-probe: {error:#}");
        ExitCode::from(2)
    })
}
