//! Sources of kernels: from a file to raw BTF bytes and what the file says about its kernel.
//!
//! One file per form that BTF comes in. The form is decided by content, never by file name:
//!
//! - `raw`: a BTF blob, as `/sys/kernel/btf/vmlinux` gives it;
//! - `elf`: an ELF file with a `.BTF` section: `vmlinux`, a module, a debug file, a BPF object;
//! - `image`: the bootable kernel of x86, bzImage; `flat`: the Image of arm64, riscv64 and loong64; `zboot`: these as
//!   compressed EFI applications; `streams`: images of s390x and 32-bit ARM, which do not say where their kernel is;
//! - `ikconfig`: the configuration that a kernel may carry;
//! - `payload`: the compressions, of an image's payload or of a whole file (`vfio.ko.xz`);
//! - `scan`: the search for the kernel's BTF where no section header leads to it;
//! - `archive`: packages and archives, as streams of files;
//! - [`gather`]: from everything that a command line may name to kernels with all their units;
//! - [`table`]: the repository's own reviewed tables of definitions;
//! - `banner`: the "Linux version …" string; `arch`: machine numbers in Debian's words.
//!
//! Of another form is [`table`]: definitions as reviewed text, in which this repository keeps its own data.
//!
//! Elsewhere no type is parsed here: the interface to the next stage is bytes whose header has been checked.
//! Foreign bytes never panic, and what they can make this stage allocate is bounded by
//! [`MAX_FILE_BYTES`] and [`MAX_DECOMPRESSED_BYTES`].

mod arch;
mod archive;
mod banner;
mod elf;
mod error;
mod flat;
mod found;
pub mod gather;
mod ikconfig;
mod image;
mod payload;
mod raw;
mod scan;
mod streams;
pub mod table;
#[cfg(test)]
mod testing;
mod zboot;

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

pub use self::archive::{MAX_ENTRIES, MAX_UNPACK_RATIO, MAX_UNPACKED_BYTES, MIN_UNPACKED_BYTES};
pub use self::error::{Problem, SourceError};
pub use self::found::{Compression, FoundAt, FoundBtf, ImageFormat, SourceKind};

/// The largest file that is read, in bytes: 1 GiB. A `vmlinux` with all its DWARF stays below it.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most bytes that decompression may yield: 512 MiB. A decompressed `vmlinux` has 60 to 100 MiB.
pub const MAX_DECOMPRESSED_BYTES: usize = 512 << 20;

/// Reads a file and finds the BTF in it.
///
/// # Errors
///
/// When the file cannot be read or is larger than [`MAX_FILE_BYTES`], and as [`from_bytes`] says.
pub fn open(path: &Path) -> Result<FoundBtf, SourceError> {
    let name = path.display().to_string();
    match read_file(path, MAX_FILE_BYTES) {
        Ok(bytes) => detect(&name, Cow::Owned(bytes), MAX_DECOMPRESSED_BYTES),
        Err(problem) => Err(SourceError::new(&name, problem)),
    }
}

/// Finds the BTF in the bytes of a file; `name` only serves messages and [`FoundBtf::name`].
///
/// # Errors
///
/// When the content is of no known form, is damaged, holds no BTF or more than one that could be
/// the kernel's, is compressed in a way that is not read, or yields more than
/// [`MAX_DECOMPRESSED_BYTES`].
pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<FoundBtf, SourceError> {
    from_bytes_within(name, bytes, MAX_DECOMPRESSED_BYTES)
}

/// As [`from_bytes`], for callers with less room: decompression may yield `most` bytes.
///
/// # Errors
///
/// As [`from_bytes`], with `most` in the place of [`MAX_DECOMPRESSED_BYTES`].
pub fn from_bytes_within(name: &str, bytes: &[u8], most: usize) -> Result<FoundBtf, SourceError> {
    detect(name, Cow::Borrowed(bytes), most)
}

/// Shows the plain files of a package or archive (`.deb`, `.rpm`, tar, cpio, the last two compressed or not), with
/// their paths, until `visit` breaks off. At most `most` bytes are unpacked. False if the bytes are none of these.
///
/// # Errors
///
/// When the archive is damaged or goes beyond the bounds.
pub fn archived_files_within(
    bytes: &[u8],
    most: u64,
    visit: &mut dyn FnMut(&str, &mut dyn Read) -> ControlFlow<()>,
) -> Result<bool, Problem> {
    let mut show = |item: archive::Item<'_>| match item {
        archive::Item::Package(_) => ControlFlow::Continue(()),
        archive::Item::File { path, content, .. } => visit(path, content),
    };
    let budget = archive::Budget { bytes: most, entries: MAX_ENTRIES };
    if let Some(format) = archive::recognise(bytes) {
        return archive::walk(&mut &*bytes, format, budget, &mut show).map(|_| true);
    }
    let Some(compression) = payload::recognise(bytes) else { return Ok(false) };
    let head = archive::head_of(&mut &*bytes, compression)?;
    let Some(format) = archive::recognise(&head) else { return Ok(false) };
    archive::walk_compressed(&mut &*bytes, compression, format, budget, &mut show).map(|_| true)
}

/// Reads a whole file. The length that the system tells in advance is only a hint: pipes have none, and sysfs may tell
/// too much.
fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Problem> {
    let unreadable = |error| Problem::Unreadable { error };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Problem::Directory);
    }
    // One more than the file has, so that its end is seen without growing.
    let hint = usize::try_from(metadata.len().min(limit).saturating_add(1)).unwrap_or(0);
    let mut bytes = Vec::new();
    // Where that much cannot be had, reading says so, or finds that the file is shorter.
    let _ = bytes.try_reserve_exact(hint);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(Problem::FileTooLarge { limit });
    }
    Ok(bytes)
}

