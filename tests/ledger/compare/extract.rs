//! Objects out of executables, each into a file of its own.

use std::collections::HashSet;
use std::fs;
use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use corecheck_tests::carve::bpf_objects;

/// Reads lines of version, tab, path, and writes the objects in these files. Many tools share one object: equal ones are
/// written once. How many were written.
pub fn extract(table: impl BufRead, out: &Path) -> Result<usize> {
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    for line in table.lines() {
        let line = line?;
        let (version, path) = line.split_once('\t').with_context(|| format!("no table: {line}"))?;
        let file = Path::new(path).file_name().context("a path without a name")?.to_string_lossy();
        let tool = file.trim_end_matches("-libbpf");
        let bytes = fs::read(path).with_context(|| path.to_owned())?;
        for (number, object) in bpf_objects(&bytes).iter().enumerate() {
            if seen.insert(object.bytes.to_vec()) {
                let number = if number == 0 { String::new() } else { format!(".{number}") };
                fs::write(out.join(format!("{tool}{number}_{version}.bpf.o")), object.bytes)?;
            }
        }
    }
    ensure!(!seen.is_empty(), "no executable has an object");
    Ok(seen.len())
}
