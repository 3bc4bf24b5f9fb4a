//! Objects, and what the verifier says of their traps against a target.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corecheck_tests::carve;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::ffi::Prepared;
use crate::targets::Target;
use crate::trap::{Code, Trap};
use crate::verdict::{AttachIds, Question, Truth};

/// An object with all that does not depend on the target.
pub struct Subject {
    /// What to call it in messages.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Its code.
    pub code: Code,
}

/// A program with traps.
#[derive(Debug)]
pub struct Trapped {
    /// Its function.
    pub program: String,
    /// Its traps.
    pub asked: Vec<Asked>,
}

/// A trap, and what the verifier says of it.
#[derive(Debug)]
pub struct Asked {
    /// The trap.
    pub trap: Trap,
    /// The verifier's word.
    pub truth: Truth,
}

impl Subject {
    /// Reads an object.
    pub fn read(name: String, bytes: Vec<u8>) -> Result<Self> {
        let code = Code::read(&bytes).with_context(|| name.clone())?;
        Ok(Self { name, bytes, code })
    }

    /// What the verifier says of every trap that libbpf makes of this target; or why libbpf refuses to relocate it. Of the
    /// program `shown`, all that it says.
    pub fn ask(
        &self,
        target: &Target,
        ids: &AttachIds,
        shown: Option<&str>,
    ) -> Result<Result<Vec<Trapped>, String>> {
        let prepared = match Prepared::new(&self.bytes, &target.file)? {
            Ok(prepared) => prepared,
            Err(refusal) => return Ok(Err(refusal.0)),
        };
        let mut all = Vec::new();
        for program in prepared.programs()? {
            let traps = self.code.traps(&program)?;
            let question =
                Question { prepared: &prepared, code: &self.code, ids, program: &program, traps: &traps };
            let mut asked = Vec::new();
            for (index, trap) in traps.iter().enumerate() {
                let truth = question.ask(index);
                if shown == Some(&program.name) {
                    println!("{} on {}: {trap:?}: {truth:?}", self.name, target.name);
                    println!("{}", question.log(index));
                }
                asked.push(Asked { trap: trap.clone(), truth });
            }
            if !asked.is_empty() {
                all.push(Trapped { program: program.name.clone(), asked });
            }
        }
        Ok(Ok(all))
    }
}

/// Reads every object in `files` that is of this machine's byte order, those within executables included; each once. One with
/// settings is there twice: as it is, and with all of them on.
pub fn read_all(files: &[PathBuf]) -> Result<Vec<Subject>> {
    let (mut subjects, mut known) = (Vec::new(), HashSet::new());
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = carve::bpf_objects(&bytes);
        ensure!(!found.is_empty(), "{} holds no BPF object", file.display());
        for one in found {
            let is_little = one.bytes.get(5) == Some(&1);
            if is_little != cfg!(target_endian = "little") || !known.insert(one.bytes.to_vec()) {
                continue;
            }
            let name = name_of(file, one.offset);
            let switched = switched(one.bytes).with_context(|| name.clone())?;
            let all = [(name.clone(), Some(one.bytes.to_vec())), (format!("{name} (all on)"), switched)];
            for (name, bytes) in all {
                let Some(bytes) = bytes else { continue };
                subjects.push(Subject::read(name, bytes)?);
            }
        }
    }
    Ok(subjects)
}

/// The object with 1 in every number of its `.rodata` that is 0, as a tool sets them before it loads; none if there is none.
fn switched(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let elf = object::File::parse(bytes).context("cannot read the ELF file")?;
    let Some(section) = elf.section_by_name(".rodata") else { return Ok(None) };
    let Some((start, size)) = section.file_range() else { return Ok(None) };
    let mut new = bytes.to_vec();
    for symbol in elf.symbols().filter(|symbol| symbol.section_index() == Some(section.index())) {
        let is_number = matches!(symbol.size(), 1 | 2 | 4 | 8) && symbol.kind() == SymbolKind::Data;
        if !is_number || symbol.address() + symbol.size() > size {
            continue;
        }
        let at = usize::try_from(start + symbol.address())?;
        let number = &mut new[at..at + usize::try_from(symbol.size())?];
        if number.iter().all(|&byte| byte == 0) {
            number[0] = 1;
        }
    }
    Ok((new != bytes).then_some(new))
}

fn name_of(file: &Path, offset: usize) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if offset == 0 { name.into_owned() } else { format!("{name}@{offset:#x}") }
}
