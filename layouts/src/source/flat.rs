//! A kernel as its bare memory, without sections: the flat Image of arm64, riscv64 and loong64, and what other
//! images decompress to.
//!
//! A flat Image has a header of 64 bytes, whose magic number stands at its end
//! (Documentation/arch/arm64/booting.rst, …/riscv/boot-image-header.rst of the kernel).

use object::elf as machines;

use super::error::Problem;
use super::found::{Compression, FoundAt, FoundBtf, ImageFormat, SourceKind};
use super::image::has;
use super::{arch, banner, ikconfig, scan};
use crate::btf::Header;

const MAGIC: usize = 0x38;
const MAGICS: [(&[u8], u16); 3] = [
    (b"ARM\x64", machines::EM_AARCH64),
    (b"RSC\x05", machines::EM_RISCV),
    // Loongarch says only that it is a kernel for EFI, as compressed ones do; those are asked about first.
    (&[0xcd, 0x23, 0x82, 0x81], machines::EM_LOONGARCH),
];

/// The machine (`e_machine`) of a flat Image, if the bytes are one.
pub(super) fn machine(bytes: &[u8]) -> Option<u16> {
    MAGICS.iter().find(|(magic, _)| has(bytes, MAGIC, magic)).map(|(_, machine)| *machine)
}

/// The format of a machine's flat Image.
fn format(machine: u16) -> ImageFormat {
    match machine {
        machines::EM_RISCV => ImageFormat::RiscvImage,
        machines::EM_LOONGARCH => ImageFormat::LoongarchImage,
        _ => ImageFormat::Arm64Image,
    }
}

/// The BTF of a flat Image.
pub(super) fn find(bytes: &[u8], machine: u16) -> Result<FoundBtf, Problem> {
    let kind = SourceKind::KernelImage { format: format(machine), compression: Compression::None };
    find_in_memory(bytes, kind, machine, 8)
}

/// The BTF of a kernel's memory, searched by content.
pub(super) fn find_in_memory(
    bytes: &[u8],
    kind: SourceKind,
    machine: u16,
    pointer_bytes: u8,
) -> Result<FoundBtf, Problem> {
    let range = scan::kernel_btf(bytes)?.ok_or(Problem::NoBtfInImage)?;
    let btf = bytes.get(range.clone()).unwrap_or_default();
    let header = Header::parse(btf).map_err(|problem| Problem::BtfHeader { place: "image", problem })?;
    let banner = banner::find(bytes);
    Ok(FoundBtf {
        name: String::new(),
        kind,
        file_compression: None,
        bytes: btf.to_vec(),
        found_at: FoundAt::Scan { offset: range.start },
        endian: header.endian,
        needs_base: false,
        base_btf: None,
        release: banner.as_deref().and_then(banner::release),
        banner,
        arch: arch::debian_name(machine, pointer_bytes, header.endian),
        pointer_bytes: Some(pointer_bytes),
        config: ikconfig::find(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BANNER, flat_image, kernel_like_btf, raw_btf};
    use super::*;
    use crate::btf::Endian;

    #[test]
    fn flat_images_are_searched() {
        for (magic, number) in MAGICS {
            let name = arch::debian_name(number, 8, Endian::Little);
            let mut image = flat_image(magic, b"");
            assert_eq!(machine(&image), Some(number));
            assert!(matches!(find(&image, number), Err(Problem::NoBtfInImage)));
            image.extend([BANNER, &raw_btf(Endian::Little), &kernel_like_btf(Endian::Little)].concat());
            let found = find(&image, number).expect("BTF is there");
            assert_eq!(found.bytes, kernel_like_btf(Endian::Little));
            assert_eq!((found.arch, found.release.as_deref()), (name, Some("6.1.0-9-synthetic")));
        }
        assert_eq!(machine(b"ARM\x64"), None);
    }
}
