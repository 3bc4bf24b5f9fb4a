//! Compares corecheck with libbpf itself, record by record.
//!
//! A static libbpf is linked, and the functions that its loader calls for CO-RE are called here for each record of an object
//! ([`libbpf`]), which is read without corecheck ([`records`]). What they say is compared with corecheck's outcome:
//! error or not and from what, poison, value, and the bytes of the patched instruction ([`mod@compare`]).
//!
//! Objects are carved out of the given files ([`corecheck_tests::carve`]); each is compared against every target and,
//! with `--own`, against its own BTF. The last line, `counts: ...`, is for the summary of `tests/run`. Too few objects or
//! records are a failure: a broken download must not look like agreement.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod built;
mod cases;
mod compare;
mod distilled;
#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;
mod layout;
mod libbpf;
mod loaded;
mod machine;
mod minimal;
mod records;
mod selftests;
mod subject;
mod table;
mod tally;
mod target;
mod variations;
mod want;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use tally::Tally;
use target::Kernel;

/// Compares corecheck's answers with libbpf's.
#[derive(Debug, Parser)]
enum Arguments {
    /// Real objects against real kernels.
    Objects {
        /// A target's raw BTF, with a name for messages: NAME=FILE.
        #[arg(long = "target")]
        targets: Vec<String>,
        /// Compare each object against its own BTF too.
        #[arg(long)]
        own: bool,
        /// Fewer objects than this are a failure.
        #[arg(long)]
        min_objects: usize,
        /// Fewer records than this are a failure.
        #[arg(long)]
        min_accesses: usize,
        /// Executables that embed BPF objects, or BPF objects.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Objects against variations of their own BTF.
    Variations {
        /// How many for each object.
        #[arg(long)]
        count: u64,
        /// Fewer records than this are a failure.
        #[arg(long)]
        min_accesses: usize,
        /// Executables that embed BPF objects, or BPF objects.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// The hard cases.
    Cases {
        /// Where the sources are.
        #[arg(long)]
        sources: PathBuf,
        /// Fewer cases than this are a failure.
        #[arg(long)]
        min_cases: usize,
        /// Print what libbpf says of every case, in the words in which the sources expect it.
        #[arg(long)]
        show: bool,
        /// Where the compiled ones are.
        objects: PathBuf,
    },
    /// Modules on distilled bases.
    Distilled {
        /// The raw BTF of the modules' own vmlinux, then of others.
        #[arg(long = "vmlinux", required = true)]
        vmlinuxes: Vec<PathBuf>,
        /// Fewer moves than this that succeed are a failure.
        #[arg(long)]
        min_moved: usize,
        /// Fewer moves than this that fail are a failure.
        #[arg(long)]
        min_refused: usize,
        /// The raw BTF of modules.
        #[arg(required = true)]
        modules: Vec<PathBuf>,
    },
    /// Objects with the least BTF that they need, as corecheck exports it.
    Minimal {
        /// The corecheck program.
        #[arg(long)]
        corecheck: PathBuf,
        /// A store with the kernels.
        #[arg(long)]
        store: PathBuf,
        /// A folder for what is written.
        #[arg(long)]
        work: PathBuf,
        /// A stored kernel and its raw BTF: NAME=FILE.
        #[arg(long = "kernel", required = true)]
        kernels: Vec<String>,
        /// Fewer records than this that resolve are a failure.
        #[arg(long)]
        min_resolved: usize,
        /// Executables that embed BPF objects, or BPF objects.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// The kernel's own tests.
    Selftests {
        /// The raw BTF of the kernel that stands in for a running one.
        #[arg(long)]
        kernel: PathBuf,
        /// The list of what is known of cases beside the kernel's own table.
        #[arg(long)]
        exceptions: PathBuf,
        /// Fewer cases than this, each counted once, are a failure.
        #[arg(long)]
        min_cases: usize,
        /// Fewer runs of cases than this are a failure.
        #[arg(long)]
        min_runs: usize,
        /// Fewer cases than this that fail by a hard error are a failure.
        #[arg(long)]
        min_errors: usize,
        /// Fewer cases than this that fail because poison is reached are a failure.
        #[arg(long)]
        min_poisoned: usize,
        /// What was compiled.
        folder: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    ffi::take_messages();
    println!("libbpf {}", ffi::version());
    let mut tally = Tally::default();
    match Arguments::parse() {
        Arguments::Objects { targets, own, min_objects, min_accesses, files } => {
            compare_objects(&mut tally, &targets, own, &files)?;
            tally.require("objects", tally.counts.objects, min_objects);
            tally.require("records", tally.counts.accesses, min_accesses);
        }
        Arguments::Variations { count, min_accesses, files } => {
            let subjects = subject::read_all(&files)?;
            for subject in &subjects {
                variations::run(&mut tally, subject, count)?;
            }
            println!("{} variations", tally.counts.objects);
            tally.counts.objects = subjects.len();
            tally.require("records", tally.counts.accesses, min_accesses);
            tally.require_outcomes(&["resolved", "absent", "poisoned", "error"]);
        }
        Arguments::Cases { sources, min_cases, show, objects } => {
            let found = cases::run(&mut tally, &sources, &objects, show)?;
            println!("{found} cases");
            tally.require("cases", found, min_cases);
        }
        Arguments::Distilled { vmlinuxes, min_moved, min_refused, modules } => {
            let vmlinuxes: Vec<_> =
                vmlinuxes.iter().map(|path| distilled::Vmlinux::read(path)).collect::<Result<_>>()?;
            let moves = distilled::run(&mut tally, &vmlinuxes, &modules)?;
            let distilled::Moves { modules, moved, types, missing, ambiguous } = moves;
            println!(
                "{modules} modules distilled: {moved} moves with {types} types as libbpf has them; refused by \
                 both: {missing} for a type that is missing, {ambiguous} for one that is there twice"
            );
            tally.counts.kernels = vmlinuxes.len();
            tally.require("moves", moved, min_moved);
            tally.require("refused moves", missing + ambiguous, min_refused);
        }
        Arguments::Minimal { corecheck, store, work, kernels, min_resolved, files } => {
            let store = minimal::Store { corecheck: &corecheck, file: &store, work: &work };
            let mut resolved = 0;
            for kernel in &kernels {
                let (name, full) = kernel.split_once('=').context("--kernel wants NAME=FILE")?;
                resolved += minimal::run(&mut tally, &store, name, full.as_ref(), &files)?;
                tally.counts.kernels += 1;
            }
            println!("{resolved} records resolve alike with the least BTF");
            tally.require("records that resolve", resolved, min_resolved);
        }
        Arguments::Selftests {
            kernel,
            exceptions,
            min_cases,
            min_runs,
            min_errors,
            min_poisoned,
            folder,
        } => {
            let ran = selftests::run(&mut tally, &folder, &kernel, &exceptions)?;
            ran.print();
            tally.counts.kernels = 1;
            tally.require("cases", ran.cases.len(), min_cases);
            tally.require("runs", ran.runs, min_runs);
            tally.require("cases that fail by a hard error", ran.errors.len(), min_errors);
            tally.require("cases that fail by reached poison", ran.poisoned.len(), min_poisoned);
        }
    }
    for (why, count) in &tally.reasons {
        println!("explained: {count} x {why}");
    }
    println!("outcomes: {:?}", tally.states);
    println!("{}", tally.counts);
    Ok(if tally.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare_objects(tally: &mut Tally, targets: &[String], own: bool, files: &[PathBuf]) -> Result<()> {
    let subjects = subject::read_all(files)?;
    if own {
        for subject in &subjects {
            let kernel = Kernel::of(&subject.records.btf, &[])?;
            tally.run(subject, "its own BTF", &kernel);
        }
    }
    for target in targets {
        let (name, file) = target.split_once('=').context("--target wants NAME=FILE")?;
        let bytes = fs::read(file).with_context(|| format!("cannot read {file}"))?;
        let kernel = Kernel::of(&bytes, &[]).with_context(|| format!("in {file}"))?;
        tally.counts.kernels += 1;
        for subject in &subjects {
            tally.run(subject, name, &kernel);
        }
    }
    Ok(())
}
