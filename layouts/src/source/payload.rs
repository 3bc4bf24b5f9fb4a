//! Decompression, bounded: of a bzImage's payload, or of a whole file.
//!
//! Data may be several streams one after the other, and something may follow the last: the kernel's
//! build appends the size of what it compressed. What follows is handed to the caller.

use std::io::Read;

use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream;
use ruzstd::decoding::StreamingDecoder;

use super::error::Problem;
use super::found::Compression;

/// The memory that liblzma may take, in bytes. The kernel's build asks for dictionaries of up to 128 MiB.
pub(super) const XZ_MEMORY_BYTES: u64 = 256 << 20;

/// How many streams are read one after the other. Kernels have one, parallel compressors some hundred.
const MAX_STREAMS: usize = 4096;

/// The legacy LZ4 frame: this number, then blocks of (compressed size, data).
const LZ4_LEGACY_MAGIC: [u8; 4] = 0x184c_2102_u32.to_le_bytes();

/// What one block of a legacy LZ4 frame decompresses to at most.
const LZ4_BLOCK_BYTES: usize = 8 << 20;

/// Decompressed data, and what stood after the compressed ones.
#[derive(Debug)]
pub(super) struct Unpacked<'data> {
    pub(super) bytes: Vec<u8>,
    pub(super) rest: &'data [u8],
}

/// The compression of data that start with an unmistakable magic number.
pub(super) fn recognise(bytes: &[u8]) -> Option<Compression> {
    let magics: [(&[u8], Compression); 6] = [
        (&[0x1f, 0x8b, 0x08], Compression::Gzip),
        (b"\xfd7zXZ\0", Compression::Xz),
        (&LZ4_LEGACY_MAGIC, Compression::Lz4),
        (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
        (b"BZh", Compression::Bzip2),
        (b"\x89LZO\0\r\n\x1a\n", Compression::Lzo),
    ];
    magics.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, compression)| compression)
}

/// LZMA's header has no magic number, only usual parameters: enough for a payload, not for any file.
pub(super) fn recognise_lzma(bytes: &[u8]) -> Option<Compression> {
    bytes.starts_with(&[0x5d, 0, 0]).then_some(Compression::Lzma)
}

/// Decompresses to at most `limit` bytes.
pub(super) fn decompress(
    compression: Compression,
    bytes: &[u8],
    limit: usize,
) -> Result<Unpacked<'_>, Problem> {
    let mut unpacked = Unpacked { bytes: Vec::new(), rest: bytes };
    if compression == Compression::Lz4 {
        lz4_legacy(&mut unpacked, limit)?;
        return Ok(unpacked);
    }
    for _ in 0..MAX_STREAMS {
        one_stream(compression, &mut unpacked, limit)?;
        if recognise(unpacked.rest) != Some(compression) {
            return Ok(unpacked);
        }
    }
    Err(damaged(compression, &unpacked, format!("more than {MAX_STREAMS} streams")))
}

fn damaged(compression: Compression, unpacked: &Unpacked<'_>, reason: impl ToString) -> Problem {
    Problem::Decompress { compression, produced: unpacked.bytes.len(), reason: reason.to_string() }
}

/// Reads the stream at the start of the rest, and moves the rest behind it.
fn one_stream(compression: Compression, unpacked: &mut Unpacked<'_>, limit: usize) -> Result<(), Problem> {
    let mut input = unpacked.rest;
    let result = match compression {
        Compression::Gzip => append(flate2::bufread::GzDecoder::new(&mut input), &mut unpacked.bytes, limit),
        Compression::Xz => Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0)
            .map_err(|error| error.to_string())
            .and_then(|stream| append(XzDecoder::new_stream(&mut input, stream), &mut unpacked.bytes, limit)),
        Compression::Lzma => Stream::new_lzma_decoder(XZ_MEMORY_BYTES)
            .map_err(|error| error.to_string())
            .and_then(|stream| append(XzDecoder::new_stream(&mut input, stream), &mut unpacked.bytes, limit)),
        Compression::Zstd => zstd_frame(&mut input, &mut unpacked.bytes, limit),
        Compression::None | Compression::Lz4 | Compression::Bzip2 | Compression::Lzo => {
            return Err(Problem::UnsupportedCompression { compression });
        }
    };
    if unpacked.bytes.len() > limit {
        return Err(Problem::TooMuchOutput { compression, limit });
    }
    result.map_err(|reason| damaged(compression, unpacked, reason))?;
    unpacked.rest = input;
    Ok(())
}

