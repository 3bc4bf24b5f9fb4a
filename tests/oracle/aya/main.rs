//! Compares what corecheck says of aya with what aya-obj does to an object against the whole BTF of a kernel.
//!
//! corecheck gives aya-obj no whole kernel but the types that decide, gathered from where they are found, and finds out from
//! the instructions how far it came. Here aya-obj gets the kernel's file as it is: every instruction of an access must be left
//! alike, and where it stops it must stop for the same cause.
//!
//! Its last line, `counts: ...`, is for the summary of `tests/run`. Too few objects are a failure.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aya_obj::btf::{Btf as AyaBtf, BtfFeatures};
use aya_obj::generated::bpf_insn;
use clap::Parser;
use corecheck::access::{Access, RelocationKind, accesses};
use corecheck::answer::answer_by;
use corecheck::loader::Loader;
use corecheck::object::{Object, read_file};
use corecheck::resolve::{Outcome, Reason, State};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{Kernel, KernelName, Modules};
use corecheck_tests::counts::Counts;

/// Compares corecheck's answers for aya with aya-obj's own.
#[derive(Debug, Parser)]
struct Arguments {
    /// Raw BTF of a kernel whose pointers have 64 bits (repeatable).
    #[arg(long, required = true)]
    btf: Vec<PathBuf>,
    /// Fewer pairs of an object that aya-obj reads and a kernel are a failure.
    #[arg(long)]
    min_pairs: usize,
    /// Executables that embed BPF objects, or BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What aya-obj did with an object and a whole kernel.
struct Whole {
    object: aya_obj::Object,
    /// Why it stopped.
    stop: Option<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    // Panics of aya-obj are answers.
    panic::set_hook(Box::new(|_| ()));
    let mut counts = Counts { kernels: arguments.btf.len(), ..Counts::default() };
    let (mut pairs, mut refused, mut stopped) = (0, 0, 0);
    let mut objects = Vec::new();
    for file in &arguments.files {
        objects.extend(read_file(file).with_context(|| file.display().to_string())?);
    }
    for path in &arguments.btf {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let btf = Arc::new(Btf::parse(bytes.clone()).with_context(|| path.display().to_string())?);
        let kernel = Kernel::of_vmlinux(KernelName::new("test", "6.99", "amd64"), btf);
        for object in &objects {
            let name = format!("{} on {}", object.path, path.display());
            let Some(whole) = whole(object, &bytes) else {
                refused += 1;
                if Loader::Aya.refusals(object).is_empty() {
                    counts.failed += 1;
                    println!("{name}: aya-obj refuses it, and corecheck does not say so");
                }
                continue;
            };
            pairs += 1;
            counts.objects += 1;
            stopped += usize::from(whole.stop.is_some());
            let asked = accesses(object);
            let answers = answer_by(Loader::Aya, object, &asked, &[&kernel], &Modules::None);
            for (access, outcome) in asked.iter().zip(&answers.distinct[0].outcomes) {
                counts.accesses += 1;
                match compare(object, access, outcome, &whole) {
                    Ok(()) => counts.agreeing += 1,
                    Err(why) => {
                        counts.failing += 1;
                        println!("{name}: {}: {why}", access.key);
                    }
                }
            }
        }
    }
    println!("{pairs} pairs compared, {stopped} of them stopped; {refused} refused");
    ensure!(pairs >= arguments.min_pairs, "only {pairs} pairs of an object and a kernel");
    println!("{counts}");
    Ok(if counts.failing + counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Relocates; `None` when aya-obj does not read the object.
fn whole(object: &Object, btf: &[u8]) -> Option<Whole> {
    let parse = || aya_obj::Object::parse(object.file.bytes());
    let mut parsed = panic::catch_unwind(parse).ok()?.ok()?;
    let target = AyaBtf::parse(btf, parsed.endianness).ok()?;
    let features = BtfFeatures::new(true, true, true, true, true, true, true, true);
    let run = panic::catch_unwind(AssertUnwindSafe(|| -> Result<(), String> {
        parsed.fixup_and_sanitize_btf(&features).map_err(|error| error.to_string())?;
        parsed.relocate_btf(&target).map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })
    }));
    let stop = match run {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some("panics".to_owned()),
    };
    Some(Whole { object: parsed, stop })
}

/// What is wrong with one outcome.
fn compare(object: &Object, access: &Access, outcome: &Outcome, whole: &Whole) -> Result<(), String> {
    match (&outcome.reason, &whole.stop) {
        (Some(Reason::NotReached), Some(_)) => return Ok(()),
        (Some(Reason::Loader(text)), Some(stop)) if outcome.state == State::Error => {
            // Its words name ids and numbers of candidates, which are others in what was gathered.
            let head = |text: &str| text.split([':', '`', '#']).next().unwrap_or_default().trim().to_owned();
            return if text.contains(&head(stop)) { Ok(()) } else { Err(format!("{text}, not {stop}")) };
        }
        _ => {}
    }
    let left = outcome.patched.ok_or_else(|| format!("{:?} without an instruction", outcome.state))?;
    let section = object.sections[access.section_index].index;
    let insn = access.insn as usize;
    let found = whole.object.functions.values().find_map(|function| {
        let within = insn.checked_sub(function.section_offset / 8)?;
        let is_in = function.section_index.0 == section && within < function.instructions.len();
        is_in.then(|| (function.instructions[within], function.instructions.get(within + 1).copied()))
    });
    let (first, second) = found.ok_or("aya-obj has no such function")?;
    if access.kind == RelocationKind::TypeIdTarget {
        return match outcome.value == u64::try_from(first.imm).ok() {
            true => Ok(()),
            false => Err(format!("id {:?}, not {}", outcome.value, first.imm)),
        };
    }
    let told = |insn: &bpf_insn| (insn.code, insn.off, insn.imm);
    let ours = (left.first.code, left.first.off, left.first.imm);
    let ours_second = left.second.map(|insn| (insn.code, insn.off, insn.imm));
    if ours != told(&first) || ours_second.is_some_and(|ours| second.as_ref().map(told) != Some(ours)) {
        return Err(format!("{ours:?} {ours_second:?}, not {:?}", told(&first)));
    }
    Ok(())
}
