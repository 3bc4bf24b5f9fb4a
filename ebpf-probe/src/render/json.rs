//! JSON for machines, described by `ebpf-probe/schema/observation-1.json`.

use std::io::{self, Write};

use crate::report::Observation;

/// Writes an observation.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, observation)?;
    writeln!(out)
}
