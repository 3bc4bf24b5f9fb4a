//! The kernel's own tests of CO-RE, from its sources (`tests/corpus/selftests`), compiled by `selftests/build`.
//!
//! Each case of the kernel's table is resolved and held against libbpf record by record, as any object is. Then the case's own
//! expectation is held against corecheck:
//!
//! - One that must succeed has no error, and its program, with the instructions that corecheck patched, is run
//!   ([`crate::machine`]) on the case's input and must write the case's output, to the byte.
//! - One that must fail has an error, or its program, run, reaches a poisoned instruction. libbpf must have refused a record in
//!   the first case and none in the second; bpftool, where it is asked, must have failed in the first and not in the second.
//! - The verdict must be that: `fails` for an error, `fails` or `unknown` for poison (unknown where a guard is possible), `ok`
//!   where nothing is poisoned.
//!
//! Poison that a successful program does not reach is accepted for the cases of a committed list, and for no others; so is
//! what cannot run. Running a program takes one way through it, and the verifier all; the list is where the others are known
//! to be closed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use corecheck::load::data_sections;
use corecheck::loader::Loader;
use corecheck::resolve::State;
use corecheck::verdict::{Verdict, judge_all};
use object::{Object, ObjectSection};

use crate::libbpf::Said;
use crate::machine::{ARGUMENT, CONTEXT, DATA, End, Machine, TASK};
use crate::subject::Subject;
use crate::table::{Case, Data, Exceptions, Table, Where};
use crate::{loaded, tally::Tally, target::Kernel};

/// The process and thread that `selftests/build` tells the compiler.
const PROCESS: u64 = 4242;

/// What ran.
#[derive(Default)]
pub struct Ran {
    /// The cases, each once.
    pub cases: BTreeSet<String>,
    /// Runs: a case has one for each instruction set and variant.
    pub runs: usize,
    /// Cases that fail by a hard error.
    pub errors: BTreeSet<String>,
    /// Cases that fail because poison is reached.
    pub poisoned: BTreeSet<String>,
    /// Cases that succeed with poison that is not reached.
    guarded: BTreeSet<String>,
    /// Cases that could not run.
    cannot_run: BTreeSet<String>,
    /// Bytes that were written as expected.
    bytes: usize,
}

impl Ran {
    /// Says it.
    pub fn print(&self) {
        let Self { cases, runs, errors, poisoned, guarded, cannot_run, bytes } = self;
        let names =
            |names: &BTreeSet<String>| names.iter().map(|name| format!(" {name}")).collect::<String>();
        println!("{} cases in {runs} runs; {bytes} bytes written as expected", cases.len());
        println!("fail by a hard error: {}:{}", errors.len(), names(errors));
        println!("fail by reached poison: {}:{}", poisoned.len(), names(poisoned));
        println!("poison not reached: {}:{}", guarded.len(), names(guarded));
        println!("cannot run: {}:{}", cannot_run.len(), names(cannot_run));
    }
}

/// Runs all cases of every instruction set in `folder`.
pub fn run(tally: &mut Tally, folder: &Path, kernel: &Path, exceptions: &Path) -> Result<Ran> {
    let exceptions = Exceptions::parse(&read_text(exceptions)?)?;
    let world = World::read(folder, kernel)?;
    let mut ran = Ran::default();
    for set in ["v2", "v3"] {
        let folder = folder.join(set);
        let table = Table::parse(&read_text(&folder.join("table"))?)?;
        let mut suite = Suite { folder, world: &world, objects: BTreeMap::new(), data: table.data };
        for case in &table.cases {
            ran.runs += 1;
            ran.cases.insert(case.name.clone());
            let judged = match suite.judge(tally, case) {
                Ok(came) => ran.note(case, came, &exceptions),
                Err(error) if exceptions.cannot_run.contains_key(&case.name) => {
                    println!("cannot run: {} ({}, {set}): {error:#}", case.name, case.variant);
                    ran.cannot_run.insert(case.name.clone());
                    Ok(())
                }
                Err(error) => Err(error),
            };
            match judged {
                Ok(()) => tally.counts.passed += 1,
                Err(error) => {
                    tally.counts.failed += 1;
                    println!("FAILED {} ({}, {set}): {error:#}", case.name, case.variant);
                }
            }
        }
        suite.all_files_used(&table)?;
    }
    for (what, listed, found) in [
        ("cannot run", &exceptions.cannot_run, &ran.cannot_run),
        ("has poison that it does not reach", &exceptions.guarded, &ran.guarded),
    ] {
        for case in listed.keys().filter(|case| !found.contains(*case)) {
            tally.counts.failed += 1;
            println!("FAILED: it is listed that {case} {what}, and that is not so");
        }
    }
    Ok(ran)
}

