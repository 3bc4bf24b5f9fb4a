//! Records of kernels as they are stored: with a hash, and the long ones compressed.

use super::super::bytes::{Damage, Put, Reader};
use super::block::hash;
use super::decompress::decompress;

/// The bytes of a hash.
const HASH_BYTES: usize = 8;

/// What a record may have once decompressed, in bytes: a configuration, or a list of modules, comes to 500 KB.
const MAX_BYTES: usize = 64 << 20;

/// A short record with its hash.
pub(super) fn mark(mut plain: Vec<u8>) -> Vec<u8> {
    let own = hash(&plain);
    plain.extend(own.to_le_bytes());
    plain
}

/// A short record, held against its hash.
pub(super) fn unmark(bytes: &[u8]) -> Result<&[u8], Damage> {
    let damage = Damage { offset: 0, what: "it does not fit its hash" };
    let Some((plain, own)) = bytes.split_last_chunk::<HASH_BYTES>() else { return Err(damage) };
    if hash(plain) == u64::from_le_bytes(*own) { Ok(plain) } else { Err(damage) }
}

/// A long record, compressed, with its hash.
pub(super) fn pack(plain: &[u8], level: i32) -> std::io::Result<Vec<u8>> {
    let mut stored = Vec::new();
    stored.put_number(plain.len() as u64);
    stored.extend(hash(plain).to_le_bytes());
    stored.extend(zstd::bulk::compress(plain, level)?);
    Ok(stored)
}

/// A long record as it was before, held against its hash.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Damage> {
    let mut input = Reader::new(bytes);
    let length = usize::try_from(input.number()?).ok().filter(|&length| length <= MAX_BYTES);
    let length = length.ok_or(input.damage("it is too large"))?;
    let own = input.take(HASH_BYTES)?.to_vec();
    let compressed = input.take(input.left())?;
    let plain = decompress(compressed, length);
    let plain = plain.map_err(|_| input.damage("it does not decompress"))?;
    let fits = plain.len() == length && hash(&plain).to_le_bytes() == *own;
    if fits { Ok(plain) } else { Err(input.damage("it does not fit its hash")) }
}
