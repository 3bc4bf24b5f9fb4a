//! Archives, read as a stream: nothing is written, and nothing is kept but what the visitor keeps.
//!
//! - `ar`: the container of `.deb`; `deb`: Debian's packages; `rpm`: RPM packages;
//! - `tar` and `cpio`: what they hold their files in, and archives of their own;
//! - `unpack`: the compressions, as streams.
//!
//! Links are not followed, for only plain files are shown; a path with `..` in it is not shown at all. An archive in an
//! archive is a file like any other.

mod ar;
mod cpio;
mod deb;
mod rpm;
mod tar;
#[cfg(test)]
pub(super) mod testing;
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

/// Fills `buffer`. At the very end of the input: how many bytes there were.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads past `count` bytes, which must be there.
fn skip(input: &mut dyn Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink())?;
    if skipped == count {
        Ok(())
    } else {
        Err(io::Error::other(format!("it ends {} bytes too early", count.saturating_sub(skipped))))
    }
}

/// A file's content, as the visitor reads it. What goes wrong is kept for the walk, which ends with it.
struct Content<'i> {
    inner: io::Take<&'i mut dyn Read>,
    error: Option<io::Error>,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Err(io::Error::other("the archive is damaged before"));
        }
        let wanted = !buffer.is_empty() && self.inner.limit() > 0;
        match self.inner.read(buffer) {
            Ok(0) if wanted => {
                let early = format!("it ends {} bytes too early", self.inner.limit());
                self.error = Some(io::Error::other(early.clone()));
                Err(io::Error::other(early))
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let told = io::Error::other(error.to_string());
                self.error = Some(error);
                Err(told)
            }
            other => other,
        }
    }
}

/// Shows a file of `size` bytes, then reads past what the visitor left of it.
fn show(input: &mut dyn Read, path: &str, size: u64, visit: &mut Visit<'_>) -> io::Result<Flow> {
    let mut content = Content { inner: input.take(size), error: None };
    let flow = match plain_path(path) {
        Some(path) => visit(Item::File { path: &path, size, content: &mut content }),
        None => Flow::Continue(()),
    };
    if let Some(error) = content.error {
        return Err(error);
    }
    if flow.is_continue() {
        let left = content.inner.limit();
        skip(&mut content.inner, left)?;
    }
    Ok(flow)
}

