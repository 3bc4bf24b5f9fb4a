//! The compressions as streams, bounded in what they yield.

use std::io::{self, BufRead, Read};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::error::Problem;
use super::super::found::Compression;
use super::super::payload::XZ_MEMORY_BYTES;

/// More came out than is accepted.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} bytes come out")]
pub(super) struct TooMuch {
    pub(super) limit: u64,
}

/// A reader that gives at most so many bytes, and then an error.
struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::other(TooMuch { limit: self.limit }))?;
        Ok(count)
    }
}

/// What the input unpacks to: at most `limit` bytes, and then an error.
pub(super) fn decoder<'i>(
    compression: Compression,
    input: &'i mut dyn BufRead,
    limit: u64,
) -> Result<Box<dyn Read + 'i>, Problem> {
    let liblzma = |stream: Result<Stream, liblzma::stream::Error>| {
        stream.map_err(|error| super::damaged("compressed data", "decoder", io::Error::other(error)))
    };
    let inner: Box<dyn Read + 'i> = match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Xz => {
            let stream = liblzma(Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED))?;
            Box::new(XzDecoder::new_stream(input, stream))
        }
        Compression::Lzma => {
            Box::new(XzDecoder::new_stream(input, liblzma(Stream::new_lzma_decoder(XZ_MEMORY_BYTES))?))
        }
        Compression::Zstd => Box::new(Frames { input, decoder: FrameDecoder::new(), open: false }),
        Compression::Lz4 | Compression::Bzip2 | Compression::Lzo => {
            return Err(Problem::UnsupportedCompression { compression });
        }
    };
    Ok(Box::new(Bounded { inner, left: limit, limit }))
}

/// Zstandard frames, one after the other.
struct Frames<'i> {
    input: &'i mut dyn BufRead,
    decoder: FrameDecoder,
    /// Whether a frame has been begun whose end has not been seen.
    open: bool,
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.open {
                while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                    let strategy = BlockDecodingStrategy::UptoBlocks(1);
                    self.decoder.decode_blocks(&mut self.input, strategy).map_err(io::Error::other)?;
                }
                if self.decoder.can_collect() > 0 {
                    return self.decoder.read(buffer);
                }
                // The decoder computes the checksum and leaves the comparison to its user.
                let stored = self.decoder.get_checksum_from_data();
                if stored.is_some() && stored != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::other("the checksum is wrong"));
                }
                self.open = false;
            }
            if self.input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.decoder.reset(&mut self.input).map_err(io::Error::other)?;
            self.open = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::super::super::testing::{gzip, xz};
    use super::*;

    fn unpacked(compression: Compression, mut bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let mut output = Vec::new();
        let decoder = decoder(compression, &mut bytes, limit).map_err(io::Error::other);
        decoder?.read_to_end(&mut output)?;
        Ok(output)
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    #[test]
    fn streams_are_read_to_their_end_and_no_further_than_allowed() {
        let plain: Vec<u8> = (0..200_000_u32).flat_map(|number| (number / 3).to_le_bytes()).collect();
        type Encoder = fn(&[u8]) -> Vec<u8>;
        let encoders: [(Compression, Encoder); 4] = [
            (Compression::Gzip, gzip),
            (Compression::Xz, xz),
            (Compression::Zstd, zstd),
            (Compression::None, <[u8]>::to_vec),
        ];
        for (compression, encoder) in encoders {
            let packed = [encoder(&plain), encoder(b"tail")].concat();
            let whole = [plain.as_slice(), b"tail"].concat();
            let size = whole.len() as u64;
            assert_eq!(unpacked(compression, &packed, size).expect("it unpacks"), whole, "{compression}");
            let error = unpacked(compression, &packed, size - 1).expect_err("one byte too many");
            assert!(error.to_string().contains("more than"), "{compression}: {error}");
            if compression != Compression::None {
                let cut = encoder(&plain);
                for length in (1..cut.len()).step_by(cut.len() / 50) {
                    assert!(unpacked(compression, &cut[..length], size).is_err(), "{compression} {length}");
                }
            }
        }
    }

    #[test]
    fn unread_compressions_say_so() {
        for compression in [Compression::Bzip2, Compression::Lzo, Compression::Lz4] {
            let text = unpacked(compression, b"x", 1).expect_err("not read").to_string();
            assert!(text.contains(&compression.to_string()), "{text}");
        }
    }
}
