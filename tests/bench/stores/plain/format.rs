//! What the bytes of the plain file mean; all numbers are little-endian.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use anyhow::{Context as _, Result};

const MAGIC: &[u8; 8] = b"plain\0\0\x01";
/// Bytes of a superblock.
pub const SUPERBLOCK: usize = 40;
/// Where the second superblock is; the first is at 0.
pub const SLOT: u64 = 4096;
/// Where the first record may be.
pub const DATA: u64 = 2 * SLOT;
/// Bytes of one entry of the index: table, key, length, checksum (four each), offset (eight).
pub const ENTRY: usize = 24;
/// An index beyond this is foreign.
pub const LONGEST_INDEX: u64 = 1 << 30;

/// Where bytes come from.
pub enum Source {
    /// A file.
    File(File),
    /// Memory.
    Bytes(&'static [u8]),
}

impl Source {
    /// That many bytes from that offset.
    pub fn read(&self, offset: u64, length: usize) -> Result<Cow<'static, [u8]>> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes.into())
            }
            Self::Bytes(all) => {
                let rest = all.get(usize::try_from(offset)?..).context("beyond the end")?;
                Ok(Cow::Borrowed(rest.get(..length).context("beyond the end")?))
            }
        }
    }

    /// Bytes in all.
    pub fn length(&self) -> Result<u64> {
        Ok(match self {
            Self::File(file) => file.metadata()?.len(),
            Self::Bytes(all) => all.len() as u64,
        })
    }
}

/// The number in the four bytes from `at`.
pub fn four(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}

/// The number in the eight bytes from `at`.
pub fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

/// What a superblock says.
#[derive(Clone, Copy, Default)]
pub struct Superblock {
    /// Counts transactions.
    pub generation: u64,
    /// Where the index is.
    pub offset: u64,
    /// Bytes of the index.
    pub length: u64,
    /// The index's checksum.
    pub checksum: u32,
}

impl Superblock {
    /// Reads one, if it is one and its checksum is right.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let sound = bytes.starts_with(MAGIC) && crc32fast::hash(&bytes[..SUPERBLOCK - 4]) == four(bytes, 36);
        sound.then(|| Self {
            generation: eight(bytes, 8),
            offset: eight(bytes, 16),
            length: eight(bytes, 24),
            checksum: four(bytes, 32),
        })
    }

    /// As it is written.
    pub fn bytes(self) -> Vec<u8> {
        let words = [self.generation, self.offset, self.length].map(u64::to_le_bytes);
        let mut bytes = [MAGIC.as_slice(), &words.concat(), &self.checksum.to_le_bytes()].concat();
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }
}

/// Where a record is.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Bytes of the record.
    pub length: u32,
    /// Its checksum.
    pub checksum: u32,
    /// Where it is.
    pub offset: u64,
}

/// Reads an entry: table and key, and where the record is.
pub fn entry(bytes: &[u8]) -> ((u32, u32), Entry) {
    let entry = Entry { length: four(bytes, 8), checksum: four(bytes, 12), offset: eight(bytes, 16) };
    ((four(bytes, 0), four(bytes, 4)), entry)
}
