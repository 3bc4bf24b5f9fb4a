//! Fills a store with as many kernels as a benchmark wants: real ones, and beyond these variants made from them.
//!
//!     variants rates TABLE
//!     variants fill TABLE --store FILE --kernels N [--seed N] [--edits FILE] [--copy N=FILE]...
//!
//! TABLE is what `tests/corpus/kernels --many` prints. A variant is the patch release that might follow: a real kernel, or a
//! variant of it, with random edits ([`mod@edit`]), at the rates at which real patch releases differ from those before them
//! ([`mod@rates`]). The same table and seed give the same variants; what was edited is written down.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod chance;
mod edit;
mod fill;
mod rates;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Fills a store with kernels and variants of kernels.
#[derive(Debug, Parser)]
enum Job {
    /// How patch releases differ from those before them
    Rates {
        /// What `tests/corpus/kernels --many` prints
        table: PathBuf,
    },
    /// Makes a store
    Fill(fill::Arguments),
}

fn main() -> Result<()> {
    match Job::parse() {
        Job::Rates { table } => {
            let pairs = rates::of_pairs(&table::read(&table)?)?;
            for pair in &pairs {
                println!("{pair}");
            }
            println!("{}", rates::mean(&pairs)?);
            Ok(())
        }
        Job::Fill(arguments) => fill::run(&arguments),
    }
}
