//! Decompression, with one context of zstd for each thread: making one asks the processor what it can do (CPUID), which a virtual
//! machine traps, so that in one it takes as long as decompressing several blocks.

use std::cell::RefCell;

use zstd::bulk::Decompressor;

thread_local! {
    static CONTEXT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// What was compressed, of at most `length` bytes.
///
/// # Errors
/// When it is no frame of zstd, or a longer one.
pub(super) fn decompress(compressed: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    CONTEXT.with_borrow_mut(|context| {
        let context = match context {
            Some(context) => context,
            None => context.insert(Decompressor::new()?),
        };
        context.decompress(compressed, length)
    })
}
