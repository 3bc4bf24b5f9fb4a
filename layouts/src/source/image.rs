//! The bootable kernel of x86, bzImage.
//!
//! It is a setup header, real-mode code in sectors of 512 bytes, and protected-mode code that
//! holds the compressed `vmlinux`. The fields and their offsets are those of the Linux/x86 boot
//! protocol (Documentation/arch/x86/boot.rst of the kernel).

use super::error::{Problem, first_bytes};
use super::found::{Compression, FoundBtf, ImageFormat, SourceKind};
use super::{banner, elf, payload};
use crate::btf::Endian;

const SETUP_SECTS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
const MAGIC: usize = 0x202;
const PROTOCOL: usize = 0x206;
const KERNEL_VERSION: usize = 0x20e;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;

/// The first protocol that says where the payload is.
const PROTOCOL_WITH_PAYLOAD: u16 = 0x0208;

const SECTOR: usize = 512;

/// What stands after the payload's stream: the size of the kernel, in every compression but gzip,
/// whose own last field it is.
const SIZE_WORD: usize = 4;

/// Whether `magic` stands at `offset`.
pub(super) fn has(bytes: &[u8], offset: usize, magic: &[u8]) -> bool {
    bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic))
}

/// Whether the bytes have the setup header of a bzImage.
pub(super) fn is_bzimage(bytes: &[u8]) -> bool {
    has(bytes, MAGIC, b"HdrS")
}

/// The BTF of a bzImage; the kernel in it may have at most `limit` bytes.
pub(super) fn find_in_bzimage(bytes: &[u8], limit: usize) -> Result<FoundBtf, Problem> {
    let (offset, payload) = payload_of(bytes)?;
    let (compression, vmlinux) = unpack(offset, payload, limit)?;
    let found = elf::find(&vmlinux).map_err(|problem| problem.inside("the decompressed vmlinux"))?;
    let kind = SourceKind::KernelImage { format: ImageFormat::BzImage, compression };
    let release = found.release.clone().or_else(|| setup_release(bytes));
    Ok(FoundBtf { kind, release, ..found })
}

/// The payload and its offset in the file.
fn payload_of(bytes: &[u8]) -> Result<(usize, &[u8]), Problem> {
    let cut = |offset| Problem::SetupHeader { offset, what: "the file ends before it" };
    let long = |offset| Endian::Little.u32(bytes, offset).ok_or(cut(offset));
    let short = |offset| Endian::Little.u16(bytes, offset).ok_or(cut(offset));
    if short(BOOT_FLAG)? != 0xaa55 {
        return Err(Problem::SetupHeader { offset: BOOT_FLAG, what: "the boot flag is not 0xaa55" });
    }
    let version = short(PROTOCOL)?;
    if version < PROTOCOL_WITH_PAYLOAD {
        return Err(Problem::OldBootProtocol { version });
    }
    // 0 stands for 4, for compatibility with the oldest boot loaders; the boot sector comes on top.
    let setup_sectors = match *bytes.get(SETUP_SECTS).ok_or(cut(SETUP_SECTS))? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let too_large = |offset| Problem::SetupHeader { offset, what: "the number is too large" };
    let start = usize::try_from(long(PAYLOAD_OFFSET)?)
        .ok()
        .and_then(|offset| offset.checked_add((setup_sectors + 1) * SECTOR))
        .ok_or(too_large(PAYLOAD_OFFSET))?;
    let length = usize::try_from(long(PAYLOAD_LENGTH)?).map_err(|_| too_large(PAYLOAD_LENGTH))?;
    if length == 0 {
        return Err(Problem::SetupHeader { offset: PAYLOAD_LENGTH, what: "the payload's length is 0" });
    }
    let payload = start.checked_add(length).and_then(|end| bytes.get(start..end));
    let payload = payload.ok_or(Problem::PayloadOutside { offset: start, length, file_size: bytes.len() })?;
    Ok((start, payload))
}

fn unpack(offset: usize, payload: &[u8], limit: usize) -> Result<(Compression, Vec<u8>), Problem> {
    if elf::is_elf(payload) {
        return Ok((Compression::None, payload.to_vec()));
    }
    let unknown = || Problem::UnknownPayload { offset, first: first_bytes(payload) };
    let compression =
        payload::recognise(payload).or_else(|| payload::recognise_lzma(payload)).ok_or_else(unknown)?;
    let unpacked = payload::decompress(compression, payload, limit)
        .map_err(|problem| problem.inside(format!("the bzImage payload at {offset:#x}")))?;
    let (vmlinux, rest) = (unpacked.bytes, unpacked.rest);
    if rest.len() == SIZE_WORD
        && let Some(stated) = Endian::Little.u32(rest, 0)
        && u64::from(stated) != vmlinux.len() as u64 & u64::from(u32::MAX)
    {
        return Err(Problem::SizeMismatch { compression, stated, actual: vmlinux.len() });
    }
    if !elf::is_elf(&vmlinux) {
        let not_elf = Problem::PayloadNotElf { size: vmlinux.len(), first: first_bytes(&vmlinux) };
        return Err(not_elf.inside(format!("the bzImage payload at {offset:#x}")));
    }
    Ok((compression, vmlinux))
}

