//! An object, read by both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use corecheck::access::{Access, accesses};
use corecheck::answer::{Answer, answer};
use corecheck::object::{Object, read_bytes};
use corecheck::resolve::Outcome;
use corecheck_tests::carve;

use crate::ffi::{self, Types};
use crate::libbpf::{self, Said};
use crate::records::{self, Records};
use crate::target::Kernel;

/// An object with all that does not depend on the target.
pub struct Subject {
    /// What to call it in messages.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Its records, read without corecheck.
    pub records: Records,
    /// libbpf's reading of its BTF.
    local: Types<'static>,
    /// Of each record, whether libbpf looks at it.
    is_asked: Vec<bool>,
    /// corecheck's reading of it.
    pub object: Object,
    /// corecheck's accesses.
    pub accesses: Vec<Access>,
}

impl Subject {
    /// Reads an object; one without CO-RE records gives nothing.
    pub fn read(name: String, bytes: &[u8]) -> Result<Option<Self>> {
        let Some(records) = records::read(bytes)?.filter(|records| !records.all.is_empty()) else {
            return Ok(None);
        };
        let mut local = Types::read(&records.btf, None)?;
        local.set_pointer_size(8)?;
        // What libbpf does not name is a subprogram, and relocated. An object that it cannot even open (for its maps, say)
        // has records all the same; its programs are those not in a section `?...`.
        let loaded = ffi::autoload(bytes).unwrap_or_default();
        let is_asked = |record: &records::Record| match record.function.as_deref() {
            None => false,
            Some(function) => loaded.get(function).copied().unwrap_or(!record.section.starts_with('?')),
        };
        let is_asked = records.all.iter().map(is_asked).collect();
        let mut objects = read_bytes(&name, bytes)?;
        ensure!(objects.len() == 1, "corecheck finds {} objects", objects.len());
        let object = objects.remove(0);
        ensure!(object.btf.is_some(), "corecheck finds no BTF");
        let accesses = accesses(&object);
        let (theirs, ours) = (records.all.len(), accesses.len());
        ensure!(theirs == ours, "there are {theirs} records, and corecheck has {ours} accesses");
        Ok(Some(Self { name, bytes: bytes.to_vec(), records, local, is_asked, object, accesses }))
    }

    /// What libbpf says of each record.
    pub fn said(&self, kernel: &Kernel) -> Result<Vec<Said>> {
        kernel.with(|target| libbpf::ask_all(&self.records, &self.local, target, &self.is_asked))
    }

    /// What corecheck says of each access.
    pub fn outcomes(&self, kernel: &Kernel) -> Result<Vec<Outcome>> {
        Ok(self.answer(kernel)?.outcomes.into_iter().map(Arc::unwrap_or_clone).collect())
    }

    /// corecheck's answer, from which it judges.
    pub fn answer(&self, kernel: &Kernel) -> Result<Answer> {
        let mut answers = answer(&self.object, &self.accesses, &[&kernel.ours], &kernel.loaded);
        ensure!(answers.of_kernel == [0], "corecheck has answers for {} kernels", answers.of_kernel.len());
        Ok(answers.distinct.swap_remove(0))
    }
}

/// Reads every object in `files`, those within executables included.
pub fn read_all(files: &[PathBuf]) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = carve::bpf_objects(&bytes);
        ensure!(!found.is_empty(), "{} holds no BPF object", file.display());
        for one in found {
            let name = name_of(file, one.offset);
            subjects.extend(Subject::read(name.clone(), one.bytes).with_context(|| name)?);
        }
    }
    Ok(subjects)
}

fn name_of(file: &Path, offset: usize) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if offset == 0 { name.into_owned() } else { format!("{name}@{offset:#x}") }
}
