//! What must hold for any bytes whatever, one check per fuzz target.
//!
//! The fuzz targets (`targets/`, built with a nightly compiler) call [`run`] with the fuzzer's inputs; a plain `cargo test`
//! calls it with every input that once failed (`regressions/`). Here is no line that depends on either.

mod access;
mod archive;
mod btf;
mod ground;
mod kernel;
mod load;
mod log;
mod meter;
mod object;
mod source;
mod store;

pub use meter::Meter;

/// A fuzz target.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What must hold.
    pub check: fn(&[u8]),
    /// Bytes that it may take however small the input is: fixtures, buffers of decoders.
    pub fixed: usize,
    /// Bytes that it may take for each byte of input on top of that.
    pub per_byte: usize,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// All targets. The bounds are on what is in use at a time, what the check itself keeps included: about four times the
/// most that any input of the fuzzers' corpora took, after two hours of fuzzing.
///
/// Reading costs little more than the input: a record of 12 bytes gives an index entry of 4, and the views copy nothing. The
/// most per byte was 31 (`btf`, an input of 321 bytes; from 4 KiB on 6), 21 (`btf_split`), 27 (`btf_ext`), 9 (`object`) and 4
/// (`embedded`). Words for people multiply: each access may repeat the longest name, up to 256 MiB in all, and `resolve` makes
/// up to 624 accesses of however few bytes (373 for each of 367 bytes; 262 KB at most): hence the mebibyte where there are
/// accesses.
pub const TARGETS: [Target; 14] = [
    Target { name: "btf", check: btf::whole, fixed: 64 * KIB, per_byte: 128 },
    Target { name: "btf_split", check: btf::split, fixed: 64 * KIB, per_byte: 128 },
    Target { name: "btf_ext", check: object::btf_ext, fixed: 2 * MIB, per_byte: 128 },
    Target { name: "access_string", check: access::access_string, fixed: 64 * KIB, per_byte: 64 },
    Target { name: "object", check: object::object, fixed: 2 * MIB, per_byte: 128 },
    Target { name: "load", check: load::load, fixed: 256 * MIB, per_byte: 128 },
    Target { name: "embedded", check: object::embedded, fixed: 2 * MIB, per_byte: 128 },
    // Each of a thousand causes may repeat its line, and a line may be about every access of an object.
    Target { name: "log", check: log::log, fixed: 16 * MIB, per_byte: KIB },
    // Twice what decompression may yield (a vector that grows, and the BTF copied out of it), the block of an LZ4
    // decoder, and the window of a zstd decoder. liblzma's own memory is not seen; it is told to stop at 256 MiB.
    Target { name: "source", check: source::source, fixed: 3 * source::LIMIT + 144 * MIB, per_byte: 64 },
    // The windows of two decoders, one to see what is in it and one to read it, and an LZ4 decoder's block.
    Target { name: "archive", check: archive::archive, fixed: 288 * MIB, per_byte: 64 },
    Target { name: "distilled", check: btf::distilled, fixed: 64 * KIB, per_byte: 128 },
    // A store keeps once what many kernels have, so a byte may stand for many: what is made of one definition is bounded
    // by 16 MiB of these, not by the length of the input. SQLite's own memory is not seen.
    Target { name: "store", check: store::file, fixed: 64 * MIB, per_byte: 128 },
    Target { name: "store_parts", check: store::parts, fixed: 64 * MIB, per_byte: 128 },
    Target { name: "resolve", check: access::resolve_both, fixed: 2 * MIB, per_byte: 128 },
];

/// Seeds that need this program to be made: name of the target, name of the seed, bytes. Others are made by
/// tests/fuzz/corpus.
///
/// # Panics
/// When they cannot be made.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    [store::seeds(), btf::distilled_seeds()].concat()
}

/// Runs the check of the target `name`, and asserts its bound on memory if a [`Meter`] is the allocator.
///
/// # Panics
/// When the check fails, or there is no such target: a fuzzer takes that for a finding.
pub fn run(name: &str, data: &[u8], metered: bool) {
    let target =
        TARGETS.iter().find(|target| target.name == name).expect("the target is one of those listed");
    // Made once and kept: no input pays for it.
    ground::prepare();
    let peak = meter::peak_of(|| (target.check)(data));
    let bound = target.fixed + target.per_byte * data.len();
    assert!(
        !metered || peak <= bound,
        "{name}: {peak} bytes in use for an input of {}: more than {bound}",
        data.len()
    );
}
