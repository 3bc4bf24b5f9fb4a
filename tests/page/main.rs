//! The page in a real Chromium: it opens without an error and asks for nothing, filters, opens cells by mouse and keys, on a wide and a narrow
//! window, light and dark, with 25 and with 1,000 kernels, and with names that mean harm.
//!
//!     page --chromium FILE --corecheck FILE --work FOLDER
//!
//! The work folder is kept by whoever made it; pictures of what was seen lie in it.

mod cases;
mod devtools;
mod pages;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
struct Arguments {
    /// The browser
    #[arg(long)]
    chromium: PathBuf,
    /// The program
    #[arg(long)]
    corecheck: PathBuf,
    /// Where pages and pictures go
    #[arg(long)]
    work: PathBuf,
}

/// What held and what did not.
#[derive(Debug, Default)]
pub struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Counts whether two are equal, and says so if not.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: T, wanted: T) {
        let holds = is == wanted;
        self.holds(&format!("{what}: {is:?}, wanted {wanted:?}"), holds);
    }

    /// Counts whether something holds.
    #[expect(clippy::print_stdout, reason = "this is the program's output")]
    pub fn holds(&mut self, what: &str, holds: bool) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("FAILED {what}");
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is the program's output")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut tally = Tally::default();
    if let Err(error) = cases::all(&arguments.chromium, &arguments.corecheck, &arguments.work, &mut tally) {
        tally.holds(&format!("{error:#}"), false);
    }
    println!("counts: passed={} failed={}", tally.passed, tally.failed);
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
