//! Raw BTF: a file that is BTF and nothing else.

use std::borrow::Cow;

use super::error::Problem;
use super::found::{FoundAt, FoundBtf, SourceKind};
use crate::btf::Header;

/// A file that is BTF and nothing else.
pub(super) fn find(bytes: Cow<'_, [u8]>) -> Result<FoundBtf, Problem> {
    let header = Header::parse(&bytes).map_err(|problem| Problem::BtfHeader { place: "raw BTF", problem })?;
    Ok(FoundBtf {
        name: String::new(),
        kind: SourceKind::RawBtf,
        file_compression: None,
        found_at: FoundAt::Whole,
        endian: header.endian,
        needs_base: header.needs_base(&bytes),
        bytes: bytes.into_owned(),
        base_btf: None,
        banner: None,
        release: None,
        arch: None,
        pointer_bytes: None,
        config: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BtfBuilder, raw_btf, split_btf};
    use super::*;
    use crate::btf::{Endian, HeaderProblem};

    fn broken(change: impl FnOnce(&mut Vec<u8>)) -> HeaderProblem {
        let mut bytes = raw_btf(Endian::Little);
        change(&mut bytes);
        Header::parse(&bytes).expect_err("the header is broken")
    }

    #[test]
    fn both_byte_orders_are_read() {
        for endian in [Endian::Little, Endian::Big] {
            let bytes = raw_btf(endian);
            let header = Header::parse(&bytes).expect("a good header");
            assert_eq!((header.endian, header.types.start), (endian, 24));
            assert_eq!((header.types.end, header.strings.end), (header.strings.start, bytes.len()));
            assert!(!header.needs_base(&bytes));
        }
    }

    #[test]
    fn a_longer_header_may_have_a_layout_section() {
        let bytes = BtfBuilder::new(Endian::Big).layout(&[0, 4, 0, 0]).build();
        let header = Header::parse(&bytes).expect("a good header");
        assert_eq!(header.layout, Some(header.types.end..header.types.end + 4));
        let mut overlapping = bytes.clone();
        overlapping[24..28].copy_from_slice(&0_u32.to_be_bytes());
        assert_eq!(
            Header::parse(&overlapping),
            Err(HeaderProblem::Order { first: "type", second: "layout" })
        );
    }

    #[test]
    fn split_btf_may_have_no_strings_at_all() {
        let bytes = split_btf(Endian::Little);
        assert!(Header::parse(&bytes).expect("a good header").needs_base(&bytes));
        let bytes = BtfBuilder::new(Endian::Little).strings(b"").build();
        assert!(Header::parse(&bytes).expect("a good header").needs_base(&bytes));
    }

    #[test]
    fn every_prefix_is_an_error() {
        let bytes = raw_btf(Endian::Little);
        for length in 0..bytes.len() {
            assert!(Header::parse(&bytes[..length]).is_err(), "{length}");
        }
        assert_eq!(Header::parse(&bytes[..20]), Err(HeaderProblem::TooShort { length: 20 }));
    }

    #[test]
    fn lies_are_told_apart() {
        let length = raw_btf(Endian::Little).len();
        assert_eq!(broken(|b| b[0] = 0), HeaderProblem::Magic);
        assert_eq!(broken(|b| b[2] = 2), HeaderProblem::Version { version: 2 });
        assert_eq!(broken(|b| b[3] = 1), HeaderProblem::Flags { flags: 1 });
        assert_eq!(broken(|b| b[4] = 23), HeaderProblem::HeaderLength { header_bytes: 23, length });
        assert_eq!(
            broken(|b| b[4..8].fill(0xff)),
            HeaderProblem::HeaderLength { header_bytes: u32::MAX, length }
        );
        assert_eq!(broken(|b| b[8] = 2), HeaderProblem::Alignment { section: "type", offset: 2 });
        assert!(matches!(broken(|b| b[12..16].fill(0xff)), HeaderProblem::Outside { section: "type", .. }));
        assert!(matches!(broken(|b| b[16..20].fill(0xff)), HeaderProblem::Outside { section: "string", .. }));
        assert_eq!(broken(|b| b[16] = 0), HeaderProblem::Order { first: "type", second: "string" });
        assert_eq!(broken(|b| *b.last_mut().expect("bytes") = b'x'), HeaderProblem::StringsNotTerminated);
    }
}
