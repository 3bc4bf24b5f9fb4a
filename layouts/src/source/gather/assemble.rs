//! One kernel, out of its parts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use super::super::archive::{Flow, Item, Package};
use super::super::error::{Problem, SourceError};
use super::super::found::{FoundBtf, SourceKind};
use super::super::{MAX_DECOMPRESSED_BYTES, MAX_FILE_BYTES, detect, elf, payload, scan};
use super::error::GatherError;
use super::found::FoundKernel;
use super::group::Group;
use super::module::{Kept, Listed};
use super::options::{ModulesWanted, OnProgress, Options};
use super::part::{self, Form, Part};
use super::place::{self, Role};
use super::{MAX_KEPT_BYTES, MAX_MODULE_BYTES, MAX_TEXT_BYTES, dwarf, facts, kconfig, module};

/// Reads the parts of one kernel.
pub(super) fn kernel(
    mut group: Group,
    options: &Options,
    progress: &mut OnProgress<'_>,
) -> Result<FoundKernel, GatherError> {
    let mut assembly = Assembly::new(group.release.take(), options.modules);
    let mut parts = std::mem::take(&mut group.parts);
    let first = parts.first().map(|part| part.path.display().to_string()).unwrap_or_default();
    parts.sort_by_key(|part| (part.debug, !matches!(part.form, Form::Kernel(_))));
    for part in parts {
        // What was read when it was looked at is taken, not copied: a kernel is of one group.
        assembly.part(Arc::unwrap_or_clone(part), progress);
    }
    assembly.finish(&first, options)
}

/// What has been found so far.
pub(super) struct Assembly {
    pub(super) release: Option<String>,
    pub(super) wanted: ModulesWanted,
    pub(super) kernel: Option<FoundBtf>,
    /// Kernels that gave no BTF, and why. Of no interest once one does.
    pub(super) failed: Vec<SourceError>,
    pub(super) problems: Vec<SourceError>,
    pub(super) banner: Option<String>,
    pub(super) config: Option<BTreeMap<String, String>>,
    pub(super) builtin: Option<BTreeSet<String>>,
    pub(super) os_release: Option<String>,
    pub(super) hub: Option<(String, String)>,
    pub(super) arch: Option<String>,
    pub(super) packages: Vec<Package>,
    pub(super) paths: Vec<String>,
    /// Modules by the name of their file.
    pub(super) modules: BTreeMap<String, Listed>,
    pub(super) kept: u64,
}

impl Assembly {
    fn new(release: Option<String>, wanted: ModulesWanted) -> Self {
        Self {
            release,
            wanted,
            kernel: None,
            failed: Vec::new(),
            problems: Vec::new(),
            banner: None,
            config: None,
            builtin: None,
            os_release: None,
            hub: None,
            arch: None,
            packages: Vec::new(),
            paths: Vec::new(),
            modules: BTreeMap::new(),
            kept: 0,
        }
    }

    fn part(&mut self, part: Part, progress: &mut OnProgress<'_>) {
        let name = part.path.display().to_string();
        match part.form {
            Form::Kernel(found) => {
                self.paths.push(name);
                self.hub = self.hub.take().or_else(|| facts::hub_path(&part.path));
                self.take_kernel(*found);
            }
            Form::Module => self.list(&name, &name, Kept::File(part.path), false),
            Form::Root => {
                self.paths.push(name);
                self.folder(&part.path, progress);
            }
            Form::Live => {
                self.paths.push("the running kernel".to_owned());
                self.live(&part.path, progress);
            }
            Form::Archive { format, compression } => {
                // What is only for debuggers is large, and has nothing new once there is better.
                let modules_done = self.wanted != ModulesWanted::All || !self.modules.is_empty();
                if part.debug && self.kernel.is_some() && modules_done {
                    return;
                }
                self.hub = self.hub.take().or_else(|| facts::hub_path(&part.path));
                match part.package {
                    Some(package) => self.packages.push(package),
                    None => self.paths.push(name.clone()),
                }
                let walked = part::walk(&part.path, format, compression, progress, &mut |item| {
                    if let Item::File { path, size, content } = item {
                        self.entry(&name, path, size, content);
                    }
                    if self.wanted == ModulesWanted::None && self.kernel.is_some() && self.config.is_some() {
                        Flow::Break(())
                    } else {
                        Flow::Continue(())
                    }
                });
                if let Err(problem) = walked {
                    self.problems.push(SourceError::new(&name, problem));
                }
            }
        }
    }

