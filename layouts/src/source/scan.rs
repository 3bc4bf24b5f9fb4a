//! The search for the kernel's BTF in bytes to which no section header leads: a flat Image, or a
//! `vmlinux` whose section headers were stripped.
//!
//! The magic number is two bytes, so it occurs by chance, and a kernel may hold whole other BTFs: those
//! of BPF programs that are built into it (CONFIG_BPF_PRELOAD). A BTF counts only when its header
//! holds, it stands on its own, and it names the types that every kernel has. Two that count are an error,
//! never a guess.

use std::ops::Range;

use memchr::memmem;

use super::error::Problem;
use crate::btf::Header;

/// Types that no kernel is without; BPF programs name one or the other, not all.
const KERNEL_TYPES: [&[u8]; 4] = [b"\0task_struct\0", b"\0mm_struct\0", b"\0list_head\0", b"\0super_block\0"];

/// How many well-formed BTFs are looked into. Real images have a handful; more would make the search
/// slow at will.
const MAX_CANDIDATES: usize = 64;

/// Where the kernel's own BTF stands in the bytes, if anywhere.
pub(super) fn kernel_btf(bytes: &[u8]) -> Result<Option<Range<usize>>, Problem> {
    let little = memmem::find_iter(bytes, &[0x9f, 0xeb, 1, 0]);
    let big = memmem::find_iter(bytes, &[0xeb, 0x9f, 1, 0]);
    let mut candidates: Vec<Range<usize>> =
        little.chain(big).filter_map(|at| well_formed(bytes, at)).take(MAX_CANDIDATES + 1).collect();
    candidates.sort_by_key(|candidate| candidate.start);
    let starts = |found: &[Range<usize>]| found.iter().map(|range| range.start).collect();
    if candidates.len() > MAX_CANDIDATES {
        return Err(Problem::Ambiguous { offsets: starts(&candidates) });
    }
    candidates.retain(|candidate| bytes.get(candidate.clone()).is_some_and(names_kernel_types));
    match candidates.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => Err(Problem::Ambiguous { offsets: starts(several) }),
    }
}

fn well_formed(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = bytes.get(at..)?;
    let header = Header::parse(rest).ok()?;
    let whole = !header.types.is_empty() && !header.needs_base(rest);
    whole.then(|| at..at.saturating_add(header.strings.end))
}

/// Whether BTF names the types that every kernel has.
pub(super) fn names_kernel_types(btf: &[u8]) -> bool {
    let strings = Header::parse(btf).ok().and_then(|header| btf.get(header.strings));
    strings.is_some_and(|strings| KERNEL_TYPES.iter().all(|name| memmem::find(strings, name).is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BtfBuilder, kernel_like_btf, raw_btf};
    use super::*;
    use crate::btf::Endian;

    fn image(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().flat_map(|part| [&[0xcc; 37], *part].concat()).collect()
    }

    #[test]
    fn the_kernels_btf_is_found_among_decoys() {
        let small = raw_btf(Endian::Little);
        let truncated = &kernel_like_btf(Endian::Big)[..60];
        let mut no_first_nul = kernel_like_btf(Endian::Little);
        let strings = Header::parse(&no_first_nul).expect("a header").strings.start;
        no_first_nul[strings] = b'x';
        for endian in [Endian::Little, Endian::Big] {
            let real = kernel_like_btf(endian);
            let bytes =
                image(&[&small, &[0x9f, 0xeb, 1, 0], &no_first_nul, &real, &[0xeb, 0x9f, 1, 0], truncated]);
            let found = kernel_btf(&bytes).expect("one BTF").expect("the kernel's");
            assert_eq!(&bytes[found], real);
        }
    }

    #[test]
    fn without_the_kernels_btf_nothing_is_found() {
        let partial = BtfBuilder::new(Endian::Little).strings(b"\0task_struct\0mm_struct\0").build();
        let bytes = image(&[&raw_btf(Endian::Little), &partial, &[0x9f, 0xeb, 1, 0, 24, 0, 0, 0]]);
        assert!(kernel_btf(&bytes).expect("no error").is_none());
        assert!(kernel_btf(b"").expect("no error").is_none());
    }

    #[test]
    fn two_that_count_are_an_error() {
        let bytes = image(&[&kernel_like_btf(Endian::Little), &kernel_like_btf(Endian::Big)]);
        let second = 2 * 37 + kernel_like_btf(Endian::Little).len();
        let problem = kernel_btf(&bytes).expect_err("ambiguous");
        assert!(matches!(problem, Problem::Ambiguous { offsets } if offsets == [37, second]));
    }

    #[test]
    fn a_flood_of_candidates_is_an_error() {
        let bytes = raw_btf(Endian::Little).repeat(MAX_CANDIDATES + 1);
        assert!(matches!(kernel_btf(&bytes), Err(Problem::Ambiguous { .. })));
        let bytes = raw_btf(Endian::Little).repeat(MAX_CANDIDATES);
        assert!(matches!(kernel_btf(&bytes), Ok(None)));
    }
}
