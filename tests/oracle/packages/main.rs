//! Imports kernel packages as Debian ships them, and holds what corecheck gives back against others' reading of the
//! originals.
//!
//! `tests/corpus/packages` has the packages, and takes the BTF in them out by its own means. Each kernel is added to a store
//! with `corecheck layouts add`, and written out again with `layouts export`. Then
//!
//! 1. its facts must be those that the packages' names tell,
//! 2. bpftool must read the same types out of the export as out of the original, whatever their ids ([`same`]): all kinds, all
//!    that they refer to, and the kind flags, which bpftool does not print ([`flags`]); of vmlinux and of modules,
//! 3. pahole must print the same structures of both ([`pahole`]),
//! 4. the other forms in which a kernel comes must give the same ([`forms`]), and `check` the same report with the store and
//!    without ([`check`]).
//!
//! It is a program of its own and no `cargo test` target, because it needs packages that `tests/run` fetches first. Its last
//! line, `counts: ...`, is for the summary of `tests/run`. Too few kernels, versions, architectures, modules or types are a
//! failure: a broken download must not look like agreement.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod check;
mod corecheck;
mod dump;
mod flags;
mod fold;
mod forms;
mod kernel;
mod pahole;
mod same;
mod table;

use std::{collections::BTreeSet, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck_tests::counts::Counts;

use corecheck::Corecheck;
use kernel::{Added, Export};
use table::Row;

/// Compares kernels as packaged with what corecheck gives back of them.
#[derive(Debug, Parser)]
struct Arguments {
    /// The corecheck program.
    #[arg(long)]
    corecheck: PathBuf,
    /// What tests/corpus/packages printed.
    #[arg(long)]
    table: PathBuf,
    /// An empty folder for stores and exports; they stay there.
    #[arg(long)]
    work: PathBuf,
    /// Fewer minor versions than this are a failure.
    #[arg(long)]
    min_versions: usize,
    /// Fewer architectures than this are a failure.
    #[arg(long)]
    min_arches: usize,
    /// Fewer modules than this are a failure.
    #[arg(long)]
    min_modules: usize,
    /// Fewer types in any vmlinux are a failure.
    #[arg(long)]
    min_types: usize,
    /// Fewer structures of any vmlinux that pahole prints are a failure.
    #[arg(long)]
    min_structures: usize,
    /// BPF objects to check, which have accesses.
    #[arg(required = true)]
    objects: Vec<PathBuf>,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Counts,
    modules: usize,
    types: usize,
}

impl Tally {
    /// Counts a check, and says what failed.
    pub fn check<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.counts.passed += 1;
                Some(value)
            }
            Err(error) => {
                self.counts.failed += 1;
                println!("FAILED {what}: {error:#}");
                None
            }
        }
    }

    fn require(&mut self, what: &str, found: usize, least: usize) {
        let enough = if found >= least { Ok(()) } else { Err(anyhow::anyhow!("{found}, not {least}")) };
        self.check(&format!("enough {what}"), enough);
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let table = fs::read_to_string(&arguments.table).context("the table")?;
    let rows: Vec<Row> = table.lines().map(Row::read).collect::<Result<_>>()?;
    let corecheck =
        Corecheck { program: arguments.corecheck.clone(), store: arguments.work.join("all.store") };
    let mut tally = Tally::default();
    let (with, without): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.vmlinux().is_some());
    let mut all = Vec::new();
    for row in &with {
        let added = kernel::add(&corecheck, row, &arguments.work);
        all.extend(tally.check(&format!("{}: added and exported", row.name()), added));
    }
    for row in &without {
        tally.check(&format!("{}: refused", row.name()), refused(&corecheck, row));
    }
    for added in &all {
        compare(&mut tally, &corecheck, added, &arguments)?;
    }
    tally.check("the store verifies", corecheck.succeed::<&str>(&["layouts", "verify"], &[]));
    check::run(&mut tally, &corecheck, &all, &arguments.objects);
    forms::run(&mut tally, &corecheck.program, &all, &arguments.work);

    let versions: BTreeSet<String> = all.iter().map(|added| added.row.minor()).collect();
    let arches: BTreeSet<&str> = all.iter().map(|added| added.row.arch.as_str()).collect();
    tally.require("minor versions", versions.len(), arguments.min_versions);
    tally.require("architectures", arches.len(), arguments.min_arches);
    tally.require("modules", tally.modules, arguments.min_modules);
    println!("{} types of vmlinux and {} modules are as they were", tally.types, tally.modules);
    println!("{}", tally.counts);
    Ok(if tally.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Compares one kernel.
fn compare(tally: &mut Tally, corecheck: &Corecheck, added: &Added, arguments: &Arguments) -> Result<()> {
    let name = added.row.name();
    tally.counts.kernels += 1;
    tally.check(&format!("{name}: facts"), added.has_its_facts(corecheck));
    let printed = tally.check(&format!("{name}: structures by pahole"), added.has_its_structures());
    let structures = printed.unwrap_or_default();
    tally.require(&format!("structures in {name}"), structures, arguments.min_structures);
    tally.check(&format!("{name}: health"), added.has_health(corecheck));
    let same = tally.check(&format!("{name}: types by bpftool"), added.has_its_types(&added.exported));
    let Some(same) = same else { return Ok(()) };
    tally.types += same.count();
    tally.require(&format!("types in {name}"), same.count(), arguments.min_types);
    let export = Export { corecheck, kernel: &name, vmlinux: &added.exported, same: &same };
    let mut modules = 0;
    for (module, original) in added.row.modules()? {
        let has_module = added.has_module(&export, &module, &original);
        modules += usize::from(tally.check(&format!("{name}: module {module}"), has_module).is_some());
    }
    tally.modules += modules;
    println!("{name}: {} types, {structures} structures, {modules} modules", same.count());
    Ok(())
}

/// A kernel without BTF is no kernel here, and corecheck says why.
fn refused(corecheck: &Corecheck, row: &Row) -> Result<()> {
    let output = corecheck.run(&["layouts", "add"], &row.packages()?)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "corecheck ended with {}: {said}", output.status);
    ensure!(said.contains("CONFIG_DEBUG_INFO_BTF"), "it does not say why: {said}");
    Ok(())
}