/// A path without `/`, `./` at its start; None if it leads out, or nowhere.
fn plain_path(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let inside = !parts.is_empty() && !parts.contains(&"..") && !path.contains('\0');
    inside.then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::testing::{self, File};
    use super::*;

    #[test]
    fn archives_in_memory() {
        for (name, bytes) in samples() {
            let mut paths = Vec::new();
            let mut visit = |path: &str, content: &mut dyn Read| {
                paths.push((path.to_owned(), io::copy(content, &mut io::sink()).expect("it can be read")));
                Flow::Continue(())
            };
            for bytes in [bytes.clone(), crate::source::testing::gzip(&bytes)] {
                let seen = crate::source::archived_files_within(&bytes, 1 << 20, &mut visit);
                assert!(seen.expect("sound"), "{name}");
            }
            assert_eq!(paths.len(), 4);
            assert_eq!(paths[0], ("boot/config-6.1".to_owned(), 11));
        }
        let none = crate::source::archived_files_within(b"text", 1, &mut |_, _| Flow::Break(()));
        assert!(!none.expect("no archive"));
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Problem> {
        let mut files = Vec::new();
        let format = recognise(bytes).ok_or(Problem::Empty)?;
        let mut input = bytes;
        let _ = walk(&mut input, format, Budget::of(bytes.len() as u64), &mut |item| {
            if let Item::File { path, size, content } = item {
                let mut bytes = Vec::new();
                // What cannot be read ends the walk.
                if content.read_to_end(&mut bytes).is_ok() && bytes.len() as u64 == size {
                    files.push((path.to_owned(), bytes));
                }
            }
            Flow::Continue(())
        })?;
        Ok(files)
    }

    fn samples() -> Vec<(&'static str, Vec<u8>)> {
        let files = [File::new("./boot/config-6.1", b"CONFIG_A=y\n"), File::new("b", b"")];
        vec![
            ("tar", testing::tar(&files)),
            ("cpio", testing::cpio(&files)),
            ("deb", testing::deb("linux-image", "6.1-1", "amd64", &files)),
            ("rpm", testing::rpm("kernel-core", "6.1", "1.fc40", "x86_64", &files)),
        ]
    }

    #[test]
    fn every_format_shows_the_same_files() {
        for (name, bytes) in samples() {
            let files = read_all(&bytes).expect("sound");
            let expected =
                [("boot/config-6.1".to_owned(), b"CONFIG_A=y\n".to_vec()), ("b".to_owned(), vec![])];
            assert_eq!(files, expected, "{name}");
        }
    }

    #[test]
    fn every_prefix_is_an_error() {
        for (name, bytes) in samples() {
            // A tar may end after one block of zeros, and ar with a byte of padding.
            let needed = if name == "tar" { bytes.len() - 512 } else { bytes.len() - 1 };
            for length in 0..needed {
                assert!(read_all(&bytes[..length]).is_err(), "{name}: {length} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn changed_bytes_never_panic() {
        for (_, bytes) in samples() {
            for at in 0..bytes.len().min(4096) {
                for value in [0, b'7', 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] = value;
                    // Whether it is sound does not matter here, only that it ends.
                    let _ = read_all(&changed);
                }
            }
        }
    }

    #[test]
    fn bombs_are_stopped() {
        let zeros = vec![0; 1 << 20];
        let files = [File::new("a", &zeros), File::new("b", &zeros)];
        for bytes in [testing::deb("p", "1", "amd64", &files), testing::rpm("p", "1", "1", "x86_64", &files)]
        {
            let mut budget = Budget::of(0);
            assert_eq!(budget.bytes, MIN_UNPACKED_BYTES);
            budget.bytes = 3 << 19;
            let format = recognise(&bytes).expect("an archive");
            let result = walk(&mut bytes.as_slice(), format, budget, &mut |_| Flow::Continue(()));
            let text = result.expect_err("too much").to_string();
            assert!(text.contains("more than 1572864 bytes"), "{text}");
            let mut budget = Budget::of(1 << 60);
            assert_eq!(budget.bytes, MAX_UNPACKED_BYTES);
            budget.entries = 1;
            let result = walk(&mut bytes.as_slice(), format, budget, &mut |_| Flow::Continue(()));
            assert!(result.expect_err("too many").to_string().contains("entries"));
        }
    }

    #[test]
    fn paths_that_lead_out_are_not_shown() {
        assert_eq!(plain_path("./a//b/./c").as_deref(), Some("a/b/c"));
        assert_eq!(plain_path("/etc/passwd").as_deref(), Some("etc/passwd"));
        for path in ["", ".", "/", "../a", "a/../../b", "a/..", "a\0b"] {
            assert_eq!(plain_path(path), None, "{path:?}");
        }
        let files =
            [File::new("../../boot/vmlinuz", b"x"), File::new("ok", b"y"), File::link("l", "/etc/shadow")];
        let shown: Vec<_> =
            read_all(&testing::tar(&files)).expect("sound").into_iter().map(|file| file.0).collect();
        assert_eq!(shown, ["ok"]);
    }

    #[test]
    fn a_compressed_archive_shows_its_head() {
        let tar = testing::tar(&[File::new("6.1.btf", b"x")]);
        let packed = crate::source::testing::gzip(&tar);
        let head = head_of(&mut packed.as_slice(), Compression::Gzip).expect("sound");
        assert_eq!(recognise(&head), Some(Format::Tar));
        let mut shown = 0;
        let flow = walk_compressed(
            &mut packed.as_slice(),
            Compression::Gzip,
            Format::Tar,
            Budget::of(0),
            &mut |_| {
                shown += 1;
                Flow::Break(())
            },
        );
        assert!(flow.expect("sound").is_break() && shown == 1);
    }
}
