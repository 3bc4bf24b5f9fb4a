//! A kernel's modules, one at a time: all of them together may have hundreds of megabytes of BTF.

use std::borrow::Cow;
use std::path::PathBuf;

use super::super::error::{Problem, SourceError};
use super::super::found::{FoundBtf, SourceKind};
use super::super::{MAX_DECOMPRESSED_BYTES, detect, open};
use super::place;
use crate::btf::Endian;

/// A module of a kernel.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundModule {
    /// Its name, as `lsmod` prints it: with `_` for `-`.
    pub name: String,
    /// Its file, with the package or folder that it is in.
    pub file: String,
    /// Its BTF; or what is wrong with it, which concerns no other module. A module that has none is
    /// [`Problem::NoBtf`].
    pub btf: Result<ModuleBtf, SourceError>,
}

/// The BTF of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleBtf {
    /// Split BTF, on top of its kernel's. Its header has been checked, its types have not.
    pub bytes: Vec<u8>,
    /// The content of `.BTF.base`, a distilled base.
    pub base: Option<Vec<u8>>,
}

/// How a module is kept until it is asked for.
#[derive(Debug)]
pub(super) enum Kept {
    /// Where it is.
    File(PathBuf),
    /// The file as it was found, compressed.
    Packed(Vec<u8>),
    /// Its BTF.
    Btf(Packed),
    /// It has none to give.
    Failed(Problem),
}

/// BTF, compressed for the time until it is asked for.
#[derive(Debug)]
pub(super) struct Packed {
    name: String,
    release: Option<String>,
    endian: Endian,
    bytes: Vec<u8>,
    base: Option<Vec<u8>>,
}

impl Kept {
    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Packed(bytes) => bytes.len(),
            Self::Btf(packed) => packed.bytes.len() + packed.base.as_ref().map_or(0, Vec::len),
            Self::File(_) | Self::Failed(_) => 0,
        };
        bytes as u64
    }
}

/// A module of which it is known where it is.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) kept: Kept,
    /// Whether it is there for debuggers: whatever else there is of this module is better.
    pub(super) debug: bool,
}

/// What a module must agree with.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) release: Option<String>,
    pub(super) endian: Endian,
}

/// The modules of a kernel, in the order of their names. Each is read when it is asked for, and forgotten then.
#[derive(Debug)]
pub struct Modules {
    listed: std::vec::IntoIter<Listed>,
    expected: Expected,
}

impl Modules {
    pub(super) fn new(listed: Vec<Listed>, expected: Expected) -> Self {
        Self { listed: listed.into_iter(), expected }
    }

    /// Whether modules have BTF, as the first few show. None when there are none to look at.
    pub(super) fn have_btf(&self) -> Option<bool> {
        let listed = self.listed.as_slice();
        if listed.iter().any(|module| matches!(module.kept, Kept::Btf(_))) {
            return Some(true);
        }
        let probed = listed.iter().filter(|module| matches!(module.kept, Kept::File(_) | Kept::Packed(_)));
        let mut probed = probed.take(PROBES).peekable();
        if listed.is_empty() {
            return None;
        }
        Some(probed.any(|module| match &module.kept {
            Kept::File(path) => open(path).is_ok(),
            Kept::Packed(bytes) => detect(&module.file, Cow::Borrowed(bytes), MAX_DECOMPRESSED_BYTES).is_ok(),
            Kept::Btf(_) | Kept::Failed(_) => false,
        }))
    }
}

/// How many modules are looked into to tell whether modules have BTF.
const PROBES: usize = 4;

impl Iterator for Modules {
    type Item = FoundModule;

    fn next(&mut self) -> Option<FoundModule> {
        let Listed { name, file, kept, .. } = self.listed.next()?;
        let opened = match kept {
            Kept::Failed(problem) => Err(SourceError::new(&file, problem)),
            Kept::Btf(packed) => {
                let agrees = self.expected.agree(packed.release.as_deref(), packed.endian);
                let btf =
                    agrees.and_then(|()| packed.unpack()).map_err(|problem| SourceError::new(&file, problem));
                return Some(FoundModule { name, file, btf });
            }
            Kept::File(path) => open(&path),
            Kept::Packed(bytes) => detect(&file, Cow::Owned(bytes), MAX_DECOMPRESSED_BYTES),
        };
        let taken = opened.and_then(|found| {
            self.expected.check(&found).map_err(|problem| SourceError::new(&file, problem))?;
            Ok(found)
        });
        Some(match taken {
            Ok(found) => FoundModule {
                name: own_name(&found).unwrap_or(name),
                file,
                btf: Ok(ModuleBtf { bytes: found.bytes, base: found.base_btf }),
            },
            Err(error) => FoundModule { name, file, btf: Err(error) },
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.listed.size_hint()
    }
}

impl ExactSizeIterator for Modules {}

impl Expected {
    /// Makes sure that this is a module of the kernel that is meant.
    pub(super) fn check(&self, found: &FoundBtf) -> Result<(), Problem> {
        let is_module = matches!(found.kind, SourceKind::Module { .. } | SourceKind::RawBtf);
        if !is_module || !found.needs_base {
            return Err(Problem::NoModule);
        }
        self.agree(found.release.as_deref(), found.endian)
    }

    fn agree(&self, release: Option<&str>, endian: Endian) -> Result<(), Problem> {
        if let (Some(own), Some(kernel)) = (release, self.release.as_deref())
            && own != kernel
        {
            return Err(Problem::OtherKernel { own: own.to_owned(), kernel: kernel.to_owned() });
        }
        if endian != self.endian {
            return Err(Problem::OtherEndian { own: endian, kernel: self.endian });
        }
        Ok(())
    }
}

/// The name that the module itself tells.
fn own_name(found: &FoundBtf) -> Option<String> {
    match &found.kind {
        SourceKind::Module { name: Some(name) } if !name.is_empty() => Some(name.replace('-', "_")),
        _ => None,
    }
}

impl Packed {
    fn unpack(self) -> Result<ModuleBtf, Problem> {
        let unpacked = lz4_flex::block::decompress_size_prepended(&self.bytes);
        // What was packed here unpacks here.
        let bytes = unpacked.map_err(|error| Problem::Archive {
            format: "kept",
            place: self.name.clone(),
            what: error.to_string(),
        })?;
        Ok(ModuleBtf { bytes, base: self.base })
    }
}

/// Keeps a module's file: what is not compressed gives its BTF at once, anything else is kept as it is.
pub(super) fn keep(file: &str, path: &str, bytes: Vec<u8>, debug: bool, is_packed: bool) -> Listed {
    let name = place::module_name(path);
    let file = file.to_owned();
    if is_packed {
        return Listed { name, file, kept: Kept::Packed(bytes), debug };
    }
    match detect(&file, Cow::Owned(bytes), MAX_DECOMPRESSED_BYTES) {
        Ok(found) if found.needs_base => {
            let name = own_name(&found).unwrap_or(name);
            let bytes = lz4_flex::block::compress_prepend_size(&found.bytes);
            let packed = Packed {
                name: name.clone(),
                release: found.release,
                endian: found.endian,
                bytes,
                base: found.base_btf,
            };
            Listed { name, file, kept: Kept::Btf(packed), debug }
        }
        Ok(_) => Listed { name, file, kept: Kept::Failed(Problem::NoModule), debug },
        Err(error) => Listed { name, file, kept: Kept::Failed(error.problem), debug },
    }
}
