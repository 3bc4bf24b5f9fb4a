//! What work costs: a process of its own for every measurement, so that its memory is its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::time::{ClockId, clock_gettime};

/// What one process measured of its own work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// From before opening until after closing.
    pub wall: Duration,
    /// The processor's time within that, user and system.
    pub cpu: Duration,
    /// Most memory that the whole process had resident, in KiB.
    pub rss: u64,
    /// Bytes given to `write` and its relatives.
    pub written: u64,
}

fn field(path: &str, name: &str) -> Result<u64> {
    let text = std::fs::read_to_string(path)?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .with_context(|| format!("no {name} in {path}"))?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}

fn cpu() -> Result<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}

/// Measures work in this process.
pub fn cost(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (before, written, start) = (cpu()?, field("/proc/self/io", "wchar:")?, Instant::now());
    work()?;
    let wall = start.elapsed();
    Ok(Cost {
        wall,
        cpu: cpu()?.saturating_sub(before),
        rss: field("/proc/self/status", "VmHWM:")?,
        written: field("/proc/self/io", "wchar:")?.saturating_sub(written),
    })
}

impl Cost {
    /// As one line, which [`Cost::parse`] reads.
    pub fn line(self) -> String {
        format!("cost {} {} {} {}", self.wall.as_nanos(), self.cpu.as_nanos(), self.rss, self.written)
    }

    /// Finds the line in what a process said.
    pub fn parse(text: &str) -> Result<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cost ")).context("no cost was said")?;
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [wall, cpu, rss, written] = numbers[..] else { anyhow::bail!("{line}: not four numbers") };
        Ok(Self { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu), rss, written })
    }
}

/// The median and the least of some durations.
pub fn middle(mut all: Vec<Duration>) -> (Duration, Duration) {
    all.sort();
    let middle = all.get(all.len() / 2).copied().unwrap_or_default();
    (middle, all.first().copied().unwrap_or_default())
}

/// Starts this executable again for one job, with pipes to it.
pub fn start(arguments: &[&str], path: &Path) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    // What it says on failure is shown in one line.
    command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    command.arg("--job").args(arguments).arg(path);
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// Runs one job to its end and returns what it said; its failure is an error with its words.
pub fn run(arguments: &[&str], path: &Path) -> Result<String> {
    let output = start(arguments, path)?.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("Error: ")
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The file as memory that cannot be written to, mapped as the executable's own read-only data is.
#[expect(
    unsafe_code,
    reason = "a mapping is what the executable's own data is; the file is ours, and nobody writes to it"
)]
pub fn mapped(path: &Path) -> Result<&'static [u8]> {
    // SAFETY: the file was made by this benchmark, and nothing writes to it while a job reads it.
    let map = unsafe { memmap2::Mmap::map(&File::open(path)?)? };
    Ok(Box::leak(Box::new(map)))
}
