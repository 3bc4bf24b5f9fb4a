//! Plants bugs in the resolver and in the reader of BTF, and sees whether the tests notice.
//!
//! cargo-mutants says which bugs (`cargo mutants --list --json`). It would build the program anew for each, some hours in
//! all; here all are planted at once ([`mod@plant`]), each behind a number, and the tests are run once for each number
//! ([`trial`]). A bug that no test notices must stand in the list `survivors`, with the reason ([`mod@survivors`]).
//!
//! The last line, `counts: ...`, is for the summary of `tests/run`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod compile;
mod mutant;
mod plant;
mod survivors;
mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use mutant::Mutant;
use trial::Fate;

/// Plants bugs, and sees whether the tests notice.
#[derive(Debug, Parser)]
struct Arguments {
    /// The bugs: what `cargo mutants --list --json` says, one file for each time it was asked.
    #[arg(long = "list", required = true)]
    lists: Vec<PathBuf>,
    /// A copy of the repository, which is changed.
    #[arg(long)]
    tree: PathBuf,
    /// The list of those that may survive, with reasons.
    #[arg(long)]
    survivors: PathBuf,
    /// Only every so many-th bug.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Fewer bugs than this are a failure.
    #[arg(long, default_value_t = 1)]
    min_mutants: usize,
    /// Only bugs in files whose path has one of these in it.
    files: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut mutants: Vec<Mutant> = Vec::new();
    for list in &arguments.lists {
        let text = fs::read_to_string(list).with_context(|| list.display().to_string())?;
        mutants.extend(mutant::read(&text).with_context(|| list.display().to_string())?);
    }
    mutant::renumber(&mut mutants);
    let listed = survivors::read(&arguments.survivors)?;
    let whole = arguments.every == 1 && arguments.files.is_empty();
    let names: BTreeSet<String> = mutants.iter().map(|mutant| mutant.name.clone()).collect();
    ensure!(names.len() == mutants.len(), "two bugs have one name");

    let is_wanted = |mutant: &Mutant| {
        arguments.files.is_empty() || arguments.files.iter().any(|part| mutant.file.contains(part))
    };
    let chosen: BTreeSet<u32> = mutants
        .iter()
        .filter(|mutant| is_wanted(mutant))
        .step_by(arguments.every)
        .map(|m| m.number)
        .collect();
    ensure!(chosen.len() >= arguments.min_mutants, "only {} bugs to plant", chosen.len());

    let begin = Instant::now();
    let built = compile::compile(&arguments.tree, &mutants)?;
    println!(
        "{} bugs planted, {} more do not compile; built in {} s",
        mutants.len() - built.unviable.len(),
        built.unviable.len(),
        begin.elapsed().as_secs()
    );
    let tried: Vec<&Mutant> = mutants
        .iter()
        .filter(|mutant| chosen.contains(&mutant.number) && !built.unviable.contains(&mutant.number))
        .collect();
    let begin = Instant::now();
    let fates = trial::all(&built.programs, &tried)?;

    let mut failed = 0;
    let (mut caught, mut timed_out, mut explained) = (0, 0, 0);
    for (mutant, fate) in tried.iter().zip(&fates) {
        let is_listed = listed.contains_key(&mutant.name);
        match fate {
            // One that only costs time may cost too much of it on a busy machine.
            Fate::Survived | Fate::TimedOut if is_listed => explained += 1,
            Fate::Survived => {
                println!(
                    "SURVIVED {}\n         {}:{}: {}",
                    mutant.name,
                    mutant.file,
                    mutant.line(),
                    mutant.shown
                );
                failed += 1;
            }
            Fate::Caught if is_listed => {
                println!("NOTICED, though it is listed as one that may survive: {}", mutant.name);
                failed += 1;
            }
            Fate::TimedOut => {
                timed_out += 1;
                caught += 1;
            }
            Fate::Caught => caught += 1,
        }
    }
    for name in listed.keys() {
        let number = mutants.iter().find(|mutant| mutant.name == *name).map(|mutant| mutant.number);
        if number.is_none_or(|number| built.unviable.contains(&number)) {
            println!("LISTED, but there is no such bug any more: {name}");
            failed += 1;
        }
    }
    println!(
        "{} of {} bugs tried in {} s: {caught} noticed ({timed_out} of them by a hang), {explained} explained",
        tried.len(),
        mutants.len() - built.unviable.len(),
        begin.elapsed().as_secs()
    );
    if !whole {
        println!("a part of them only: tests/mutants/run tries all");
    }
    println!("counts: passed={caught} failed={failed} explained={explained}");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
