//! Files that may hold a kernel's BTF.

use corecheck_layouts::btf::{Btf, Header};
use corecheck_layouts::source::from_bytes_within;

/// What decompression may yield here, in bytes. Real kernels need far more, and a fuzzer far less.
pub(crate) const LIMIT: usize = 4 << 20;

/// Input: a file. What is found in it is BTF with a sound header, and no larger than it can be.
pub(crate) fn source(data: &[u8]) {
    let Ok(found) = from_bytes_within("fuzz", data, LIMIT) else { return };
    assert!(found.bytes.len() <= data.len().max(LIMIT));
    let header = Header::parse(&found.bytes).expect("the header was checked");
    assert_eq!((header.endian, header.needs_base(&found.bytes)), (found.endian, found.needs_base));
    assert_eq!(found.require_standalone().is_ok(), !found.needs_base);
    if !found.needs_base {
        drop(Btf::parse(found.bytes));
    }
}
