//! What a source gives: BTF bytes, and what is known of the kernel that they describe.

use std::fmt;

use super::error::{Problem, SourceError};
use crate::btf::Endian;

/// BTF found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundBtf {
    /// The file, as it was named by the caller.
    pub name: String,
    /// The form of the file.
    pub kind: SourceKind,
    /// How the file as a whole was compressed (`vfio.ko.xz`), if it was.
    pub file_compression: Option<Compression>,
    /// The BTF. Its header has been checked (see [`Header`](crate::btf::Header)); its types have not.
    pub bytes: Vec<u8>,
    /// Where the BTF stood.
    pub found_at: FoundAt,
    /// The byte order of the BTF, which is its kernel's.
    pub endian: Endian,
    /// Whether this is split BTF, which means nothing without the BTF that it was made on top of. A
    /// string section that is empty or does not start with the empty string tells.
    pub needs_base: bool,
    /// The content of `.BTF.base`: a distilled base, which lets split BTF be moved onto a `vmlinux`
    /// that differs from the one that it was made for. It never replaces that `vmlinux`.
    pub base_btf: Option<Vec<u8>>,
    /// The kernel's banner, "Linux version …", without its line end.
    pub banner: Option<String>,
    /// The kernel's release, as `uname -r` prints it: from the banner, from a bzImage's setup header, or
    /// from a module's `vermagic`.
    pub release: Option<String>,
    /// The architecture in Debian's words (`amd64`, `ppc64el`). None for raw BTF, which does not say, and
    /// for BPF objects, which have none.
    pub arch: Option<&'static str>,
    /// The size of a pointer in bytes, by the ELF class; None for raw BTF.
    pub pointer_bytes: Option<u8>,
    /// The text of the kernel's configuration, where the kernel carries it (`CONFIG_IKCONFIG`).
    pub config: Option<String>,
}

impl FoundBtf {
    /// Makes sure that the BTF can be read on its own.
    ///
    /// # Errors
    ///
    /// For split BTF: [`Problem::NeedsBase`].
    pub fn require_standalone(&self) -> Result<(), SourceError> {
        if !self.needs_base {
            return Ok(());
        }
        let problem =
            Problem::NeedsBase { release: self.release.clone(), distilled: self.base_btf.is_some() };
        Err(SourceError::new(&self.name, problem))
    }
}

/// The form of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// BTF and nothing else.
    RawBtf,
    /// An ELF file that is neither a module nor a BPF object: `vmlinux` or a debug file.
    Elf,
    /// A kernel module; its name as `lsmod` prints it, which modules before Linux 4.13 do not hold.
    Module {
        /// The value of `name=` in `.modinfo`.
        name: Option<String>,
    },
    /// A BPF object: its BTF describes what the object expects, not what a kernel has.
    BpfObject,
    /// A bootable kernel image.
    KernelImage {
        /// Its format.
        format: ImageFormat,
        /// How the kernel in it is compressed.
        compression: Compression,
    },
}

/// The formats of bootable images that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFormat {
    /// x86: a setup header and a compressed `vmlinux` (Linux/x86 boot protocol).
    BzImage,
    /// arm64: the kernel's memory, with a header of 64 bytes and no sections.
    Arm64Image,
    /// riscv64: as arm64's.
    RiscvImage,
    /// loong64: as arm64's.
    LoongarchImage,
    /// arm64, riscv64, loong64: a flat Image, compressed in an EFI application.
    EfiZboot,
    /// s390x: code that decompresses the kernel's memory.
    S390Image,
    /// 32-bit ARM: as s390x's.
    ArmZImage,
}

/// Compressions that Linux builds use for images and modules. Not all are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// LZMA with the old 13-byte header.
    Lzma,
    /// LZ4 in its legacy frame.
    Lz4,
    /// Zstandard.
    Zstd,
    /// bzip2; recognised, not read.
    Bzip2,
    /// LZO in lzop's format; recognised, not read.
    Lzo,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Lzo => "lzo",
        })
    }
}

/// Where in a source the BTF stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundAt {
    /// It is the whole content.
    Whole,
    /// In the section `.BTF` of an ELF file.
    Section,
    /// Found by its content at this offset in bytes, of the image or of the decompressed `vmlinux`.
    Scan {
        /// Bytes from the start.
        offset: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::super::from_bytes;
    use super::super::testing::{raw_btf, split_btf};
    use super::*;

    #[test]
    fn split_btf_is_told_apart_and_asks_for_its_base() {
        let whole = from_bytes("vmlinux", &raw_btf(Endian::Big)).expect("BTF");
        assert!(!whole.needs_base && whole.require_standalone().is_ok());
        let split = from_bytes("vfio", &split_btf(Endian::Big)).expect("split BTF");
        assert!(split.needs_base);
        let text = split.require_standalone().expect_err("needs its base").to_string();
        assert!(text.starts_with("vfio: ") && text.contains("split BTF"), "{text}");
    }
}
