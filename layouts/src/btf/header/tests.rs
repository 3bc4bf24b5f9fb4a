//! Every rule of the header at its border: what is just allowed, and what just not.

use super::*;

/// A header with a layout section's fields, types of 8 bytes, a layout section of 8, strings of 4, each after the other.
const WORDS: [u32; 7] = [32, 0, 8, 16, 4, 8, 8];

/// The bytes of BTF with these words of the header, whatever its length word says, and 20 bytes after it.
fn bytes(words: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend([0; 20]);
    bytes
}

/// [`WORDS`] with some of them changed: the index of each, and the word.
fn with(changes: &[(usize, u32)]) -> Result<Header, HeaderProblem> {
    let mut words = WORDS;
    changes.iter().for_each(|&(index, word)| words[index] = word);
    Header::parse(&bytes(&words))
}

fn ranges(header: Result<Header, HeaderProblem>) -> (Range<usize>, Option<Range<usize>>, Range<usize>) {
    let header = header.expect("it is a header");
    (header.types, header.layout, header.strings)
}

#[test]
fn sections_follow_the_header_in_their_order() {
    assert_eq!(ranges(with(&[])), (32..40, Some(40..48), 48..52));
    // Gaps are allowed, overlaps are not; empty sections have a place too.
    assert_eq!(ranges(with(&[(2, 4)])), (32..36, Some(40..48), 48..52));
    assert_eq!(ranges(with(&[(2, 0), (4, 0)])), (32..32, Some(40..48), 48..48));
    let order = |first, second| Err(HeaderProblem::Order { first, second });
    assert_eq!(with(&[(2, 12)]), order("type", "layout"));
    assert_eq!(with(&[(3, 15)]), order("layout", "string"));
    assert_eq!(with(&[(3, 7)]), order("type", "string"));
    assert_eq!(with(&[(3, 8), (6, 0)]).map(|header| header.strings), Ok(40..44));
}

#[test]
fn older_headers_name_no_layout_section() {
    let words = [24, 0, 8, 8, 4];
    assert_eq!(ranges(Header::parse(&bytes(&words))), (24..32, None, 32..36));
    // Nor does one that is longer, but not long enough for it, or whose layout section is empty.
    let mut words = WORDS;
    (words[0], words[3]) = (28, 8);
    assert_eq!(ranges(Header::parse(&bytes(&words))), (28..36, None, 36..40));
    assert_eq!(ranges(with(&[(6, 0)])), (32..40, None, 48..52));
    // Longer still is legal: what is unknown in it is not looked at.
    assert_eq!(ranges(with(&[(0, 36), (4, 0)])), (36..44, Some(44..52), 52..52));
}

#[test]
fn sections_end_within_the_bytes() {
    assert!(with(&[(4, 4)]).is_ok());
    let outside = |section, start, end| Err(HeaderProblem::Outside { section, start, end, length: 52 });
    assert_eq!(with(&[(4, 5)]), outside("string", 48, 53));
    assert_eq!(with(&[(2, 21)]), outside("type", 32, 53));
    assert_eq!(with(&[(6, 13)]), outside("layout", 40, 53));
    assert_eq!(with(&[(4, u32::MAX)]), outside("string", 48, 48 + u64::from(u32::MAX)));
}

#[test]
fn types_and_layout_lie_at_multiples_of_four() {
    let alignment = |section, offset| Err(HeaderProblem::Alignment { section, offset });
    assert_eq!(with(&[(1, 2)]), alignment("type", 2));
    assert_eq!(with(&[(5, 10), (6, 4)]), alignment("layout", 10));
    assert!(with(&[(3, 17), (4, 3)]).is_ok(), "strings may lie anywhere");
}

#[test]
fn the_header_is_whole_and_known() {
    let header_length = |header_bytes| Err(HeaderProblem::HeaderLength { header_bytes, length: 52 });
    assert_eq!(with(&[(0, 23)]), header_length(23));
    assert_eq!(with(&[(0, 53)]), header_length(53));
    let all = bytes(&[52, 0, 0, 0, 0, 0, 0]);
    assert!(Header::parse(&all).is_ok(), "a header may be all there is");
    for length in 0..24 {
        assert_eq!(Header::parse(&all[..length]), Err(HeaderProblem::TooShort { length }), "{length}");
    }
    assert_eq!(Header::parse(&[1, 2]), Err(HeaderProblem::Magic), "two bytes are enough to tell");
    for (at, byte, problem) in [
        (0, 0, HeaderProblem::Magic),
        (2, 2, HeaderProblem::Version { version: 2 }),
        (3, 1, HeaderProblem::Flags { flags: 1 }),
    ] {
        let mut changed = all.clone();
        changed[at] = byte;
        assert_eq!(Header::parse(&changed), Err(problem));
    }
    let mut open = bytes(&WORDS);
    *open.last_mut().expect("a byte") = b'x';
    assert_eq!(Header::parse(&open), Err(HeaderProblem::StringsNotTerminated));
}

#[test]
fn btf_that_begins_with_the_empty_string_stands_alone() {
    let mut words = bytes(&WORDS);
    let header = Header::parse(&words).expect("it is a header");
    assert!(!header.needs_base(&words));
    words[48] = b'x';
    assert!(header.needs_base(&words));
    assert!(has_magic(&words) && has_magic(&[0xeb, 0x9f]) && !has_magic(&[0x9f]) && !has_magic(b"\x7fELF"));
}
