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

mod compare;
#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;
mod libbpf;
mod records;
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck::access::accesses;
use corecheck::answer::answer;
use corecheck::object::read_bytes;
use corecheck_layouts::kernel::Modules;
use corecheck_tests::{carve, counts::Counts};
use ffi::Types;

use compare::{Judgement, compare};
use records::Records;
use target::Kernel;

/// Compares corecheck's answers with libbpf's.
#[derive(Debug, Parser)]
struct Arguments {
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
    let arguments = Arguments::parse();
    ffi::take_messages();
    println!("libbpf {}", ffi::version());
    let subjects = subjects(&arguments.files)?;
    let mut tally = Tally::default();
    if arguments.own {
        for subject in &subjects {
            let kernel = Kernel::of(&subject.records.btf, &[])?;
            tally.run(subject, "its own BTF", &kernel);
        }
    }
    for target in &arguments.targets {
        let (name, file) = target.split_once('=').context("--target wants NAME=FILE")?;
        let bytes = fs::read(file).with_context(|| format!("cannot read {file}"))?;
        let kernel = Kernel::of(&bytes, &[]).with_context(|| format!("in {file}"))?;
        tally.counts.kernels += 1;
        for subject in &subjects {
            tally.run(subject, name, &kernel);
        }
    }
    let counts = &mut tally.counts;
    if counts.objects < arguments.min_objects || counts.accesses < arguments.min_accesses {
        counts.failed += 1;
        println!(
            "FAILED: at least {} objects and {} records are expected",
            arguments.min_objects, arguments.min_accesses
        );
    }
    for (why, count) in &tally.reasons {
        println!("explained: {count} x {why}");
    }
    println!("outcomes: {:?}", tally.states);
    println!("{}", tally.counts);
    Ok(if tally.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    /// Compares one object against one target and counts; an object on a target is one check.
    fn run(&mut self, subject: &Subject, target: &str, kernel: &Kernel) {
        self.counts.objects += 1;
        match self.compare(subject, target, kernel) {
            Ok(true) => self.counts.passed += 1,
            Ok(false) => self.counts.failed += 1,
            Err(error) => {
                self.counts.failed += 1;
                println!("FAILED {} on {target}: {error:#}", subject.name);
            }
        }
    }

    fn compare(&mut self, subject: &Subject, target: &str, kernel: &Kernel) -> Result<bool> {
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
        let answers = answer(object, &accesses, &[&kernel.ours], &Modules::All);
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
        Ok(agrees)
    }
}
