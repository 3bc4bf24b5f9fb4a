//! JSON for machines. The forms are described by the JSON Schemas in `checker/schema/`.

use std::io::{self, Write};

use serde::Serialize;

use crate::compare::Comparison;
use crate::log::LogEntry;
use crate::report::Report;
use crate::report::model::{ObjectEntry, Tool};

/// Version of the form that [`accesses`] writes.
pub const ACCESSES_SCHEMA: &str = "corecheck.accesses/1";

/// What objects ask of a kernel.
#[derive(Debug, Serialize)]
struct Accesses<'a> {
    schema: &'static str,
    tool: Tool,
    objects: &'a [ObjectEntry],
}

/// Writes a report (`checker/schema/report-1.json`).
///
/// # Errors
///
/// When `out` cannot be written.
pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write(report, out)
}

/// Writes what objects ask of a kernel (`checker/schema/accesses-1.json`).
///
/// # Errors
///
/// When `out` cannot be written.
pub fn accesses(objects: &[ObjectEntry], out: &mut dyn Write) -> io::Result<()> {
    let tool = Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") };
    write(&Accesses { schema: ACCESSES_SCHEMA, tool, objects }, out)
}

/// Writes a comparison (`checker/schema/compare-1.json`).
///
/// # Errors
///
/// When `out` cannot be written.
pub fn compare(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    write(comparison, out)
}

/// Writes what a log says (`checker/schema/log-1.json`).
///
/// # Errors
///
/// When `out` cannot be written.
pub fn log(entry: &LogEntry, out: &mut dyn Write) -> io::Result<()> {
    write(entry, out)
}

fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
