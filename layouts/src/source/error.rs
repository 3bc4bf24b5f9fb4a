//! What can be wrong with a source: each message says the place, what is wrong and what to do.

mod words;

pub(super) use words::first_bytes;

use self::words::{hex_list, no_btf_advice};
use super::found::Compression;
use crate::btf::Endian;
use crate::btf::HeaderProblem;

/// A file that gave no BTF, and why.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct SourceError {
    /// The file, as it was named by the caller.
    pub file: String,
    /// What is wrong.
    pub problem: Problem,
}

impl SourceError {
    pub(super) fn new(file: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), problem }
    }
}

/// Why a source gave no BTF. Offsets and sizes are in bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file could not be opened or read.
    #[error("cannot be read: {error}")]
    Unreadable {
        /// What the system said.
        error: std::io::Error,
    },
    /// The path is a directory.
    #[error("is a directory; name a file in it")]
    Directory,
    /// The file is larger than the limit.
    #[error(
        "is larger than {limit} bytes, the most that is read; extract the BTF first: bpftool btf dump file FILE format raw, or objcopy --dump-section .BTF=OUT FILE"
    )]
    FileTooLarge {
        /// The limit.
        limit: u64,
    },
    /// The file has no content.
    #[error("is empty")]
    Empty,
    /// The content is of no known form.
    #[error(
        "is no kernel, module, ELF or BTF file (it starts with {first}); give raw BTF such as /sys/kernel/btf/vmlinux, an ELF file with .BTF, a module, a kernel image, a package (.deb, .rpm), or an archive or folder of those"
    )]
    Unrecognised {
        /// The first bytes, in hexadecimal.
        first: String,
    },
    /// The header of a kernel image other than bzImage is damaged.
    #[error("{format} header at {offset:#x}: {what}; get the image again, it may be cut short")]
    ImageHeader {
        /// The image's format.
        format: &'static str,
        /// Offset of the field.
        offset: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An EFI zboot image whose payload no decoder knows.
    #[error(
        "EFI zboot payload at {offset:#x} is compressed with {name:?} (it starts with {first}), for which no decoder is built in; decompress the kernel first and give the result, or /sys/kernel/btf/vmlinux of the running kernel"
    )]
    NamedCompression {
        /// The compression, as the image names it.
        name: String,
        /// Where the payload is.
        offset: usize,
        /// Its first bytes, in hexadecimal.
        first: String,
    },
    /// An image in which no compressed kernel is found.
    #[error(
        "is a kernel image ({what}) in which no gzip, xz, zstd, lz4 or lzma data hold a kernel (lzo and bzip2 are not read); give its vmlinux, or /sys/kernel/btf/vmlinux of the running kernel"
    )]
    NoPayload {
        /// The kind of image.
        what: &'static str,
    },
    /// A part of the file has a problem of its own.
    #[error("in {part}: {problem}")]
    Inside {
        /// Which part.
        part: String,
        /// Its problem.
        problem: Box<Problem>,
    },
    /// The ELF structure is damaged.
    #[error("ELF {part} is damaged: {reason}; get the file again, it may be cut short")]
    Elf {
        /// Which part of the structure.
        part: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// An ELF file has no `.BTF`.
    #[error("has no .BTF section: {}", no_btf_advice(*.module, *.dwarf))]
    NoBtf {
        /// It is a kernel module.
        module: bool,
        /// It has DWARF.
        dwarf: bool,
    },
    /// A section that must occur once occurs again.
    #[error("section {section} occurs twice, so which one holds is not clear; rebuild the file")]
    SectionTwice {
        /// Its name.
        section: &'static str,
    },
    /// A section's content lies beyond the file.
    #[error(
        "section {section} (offset {offset:#x}, {size} bytes) reaches beyond the file's {file_size} bytes; get the file again, it may be cut short"
    )]
    SectionOutside {
        /// Its name.
        section: &'static str,
        /// Its stated offset in the file.
        offset: u64,
        /// Its stated size.
        size: u64,
        /// The size of the file.
        file_size: usize,
    },
    /// The section header is there, the content is not.
    #[error(
        "section {section} has no content: this is a debug file from which it was removed; give the file that it was split from"
    )]
    SectionRemoved {
        /// Its name.
        section: &'static str,
    },
    /// The section is empty.
    #[error("section {section} is empty; rebuild the file, pahole may have failed")]
    SectionEmpty {
        /// Its name.
        section: &'static str,
    },
    /// The section is compressed, which the kernel's build never does.
    #[error(
        "section {section} is compressed; decompress it first: objcopy --decompress-debug-sections FILE OUT"
    )]
    SectionCompressed {
        /// Its name.
        section: &'static str,
    },
    /// BTF with a bad header.
    #[error("{place}: {problem}; get or extract the BTF again")]
    BtfHeader {
        /// Where the BTF stands.
        place: &'static str,
        /// What is wrong with its header.
        problem: HeaderProblem,
    },
    /// BTF in another byte order than its ELF file.
    #[error(
        "section {section} is {btf} in a {elf} ELF file; rebuild it, such a kernel cannot use its own BTF"
    )]
    EndianMismatch {
        /// Its name.
        section: &'static str,
        /// The BTF's byte order.
        btf: Endian,
        /// The file's.
        elf: Endian,
    },
    /// A bzImage's setup header is damaged.
    #[error("bzImage setup header at {offset:#x}: {what}; get the image again, it may be cut short")]
    SetupHeader {
        /// Offset of the field.
        offset: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A bzImage so old that its header does not say where the kernel is.
    #[error("bzImage of boot protocol {}.{:02}, which does not say where its kernel is (2.08, Linux 2.6.26, does); such a kernel has no BTF", version >> 8, version & 0xff)]
    OldBootProtocol {
        /// The protocol's version, the major number in the high byte.
        version: u16,
    },
    /// An image's payload lies beyond the file.
    #[error(
        "the payload (offset {offset:#x}, {length} bytes) reaches beyond the file's {file_size} bytes; get the image again, it may be cut short"
    )]
    PayloadOutside {
        /// Its stated offset in the file.
        offset: usize,
        /// Its stated length.
        length: usize,
        /// The size of the file.
        file_size: usize,
    },
    /// A payload of no known compression.
    #[error(
        "bzImage payload at {offset:#x} starts with {first}, which is no known compression; extract its vmlinux with scripts/extract-vmlinux of the kernel's source and give that"
    )]
    UnknownPayload {
        /// Its offset in the file.
        offset: usize,
        /// Its first bytes, in hexadecimal.
        first: String,
    },
    /// A payload that decompresses to something else than a kernel.
    #[error(
        "decompresses to {size} bytes that are no ELF file (they start with {first}); get the image again, or extract its vmlinux by other means"
    )]
    PayloadNotElf {
        /// How many bytes.
        size: usize,
        /// The first of them, in hexadecimal.
        first: String,
    },
    /// A compression that is recognised and not read.
    #[error(
        "is compressed with {compression}, for which no decoder is built in; decompress it first (for a kernel image: scripts/extract-vmlinux of the kernel's source) and give the result"
    )]
    UnsupportedCompression {
        /// Which one.
        compression: Compression,
    },
    /// Compressed data are damaged.
    #[error("{compression} data are damaged after {produced} bytes of output: {reason}; get the file again")]
    Decompress {
        /// The compression.
        compression: Compression,
        /// How many bytes came out before.
        produced: usize,
        /// What the decoder says.
        reason: String,
    },
    /// Decompression yields more than the limit.
    #[error(
        "{compression} data decompress to more than {limit} bytes, the most that is accepted; no kernel is that large, so do not trust this file (or extract its BTF by other means)"
    )]
    TooMuchOutput {
        /// The compression.
        compression: Compression,
        /// The limit.
        limit: usize,
    },
    /// The kernel that came out has another size than the image says.
    #[error(
        "{compression} payload decompresses to {actual} bytes where the image states {stated}; get the image again"
    )]
    SizeMismatch {
        /// The compression.
        compression: Compression,
        /// The size that stands after the payload, modulo 2³².
        stated: u32,
        /// The size that came out.
        actual: usize,
    },
    /// A kernel without section headers that holds no BTF either.
    #[error(
        "holds no BTF of a kernel: it was built without CONFIG_DEBUG_INFO_BTF, or was stripped of it; BTF that was made for this very build can be brought along as a file"
    )]
    NoBtfInImage,
    /// More than one BTF that could be the kernel's.
    #[error(
        "holds more than one BTF that could be the kernel's, at {}; give /sys/kernel/btf/vmlinux of the running kernel, or a vmlinux with section headers",
        hex_list(offsets)
    )]
    Ambiguous {
        /// Their offsets.
        offsets: Vec<usize>,
    },
    /// An archive is damaged.
    #[error("{format} archive, {place}: {what}; get the file again, it may be cut short")]
    Archive {
        /// The archive's format.
        format: &'static str,
        /// Where in it.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// An archive unpacks to more than the limit.
    #[error(
        "unpacks to more than {limit} bytes, the most that is accepted of an archive of its size; no package is that dense, so do not trust this file (or unpack it by other means and give the folder)"
    )]
    TooMuchUnpacked {
        /// The limit.
        limit: u64,
    },
    /// An archive has more entries than the limit.
    #[error("has more than {limit} entries, the most that are read; give the kernel's own package or folder")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// An ELF file has only DWARF, and what makes BTF of it is not there.
    #[error(
        "has no BTF, only DWARF, of which pahole makes BTF; it is not installed: apt install pahole (dnf install dwarves), or make the BTF elsewhere with pahole -J --btf_encode_detached=OUT FILE and give that"
    )]
    NoPahole,
    /// `pahole` made no BTF of the DWARF.
    #[error("has no BTF, only DWARF, of which pahole was to make BTF; {what}")]
    Pahole {
        /// What happened.
        what: String,
    },
    /// A program with DWARF where a kernel is wanted.
    #[error(
        "is a program, no kernel: it has no BTF, and its DWARF has no struct task_struct, mm_struct, list_head and super_block; give a kernel's vmlinux, with .BTF or DWARF"
    )]
    NoKernel,
    /// A BPF object where a kernel is wanted.
    #[error(
        "is a BPF object; give a kernel: raw BTF, an ELF file with .BTF, a kernel image, a package or a folder of those"
    )]
    BpfObject,
    /// Something else where a module is expected.
    #[error("is no kernel module, or its BTF is not split BTF; get the file again")]
    NoModule,
    /// A module of another kernel.
    #[error("is a module of kernel {own}, not of {kernel}; give the modules of one build")]
    OtherKernel {
        /// The kernel that it says it is of.
        own: String,
        /// The kernel that it was found with.
        kernel: String,
    },
    /// A module in another byte order than its kernel.
    #[error("has {own} BTF, its kernel {kernel}; give the modules of one build")]
    OtherEndian {
        /// Its byte order.
        own: Endian,
        /// Its kernel's.
        kernel: Endian,
    },
    /// Nothing of a kernel is in it.
    #[error(
        "holds nothing of a kernel: no vmlinux, kernel image, module or BTF; a package that only depends on others is not enough, give linux-image-* (or linux-binary-* with linux-modules-*), kernel-core with kernel-modules"
    )]
    NothingInIt,
    /// Modules and no kernel.
    #[error(
        "of kernel {release} only modules were given, whose BTF means nothing without its vmlinux; give its kernel image or package as well"
    )]
    OnlyModules {
        /// The kernel.
        release: String,
    },
    /// What is given twice in different ways.
    #[error(
        "the option that sets the release fits one kernel, and {kernels} are given; give them one at a time"
    )]
    OneReleaseForMany {
        /// How many there are.
        kernels: usize,
    },
    /// More modules than memory is spent on.
    #[error(
        "is left out: the modules of this kernel have more than {limit} bytes; unpack the package and give the folder"
    )]
    TooManyModules {
        /// The limit.
        limit: u64,
    },
    /// Split BTF where BTF that stands on its own is needed.
    #[error("is split BTF, which cannot be read without the vmlinux BTF that it was made on top of{}{}", release.as_deref().map(|r| format!("; give the vmlinux of {r} as well")).unwrap_or_else(|| "; give that vmlinux as well".to_owned()), if *distilled { " (its .BTF.base does not replace that)" } else { "" })]
    NeedsBase {
        /// The release of the kernel that it belongs to, if known.
        release: Option<String>,
        /// Whether it has a `.BTF.base`.
        distilled: bool,
    },
}

impl Problem {
    pub(super) fn inside(self, part: impl Into<String>) -> Self {
        Self::Inside { part: part.into(), problem: Box::new(self) }
    }
}

#[cfg(test)]
mod tests;
