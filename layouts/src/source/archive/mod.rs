//! Archives, read as a stream: nothing is written, and nothing is kept but what the visitor keeps.
//!
//! - `ar`: the container of `.deb`; `deb`: Debian's packages; `rpm`: RPM packages;
//! - `tar` and `cpio`: what they hold their files in, and archives of their own;
//! - `unpack`: the compressions, as streams; `content`: the bytes of one file.
//!
//! Links are not followed, for only plain files are shown; a path with `..` in it is not shown at all. An archive in an
//! archive is a file like any other.

mod ar;
mod content;
mod cpio;
mod deb;
mod rpm;
mod tar;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod unpack;

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use super::error::Problem;
use super::found::Compression;
use super::payload;

/// The most bytes that an archive may unpack to: 16 GiB. A kernel's debug package has about half of that.
pub const MAX_UNPACKED_BYTES: u64 = 16 << 30;

/// How many times its own size an archive may unpack to. Real packages stay below 20.
pub const MAX_UNPACK_RATIO: u64 = 100;

/// An archive may unpack to this many bytes however small it is: 256 MiB.
pub const MIN_UNPACKED_BYTES: u64 = 256 << 20;

/// The most entries of an archive that are read.
pub const MAX_ENTRIES: u64 = 1 << 20;

/// The longest path of an entry, in bytes.
const MAX_PATH_BYTES: u64 = 16 << 10;

/// The bytes that [`recognise`] needs to see.
pub(super) const HEAD_BYTES: usize = 512;

/// The formats of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Deb,
    Rpm,
    Tar,
    Cpio,
}

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Package {
    pub(super) name: String,
    /// The package's own version; an RPM's with its release.
    pub(super) version: String,
    /// The architecture as the package names it.
    pub(super) arch: String,
    /// Who made it.
    pub(super) vendor: String,
}

/// What a walk shows.
pub(super) enum Item<'i> {
    /// The package that the archive is; before any file.
    Package(Package),
    /// A plain file.
    File {
        /// Its path, without `/` or `./` at the start; no part of it is `..`.
        path: &'i str,
        /// Its size in bytes, as stated.
        size: u64,
        /// Its content, which need not be read.
        content: &'i mut dyn Read,
    },
}

/// Says whether the walk goes on.
pub(super) type Flow = ControlFlow<()>;
/// What looks at an archive's items.
pub(super) type Visit<'v> = dyn FnMut(Item<'_>) -> Flow + 'v;

/// What is left of the bounds on one archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) bytes: u64,
    pub(super) entries: u64,
}

impl Budget {
    /// The bounds on an archive that itself has so many bytes.
    pub(super) fn of(archive_bytes: u64) -> Self {
        let most = archive_bytes.saturating_mul(MAX_UNPACK_RATIO);
        Self { bytes: most.clamp(MIN_UNPACKED_BYTES, MAX_UNPACKED_BYTES), entries: MAX_ENTRIES }
    }

    fn take_entry(&mut self) -> Result<(), Problem> {
        self.entries = self.entries.checked_sub(1).ok_or(Problem::TooManyEntries { limit: MAX_ENTRIES })?;
        Ok(())
    }
}

/// The format of an archive that starts with these bytes, of which [`HEAD_BYTES`] are enough.
pub(super) fn recognise(head: &[u8]) -> Option<Format> {
    if head.starts_with(ar::MAGIC) {
        Some(Format::Deb)
    } else if head.starts_with(&rpm::MAGIC) {
        Some(Format::Rpm)
    } else if cpio::is_header(head) {
        Some(Format::Cpio)
    } else if tar::is_header(head) {
        Some(Format::Tar)
    } else {
        None
    }
}

/// Shows the items of an archive, in their order, until the visitor breaks off or the archive ends.
///
/// # Errors
/// When the archive is damaged or goes beyond the bounds; what was shown before is sound.
pub(super) fn walk(
    input: &mut dyn BufRead,
    format: Format,
    budget: Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let mut budget = budget;
    match format {
        Format::Deb => deb::walk(input, &mut budget, visit),
        Format::Rpm => rpm::walk(input, &mut budget, visit),
        Format::Tar => tar::walk(input, &mut budget, visit),
        Format::Cpio => cpio::walk(input, &mut budget, visit),
    }
}

/// As [`walk`], for an archive that as a whole is compressed.
pub(super) fn walk_compressed(
    input: &mut dyn BufRead,
    compression: Compression,
    format: Format,
    budget: Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let mut plain = io::BufReader::new(unpack::decoder(compression, input, budget.bytes)?);
    let flow = walk(&mut plain, format, budget, visit)?;
    to_the_end(&mut plain, flow)
}

/// The first bytes of what compressed data unpack to.
pub(super) fn head_of(input: &mut dyn BufRead, compression: Compression) -> Result<Vec<u8>, Problem> {
    let mut head = Vec::new();
    let mut plain = unpack::decoder(compression, input, MIN_UNPACKED_BYTES)?.take(HEAD_BYTES as u64);
    plain.read_to_end(&mut head).map_err(|error| damaged("compressed data", "at the start", error))?;
    Ok(head)
}

/// Walks the tar or cpio archive that is compressed by whatever its first bytes say.
fn walk_inner(
    format: Format,
    input: &mut dyn BufRead,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let head = input.fill_buf().map_err(|error| damaged("archive", "payload", error))?;
    let compression =
        payload::recognise(head).or_else(|| payload::recognise_lzma(head)).unwrap_or(Compression::None);
    let mut plain = unpack::decoder(compression, input, budget.bytes)?;
    let flow = match format {
        Format::Cpio => cpio::walk(&mut plain, budget, visit)?,
        _ => tar::walk(&mut plain, budget, visit)?,
    };
    to_the_end(&mut plain, flow)
}

/// Reads compressed data to their end, where their checksum is.
fn to_the_end(plain: &mut dyn Read, flow: Flow) -> Result<Flow, Problem> {
    if flow.is_continue() {
        io::copy(plain, &mut io::sink()).map_err(|error| damaged("compressed", "at its end", error))?;
    }
    Ok(flow)
}

/// An archive's damage as a problem; the bound on decompression keeps its own words.
fn damaged(format: &'static str, place: impl Into<String>, error: io::Error) -> Problem {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<unpack::TooMuch>()) {
        Some(too_much) => Problem::TooMuchUnpacked { limit: too_much.limit },
        None => Problem::Archive { format, place: place.into(), what: error.to_string() },
    }
}