/// The release from the setup header's version string ("6.1.0-56-amd64 (builder) #1 SMP …").
fn setup_release(bytes: &[u8]) -> Option<String> {
    let pointer = Endian::Little.u16(bytes, KERNEL_VERSION).filter(|&pointer| pointer != 0)?;
    let text = bytes.get(usize::from(pointer) + SECTOR..)?;
    let end = text.iter().take(SECTOR).position(|&byte| byte == 0)?;
    banner::first_word(std::str::from_utf8(text.get(..end)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BANNER, ElfBuilder, bzimage, gzip, raw_btf};
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn vmlinux() -> Vec<u8> {
        ElfBuilder::x86_64().section(".BTF", &raw_btf(Endian::Little)).build()
    }

    fn failure(image: &[u8]) -> Problem {
        match find_in_bzimage(image, LIMIT).expect_err("no BTF in this image") {
            Problem::Inside { problem, .. } => *problem,
            problem => problem,
        }
    }

    #[test]
    fn release_comes_from_the_banner_or_else_from_the_setup_header() {
        let found = find_in_bzimage(&bzimage(&gzip(&vmlinux())), LIMIT).expect("BTF is there");
        assert_eq!((found.release.as_deref(), found.banner), (Some("6.1.0-setup"), None));
        let with_banner =
            ElfBuilder::x86_64().section(".BTF", &raw_btf(Endian::Little)).section(".rodata", BANNER).build();
        let found = find_in_bzimage(&bzimage(&with_banner), LIMIT).expect("BTF is there");
        assert_eq!(found.release.as_deref(), Some("6.1.0-9-synthetic"));
        assert_eq!(
            found.kind,
            SourceKind::KernelImage { format: ImageFormat::BzImage, compression: Compression::None }
        );
    }

    #[test]
    fn no_setup_sectors_means_four() {
        let mut image = bzimage(&vmlinux());
        assert_eq!(image[SETUP_SECTS], 4);
        image[SETUP_SECTS] = 0;
        assert!(find_in_bzimage(&image, LIMIT).is_ok());
        image[SETUP_SECTS] = 3;
        assert!(matches!(failure(&image), Problem::UnknownPayload { .. }));
    }

    #[test]
    fn a_payload_beyond_the_file_is_an_error() {
        let good = bzimage(&vmlinux());
        let mut image = good.clone();
        image[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 4].fill(0xff);
        assert!(matches!(failure(&image), Problem::PayloadOutside { length: 0xffff_ffff, .. }));
        image[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 4].fill(0);
        assert!(matches!(failure(&image), Problem::SetupHeader { offset: PAYLOAD_LENGTH, .. }));
        let mut image = good.clone();
        image[PAYLOAD_OFFSET..PAYLOAD_OFFSET + 4].fill(0xff);
        assert!(matches!(failure(&image), Problem::PayloadOutside { .. }));
        assert!(matches!(failure(&good[..good.len() - 1]), Problem::PayloadOutside { .. }));
    }

    #[test]
    fn a_damaged_setup_header_is_an_error() {
        let mut image = bzimage(&vmlinux());
        image[PROTOCOL..PROTOCOL + 2].copy_from_slice(&[0x07, 0x02]);
        assert!(matches!(failure(&image), Problem::OldBootProtocol { version: 0x0207 }));
        image[BOOT_FLAG] = 0;
        assert!(matches!(failure(&image), Problem::SetupHeader { offset: BOOT_FLAG, .. }));
        assert!(matches!(
            failure(&bzimage(&vmlinux())[..0x206]),
            Problem::SetupHeader { offset: PROTOCOL, .. }
        ));
        let mut image = bzimage(&vmlinux());
        image[KERNEL_VERSION..KERNEL_VERSION + 2].fill(0xff);
        assert_eq!(find_in_bzimage(&image, LIMIT).expect("BTF is there").release, None);
    }

    #[test]
    fn what_comes_out_must_be_the_kernel_that_was_announced() {
        let right = (vmlinux().len() as u32).to_le_bytes();
        let payload = |word: [u8; 4]| bzimage(&[gzip(&vmlinux()), word.to_vec()].concat());
        assert!(find_in_bzimage(&payload(right), LIMIT).is_ok());
        assert!(matches!(failure(&payload([1, 2, 3, 4])), Problem::SizeMismatch { stated: 0x0403_0201, .. }));
        assert!(matches!(failure(&bzimage(&gzip(b"no kernel"))), Problem::PayloadNotElf { size: 9, .. }));
        assert!(matches!(failure(&bzimage(b"garbage!")), Problem::UnknownPayload { .. }));
        let without = ElfBuilder::x86_64().section(".text", b"x").build();
        assert!(matches!(failure(&bzimage(&gzip(&without))), Problem::NoBtf { .. }));
    }
}