/// What came of a case that met its expectation.
enum Came {
    /// It fails by a hard error.
    Error,
    /// It fails because poison is reached.
    Poison,
    /// It writes what it must; and whether something is poisoned.
    Written { guarded: bool },
}

impl Ran {
    fn note(&mut self, case: &Case, came: Came, exceptions: &Exceptions) -> Result<()> {
        ensure!(
            !exceptions.cannot_run.contains_key(&case.name),
            "it is listed as one that cannot run, and ran"
        );
        match came {
            Came::Error => _ = self.errors.insert(case.name.clone()),
            Came::Poison => _ = self.poisoned.insert(case.name.clone()),
            Came::Written { guarded } => {
                self.bytes += case.output.len();
                if guarded {
                    self.guarded.insert(case.name.clone());
                    let listed = exceptions.guarded.contains_key(&case.name);
                    ensure!(listed, "it reaches no poison, but has some, and is not listed so");
                }
            }
        }
        Ok(())
    }
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What stands in for a running machine.
struct World {
    kernel: Kernel,
    with_module: Kernel,
    task: Vec<u8>,
    read_ctx: Vec<u8>,
}

impl World {
    fn read(folder: &Path, kernel: &Path) -> Result<Self> {
        let (main, module) = (read(kernel)?, read(&folder.join("module.btf"))?);
        Ok(Self {
            kernel: Kernel::of(&main, &[])?,
            with_module: Kernel::of(&main, &[("bpf_testmod", module)])?,
            task: loaded::variable(&read(&folder.join("task.o"))?, "task")?,
            read_ctx: loaded::variable(&read(&folder.join("module.o"))?, "read_ctx")?,
        })
    }
}

/// The cases of one instruction set.
struct Suite<'w> {
    folder: PathBuf,
    world: &'w World,
    objects: BTreeMap<String, (Vec<u8>, Subject)>,
    data: Data,
}

