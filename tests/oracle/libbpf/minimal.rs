//! The least BTF that an object needs, as `corecheck layouts export --for` writes it: libbpf must relocate the object with it
//! just as with all of the kernel's BTF.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::ffi::Relo;
use crate::layout::Worth;
use crate::libbpf::Said;
use crate::records::Record;
use crate::subject::{self, Subject};
use crate::tally::Tally;
use crate::target::Kernel;

/// The kind that asks for the id of a type of the target.
const TYPE_ID_TARGET: u32 = 7;

/// Where kernels are stored, and by which program.
pub struct Store<'s> {
    pub corecheck: &'s Path,
    pub file: &'s Path,
    /// A folder for what is written.
    pub work: &'s Path,
}

impl Store<'_> {
    /// The least BTF of a stored kernel for a file of objects.
    fn export(&self, kernel: &str, object: &Path) -> Result<Vec<u8>> {
        let out = self.work.join("minimal.btf");
        let mut command = Command::new(self.corecheck);
        command.args(["layouts", "export", kernel, "--store"]).arg(self.file);
        command.arg("--for").arg(object).arg("--output").arg(&out).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
        Ok(fs::read(&out)?)
    }
}

/// Compares each object with all BTF of a stored kernel, as packaged, and with what is exported for it. Says how many
/// records resolve.
pub fn run(
    tally: &mut Tally,
    store: &Store<'_>,
    name: &str,
    full: &Path,
    files: &[PathBuf],
) -> Result<usize> {
    let bytes = fs::read(full).with_context(|| format!("cannot read {}", full.display()))?;
    let kernel = Kernel::of(&bytes, &[])?;
    let mut resolved = 0;
    for file in files {
        let minimal = store.export(name, file)?;
        ensure!(minimal.len() * 10 < bytes.len(), "{} bytes are not minimal", minimal.len());
        let minimal = Kernel::of(&minimal, &[])?;
        for subject in subject::read_all(std::slice::from_ref(file))? {
            tally.counts.objects += 1;
            match compare(tally, &subject, &kernel, &minimal) {
                Ok(found) => {
                    resolved += found;
                    tally.counts.passed += 1;
                }
                Err(error) => {
                    tally.counts.failed += 1;
                    println!("FAILED {} with the least BTF of {name}: {error:#}", subject.name);
                }
            }
        }
    }
    Ok(resolved)
}

fn compare(tally: &mut Tally, subject: &Subject, full: &Kernel, minimal: &Kernel) -> Result<usize> {
    let (full, minimal) = (subject.said(full)?, subject.said(minimal)?);
    let records = &subject.records.all;
    ensure!(full.len() == records.len() && minimal.len() == records.len(), "not all records are answered");
    let mut differing = Vec::new();
    let mut resolved = 0;
    for ((record, full), minimal) in records.iter().zip(&full).zip(&minimal) {
        tally.counts.accesses += 1;
        resolved += usize::from(matches!(full, Said::Answered(answer) if answer.target.is_some()));
        if without_ids(record, full) == without_ids(record, minimal) {
            tally.counts.agreeing += 1;
        } else {
            tally.counts.failing += 1;
            let Relo { kind, insn_off, .. } = record.relo;
            let at = format!("{}+{insn_off}, kind {kind}", record.section);
            differing.push(format!("\n  {at}\n  with all:  {full:?}\n  minimal: {minimal:?}"));
        }
    }
    ensure!(differing.is_empty(), "{}", differing.concat());
    Ok(resolved)
}

/// What was said, without ids and numbers of members: these are others in another BTF.
fn without_ids(record: &Record, said: &Said) -> Said {
    let mut said = said.clone();
    if let Said::Answered(answer) = &mut said {
        answer.worth = Worth { orig_type_id: 0, new_type_id: 0, ..answer.worth };
        answer.target = answer.target.as_deref().map(place);
        if record.relo.kind == TYPE_ID_TARGET {
            answer.worth.new_val = u64::from(answer.worth.new_val > 0);
            answer.patched = answer.patched.clone().map(|_| [0; 2]);
        }
    }
    said
}

/// "[12] struct s.a (0:3 @ offset 8)" without its id and the numbers of members.
fn place(words: &str) -> String {
    let words = words.split_once("] ").map_or(words, |(_, rest)| rest);
    match words.rsplit_once(" (").zip(words.rsplit_once(" @ ")) {
        Some(((before, _), (_, after))) => format!("{before} @ {after}"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_without_ids_and_numbers() {
        assert_eq!(place("[12] struct s.a (0:3 @ offset 8)"), "struct s.a @ offset 8)");
        assert_eq!(place("[4] struct s.a (0:0 @ offset 8)"), "struct s.a @ offset 8)");
        assert_eq!(place("[3] enum e::A = 1"), "enum e::A = 1");
    }
}