    /// A file of an archive.
    fn entry(&mut self, archive: &str, path: &str, size: u64, content: &mut dyn Read) {
        let Some(place) = self.place(path) else { return };
        let file = format!("{archive}: {path}");
        let limit = match place.role {
            Role::Kernel => MAX_FILE_BYTES,
            Role::Module => MAX_MODULE_BYTES,
            Role::Config | Role::Builtin | Role::OsRelease => MAX_TEXT_BYTES,
        };
        if place.role == Role::Module && !self.wants_module(path, &file, size, place.debug) {
            return;
        }
        match part::content(content, size, limit) {
            Ok(Some(bytes)) if place.role == Role::Module => {
                let is_packed = payload::recognise(&bytes).is_some();
                let listed = module::keep(&file, path, bytes, place.debug, is_packed);
                self.kept = self.kept.saturating_add(listed.kept.bytes());
                self.modules.insert(place::module_name(path), listed);
            }
            Ok(Some(bytes)) => self.file(place.role, &file, bytes, place.release.is_some()),
            // The walk ends with what is wrong.
            Ok(None) => {}
            Err(problem) => self.problems.push(SourceError::new(&file, problem)),
        }
    }

    /// The place of a path, if it is of this kernel and not known yet.
    pub(super) fn place<'p>(&self, path: &'p str) -> Option<place::Place<'p>> {
        let place = place::of(path)?;
        if let (Some(own), Some(release)) = (place.release, &self.release)
            && own != release
        {
            return None;
        }
        let known = match place.role {
            Role::Kernel => self.kernel.is_some(),
            Role::Config => self.config.is_some(),
            Role::Builtin => self.builtin.is_some(),
            Role::OsRelease => self.os_release.is_some(),
            Role::Module => self.wanted == ModulesWanted::None,
        };
        (!known).then_some(place)
    }

    /// Whether a module's content is wanted. Its name is noted in any case.
    fn wants_module(&mut self, path: &str, file: &str, size: u64, debug: bool) -> bool {
        let name = place::module_name(path);
        let better = self.modules.get(&name).is_none_or(|known| known.debug && !debug);
        if !better {
            return false;
        }
        if self.wanted == ModulesWanted::Names {
            self.list(path, file, Kept::Failed(Problem::Empty), debug);
            return false;
        }
        if self.kept.saturating_add(size) > MAX_KEPT_BYTES {
            let kept = Kept::Failed(Problem::TooManyModules { limit: MAX_KEPT_BYTES });
            self.list(path, file, kept, debug);
            return false;
        }
        true
    }

    pub(super) fn list(&mut self, path: &str, file: &str, kept: Kept, debug: bool) {
        if self.wanted == ModulesWanted::None {
            return;
        }
        let name = place::module_name(path);
        if self.modules.get(&name).is_none_or(|known| known.debug && !debug) {
            self.modules.insert(name.clone(), Listed { name, file: file.to_owned(), kept, debug });
        }
    }

    /// A file other than a module. `told`: its path names the release that is meant.
    pub(super) fn file(&mut self, role: Role, file: &str, bytes: Vec<u8>, told: bool) {
        match role {
            Role::Kernel => self.kernel_file(file, bytes, told),
            Role::Config => self.config = Some(kconfig::parse(&String::from_utf8_lossy(&bytes))),
            Role::OsRelease => self.os_release = facts::os_release_id(&String::from_utf8_lossy(&bytes)),
            Role::Builtin => {
                let text = String::from_utf8_lossy(&bytes);
                self.builtin =
                    Some(text.lines().filter(|line| !line.is_empty()).map(place::module_name).collect());
            }
            Role::Module => {}
        }
    }

    fn kernel_file(&mut self, file: &str, bytes: Vec<u8>, told: bool) {
        let found = match detect(file, Cow::Borrowed(&bytes), MAX_DECOMPRESSED_BYTES) {
            Err(SourceError { problem: Problem::NoBtf { module: false, dwarf: true }, .. }) => {
                made_of_dwarf(file, &bytes).map_err(|problem| SourceError::new(file, problem))
            }
            other => other,
        };
        drop(bytes);
        let usable = found.and_then(|found| {
            found.require_standalone()?;
            let kernel = !matches!(found.kind, SourceKind::BpfObject | SourceKind::Module { .. });
            if kernel { Ok(found) } else { Err(SourceError::new(file, Problem::BpfObject)) }
        });
        match usable {
            // A name like vmlinuz-lts does not tell; then the content must.
            Ok(found) => match (&found.release, &self.release) {
                (Some(own), Some(release)) if !told && own != release => {}
                _ => self.take_kernel(found),
            },
            Err(error) => self.failed.push(error),
        }
    }

    pub(super) fn take_kernel(&mut self, mut found: FoundBtf) {
        if self.kernel.is_some() {
            return;
        }
        self.release = self.release.take().or_else(|| found.release.clone());
        self.banner = self.banner.take().or_else(|| found.banner.take());
        if self.config.is_none() {
            self.config = found.config.take().map(|text| kconfig::parse(&text));
        }
        self.kernel = Some(found);
    }
}

