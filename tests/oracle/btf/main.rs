//! What real BTF is like, and that corecheck copes with it: one check for each trap that only real kernels set.
//!
//! Modules come as `tests/corpus/modules` prepares them, vmlinuxes also from `tests/corpus/kernels`. Each check prints what it
//! saw, and fails when it saw too little: an archive that changed must not look like success.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod kernels;
mod order;
mod repeats;
mod signs;
mod units;
mod written;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use corecheck_tests::counts::Counts;

use kernels::{Corpus, WithModules};

/// Checks corecheck's reading of real kernels' BTF.
#[derive(Debug, Parser)]
struct Arguments {
    /// A kernel with its modules: a folder with vmlinux.btf and modules/*.btf. NAME=FOLDER; names are versions such as
    /// `6.1`, or `6.1-rt`.
    #[arg(long = "kernel", required = true)]
    kernels: Vec<String>,
    /// A vmlinux's raw BTF: NAME=FILE.
    #[arg(long = "vmlinux", required = true)]
    vmlinuxes: Vec<String>,
}

type Check = fn(&Corpus) -> Result<String>;

/// By the name that says what must hold.
const CHECKS: [(&str, Check); 8] = [
    ("every_module_is_read_on_its_own_vmlinux", units::every_module_is_read_on_its_own_vmlinux),
    ("a_module_on_another_vmlinux_is_refused", units::a_module_on_another_vmlinux_is_refused),
    ("what_is_read_is_written_back", written::what_is_read_is_written_back),
    ("attributes_of_the_newest_kernels_are_written_back", written::attributes_are_written_back),
    ("sorted_or_not_types_are_found", order::sorted_or_not_types_are_found),
    ("enumerations_of_5_10_and_6_1_have_the_same_signs", signs::enumerations_have_the_same_signs),
    ("types_that_a_vmlinux_has_twice_are_all_candidates", repeats::duplicates_are_all_candidates),
    ("modules_that_repeat_core_types_are_told", repeats::modules_that_repeat_core_types_are_told),
];

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let corpus = Corpus::read(&arguments.kernels, &arguments.vmlinuxes)?;
    let mut counts = Counts { kernels: corpus.kernels.len() + corpus.vmlinuxes.len(), ..Counts::default() };
    counts.objects = corpus.kernels.iter().map(|kernel: &WithModules| kernel.modules.len()).sum();
    for (name, check) in CHECKS {
        match check(&corpus) {
            Ok(saw) => {
                counts.passed += 1;
                println!("{name}: {saw}");
            }
            Err(error) => {
                counts.failed += 1;
                println!("FAILED {name}: {error:#}");
            }
        }
    }
    println!("{counts}");
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `NAME=PATH`.
fn named(argument: &str) -> Result<(String, PathBuf)> {
    let parts = argument.split_once('=').map(|(name, path)| (name.to_owned(), PathBuf::from(path)));
    parts.ok_or_else(|| anyhow::anyhow!("{argument}: wants NAME=PATH"))
}
