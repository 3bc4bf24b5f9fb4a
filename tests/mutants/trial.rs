//! Running the tests with one bug after the other.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::compile::Program;
use super::mutant::Mutant;
use super::plant::SWITCH;

/// What became of a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A test failed.
    Caught,
    /// Tests did not end.
    TimedOut,
    /// Every test passed.
    Survived,
}

/// A program of tests may take this many times as long as without a bug.
const PATIENCE: u32 = 5;
/// And at least so long.
const LEAST: Duration = Duration::from_secs(20);

/// Tries every bug.
pub(crate) fn all(programs: &[Program], mutants: &[&Mutant]) -> Result<Vec<Fate>> {
    let mut limits = Vec::new();
    for program in programs {
        let begin = Instant::now();
        let fate = run(program, 0, Duration::from_secs(900))?;
        ensure!(fate == Fate::Survived, "{} fails without any bug", program.name);
        println!("{:>6.1} s {} {}", begin.elapsed().as_secs_f32(), program.name, program.only.join(" "));
        limits.push((begin.elapsed() * PATIENCE).max(LEAST));
    }
    let next = AtomicUsize::new(0);
    let fates: Mutex<Vec<Option<Fate>>> = Mutex::new(vec![None; mutants.len()]);
    let work = || -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(index) else { return Ok(()) };
            let mut fate = Fate::Survived;
            let mut order: Vec<(&Program, Duration)> = programs.iter().zip(limits.iter().copied()).collect();
            order.sort_by_key(|(program, _)| !mutant.file.starts_with(program.package()));
            for (program, limit) in order {
                fate = run(program, mutant.number, limit)?;
                if fate != Fate::Survived {
                    break;
                }
            }
            let Ok(mut fates) = fates.lock() else { bail!("another worker failed") };
            fates[index] = Some(fate);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker failed")))
    })?;
    let Ok(fates) = fates.into_inner() else { bail!("a worker failed") };
    fates.into_iter().map(|fate| fate.context("a bug was not tried")).collect()
}

/// Runs one program with one bug, up to the first test that fails.
fn run(program: &Program, number: u32, limit: Duration) -> Result<Fate> {
    // A group of its own, so that what the tests start ends with them.
    let mut child = Command::new(&program.path)
        .env(SWITCH, number.to_string())
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .env("INSTA_UPDATE", "no")
        .env("PROPTEST_RNG_SEED", "1")
        .env("RUST_BACKTRACE", "0")
        .args(["--test-threads", "1"])
        .args(program.only)
        .current_dir(&program.folder)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.path.display().to_string())?;
    let stdout = child.stdout.take().context("no output")?;
    let (tell, told) = mpsc::channel();
    let reader = thread::spawn(move || {
        let failed =
            BufReader::new(stdout).split(b'\n').map_while(Result::ok).any(|line| line.ends_with(b" FAILED"));
        // The other side may have stopped waiting.
        tell.send(failed).unwrap_or_default();
    });
    let said = told.recv_timeout(limit);
    let mut fate = match said {
        Ok(true) => Fate::Caught,
        Ok(false) => Fate::Survived,
        Err(_) => Fate::TimedOut,
    };
    if fate != Fate::Survived {
        let group = format!("-{}", child.id());
        Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().context("kill")?;
    }
    let status = child.wait()?;
    if fate == Fate::Survived && !status.success() {
        // It broke off: memory or stack ran out, or it was killed.
        fate = Fate::Caught;
    }
    if reader.join().is_err() {
        bail!("the output of {} cannot be read", program.name);
    }
    Ok(fate)
}
