//! The ledger: what corecheck says of objects on kernels, against what became of them in machines that ran these kernels.

#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod book;
mod cause;
mod extract;
mod machine;
mod page;
mod predict;
mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use corecheck::object::Object;

use book::Book;
use machine::Machine;

/// What corecheck says, against what machines did.
#[derive(Debug, Parser)]
enum Arguments {
    /// Takes the objects out of executables. Reads lines of version, tab, path
    Extract {
        /// Where they go, as NAME_VERSION.bpf.o; of equal ones the first
        #[arg(long)]
        out: PathBuf,
    },
    /// Compares, and writes ledger.md and ledger.json
    Compare {
        /// The folder of the objects
        #[arg(long)]
        objects: PathBuf,
        /// The folder with one folder for each machine
        #[arg(long)]
        machines: PathBuf,
        /// Where the ledger goes
        #[arg(long)]
        out: PathBuf,
        /// The day
        #[arg(long)]
        date: String,
        /// Who loaded, with version (repeatable)
        #[arg(long = "loader")]
        loaders: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    match Arguments::parse() {
        Arguments::Extract { out } => {
            println!("{} objects", extract::extract(std::io::stdin().lock(), &out)?);
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Compare { objects, machines, out, date, loaders } => {
            compare(&objects, &machines, &out, date, loaders)
        }
    }
}

fn compare(
    objects: &Path,
    machines: &Path,
    out: &Path,
    date: String,
    loaders: Vec<String>,
) -> Result<ExitCode> {
    let objects = read_objects(objects)?;
    let mut machines = Machine::all(machines)?;
    let mut records = Vec::new();
    for machine in &mut machines {
        let of = machine.records(&objects).with_context(|| format!("machine {}", machine.name))?;
        records.extend(of.into_iter().map(|record| (machine.name.clone(), record)));
    }
    let lines = book::lines(records);
    let book = Book {
        schema: book::SCHEMA,
        date,
        corecheck: env!("CARGO_PKG_VERSION").to_owned(),
        loaders,
        objects: objects.into_keys().collect(),
        counts: book::counts(lines.iter().map(|line| (&line.record, line.machines.len()))),
        machines,
        lines,
    };
    fs::write(out.join("ledger.md"), page::page(&book)?)?;
    fs::write(out.join("ledger.json"), json(&book)?)?;
    for (class, number) in &book.counts {
        println!("{}: {number}", class.word());
    }
    let all: usize = book.counts.values().sum();
    println!("counts: passed={} failed={} kernels={}", all - book.wrong(), book.wrong(), book.machines.len());
    Ok(if book.wrong() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_objects(folder: &Path) -> Result<BTreeMap<String, Object>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        found.insert(entry.file_name().to_string_lossy().into_owned(), predict::object(&entry.path())?);
    }
    ensure!(!found.is_empty(), "no objects in {}", folder.display());
    Ok(found)
}

/// One line of text for each line of the ledger, so that differences between two ledgers can be read.
fn json(book: &Book) -> Result<String> {
    let mut whole = serde_json::to_value(book)?;
    let mut lines = whole.get_mut("lines").context("lines")?.take();
    let lines = lines.as_array_mut().context("lines")?;
    // Most lines are of all machines.
    for line in &mut *lines {
        let machines = line.get_mut("machines").context("machines")?;
        if machines.as_array().is_some_and(|names| names.len() == book.machines.len()) {
            *machines = "all".into();
        }
    }
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let head = serde_json::to_string_pretty(&whole)?;
    Ok(head.replacen("\"lines\": null", &format!("\"lines\": [\n{}\n]", lines.join(",\n")), 1) + "\n")
}
