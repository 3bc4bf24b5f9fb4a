//! The configuration that a kernel may carry within itself (CONFIG_IKCONFIG): gzip data between two marks.

use memchr::memmem;

use super::found::Compression;
use super::payload;

const START: &[u8] = b"IKCFG_ST\x1f\x8b\x08";
const MARK_BYTES: usize = 8;

/// The largest configuration that is believed, in bytes: 4 MiB. Debian's has a quarter of a MiB.
const MAX_CONFIG_BYTES: usize = 4 << 20;

/// How many marks are tried.
const MAX_TRIES: usize = 4;

/// The configuration in a kernel's memory or `vmlinux`, as its text; none where there is none that can be read.
pub(super) fn find(bytes: &[u8]) -> Option<String> {
    memmem::find_iter(bytes, START).take(MAX_TRIES).find_map(|at| {
        let packed = bytes.get(at.checked_add(MARK_BYTES)?..)?;
        let text = payload::decompress(Compression::Gzip, packed, MAX_CONFIG_BYTES).ok()?.bytes;
        String::from_utf8(text).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::gzip;
    use super::*;

    #[test]
    fn the_configuration_is_found_behind_decoys() {
        let packed = gzip(b"CONFIG_VFIO=m\n");
        let image =
            [b"IKCFG_ST".as_slice(), b"\x1f\x8b\x08junk", b"xIKCFG_ST", &packed, b"IKCFG_ED"].concat();
        assert_eq!(find(&image).as_deref(), Some("CONFIG_VFIO=m\n"));
        for length in 0..image.len() - 16 {
            assert_eq!(find(&image[..length]), None, "{length}");
        }
        let bomb = [b"IKCFG_ST".as_slice(), &gzip(&vec![b'x'; MAX_CONFIG_BYTES + 1])].concat();
        assert_eq!(find(&bomb), None);
    }
}