impl Suite<'_> {
    /// Judges a case; an error says how it did not meet its expectation.
    fn judge(&mut self, tally: &mut Tally, case: &Case) -> Result<Came> {
        if !self.objects.contains_key(&case.object) {
            let bytes = read(&self.folder.join(&case.object))?;
            let subject = Subject::read(case.object.clone(), &bytes)?.context("the object has no records")?;
            self.objects.insert(case.object.clone(), (bytes, subject));
        }
        let (bytes, subject) = self.objects.get(&case.object).context("it was just read")?;
        let own;
        let kernel = match &case.target {
            Where::Kernel => &self.world.kernel,
            Where::Module => &self.world.with_module,
            Where::File(file) => {
                own = target(&self.folder.join(file))?;
                &own
            }
        };
        let said = tally.run(subject, &format!("{} ({})", case.name, case.variant), kernel);
        let said = said.context("libbpf cannot be asked")?;
        let answer = subject.answer(kernel)?;
        let asked: Vec<usize> = (0..subject.accesses.len()).collect();
        let data = data_sections(&subject.object, &[])?;
        let judged = corecheck::verdict::Case {
            loader: Loader::LIBBPF,
            object: &subject.object,
            accesses: &subject.accesses,
            asked: &asked,
            data: &data,
            requirements: &[],
            judges_requirements: false,
            alternatives: &[],
        };
        let verdict = judge_all(&judged, &[&kernel.ours], &kernel.loaded).verdicts.remove(0).verdict;

        let is_error = answer.outcomes.iter().any(|outcome| outcome.state == State::Error);
        let they_refuse = said.iter().any(is_refused);
        ensure!(is_error == they_refuse, "a hard error: corecheck says {is_error}, libbpf {they_refuse}");
        if let Some(bpftool) = case.bpftool_fails {
            ensure!(is_error == bpftool, "a hard error: corecheck says {is_error}, bpftool {bpftool}");
        }
        if is_error {
            ensure!(case.fails, "it has an error, and must succeed");
            ensure!(verdict == Verdict::Fails, "it has an error, and the verdict is {}", verdict.word());
            return Ok(Came::Error);
        }

        let code = loaded::code(bytes, &case.program, &subject.accesses, &answer.outcomes)?;
        let mut machine = self.machine(case, loaded::data_size(bytes)?)?;
        let end = machine.run(&code).with_context(|| format!("running {}", case.program))?;
        if let End::Poison(at) = end {
            ensure!(case.fails, "it reaches poison at instruction {at}, and must succeed");
            ensure!(verdict == Verdict::Fails, "it reaches poison, and the verdict is {}", verdict.word());
            return Ok(Came::Poison);
        }
        ensure!(!case.fails, "it must fail, and has neither an error nor does it reach poison");
        self.has_written(case, &machine)?;
        let guarded = answer.outcomes.iter().any(|outcome| outcome.state == State::Poisoned);
        // A path that this input does not take may lead to poison; and some cases read fields whose size or sign is another.
        let loads = matches!(verdict, Verdict::Ok | Verdict::Risky);
        let fits = if guarded { verdict != Verdict::Fails } else { loads };
        ensure!(fits, "it succeeds, and the verdict is {}", verdict.word());
        Ok(Came::Written { guarded })
    }

    /// Memory as the case's program finds it.
    fn machine(&self, case: &Case, data_size: usize) -> Result<Machine> {
        let process = PROCESS << 32 | PROCESS;
        let mut data = vec![0; data_size];
        let mut put = |at: usize, bytes: &[u8]| -> Result<()> {
            data.get_mut(at..at + bytes.len()).context("the data is too small")?.copy_from_slice(bytes);
            Ok(())
        };
        put(self.data.input, &case.input)?;
        let mut regions = Vec::new();
        let mut context = [0; 16];
        if !matches!(case.target, Where::File(_)) {
            put(self.data.process, &process.to_le_bytes())?;
            context[..8].copy_from_slice(&TASK.to_le_bytes());
            context[8..].copy_from_slice(&ARGUMENT.to_le_bytes());
            regions.push((TASK, self.world.task.clone()));
            regions.push((ARGUMENT, self.world.read_ctx.clone()));
        }
        regions.push((CONTEXT, context.to_vec()));
        regions.push((DATA, data));
        Ok(Machine::new(regions, process))
    }

    fn has_written(&self, case: &Case, machine: &Machine) -> Result<()> {
        let data = machine.region(DATA).context("the data is gone")?;
        let skipped = data.get(self.data.skip).is_some_and(|&skip| skip != 0);
        ensure!(!skipped, "the program says that its compiler was too old");
        let begin = self.data.output;
        let written = data.get(begin..begin + case.output.len()).context("the data is too small")?;
        let differ = |(_, (one, other)): &(usize, (&u8, &u8))| one != other;
        let first = written.iter().zip(&case.output).enumerate().find(differ);
        if let Some((at, _)) = first {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            bail!("byte {at} differs:\n  written  {}\n  expected {}", hex(written), hex(&case.output));
        }
        Ok(())
    }

    /// What was compiled, and no case uses, was compiled for nothing: then the table is not what it should be.
    fn all_files_used(&self, table: &Table) -> Result<()> {
        let targets = table.cases.iter().filter_map(|case| match &case.target {
            Where::File(file) => Some(file.as_str()),
            _ => None,
        });
        let used: BTreeSet<&str> =
            targets.chain(table.cases.iter().map(|case| case.object.as_str())).collect();
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            ensure!(!file.ends_with(".o") || used.contains(file.as_str()), "no case uses {file}");
        }
        Ok(())
    }
}

/// Whether libbpf fails the load of the whole object for it.
fn is_refused(said: &Said) -> bool {
    match said {
        Said::NoName | Said::Refused(_) => true,
        Said::Answered(answer) => answer.patched.is_err(),
        Said::Skipped | Said::OtherOrder => false,
    }
}

/// A target: an ELF file with BTF, or raw BTF.
fn target(path: &Path) -> Result<Kernel> {
    let bytes = read(path)?;
    if !bytes.starts_with(b"\x7fELF") {
        return Kernel::of(&bytes, &[]);
    }
    let elf = object::File::parse(&*bytes)?;
    Kernel::of(elf.section_by_name(".BTF").context("the target has no BTF")?.data()?, &[])
}
