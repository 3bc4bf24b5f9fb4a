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
#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;
mod libbpf;
mod records;
mod target;
mod want;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck::access::accesses;
use corecheck::answer::answer;
use corecheck::object::read_bytes;
use corecheck_tests::{carve, counts::Counts};
use ffi::Types;

use compare::{Judgement, compare};
use libbpf::Said;
use records::Records;
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
}

/// An object with all that does not depend on the target.
struct Subject {
    name: String,
    bytes: Vec<u8>,
    records: Records,
    object: corecheck::object::Object,
}

/// What was compared so far.
#[derive(Default)]
struct Tally {
    counts: Counts,
    reasons: BTreeMap<&'static str, usize>,
    states: BTreeMap<&'static str, usize>,
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
        Arguments::Cases { sources, min_cases, show, objects } => {
            let found = cases::run(&mut tally, &sources, &objects, show)?;
            println!("{found} cases");
            tally.require("cases", found, min_cases);
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
    let subjects = subjects(files)?;
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

/// Reads every object in `files`; those without CO-RE records are left out.
fn subjects(files: &[PathBuf]) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = carve::bpf_objects(&bytes);
        ensure!(!found.is_empty(), "{} holds no BPF object", file.display());
        for one in found {
            let name = name_of(file, one.offset);
            subjects.extend(subject(name.clone(), one.bytes).with_context(|| name)?);
        }
    }
    Ok(subjects)
}

fn name_of(file: &Path, offset: usize) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if offset == 0 { name.into_owned() } else { format!("{name}@{offset:#x}") }
}

fn subject(name: String, bytes: &[u8]) -> Result<Option<Subject>> {
    let Some(records) = records::read(bytes)? else { return Ok(None) };
    if records.all.is_empty() {
        return Ok(None);
    }
    let mut objects = read_bytes(&name, bytes)?;
    ensure!(objects.len() == 1, "corecheck finds {} objects", objects.len());
    Ok(objects.pop().map(|object| Subject { name, bytes: bytes.to_vec(), records, object }))
}

impl Tally {
    /// Compares one object against one target and counts; an object on a target is one check. Returns what libbpf said,
    /// where it could be asked.
    fn run(&mut self, subject: &Subject, target: &str, kernel: &Kernel) -> Option<Vec<Said>> {
        self.counts.objects += 1;
        match self.compare(subject, target, kernel) {
            Ok((said, agrees)) => {
                if agrees {
                    self.counts.passed += 1;
                } else {
                    self.counts.failed += 1;
                }
                Some(said)
            }
            Err(error) => {
                self.counts.failed += 1;
                println!("FAILED {} on {target}: {error:#}", subject.name);
                None
            }
        }
    }

    /// Too few of something are a failure.
    fn require(&mut self, what: &str, found: usize, least: usize) {
        if found < least {
            self.counts.failed += 1;
            println!("FAILED: {found} {what}, and at least {least} are expected");
        }
    }

    fn compare(&mut self, subject: &Subject, target: &str, kernel: &Kernel) -> Result<(Vec<Said>, bool)> {
        let Subject { name, bytes, records, object } = subject;
        let said = {
            let mut local = Types::read(&records.btf, None)?;
            local.set_pointer_size(8)?;
            // What libbpf does not name is a subprogram, and relocated. An object that it cannot even open (for its maps, say)
            // has records all the same; its programs are those not in a section `?...`.
            let loaded = ffi::autoload(bytes).unwrap_or_default();
            let is_loaded = |function: &str, section: &str| {
                loaded.get(function).copied().unwrap_or(!section.starts_with('?'))
            };
            kernel.with(|target| libbpf::ask_all(records, &local, target, is_loaded))?
        };
        let local = object.btf.as_deref().context("corecheck finds no BTF")?;
        let accesses = accesses(object);
        let answers = answer(object, &accesses, &[&kernel.ours], &kernel.loaded);
        let outcomes = &answers.distinct[answers.of_kernel[0]].outcomes;
        ensure!(
            said.len() == accesses.len() && said.len() == outcomes.len(),
            "there are {} records, corecheck has {} accesses and {} outcomes",
            said.len(),
            accesses.len(),
            outcomes.len()
        );
        let mut agrees = true;
        for (index, said) in said.iter().enumerate() {
            let (record, access, outcome) = (&records.all[index], &accesses[index], &outcomes[index]);
            self.counts.accesses += 1;
            *self.states.entry(outcome.state.word()).or_default() += 1;
            match compare(record, said, local, access, outcome) {
                Judgement::Agrees => self.counts.agreeing += 1,
                Judgement::Explained(why) => {
                    self.counts.explained += 1;
                    *self.reasons.entry(why).or_default() += 1;
                }
                Judgement::Differs(how) => {
                    self.counts.failing += 1;
                    agrees = false;
                    println!(
                        "DIFFERS on {target}: {name}: {how}\n  access    {}\n  corecheck {outcome:?}\n  libbpf    {said:?}",
                        access.key
                    );
                }
            }
        }
        Ok((said, agrees))
    }
}