/// Appends what a decoder gives, and stops at one byte more than the limit, which the caller sees.
fn append(decoder: impl Read, output: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let room = limit.saturating_sub(output.len()) as u64;
    decoder.take(room.saturating_add(1)).read_to_end(output).map(drop).map_err(|error| error.to_string())
}

fn zstd_frame(input: &mut &[u8], output: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut decoder = StreamingDecoder::new(input).map_err(|error| error.to_string())?;
    append(&mut decoder, output, limit)?;
    // The decoder computes the checksum and leaves the comparison to its user.
    let stored = decoder.decoder.get_checksum_from_data();
    if stored.is_some() && output.len() <= limit && stored != decoder.decoder.get_calculated_checksum() {
        return Err("the checksum is wrong".to_owned());
    }
    Ok(())
}

/// A legacy frame has no end mark: blocks follow until the data end, or until four bytes are left, too few
/// for a block, which are the size that the kernel's build appends.
fn lz4_legacy(unpacked: &mut Unpacked<'_>, limit: usize) -> Result<(), Problem> {
    let compression = Compression::Lz4;
    let mut block = vec![0; LZ4_BLOCK_BYTES];
    while unpacked.rest.len() > 4 {
        let Some((word, rest)) = unpacked.rest.split_first_chunk::<4>() else { break };
        if *word == LZ4_LEGACY_MAGIC {
            unpacked.rest = rest;
            continue;
        }
        let size = usize::try_from(u32::from_le_bytes(*word)).unwrap_or(usize::MAX);
        let Some((data, rest)) = rest.split_at_checked(size).filter(|(data, _)| !data.is_empty()) else {
            let left = rest.len();
            return Err(damaged(
                compression,
                unpacked,
                format!("a block of {size} bytes where {left} are left"),
            ));
        };
        let length = lz4_flex::block::decompress_into(data, &mut block)
            .map_err(|error| damaged(compression, unpacked, error))?;
        if unpacked.bytes.len().saturating_add(length) > limit {
            return Err(Problem::TooMuchOutput { compression, limit });
        }
        unpacked.bytes.extend_from_slice(block.get(..length).unwrap_or_default());
        unpacked.rest = rest;
    }
    match unpacked.rest.len() {
        0 | 4 => Ok(()),
        left => Err(damaged(compression, unpacked, format!("{left} bytes are left, too few for a block"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use liblzma::stream::{Check, Filters, LzmaOptions};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::super::testing::gzip;
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn plain() -> Vec<u8> {
        (0..5000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect()
    }

    fn encoded(stream: Stream, data: &[u8]) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(data).expect("encodes");
        encoder.finish().expect("encodes")
    }

    /// As the kernel's build calls xz: x86 filter, CRC32.
    fn xz(data: &[u8]) -> Vec<u8> {
        let options = LzmaOptions::new_preset(6).expect("options");
        let mut filters = Filters::new();
        filters.x86().lzma2(&options);
        encoded(Stream::new_stream_encoder(&filters, Check::Crc32).expect("encoder"), data)
    }

    fn lzma(data: &[u8]) -> Vec<u8> {
        let options = LzmaOptions::new_preset(6).expect("options");
        encoded(Stream::new_lzma_encoder(&options).expect("encoder"), data)
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    fn lz4(data: &[u8]) -> Vec<u8> {
        let blocks = data.chunks(LZ4_BLOCK_BYTES).flat_map(|chunk| {
            let block = lz4_flex::block::compress(chunk);
            [&(block.len() as u32).to_le_bytes()[..], &block].concat()
        });
        LZ4_LEGACY_MAGIC.into_iter().chain(blocks).collect()
    }

    type Encoder = fn(&[u8]) -> Vec<u8>;
    const ENCODERS: [(Compression, Encoder); 5] = [
        (Compression::Gzip, gzip),
        (Compression::Xz, xz),
        (Compression::Lzma, lzma),
        (Compression::Zstd, zstd),
        (Compression::Lz4, lz4),
    ];

    #[test]
    fn every_compression_with_the_kernels_size_after_it() {
        for (compression, encoder) in ENCODERS {
            let mut data = encoder(&plain());
            assert_eq!(recognise(&data).or_else(|| recognise_lzma(&data)), Some(compression));
            let unpacked = decompress(compression, &data, LIMIT).expect("decompresses");
            assert_eq!((unpacked.bytes, unpacked.rest), (plain(), &b""[..]), "{compression}");
            data.extend(b"size");
            let unpacked = decompress(compression, &data, plain().len()).expect("decompresses");
            assert_eq!((unpacked.bytes, unpacked.rest), (plain(), &b"size"[..]), "{compression}");
        }
    }

    #[test]
    fn streams_one_after_the_other() {
        for (compression, encoder) in ENCODERS {
            if compression == Compression::Lzma {
                continue; // without a magic number a second stream cannot be told from other bytes
            }
            let data = [encoder(b"one, "), encoder(b""), encoder(b"two")].concat();
            let unpacked = decompress(compression, &data, LIMIT).expect("decompresses");
            assert_eq!(unpacked.bytes, b"one, two", "{compression}");
        }
        let flood = gzip(b"").repeat(MAX_STREAMS + 1);
        assert!(matches!(decompress(Compression::Gzip, &flood, LIMIT), Err(Problem::Decompress { .. })));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = vec![0; LIMIT + 1];
        for (compression, encoder) in ENCODERS {
            let data = encoder(&bomb);
            let problem = decompress(compression, &data, LIMIT).expect_err("too much");
            assert!(
                matches!(problem, Problem::TooMuchOutput { limit: LIMIT, .. }),
                "{compression}: {problem}"
            );
            assert!(decompress(compression, &data, LIMIT + 1).is_ok(), "{compression}");
        }
        // Also when every stream alone stays below it.
        let streams = gzip(&bomb[..LIMIT / 2]).repeat(3);
        assert!(matches!(decompress(Compression::Gzip, &streams, LIMIT), Err(Problem::TooMuchOutput { .. })));
    }

    #[test]
    fn every_prefix_is_an_error() {
        for (compression, encoder) in ENCODERS {
            let data = encoder(&plain());
            for length in (0..data.len()).step_by(3) {
                let result = decompress(compression, &data[..length], LIMIT);
                // A legacy LZ4 frame does not say that it goes on, so its bare start is an empty frame;
                // that no kernel comes out is then seen by who asked for one.
                let empty = matches!(&result, Ok(unpacked) if unpacked.bytes.is_empty());
                assert!(
                    result.is_err() || compression == Compression::Lz4 && empty,
                    "{compression} {length}"
                );
            }
        }
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        for (compression, encoder) in ENCODERS {
            let data = encoder(&plain());
            let checked = matches!(compression, Compression::Gzip | Compression::Xz);
            for at in (0..data.len()).step_by(7) {
                let mut changed = data.clone();
                changed[at] ^= 0x55;
                if let Ok(unpacked) = decompress(compression, &changed, LIMIT) {
                    assert!(!checked || unpacked.bytes == plain(), "{compression}: byte {at}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_zstd_checksum_is_noticed() {
        let mut data = zstd(&plain());
        let checksum = data.len() - 1;
        data[checksum] ^= 1;
        let problem = decompress(Compression::Zstd, &data, LIMIT).expect_err("a wrong checksum");
        assert!(problem.to_string().contains("checksum"), "{problem}");
    }

    #[test]
    fn lying_lz4_blocks() {
        let failure = |tail: &[u8]| {
            let data = [&LZ4_LEGACY_MAGIC[..], tail].concat();
            decompress(Compression::Lz4, &data, LIMIT).expect_err("a lie").to_string()
        };
        assert!(failure(&[0xff; 12]).contains("4294967295"));
        assert!(failure(&[0, 0, 0, 0, 1, 2]).contains("block of 0 bytes"));
        assert!(failure(&[1, 2, 3]).contains("too few"));
    }

    #[test]
    fn unread_compressions_say_so() {
        for (compression, start) in
            [(Compression::Bzip2, &b"BZh9"[..]), (Compression::Lzo, b"\x89LZO\0\r\n\x1a\n")]
        {
            assert_eq!(recognise(start), Some(compression));
            let problem = decompress(compression, start, LIMIT).expect_err("not read");
            assert!(problem.to_string().contains(&compression.to_string()), "{problem}");
        }
    }
}
