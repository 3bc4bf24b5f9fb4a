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
mod random;
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
use tally::{Least, Tally};
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
    /// An object with room for instructions that are made up.
    #[arg(long)]
    canvas: Option<PathBuf>,
    /// How often it is filled.
    #[arg(long, default_value_t = 0)]
    random: usize,
    /// The number of the first filling.
    #[arg(long, default_value_t = 0)]
    random_from: u64,
    #[command(flatten)]
    least: Least,
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
    if let Some(why) = cannot_run() {
        println!("THIS PROOF DID NOT RUN: {why}");
        println!("counts: passed=0 failed=0 notrun=1");
        return Ok(ExitCode::SUCCESS);
    }
    let mut common: Vec<Target> =
        arguments.targets.iter().map(|one| targets::named(one)).collect::<Result<_>>()?;
    common.push(targets::nothing(&arguments.work)?);
    let running = Running::read()?;
    let subjects = subject::read_all(&arguments.files)?;
    println!("{} objects, {} targets and {} variations", subjects.len(), common.len(), arguments.variations);

    let asking = Asking { arguments: &arguments, running, common, ids: AttachIds::default() };
    let mut tally = asking.run(subjects.len(), |index, own| {
        let subject = &subjects[index];
        asking.ask(index, subject, own).with_context(|| subject.name.clone())
    });
    if let Some(file) = &arguments.table {
        let mut out = fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        for row in &tally.rows {
            writeln!(out, "{row}")?;
        }
    }
    tally.require(&arguments.least);
    tally.print(asking.common.len());
    let is_good = tally.is_good() && asking.ask_random()?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all asking takes.
struct Asking<'a> {
    arguments: &'a Arguments,
    running: Running,
    common: Vec<Target>,
    ids: AttachIds,
}

impl Asking<'_> {
    /// So many pieces of work, on all threads.
    fn run(&self, count: usize, piece: impl Fn(usize, &mut Tally) -> Result<()> + Sync) -> Tally {
        let (next, all) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut own = Tally::default();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            break;
                        }
                        if let Err(error) = piece(index, &mut own) {
                            own.fail(format!("{error:#}"));
                        }
                    }
                    all.lock().unwrap_or_else(PoisonError::into_inner).add(own);
                });
            }
        });
        let mut tally = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        tally.rows.sort();
        tally
    }

    /// Asks about one object against all targets.
    fn ask(&self, index: usize, subject: &Subject, tally: &mut Tally) -> Result<()> {
        let Arguments { work, variations, .. } = self.arguments;
        let file = work.join(format!("{index}.bpf.o"));
        fs::write(&file, &subject.bytes)?;
        let variations = targets::variations(&file, &index.to_string(), *variations, work)?;
        let predictor = Predictor::read(&subject.name, &subject.bytes, &self.running)?;
        for target in self.common.iter().chain(&variations) {
            self.ask_target(subject, &predictor, target, tally)?;
        }
        Ok(())
    }

    fn ask_target(
        &self,
        subject: &Subject,
        predictor: &Predictor,
        target: &Target,
        tally: &mut Tally,
    ) -> Result<()> {
        let trapped = match subject.ask(target, &self.ids, self.arguments.show.as_deref())? {
            Err(why) => {
                tally.refused(why);
                return Ok(());
            }
            Ok(trapped) => trapped,
        };
        tally.relocated();
        for of in &trapped {
            let predicted = predictor
                .predict(&target.kernel, &self.running, &of.program, &of.asked)
                .with_context(|| format!("{} on {}", of.program, target.name))?;
            tally.asked(&subject.name, &target.name, of, &predicted);
        }
        Ok(())
    }

    /// Asks about programs that are made up; whether all is well.
    fn ask_random(&self) -> Result<bool> {
        let Some(canvas) = &self.arguments.canvas else { return Ok(true) };
        let bytes = fs::read(canvas).with_context(|| format!("cannot read {}", canvas.display()))?;
        let target = targets::little(&self.arguments.work)?;
        let Arguments { random, random_from, .. } = *self.arguments;
        let mut tally = self.run(random, |index, own| {
            let number = random_from + index as u64;
            let bytes = random::fill(&bytes, number)?;
            let subject = Subject::read(format!("made up {number}"), bytes)?;
            let predictor = Predictor::read(&subject.name, &subject.bytes, &self.running)?;
            self.ask_target(&subject, &predictor, &target, own).with_context(|| subject.name.clone())
        });
        // Of 32 accesses each, at least one is decided.
        Ok(tally.judge_made_up(random))
    }
}

/// Why nothing can be asked on this machine.
fn cannot_run() -> Option<String> {
    if let Err(errno) = ffi::can_load() {
        let error = std::io::Error::from_raw_os_error(errno);
        return Some(format!("the running kernel takes no BPF program from this user: {error}"));
    }
    let is_there = std::path::Path::new(targets::RUNNING).exists();
    (!is_there).then(|| "the running kernel has no BTF".to_owned())
}
