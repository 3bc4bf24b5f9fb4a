//! Which kernels the sources have, and what belongs to each.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::super::archive::{Flow, Format, Item, Package};
use super::super::error::{Problem, SourceError};
use super::super::found::{Compression, FoundBtf, SourceKind};
use super::super::{elf, flat, image, open, payload, read_file, streams, zboot};
use super::assemble;
use super::dwarf;
use super::error::GatherError;
use super::folder;
use super::found::FoundKernel;
use super::group::{Group, group};
use super::options::{OnProgress, Options, Source};
use super::part::{self, Form, Part};
use super::place;

/// The kernels that a survey found, none of which has been read yet.
#[derive(Debug)]
pub struct Gathering {
    groups: VecDeque<Group>,
    problems: Vec<SourceError>,
    options: Options,
}

impl Gathering {
    /// How many kernels are still to come.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether all have been read.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Reads the next kernel. It is dropped from here, so that only one at a time is in memory.
    ///
    /// # Errors
    /// When this one gives no usable kernel; the next may.
    pub fn next(&mut self, progress: &mut OnProgress<'_>) -> Option<Result<FoundKernel, GatherError>> {
        let group = self.groups.pop_front()?;
        Some(assemble::kernel(group, &self.options, progress))
    }

    /// Sources, or files in their folders, that gave nothing, while others did.
    pub fn problems(&self) -> &[SourceError] {
        &self.problems
    }

    /// As [`Self::problems`].
    pub fn into_problems(self) -> Vec<SourceError> {
        self.problems
    }
}

/// Finds out which kernels the sources have. Packages are read up to the first file that tells, other archives as a
/// whole, folders by their files' first bytes.
///
/// # Errors
/// When there is no kernel in any of them.
pub fn survey(
    sources: &[Source],
    options: Options,
    progress: &mut OnProgress<'_>,
) -> Result<Gathering, GatherError> {
    let mut survey = Survey { parts: Vec::new(), problems: Vec::new(), seen: BTreeSet::new() };
    for source in sources {
        match source {
            Source::Live => survey.live(Path::new("/")),
            Source::Path(path) => survey.path(path, progress),
        }
    }
    let Survey { parts, mut problems, .. } = survey;
    let groups = group(parts, options.overrides.release.as_deref(), &mut problems);
    if options.overrides.release.is_some() && groups.len() > 1 {
        let problem = Problem::OneReleaseForMany { kernels: groups.len() };
        problems.insert(0, SourceError::new("--release", problem));
        return Err(GatherError { problems });
    }
    if groups.is_empty() {
        if problems.is_empty() {
            let names: Vec<String> = sources.iter().map(name_of).collect();
            problems.push(SourceError::new(&names.join(", "), Problem::NothingInIt));
        }
        return Err(GatherError { problems });
    }
    Ok(Gathering { groups: groups.into(), problems, options })
}

/// The kernel that runs on a root file system made for a test.
#[cfg(test)]
pub(super) fn live_at(root: &Path, options: Options) -> Result<FoundKernel, GatherError> {
    let mut survey = Survey { parts: Vec::new(), problems: Vec::new(), seen: BTreeSet::new() };
    survey.live(root);
    let groups = group(survey.parts, None, &mut survey.problems).into();
    let mut gathering = Gathering { groups, problems: survey.problems, options };
    gathering.next(&mut |_| {}).expect("a kernel is there")
}

fn name_of(source: &Source) -> String {
    match source {
        Source::Live => "live".to_owned(),
        Source::Path(path) => path.display().to_string(),
    }
}

struct Survey {
    parts: Vec<Part>,
    problems: Vec<SourceError>,
    /// What has been looked at, so that what is given twice is taken once.
    seen: BTreeSet<PathBuf>,
}

impl Survey {
    fn problem(&mut self, path: &Path, problem: Problem) {
        self.problems.push(SourceError::new(&path.display().to_string(), problem));
    }

    fn add(&mut self, path: &Path, form: Form, releases: Vec<String>, named: bool) {
        let path = path.to_owned();
        self.parts.push(Part { path, form, package: None, releases, named, debug: false });
    }

    fn live(&mut self, root: &Path) {
        let release = std::fs::read_to_string(root.join("proc/sys/kernel/osrelease"));
        match release {
            Ok(release) => self.add(root, Form::Live, vec![release.trim().to_owned()], true),
            Err(error) => {
                self.problem(&root.join("proc/sys/kernel/osrelease"), Problem::Unreadable { error })
            }
        }
    }