/// The BTF of an ELF file's bytes that have only DWARF, compressed as a whole or not.
pub(super) fn made_of_dwarf(file: &str, bytes: &[u8]) -> Result<FoundBtf, Problem> {
    let unpacked = match payload::recognise(bytes) {
        Some(compression) => {
            Cow::Owned(payload::decompress(compression, bytes, MAX_DECOMPRESSED_BYTES)?.bytes)
        }
        None => Cow::Borrowed(bytes),
    };
    let made = dwarf::encode(&dwarf::Elf::Bytes(&unpacked))?;
    of_kernel(file, &unpacked, &made)
}

/// What was made of an ELF file's DWARF, if the file is a kernel: any program may have DWARF. A kernel says so itself, or has
/// the types that every kernel has, for files for debuggers have no content.
pub(super) fn of_kernel(file: &str, elf: &[u8], made: &[u8]) -> Result<FoundBtf, Problem> {
    let found = elf::find_with(elf, Some(made))?;
    if found.banner.is_none() && !scan::names_kernel_types(made) {
        return Err(Problem::NoKernel);
    }
    Ok(FoundBtf { name: file.to_owned(), ..found })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ElfBuilder, kernel_like_btf, raw_btf};
    use super::*;
    use crate::btf::Endian;

    #[test]
    fn a_program_with_dwarf_is_no_kernel() {
        let with = |text: &[u8]| ElfBuilder::x86_64().section(".rodata", text).build();
        let (program, vmlinux) =
            (with(b"usage: ls"), with(b"Linux version 6.1.0-1-amd64 (a@b) (gcc) #1 SMP\n\0"));
        let (few, all) = (raw_btf(Endian::Little), kernel_like_btf(Endian::Little));
        let judged = |elf: &[u8], made: &[u8]| of_kernel("file", elf, made);
        assert!(matches!(judged(&program, &few), Err(Problem::NoKernel)));
        // A file for debuggers has no banner, a kernel of which little is known has not all types.
        assert_eq!(judged(&program, &all).expect("it has a kernel's types").bytes, all);
        let found = judged(&vmlinux, &few).expect("it says what it is");
        assert_eq!((found.name.as_str(), found.release.as_deref()), ("file", Some("6.1.0-1-amd64")));
    }
}