fn detect(name: &str, bytes: Cow<'_, [u8]>, most: usize) -> Result<FoundBtf, SourceError> {
    let found = match payload::recognise(&bytes) {
        // A compressed file, such as a distribution's vfio.ko.xz. Only once: nothing ships twice
        // compressed, and a nest of archives is a bomb's habit.
        Some(compression) => payload::decompress(compression, &bytes, most).and_then(|plain| {
            let found = plain_file(Cow::Owned(plain.bytes), most)
                .map_err(|problem| problem.inside(format!("what the {compression} file decompresses to")))?;
            Ok(FoundBtf { file_compression: Some(compression), ..found })
        }),
        None => plain_file(bytes, most),
    };
    match found {
        Ok(found) => Ok(FoundBtf { name: name.to_owned(), ..found }),
        Err(problem) => Err(SourceError::new(name, problem)),
    }
}

fn plain_file(bytes: Cow<'_, [u8]>, most: usize) -> Result<FoundBtf, Problem> {
    if bytes.is_empty() {
        Err(Problem::Empty)
    } else if elf::is_elf(&bytes) {
        elf::find(&bytes)
    } else if crate::btf::has_magic(&bytes) {
        raw::find(bytes)
    } else if image::is_bzimage(&bytes) {
        image::find_in_bzimage(&bytes, most)
    } else if zboot::is_zboot(&bytes) {
        zboot::find(&bytes, most)
    } else if let Some(wrapper) = streams::recognise(&bytes) {
        streams::find(&bytes, wrapper, most)
    } else if let Some(machine) = flat::machine(&bytes) {
        flat::find(&bytes, machine)
    } else {
        Err(Problem::Unrecognised { first: error::first_bytes(&bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{ElfBuilder, bzimage, gzip, raw_btf};
    use super::*;
    use crate::btf::Endian;

    fn problem(bytes: &[u8]) -> Problem {
        from_bytes("input", bytes).expect_err("this input holds no BTF").problem
    }

    #[test]
    fn the_form_is_decided_by_content() {
        let btf = raw_btf(Endian::Little);
        let elf = ElfBuilder::x86_64().section(".BTF", &btf).build();
        let image = bzimage(&gzip(&elf));
        for (bytes, kind) in [
            (btf.clone(), SourceKind::RawBtf),
            (elf, SourceKind::Elf),
            (image, SourceKind::KernelImage { format: ImageFormat::BzImage, compression: Compression::Gzip }),
        ] {
            let found = from_bytes("misleading.name.ko", &bytes).expect("BTF is there");
            assert_eq!(found.kind, kind);
            assert_eq!(found.bytes, btf);
            assert_eq!(found.name, "misleading.name.ko");
            assert_eq!(found.file_compression, None);
        }
    }

    #[test]
    fn the_callers_bound_on_decompression_holds() {
        let btf = raw_btf(Endian::Little);
        let elf = ElfBuilder::x86_64().section(".BTF", &btf).build();
        for (file, size) in [(gzip(&btf), btf.len()), (bzimage(&gzip(&elf)), elf.len())] {
            assert!(from_bytes_within("x", &file, size).is_ok());
            let text = from_bytes_within("x", &file, size - 1).expect_err("one byte too many").to_string();
            assert!(text.contains(&format!("{} bytes", size - 1)), "{text}");
        }
    }

    #[test]
    fn a_compressed_file_is_opened_once() {
        let btf = raw_btf(Endian::Little);
        let found = from_bytes("x", &gzip(&btf)).expect("BTF is there");
        assert_eq!((found.kind, found.file_compression), (SourceKind::RawBtf, Some(Compression::Gzip)));
        assert_eq!(found.bytes, btf);
        let twice = problem(&gzip(&gzip(&btf)));
        assert!(
            matches!(&twice, Problem::Inside { problem, .. } if matches!(**problem, Problem::Unrecognised { .. }))
        );
    }

    #[test]
    fn what_is_no_source_is_refused_with_the_file_named() {
        assert!(matches!(problem(b""), Problem::Empty));
        assert!(matches!(problem(b"#!/bin/sh\n"), Problem::Unrecognised { .. }));
        let error = from_bytes("notes.txt", b"hello").expect_err("text is no source");
        let text = error.to_string();
        assert!(text.starts_with("notes.txt: ") && text.contains("68 65 6c 6c 6f"), "{text}");
    }

    #[test]
    fn every_prefix_of_an_image_is_an_error_and_no_panic() {
        let elf = ElfBuilder::x86_64().section(".BTF", &raw_btf(Endian::Little)).build();
        let image = bzimage(&gzip(&elf));
        for length in 0..image.len() {
            assert!(from_bytes("cut", &image[..length]).is_err(), "{length} of {} bytes", image.len());
        }
    }

    #[test]
    fn files_that_cannot_be_read() {
        let directory = std::env::temp_dir();
        assert!(matches!(open(&directory).expect_err("a directory").problem, Problem::Directory));
        let missing = directory.join("corecheck-no-such-file");
        let error = open(&missing).expect_err("no such file");
        assert!(
            matches!(&error.problem, Problem::Unreadable { error } if error.kind() == std::io::ErrorKind::NotFound)
        );
        assert!(error.to_string().contains("corecheck-no-such-file"));
    }

    #[test]
    fn a_file_over_the_limit_names_the_limit() {
        let this_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source/mod.rs");
        let length = std::fs::metadata(&this_file).expect("this file exists").len();
        assert!(read_file(&this_file, length).is_ok());
        let problem = read_file(&this_file, length - 1).expect_err("one byte too long");
        assert!(matches!(problem, Problem::FileTooLarge { limit } if limit == length - 1));
    }
}
