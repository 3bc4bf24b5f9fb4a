//! Compares corecheck with bpftool, access by access, on real objects and a real kernel.
//!
//! `bpftool -d gen min_core_btf` runs libbpf's own resolver over an object without loading it, and its debug output says
//! what libbpf made of each CO-RE relocation. This program
//!
//! 1. carves the BPF objects out of the given executables by itself ([`corecheck_tests::carve`]),
//! 2. asks bpftool and corecheck about each, against the same raw BTF, and compares their answers ([`mod@compare`]),
//! 3. asks corecheck about the executables as they are, against the kernel's boot image if one is given: it must find
//!    the same objects, and give the same answers.
//!
//! It is a program of its own and no `cargo test` target, because it needs packages and a kernel that `tests/run` fetches
//! first: so a plain `cargo test` compiles it and tests its parts, and nothing has to be skipped there. Its last line,
//! `counts: ...`, is for the summary of `tests/run`. Too few objects or accesses are a failure: a broken download must
//! not look like agreement.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod ask;
mod compare;
mod log;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use ask::Answers;
use clap::Parser;
use compare::{Judgement, compare};
use corecheck_tests::{carve, counts::Counts};
use log::Log;

/// Compares corecheck's answers with bpftool's.
#[derive(Debug, Parser)]
struct Arguments {
    /// The corecheck program.
    #[arg(long)]
    corecheck: PathBuf,
    /// What to call the target in messages.
    #[arg(long)]
    target: String,
    /// The target's BTF: a raw file, or an ELF file with a .BTF section.
    #[arg(long)]
    btf: PathBuf,
    /// The target's boot image, if it is a kernel; corecheck must read the same types out of it.
    #[arg(long)]
    image: Option<PathBuf>,
    /// Where to put the carved objects and bpftool's output.
    #[arg(long)]
    work: PathBuf,
    /// Fewer objects than this are a failure.
    #[arg(long)]
    min_objects: usize,
    /// Fewer accesses on which both agree are a failure: what is explained or unsaid does not count.
    #[arg(long)]
    min_accesses: usize,
    /// Executables that embed BPF objects, or BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut counts = Counts { kernels: usize::from(arguments.image.is_some()), ..Counts::default() };
    let mut reasons = BTreeMap::new();
    let objects = carve_all(&arguments.files, &arguments.work)?;
    let mut carved_answers = Vec::new();
    for object in &objects {
        let answers = ask::corecheck(&arguments.corecheck, &[object.as_path()], &arguments.btf)
            .and_then(|mut all| all.pop().context("corecheck reports no object"));
        counts.objects += 1;
        let agrees = match &answers {
            Ok(answers) => compare_object(&arguments, object, answers, &mut counts, &mut reasons),
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        match agrees {
            Ok(true) => counts.passed += 1,
            Ok(false) => counts.failed += 1,
            Err(error) => {
                counts.failed += 1;
                println!("FAILED {} on {}: {error:#}", object.display(), arguments.target);
            }
        }
        carved_answers.extend(answers.ok());
    }
    let mut check = |what: &str, result: Result<()>| match result {
        Ok(()) => counts.passed += 1,
        Err(error) => {
            counts.failed += 1;
            println!("FAILED {what}: {error:#}");
        }
    };
    check("embedded objects", same_when_embedded(&arguments, &carved_answers));
    let (found, agreeing) = (counts.objects, counts.agreeing);
    check("enough to compare", enough(&arguments, found, agreeing));
    for (why, count) in reasons {
        println!("explained: {count} x {why}");
    }
    println!("{counts}");
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes every BPF object in `files` to a file of its own in `work`.
fn carve_all(files: &[PathBuf], work: &Path) -> Result<Vec<PathBuf>> {
    let mut objects = Vec::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().context("a file has a name")?.to_string_lossy();
        let found = carve::bpf_objects(&bytes);
        ensure!(!found.is_empty(), "{} holds no BPF object", file.display());
        for one in found {
            let path = work.join(format!("{name}@{:#x}.bpf.o", one.offset));
            fs::write(&path, one.bytes).with_context(|| format!("cannot write {}", path.display()))?;
            objects.push(path);
        }
    }
    Ok(objects)
}

/// Compares one object; prints each disagreement. Says whether there was none.
fn compare_object(
    arguments: &Arguments,
    object: &Path,
    answers: &Answers,
    counts: &mut Counts,
    reasons: &mut BTreeMap<&'static str, usize>,
) -> Result<bool> {
    let text = ask::bpftool(object, &arguments.btf)?;
    let kept = object.with_extension("log");
    fs::write(&kept, &text).with_context(|| format!("cannot write {}", kept.display()))?;
    let log = Log::parse(&text).with_context(|| format!("in {}", kept.display()))?;
    if let (Some(failure), false) = (&log.failure, log.stopped()) {
        bail!("bpftool failed: {failure}");
    }
    let pairs: Vec<_> = answers.accesses.iter().map(|(access, outcome)| (access, outcome)).collect();
    let judgements = compare(&log, &pairs).map_err(anyhow::Error::msg)?;
    let mut agrees = true;
    for (index, judgement) in judgements.into_iter().enumerate() {
        counts.accesses += 1;
        match judgement {
            Judgement::Agrees => counts.agreeing += 1,
            Judgement::Unsaid => counts.unsaid += 1,
            Judgement::Explained(why) => {
                counts.explained += 1;
                *reasons.entry(why).or_default() += 1;
            }
            Judgement::Differs(how) => {
                counts.failing += 1;
                agrees = false;
                let (access, outcome) = pairs[index];
                println!(
                    "DIFFERS on {}: {}: {how}\n  access    {access:?}\n  corecheck {outcome:?}\n  bpftool   {:?}",
                    arguments.target,
                    object.display(),
                    log.records[index]
                );
            }
        }
    }
    Ok(agrees)
}

/// Asks corecheck about the files as they are; it must find the carved objects in them, in the same order, and answer alike.
fn same_when_embedded(arguments: &Arguments, carved: &[Answers]) -> Result<()> {
    let files: Vec<_> = arguments.files.iter().map(PathBuf::as_path).collect();
    let target = arguments.image.as_ref().unwrap_or(&arguments.btf);
    let embedded = ask::corecheck(&arguments.corecheck, &files, target)?;
    ensure!(
        embedded.len() == carved.len(),
        "corecheck finds {} objects in the files, and could answer for {} carved ones",
        embedded.len(),
        carved.len()
    );
    for (embedded, carved) in embedded.iter().zip(carved) {
        ensure!(
            embedded.accesses == carved.accesses,
            "{} as embedded and {} as carved have different answers",
            embedded.path,
            carved.path
        );
    }
    Ok(())
}

fn enough(arguments: &Arguments, objects: usize, agreeing: usize) -> Result<()> {
    ensure!(
        objects >= arguments.min_objects && agreeing >= arguments.min_accesses,
        "compared {objects} objects, and agreed on {agreeing} accesses; at least {} and {} are expected",
        arguments.min_objects,
        arguments.min_accesses
    );
    Ok(())
}
