//! Images whose header does not say where the compressed kernel is: s390x, and the zImage of 32-bit ARM.
//!
//! Every place that starts like a compressed stream is tried. What comes out is the bare memory of a kernel, and is
//! taken for one when it shows a banner.

use memchr::memmem;
use object::elf as machines;

use super::error::Problem;
use super::found::{Compression, FoundBtf, ImageFormat, SourceKind};
use super::image::has;
use super::{banner, flat, payload};

/// How many places are tried. Real images have a handful that look like a stream.
const MAX_TRIES: usize = 32;

/// The least that a kernel has, in bytes; chance hits give less.
const MIN_KERNEL_BYTES: usize = 4096;

/// The starts of streams that are tried, unmistakable ones first.
const STARTS: [(&[u8], Compression); 5] = [
    (&[0x1f, 0x8b, 0x08], Compression::Gzip),
    (b"\xfd7zXZ\0", Compression::Xz),
    (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
    (&[0x02, 0x21, 0x4c, 0x18], Compression::Lz4),
    (&[0x5d, 0, 0], Compression::Lzma),
];

/// An image of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrapper {
    format: ImageFormat,
    machine: u16,
    pointer_bytes: u8,
}

/// Which of these images the bytes are, if any.
pub(super) fn recognise(bytes: &[u8]) -> Option<Wrapper> {
    // The s390 boot protocol (arch/s390/boot/head.S): a mark behind the entry at 0x10000.
    if has(bytes, 0x10008, b"S390EP") {
        Some(Wrapper { format: ImageFormat::S390Image, machine: machines::EM_S390, pointer_bytes: 8 })
    // The magic number of zImage (arch/arm/boot/compressed/head.S), in either byte order.
    } else if has(bytes, 0x24, &[0x18, 0x28, 0x6f, 0x01]) || has(bytes, 0x24, &[0x01, 0x6f, 0x28, 0x18]) {
        Some(Wrapper { format: ImageFormat::ArmZImage, machine: machines::EM_ARM, pointer_bytes: 4 })
    } else {
        None
    }
}

/// The BTF of the kernel in the image, which may have at most `limit` bytes.
pub(super) fn find(bytes: &[u8], wrapper: Wrapper, limit: usize) -> Result<FoundBtf, Problem> {
    let Wrapper { format, machine, pointer_bytes } = wrapper;
    let in_memory = |memory: &[u8], compression| {
        flat::find_in_memory(memory, SourceKind::KernelImage { format, compression }, machine, pointer_bytes)
    };
    let mut refused = None;
    let tries = STARTS
        .iter()
        .flat_map(|&(start, compression)| memmem::find_iter(bytes, start).map(move |at| (at, compression)));
    for (at, compression) in tries.take(MAX_TRIES) {
        let Some(packed) = bytes.get(at..) else { continue };
        match payload::decompress(compression, packed, limit) {
            Ok(unpacked) if unpacked.bytes.len() >= MIN_KERNEL_BYTES => {
                if banner::find(&unpacked.bytes).is_some() {
                    return in_memory(&unpacked.bytes, compression)
                        .map_err(|problem| problem.inside(format!("the {compression} payload at {at:#x}")));
                }
            }
            Ok(_) => {}
            // Worth telling if no other place holds the kernel: a bomb, or a stream that is cut short.
            Err(problem @ (Problem::TooMuchOutput { .. } | Problem::UnsupportedCompression { .. })) => {
                refused = refused.or(Some(problem.inside(format!("the {compression} payload at {at:#x}"))));
            }
            Err(_) => {}
        }
    }
    if let Some(problem) = refused {
        return Err(problem);
    }
    // A kernel that is not compressed shows its banner itself.
    if banner::find(bytes).is_some() {
        return in_memory(bytes, Compression::None);
    }
    Err(Problem::NoPayload { what: if format == ImageFormat::S390Image { "s390x" } else { "zImage" } })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BANNER, gzip, kernel_like_btf};
    use super::*;
    use crate::btf::Endian;

    const LIMIT: usize = 1 << 20;

    fn image(format: ImageFormat, payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x10040];
        match format {
            ImageFormat::S390Image => image[0x10008..0x1000e].copy_from_slice(b"S390EP"),
            _ => image[0x24..0x28].copy_from_slice(&[0x18, 0x28, 0x6f, 0x01]),
        }
        // A chance hit before the real one.
        image.extend([0x1f, 0x8b, 0x08, 0, 0x28, 0xb5, 0x2f, 0xfd]);
        image.extend(payload);
        image
    }

    #[test]
    fn the_stream_is_found_among_decoys() {
        for (format, arch) in [(ImageFormat::S390Image, "s390x"), (ImageFormat::ArmZImage, "armhf")] {
            let wrapper = recognise(&image(format, b"")).expect("it is one");
            let endian = if arch == "s390x" { Endian::Big } else { Endian::Little };
            let kernel = [&[0; MIN_KERNEL_BYTES], BANNER, &kernel_like_btf(endian)].concat();
            for payload in [gzip(&kernel), kernel.clone()] {
                let found = find(&image(format, &payload), wrapper, LIMIT).expect("BTF is there");
                assert_eq!((found.bytes, found.arch), (kernel_like_btf(endian), Some(arch)));
            }
            let without = [&[0; MIN_KERNEL_BYTES], BANNER].concat();
            let text = find(&image(format, &gzip(&without)), wrapper, LIMIT).expect_err("no BTF").to_string();
            assert!(text.contains("CONFIG_DEBUG_INFO_BTF"), "{text}");
            let error = find(&image(format, b"nothing"), wrapper, LIMIT).expect_err("no kernel");
            assert!(matches!(error, Problem::NoPayload { .. }));
            let bomb = gzip(&vec![0; LIMIT + 1]);
            let text = find(&image(format, &bomb), wrapper, LIMIT).expect_err("a bomb").to_string();
            assert!(text.contains("more than"), "{text}");
        }
        assert_eq!(recognise(b"MZ"), None);
    }

    #[test]
    fn every_prefix_is_an_error() {
        let kernel = [&[0; MIN_KERNEL_BYTES], BANNER, &kernel_like_btf(Endian::Big)].concat();
        let image = image(ImageFormat::S390Image, &gzip(&kernel));
        for length in (0x10010..image.len()).step_by(3) {
            let wrapper = recognise(&image[..length]).expect("it is one");
            assert!(find(&image[..length], wrapper, LIMIT).is_err(), "{length}");
        }
    }
}
