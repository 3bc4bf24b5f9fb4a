//! Compares what corecheck says of cilium/ebpf with what cilium/ebpf does to an object against the BTF of a kernel.
//!
//! `relocate`, a small program in Go, loads objects with the library, relocates each program as a load does, and prints every relocated
//! instruction. Each must be what corecheck says it is; where the library gives up, some access of that program must be an error.
//!
//! Its last line, `counts: ...`, is for the summary of `tests/run`. Too few pairs or accesses are a failure.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck::access::{Access, RelocationKind, accesses};
use corecheck::answer::answer_by;
use corecheck::loader::Loader;
use corecheck::object::{Insn, Object, read_file};
use corecheck::resolve::{Outcome, State};
use corecheck_layouts::btf::{Btf, Endian};
use corecheck_layouts::kernel::{Kernel, KernelName, Modules};
use corecheck_tests::counts::Counts;

/// Compares corecheck's answers for cilium/ebpf with the library's own.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program in Go that relocates.
    #[arg(long)]
    relocate: PathBuf,
    /// Raw BTF of a kernel (repeatable).
    #[arg(long, required = true)]
    btf: Vec<PathBuf>,
    /// A folder for objects that are embedded somewhere.
    #[arg(long)]
    work: PathBuf,
    /// Fewer pairs of an object that the library reads and a kernel are a failure.
    #[arg(long)]
    min_pairs: usize,
    /// Fewer accesses that are compared are a failure.
    #[arg(long)]
    min_accesses: usize,
    /// Executables that embed BPF objects, or BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What the library did with an object.