    fn path(&mut self, path: &Path, progress: &mut OnProgress<'_>) {
        let known = path.canonicalize();
        if known.is_ok_and(|known| !self.seen.insert(known)) {
            return;
        }
        if !path.is_dir() {
            self.file(path, true, progress);
        } else if folder::is_root(path) {
            let files = folder::root_files(path, &mut self.problems);
            let texts: Vec<_> = files.iter().filter_map(|file| file.to_str()).collect();
            let releases: BTreeSet<&str> = texts.iter().filter_map(|file| place::of(file)?.release).collect();
            if releases.is_empty() {
                self.problem(path, Problem::NothingInIt);
            } else {
                self.add(path, Form::Root, releases.into_iter().map(str::to_owned).collect(), true);
            }
        } else {
            let before = (self.parts.len(), self.problems.len());
            for file in folder::below(path, &mut self.problems) {
                let file = path.join(file);
                let known = file.canonicalize();
                if !known.is_ok_and(|known| !self.seen.insert(known)) {
                    self.file(&file, false, progress);
                }
            }
            if (self.parts.len(), self.problems.len()) == before {
                self.problem(path, Problem::NothingInIt);
            }
        }
    }

    /// Looks at a file. Within a folder, what is recognised as nothing is passed over.
    fn file(&mut self, path: &Path, named: bool, progress: &mut OnProgress<'_>) {
        match part::head(path) {
            Err(problem) => self.problem(path, problem),
            Ok(part::Head { archive: Some((format, compression)), .. }) => {
                match surveyed_archive(path, format, compression, progress) {
                    Ok(Some(part)) => self.parts.push(part),
                    Ok(None) => self.problem(path, Problem::NothingInIt),
                    Err(problem) => self.problem(path, problem),
                }
            }
            Ok(part::Head { bytes, archive: None }) if named || may_hold_btf(&bytes) => {
                self.single(path, named)
            }
            Ok(_) => {}
        }
    }

    /// A file that is a kernel or a module by itself.
    fn single(&mut self, path: &Path, named: bool) {
        let found = match open(path) {
            Err(SourceError { problem, .. }) if has_dwarf(&problem) => made_of_dwarf(path),
            other => other.map_err(|error| error.problem),
        };
        match found {
            Ok(found) if found.kind == SourceKind::BpfObject => {
                if named {
                    self.problem(path, Problem::BpfObject);
                }
            }
            Ok(found) if found.needs_base => {
                let releases = found.release.into_iter().collect();
                self.add(path, Form::Module, releases, named);
            }
            Ok(found) => {
                let releases = found.release.iter().cloned().collect();
                self.add(path, Form::Kernel(Box::new(found)), releases, named);
            }
            // Any program in a folder is an ELF file without BTF.
            Err(Problem::NoBtf { module: false, dwarf: false } | Problem::NoKernel) if !named => {}
            // A module without BTF is still one that the kernel has.
            Err(Problem::NoBtf { module: true, .. }) => self.add(path, Form::Module, Vec::new(), named),
            Err(Problem::Unrecognised { .. } | Problem::Empty) if !named => {}
            Err(Problem::Inside { problem, .. })
                if !named && matches!(*problem, Problem::Unrecognised { .. }) => {}
            Err(problem) => self.problem(path, problem),
        }
    }
}

/// Whether the bytes start like something that may hold BTF.
fn may_hold_btf(head: &[u8]) -> bool {
    elf::is_elf(head)
        || crate::btf::has_magic(head)
        || image::is_bzimage(head)
        || zboot::is_zboot(head)
        || streams::recognise(head).is_some()
        || flat::machine(head).is_some()
        || payload::recognise(head).is_some()
}

fn has_dwarf(problem: &Problem) -> bool {
    match problem {
        Problem::NoBtf { module: false, dwarf } => *dwarf,
        Problem::Inside { problem, .. } => has_dwarf(problem),
        _ => false,
    }
}

fn made_of_dwarf(path: &Path) -> Result<FoundBtf, Problem> {
    let bytes = read_file(path, super::super::MAX_FILE_BYTES)?;
    if payload::recognise(&bytes).is_none() {
        let made = dwarf::encode(&dwarf::Elf::File(path))?;
        return assemble::of_kernel(&path.display().to_string(), &bytes, &made);
    }
    assemble::made_of_dwarf(&path.display().to_string(), &bytes)
}

/// What an archive has; None if that is nothing of a kernel. A package is of one kernel, so its first file that tells
/// is enough; any other archive may hold several.
fn surveyed_archive(
    path: &Path,
    format: Format,
    compression: Compression,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Part>, Problem> {
    let mut package: Option<Package> = None;
    let mut releases = BTreeSet::new();
    let (mut has_part, mut has_debug, mut has_plain) = (false, false, false);
    let one_kernel = matches!(format, Format::Deb | Format::Rpm);
    let _ended = part::walk(path, format, compression, progress, &mut |item| {
        match item {
            Item::Package(own) => package = Some(own),
            Item::File { path, .. } => {
                let Some(place) = place::of(path).filter(|place| place.role != place::Role::OsRelease) else {
                    return Flow::Continue(());
                };
                has_part = true;
                has_debug |= place.debug;
                has_plain |= !place.debug;
                if let Some(release) = place.release {
                    releases.insert(release.to_owned());
                    if one_kernel {
                        return Flow::Break(());
                    }
                }
            }
        }
        Flow::Continue(())
    })?;
    Ok(has_part.then(|| Part {
        path: path.to_owned(),
        form: Form::Archive { format, compression },
        package,
        releases: releases.into_iter().collect(),
        named: false,
        debug: has_debug && !has_plain,
    }))
}
