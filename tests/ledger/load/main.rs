//! Loads objects with libbpf into the running kernel, as its programs say and then one program at a time, and says what came of
//! it: a line of JSON for each attempt (`corecheck_tests::ledger::Attempt`).
//!
//! Runs inside the machines of `tests/vm`.

#![expect(clippy::print_stdout, reason = "a program that reports to a file")]

#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;
mod functions;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use corecheck_tests::ledger::{Attempt, Came};
use functions::Functions;

/// Loads objects, and says what came of it.
#[derive(Debug, Parser)]
struct Arguments {
    /// BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn main() -> Result<()> {
    ffi::take_messages();
    let functions = Functions::of_the_running_kernel()?;
    for file in Arguments::parse().files {
        let bytes = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
        attempts(&file, &bytes, &functions)?;
    }
    Ok(())
}

/// The object as it is; where it fails because of a program or for what may be one's need, also each program by itself.
fn attempts(file: &Path, bytes: &[u8], functions: &Functions) -> Result<()> {
    let name = file.file_name().context("a file has a name")?.to_string_lossy();
    let mut all = ffi::attempt(bytes, None);
    functions.look_up(&mut all);
    say(&name, &all)?;
    // What came through as a whole does so one by one.
    if matches!(all.came, Came::Relocate | Came::Verify) {
        for program in ffi::programs(bytes) {
            let mut one = ffi::attempt(bytes, Some(&program));
            one.program = Some(program);
            functions.look_up(&mut one);
            say(&name, &one)?;
        }
    }
    Ok(())
}

fn say(object: &str, attempt: &Attempt) -> Result<()> {
    let named = Attempt { object: object.to_owned(), ..attempt.clone() };
    println!("{}", serde_json::to_string(&named)?);
    Ok(())
}
