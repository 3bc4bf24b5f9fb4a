//! EFI zboot: a kernel of arm64, riscv64 or loong64 as the compressed payload of an EFI application.
//!
//! The header's fields are those of drivers/firmware/efi/libstub/zboot-header.S of the kernel: where the payload is,
//! and the name of its compression. The payload is a flat Image.

use object::elf as machines;

use super::error::{Problem, first_bytes};
use super::found::{FoundBtf, ImageFormat, SourceKind};
use super::image::has;
use super::{flat, payload};
use crate::btf::Endian;

const PAYLOAD_OFFSET: usize = 8;
const PAYLOAD_SIZE: usize = 12;
const COMPRESSION: usize = 24;
/// Where the name of the compression ends at the latest: the next field.
const COMPRESSION_END: usize = 0x38;
const PE_OFFSET: usize = 0x3c;

/// Machines of PE headers (`IMAGE_FILE_MACHINE_…`) in ELF's numbers.
const MACHINES: [(u16, u16); 3] =
    [(0xaa64, machines::EM_AARCH64), (0x5064, machines::EM_RISCV), (0x6264, machines::EM_LOONGARCH)];

/// Whether the bytes are a compressed kernel in an EFI application.
pub(super) fn is_zboot(bytes: &[u8]) -> bool {
    has(bytes, 0, b"MZ") && has(bytes, 4, b"zimg")
}

/// The BTF of the kernel in it, which may have at most `limit` bytes.
pub(super) fn find(bytes: &[u8], limit: usize) -> Result<FoundBtf, Problem> {
    let number = |at: usize| {
        let number = Endian::Little.u32(bytes, at).and_then(|number| usize::try_from(number).ok());
        number.ok_or(Problem::ImageHeader {
            format: "EFI zboot",
            offset: at,
            what: "the file ends before it",
        })
    };
    let (offset, length) = (number(PAYLOAD_OFFSET)?, number(PAYLOAD_SIZE)?);
    let packed = offset.checked_add(length).and_then(|end| bytes.get(offset..end));
    let packed = packed.ok_or(Problem::PayloadOutside { offset, length, file_size: bytes.len() })?;
    let compression = payload::recognise(packed).or_else(|| payload::recognise_lzma(packed));
    let compression = compression.ok_or_else(|| Problem::NamedCompression {
        name: compression_name(bytes),
        offset,
        first: first_bytes(packed),
    })?;
    let inside = |problem: Problem| problem.inside(format!("the EFI zboot payload at {offset:#x}"));
    let kernel = payload::decompress(compression, packed, limit).map_err(inside)?.bytes;
    let machine = pe_machine(bytes).or_else(|| flat::machine(&kernel));
    let machine = machine.ok_or(Problem::ImageHeader {
        format: "EFI zboot",
        offset: PE_OFFSET,
        what: "neither the PE header nor the kernel in it names a machine that is known",
    })?;
    let kind = SourceKind::KernelImage { format: ImageFormat::EfiZboot, compression };
    flat::find_in_memory(&kernel, kind, machine, 8).map_err(inside)
}

/// The compression's name in the header, shown to people.
fn compression_name(bytes: &[u8]) -> String {
    let field = bytes.get(COMPRESSION..COMPRESSION_END.min(bytes.len())).unwrap_or_default();
    let name = field.split(|&byte| byte == 0).next().unwrap_or_default();
    name.escape_ascii().to_string()
}

fn pe_machine(bytes: &[u8]) -> Option<u16> {
    let at = usize::try_from(Endian::Little.u32(bytes, PE_OFFSET)?).ok()?;
    let machine = Endian::Little.u16(bytes.get(at..)?.strip_prefix(b"PE\0\0")?, 0)?;
    MACHINES.iter().find(|(pe, _)| *pe == machine).map(|(_, elf)| *elf)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BANNER, flat_image, gzip, kernel_like_btf, zboot};
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn kernel() -> Vec<u8> {
        flat_image(b"ARM\x64", &[BANNER, &kernel_like_btf(Endian::Little)].concat())
    }

    #[test]
    fn the_kernel_in_it_is_searched() {
        for (machine, name) in [(0xaa64, "arm64"), (0x6264, "loong64"), (0, "arm64")] {
            let found = find(&zboot(machine, "gzip", &gzip(&kernel())), LIMIT).expect("BTF is there");
            assert_eq!((found.bytes, found.arch), (kernel_like_btf(Endian::Little), Some(name)));
            assert_eq!(found.release.as_deref(), Some("6.1.0-9-synthetic"));
        }
    }

    #[test]
    fn an_unread_compression_is_named() {
        let text = find(&zboot(0xaa64, "lzo", b"something"), LIMIT).expect_err("not read").to_string();
        assert!(text.contains("lzo"), "{text}");
    }

    #[test]
    fn every_prefix_is_an_error() {
        let image = zboot(0xaa64, "gzip", &gzip(&kernel()));
        assert!(find(&image, kernel().len()).is_ok() && find(&image, kernel().len() - 1).is_err());
        for length in 0..image.len() {
            assert!(find(&image[..length], LIMIT).is_err(), "{length}");
        }
        let mut hostile = image.clone();
        hostile[PAYLOAD_OFFSET..PAYLOAD_OFFSET + 8].fill(0xff);
        assert!(matches!(find(&hostile, LIMIT), Err(Problem::PayloadOutside { .. })));
    }
}
