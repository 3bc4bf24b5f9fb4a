//! The ledger: what corecheck says of objects on kernels, against what became of them in machines that ran these kernels.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod extract;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// What corecheck says, against what machines did.
#[derive(Debug, Parser)]
enum Arguments {
    /// Takes the objects out of executables. Reads lines of version, tab, path
    Extract {
        /// Where they go, as NAME_VERSION.bpf.o; of equal ones the first
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    match Arguments::parse() {
        Arguments::Extract { out } => println!("{} objects", extract::extract(std::io::stdin().lock(), &out)?),
    }
    Ok(ExitCode::SUCCESS)
}