#[derive(Debug, Default)]
struct Done {
    /// It does not read it.
    refused: Option<String>,
    /// Programs that it gives up, with the reason.
    stopped: BTreeMap<String, String>,
    /// Relocated instructions, by function and number within it: one for each program that calls the function.
    insns: BTreeMap<(String, usize), BTreeSet<String>>,
    /// Programs with relocations that went well.
    fine: BTreeSet<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut counts = Counts { kernels: arguments.btf.len(), ..Counts::default() };
    let (mut pairs, mut refused) = (0, BTreeSet::new());
    let mut objects: Vec<(String, Object)> = Vec::new();
    for file in &arguments.files {
        for object in read_file(file).with_context(|| file.display().to_string())? {
            let path = arguments.work.join(format!("{}.o", objects.len()));
            std::fs::write(&path, object.file.bytes()).with_context(|| path.display().to_string())?;
            objects.push((path.display().to_string(), object));
        }
    }
    for path in &arguments.btf {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let btf = Arc::new(Btf::parse(bytes).with_context(|| path.display().to_string())?);
        let kernel = Kernel::of_vmlinux(KernelName::new("test", "6.99", "amd64"), btf);
        let done = relocated(&arguments.relocate, path, &objects, &kernel)?;
        for (file, object) in &objects {
            let Some(done) = done.get(file) else { continue };
            if let Some(why) = &done.refused {
                if refused.insert(object.path.clone()) {
                    println!("{}: the library refuses it: {why}", object.path);
                }
                continue;
            }
            pairs += 1;
            counts.objects += 1;
            let asked = accesses(object);
            let answers = answer_by(Loader::Cilium, object, &asked, &[&kernel], &Modules::None);
            let outcomes = &answers.distinct[0].outcomes;
            for (access, outcome) in asked.iter().zip(outcomes) {
                let Some(compared) = compare(object, access, outcome, done) else { continue };
                counts.accesses += 1;
                match compared {
                    Ok(()) => counts.agreeing += 1,
                    Err(why) => {
                        counts.failing += 1;
                        println!("{} on {}: {}: {why}", object.path, path.display(), access.key);
                    }
                }
            }
            for why in programs_that_differ(object, &asked, outcomes, done) {
                counts.failing += 1;
                println!("{} on {}: {why}", object.path, path.display());
            }
        }
    }
    println!("{pairs} pairs compared; {} objects refused", refused.len());
    ensure!(pairs >= arguments.min_pairs, "only {pairs} pairs of an object and a kernel");
    ensure!(counts.accesses >= arguments.min_accesses, "only {} accesses", counts.accesses);
    println!("{counts}");
    Ok(if counts.failing + counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the library does with all objects of the kernel's byte order.
fn relocated(
    program: &PathBuf,
    btf: &PathBuf,
    objects: &[(String, Object)],
    kernel: &Kernel,
) -> Result<BTreeMap<String, Done>> {
    let files: Vec<&String> = objects
        .iter()
        .filter(|(_, object)| Some(object.endian) == kernel.endian())
        .map(|(file, _)| file)
        .collect();
    let output = Command::new(program).arg(btf).args(&files).output().context("relocate does not run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "relocate: {said}");
    let text = String::from_utf8(output.stdout).context("relocate writes text")?;
    let mut all: BTreeMap<String, Done> =
        files.into_iter().map(|file| (file.clone(), Done::default())).collect();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let of = all.get_mut(words[0]).with_context(|| format!("relocate speaks of {line:?}"))?;
        match words[1..] {
            [_, "refused", why] => of.refused = Some(why.to_owned()),
            [program, "error", why] => {
                of.stopped.insert(program.to_owned(), why.to_owned());
            }
            [program, "insn", function, number, bytes] => {
                let number = number.parse().with_context(|| line.to_owned())?;
                of.insns.entry((function.to_owned(), number)).or_default().insert(bytes.to_owned());
                of.fine.insert(program.to_owned());
            }
            _ => anyhow::bail!("relocate says {line:?}"),
        }
    }
    Ok(all)
}

/// What is wrong with one outcome; nothing where the library left no instruction.
fn compare(object: &Object, access: &Access, outcome: &Outcome, done: &Done) -> Option<Result<(), String>> {
    // The library counts the types of what it loads, which depends on all that is loaded.
    if access.kind == RelocationKind::TypeIdLocal {
        return None;
    }
    let function = &object.functions[access.function_index?];
    let number = (access.insn as usize).checked_sub(function.insn_off as usize)?;
    let found = done.insns.get(&(function.name.clone(), number))?;
    let Some(left) = &outcome.patched else {
        // An access of another type in the same program stopped a load that this one did not.
        return Some(Err(format!("{:?} without an instruction, not {found:?}", outcome.state)));
    };
    let mut ours = hex(&left.first, object.endian);
    if let Some(second) = &left.second {
        ours.push_str(&hex(second, object.endian));
    }
    let fits = |other: &String| other.starts_with(&ours) || ours.starts_with(other.as_str());
    Some(if found.iter().any(fits) { Ok(()) } else { Err(format!("{ours}, not {found:?}")) })
}

/// An instruction's bytes.
fn hex(insn: &Insn, endian: Endian) -> String {
    let little = endian == Endian::Little;
    let registers = if little { insn.dst | insn.src << 4 } else { insn.dst << 4 | insn.src };
    let (off, imm) = match little {
        true => (insn.off.to_le_bytes(), insn.imm.to_le_bytes()),
        false => (insn.off.to_be_bytes(), insn.imm.to_be_bytes()),
    };
    let bytes = [&[insn.code, registers][..], &off, &imm].concat();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Programs that one gives up and the other does not.
fn programs_that_differ(
    object: &Object,
    asked: &[Access],
    outcomes: &[Arc<Outcome>],
    done: &Done,
) -> Vec<String> {
    let mut all = Vec::new();
    for program in &object.programs {
        let name = &object.functions[program.function].name;
        let is_error = |(access, outcome): (&Access, &Arc<Outcome>)| {
            outcome.state == State::Error
                && access.function_index.is_some_and(|function| program.functions.contains(&function))
        };
        let error = asked.iter().zip(outcomes).find(|&of| is_error(of));
        match (error, done.stopped.get(name)) {
            (None, Some(why)) => all
                .push(format!("program {name}: the library gives up, and corecheck does not say so: {why}")),
            (Some((access, outcome)), None) if done.fine.contains(name) => {
                all.push(format!("program {name}: the library takes {}: {:?}", access.key, outcome.reason));
            }
            _ => {}
        }
    }
    all
}
