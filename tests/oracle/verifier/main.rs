//! Asks the running kernel's verifier whether it comes to a poisoned access.
//!
//! libbpf relocates an object against the BTF of *another* kernel ([`targets`]), with the maps really created; the instructions
//! that it poisoned are found ([`trap`]), and for each of them the program is loaded into the running kernel with all others
//! made harmless ([`verdict`]). The verifier either comes to the poison, or takes the program, or refuses it for something else.
//!
//! Where the kernel takes no program from us, nothing is compared, and this is said.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;
mod predict;
mod running;
mod subject;
mod tally;
mod targets;
mod trap;
mod verdict;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use clap::Parser;

use predict::Predictor;
use running::Running;
use subject::Subject;
use tally::Tally;
use targets::Target;
use verdict::AttachIds;

/// Asks the running kernel's verifier about poisoned accesses.
#[derive(Debug, Parser)]
struct Arguments {
    /// A kernel's raw BTF, with a name for messages: NAME=FILE.
    #[arg(long = "target")]
    targets: Vec<String>,
    /// How many variations of the running kernel's BTF, for each object.
    #[arg(long)]
    variations: u64,
    /// A folder for what is written.
    #[arg(long)]
    work: PathBuf,
    /// Write what the verifier said of each trap there: tab-separated.
    #[arg(long)]
    table: Option<PathBuf>,
    /// Print all that the verifier says of the traps of this program.
    #[arg(long)]
    show: Option<String>,
    /// Executables that embed BPF objects, or BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// So many threads ask; the kernel verifies programs at the same time.
const THREADS: usize = 2;

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    ffi::take_messages();
    println!("libbpf {}", ffi::version());
    if let Err(errno) = ffi::can_load() {
        println!(
            "THIS PROOF DID NOT RUN: the running kernel takes no BPF program from this user (error {errno})"
        );
        println!("counts: passed=0 failed=0 notrun=1");
        return Ok(ExitCode::SUCCESS);
    }
    let mut common: Vec<Target> =
        arguments.targets.iter().map(|one| targets::named(one)).collect::<Result<_>>()?;
    common.push(targets::nothing(&arguments.work)?);
    let running = Running::read()?;
    let subjects = subject::read_all(&arguments.files)?;
    println!("{} objects, {} targets and {} variations", subjects.len(), common.len(), arguments.variations);

    let (next, ids) = (AtomicUsize::new(0), AttachIds::default());
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        let work = || {
            while let Some((index, subject)) = next_of(&subjects, &next) {
                let mut own = Tally::default();
                if let Err(error) = ask(&arguments, index, subject, &common, (&running, &ids), &mut own) {
                    own.fail(format!("{}: {error:#}", subject.name));
                }
                tally.lock().unwrap_or_else(PoisonError::into_inner).add(own);
            }
        };
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.rows.sort();
    if let Some(file) = &arguments.table {
        let mut out = fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        for row in &tally.rows {
            writeln!(out, "{row}")?;
        }
    }
    tally.print();
    Ok(if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn next_of<'s>(subjects: &'s [Subject], next: &AtomicUsize) -> Option<(usize, &'s Subject)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, subjects.get(index)?))
}

/// Asks about one object against all targets.
fn ask(
    arguments: &Arguments,
    index: usize,
    subject: &Subject,
    common: &[Target],
    (running, ids): (&Running, &AttachIds),
    tally: &mut Tally,
) -> Result<()> {
    let file = arguments.work.join(format!("{index}.bpf.o"));
    fs::write(&file, &subject.bytes)?;
    let variations = targets::variations(&file, &index.to_string(), arguments.variations, &arguments.work)?;
    let predictor = Predictor::read(&subject.name, &subject.bytes, running)?;
    for target in common.iter().chain(&variations) {
        let trapped = match subject.ask(target, ids, arguments.show.as_deref())? {
            Err(why) => {
                tally.refused(why);
                continue;
            }
            Ok(trapped) => trapped,
        };
        tally.relocated();
        for of in &trapped {
            let predicted = predictor
                .predict(&target.kernel, running, &of.program, &of.asked)
                .with_context(|| format!("{} on {}", of.program, target.name))?;
            tally.asked(&subject.name, &target.name, of, &predicted);
        }
    }
    Ok(())
}
