//! Asks libbpf and the running kernel what becomes of objects that need something besides accesses (`fixtures/needs`): opened,
//! prepared, loaded and attached, against what corecheck says of the running kernel (`live`): whether it fails, and in which
//! phase.
//!
//! Where the kernel takes no program from us, nothing is compared, and this is said.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck::attach;
use corecheck::check::{Settings, check};
use corecheck::object::{Object, read_file};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::source::gather::{Options, Source, survey};
use corecheck_layouts::store::given;

use ffi::Came;

/// Compares what becomes of objects with what libbpf and the running kernel do.
#[derive(Debug, Parser)]
struct Arguments {
    /// BPF objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Sections whose programs any kernel lets be attached by name.
const ATTACHED: [&str; 3] = ["raw_tp", "tp_btf", "iter"];

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    ffi::take_messages();
    println!("libbpf {}", ffi::version());
    if let Err(errno) = ffi::can_load() {
        println!(
            "THIS PROOF DID NOT RUN: the running kernel takes no BPF program from this user (error {errno})"
        );
        println!("counts: passed=0 failed=0 notrun=1");
        return Ok(ExitCode::SUCCESS);
    }
    let (mut passed, mut failed, mut open) = (0, 0, 0);
    for file in &arguments.files {
        let came = ffi::load(file, &ATTACHED)?;
        let (verdict, phase, unchecked) = predicted(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let expected = match came {
            Came::Open => "open",
            Came::Relocate => "relocate",
            Came::Verify => "verify",
            Came::Attach => "attach",
            Came::Through => "",
        };
        let is_right = (verdict == "fails") == (came != Came::Through) && phase == expected;
        // Symbols without a type: said not to be checked.
        let is_open = verdict == "ok" && unchecked.contains(&"ksyms");
        match (is_right, is_open) {
            (true, _) => passed += 1,
            (false, true) => open += 1,
            (false, false) => {
                failed += 1;
                println!("{name}: corecheck says {verdict} ({phase}), libbpf and the kernel: {came:?}");
            }
        }
    }
    println!("counts: passed={passed} failed={failed} open={open}");
    Ok(if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What corecheck says of an object on the running kernel: its verdict, the phase in which it fails, and codes of what it did
/// not check.
fn predicted(file: &Path) -> Result<(&'static str, &'static str, Vec<&'static str>)> {
    let objects = read_file(file)?;
    let kernel = running(&objects)?;
    let report = check(objects, &[&kernel], &Settings::default())?;
    ensure!(report.results.len() == 1, "{} has more than one object", file.display());
    let result = report.results.first().context("a result")?;
    let phases = result.programs.iter().filter_map(|program| program.phase);
    let unchecked = result.unchecked.iter().map(|reason| reason.code).collect();
    Ok((result.verdict, phases.min().unwrap_or_default(), unchecked))
}

/// The running kernel, with what these objects ask about.
fn running(objects: &[Object]) -> Result<Kernel> {
    let mut roots = corecheck::answer::needs(objects);
    attach::add_needs(objects, &mut roots);
    let mut found = survey(&[Source::Live], Options::default(), &mut |_| {})?;
    let kernel = found.next(&mut |_| {}).context("the running kernel shows no BTF")??;
    Ok(given(kernel, &roots)?)
}
