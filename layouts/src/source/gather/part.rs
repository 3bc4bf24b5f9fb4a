//! A part of one kernel or of several: a package, an archive, a folder, a file.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::archive::{self, Budget, Flow, Format, Package, Visit};
use super::super::error::Problem;
use super::super::found::{Compression, FoundBtf};
use super::options::{OnProgress, Progress};

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 256 << 10;

/// By how much of its start a file is recognised, in bytes. The mark of an s390x image, at 64 KiB, lies furthest in.
const HEAD_BYTES: usize = 68 << 10;

/// What a part is.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// A package or another archive.
    Archive { format: Format, compression: Compression },
    /// A root file system.
    Root,
    /// A kernel by itself, which has been read.
    Kernel(Box<FoundBtf>),
    /// A module by itself.
    Module,
    /// The running kernel; the path is that of its root file system.
    Live,
}

/// A part of a kernel.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) package: Option<Package>,
    /// The releases that it has something of, in order, as far as its paths tell.
    pub(super) releases: Vec<String>,
    /// Whether it was named itself, and not found in a folder.
    pub(super) named: bool,
    /// Whether it is for debuggers: read last, and only if still needed.
    pub(super) debug: bool,
}

/// A file that tells how far it has been read.
struct Watched<'w, 'p> {
    file: File,
    path: &'w Path,
    done: u64,
    total: u64,
    progress: &'w mut OnProgress<'p>,
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done = self.done.saturating_add(count as u64);
        (self.progress)(Progress { file: self.path, done: self.done, total: self.total });
        Ok(count)
    }
}

/// The first bytes of a file, as many as can be had at once, and those of what it decompresses to.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    /// The format of the archive that it is, compressed or not.
    pub(super) archive: Option<(Format, Compression)>,
}

pub(super) fn head(path: &Path) -> Result<Head, Problem> {
    let unreadable = |error| Problem::Unreadable { error };
    let mut bytes = Vec::with_capacity(HEAD_BYTES);
    File::open(path)
        .map_err(unreadable)?
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if let Some(format) = archive::recognise(&bytes) {
        return Ok(Head { bytes, archive: Some((format, Compression::None)) });
    }
    let archive = match super::super::payload::recognise(&bytes) {
        Some(compression) => {
            let file = File::open(path).map_err(unreadable)?;
            let inner = archive::head_of(&mut BufReader::new(file), compression);
            // Damaged and unread compressions show again, with better words, when the file is read.
            inner.ok().and_then(|inner| archive::recognise(&inner)).map(|format| (format, compression))
        }
        None => None,
    };
    Ok(Head { bytes, archive })
}

/// Shows the items of a package or archive.
pub(super) fn walk(
    path: &Path,
    format: Format,
    compression: Compression,
    progress: &mut OnProgress<'_>,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let file = File::open(path).map_err(|error| Problem::Unreadable { error })?;
    let total = file.metadata().map_or(0, |metadata| metadata.len());
    let watched = Watched { file, path, done: 0, total, progress };
    let mut input = BufReader::with_capacity(READ_BYTES, watched);
    let budget = Budget::of(total);
    match compression {
        Compression::None => archive::walk(&mut input, format, budget, visit),
        _ => archive::walk_compressed(&mut input, compression, format, budget, visit),
    }
}

/// Reads content of a stated size, unless that is more than `limit`. None when it cannot be read: the walk says why.
pub(super) fn content(content: &mut dyn Read, size: u64, limit: u64) -> Result<Option<Vec<u8>>, Problem> {
    if size > limit {
        return Err(Problem::FileTooLarge { limit });
    }
    let mut bytes = Vec::new();
    // The size is only stated; what is there decides.
    let hint = usize::try_from(size.min(16 << 20)).unwrap_or(0);
    let _ = bytes.try_reserve_exact(hint);
    Ok(content.take(limit).read_to_end(&mut bytes).is_ok().then_some(bytes))
}
