//! The tar format: ustar, with the extensions of GNU and pax for long names and sizes.

use std::io::Read;

use super::super::error::Problem;
use super::content::{fill, show, skip};
use super::{Budget, Flow, MAX_PATH_BYTES, Visit, damaged};

const BLOCK: usize = 512;

/// The largest extended header, in bytes. pax keeps attributes there.
const MAX_EXTENDED_BYTES: u64 = 1 << 20;

const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether the bytes start with a tar header: its checksum is right.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.get(..BLOCK).and_then(|block| block.try_into().ok()).is_some_and(|block| Header(block).is_sound())
}

struct Header<'b>(&'b [u8; BLOCK]);

impl Header<'_> {
    fn field(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.0.get(range).unwrap_or_default()
    }

    /// The bytes of a field up to NUL.
    fn text(&self, range: std::ops::Range<usize>) -> String {
        let field = self.field(range).split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(field).into_owned()
    }

    fn is_sound(&self) -> bool {
        let sum: u64 = self.0.iter().map(|&byte| u64::from(byte)).sum();
        let own: u64 = self.field(CHECKSUM).iter().map(|&byte| u64::from(byte)).sum();
        // The sum is made with blanks in its own place.
        number(self.field(CHECKSUM)) == Some(sum - own + 8 * u64::from(b' '))
    }

    fn size(&self) -> Option<u64> {
        number(self.field(124..136))
    }

    fn kind(&self) -> u8 {
        self.0.get(156).copied().unwrap_or_default()
    }

    fn path(&self) -> String {
        let name = self.text(0..100);
        let prefix = if self.field(257..263) == b"ustar\0" { self.text(345..500) } else { String::new() };
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    }
}

/// A number in octal digits, or in GNU's way, big-endian after a first byte of 0x80.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((&0x80, rest)) = field.split_first() {
        let (high, low) = rest.split_last_chunk::<8>()?;
        return high.iter().all(|&byte| byte == 0).then_some(u64::from_be_bytes(*low));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| u64::from_str_radix(text, 8).ok()).flatten()
}

/// What extended headers say of the next file.
#[derive(Default)]
struct Extended {
    path: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

pub(super) fn walk(
    input: &mut dyn Read,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let mut extended = Extended::default();
    let mut at = String::from("first header");
    loop {
        let broken =
            |what: &str| Problem::Archive { format: "tar", place: at.clone(), what: what.to_owned() };
        let mut block = [0; BLOCK];
        let filled = fill(input, &mut block).map_err(|error| damaged("tar", at.clone(), error))?;
        if filled < BLOCK {
            return Err(broken("the archive ends without its end mark"));
        }
        if block == [0; BLOCK] {
            return Ok(Flow::Continue(()));
        }
        budget.take_entry()?;
        let header = Header(&block);
        if !header.is_sound() {
            return Err(broken("the header's checksum is wrong"));
        }
        let kind = header.kind();
        let size = header.size().ok_or_else(|| broken("the size is no number"))?;
        // Links, devices and folders have no content, whatever their size says.
        let size = if (b'1'..=b'6').contains(&kind) { 0 } else { extended.size.unwrap_or(size) };
        let padding = size.next_multiple_of_block().ok_or_else(|| broken("the size is too large"))? - size;
        let read_extended = |input: &mut dyn Read, most: u64| {
            if size > most {
                return Err(broken("an extended header is too large"));
            }
            let mut bytes = Vec::new();
            input.take(size).read_to_end(&mut bytes).map_err(|error| damaged("tar", at.clone(), error))?;
            if bytes.len() as u64 == size { Ok(bytes) } else { Err(broken("the archive ends too early")) }
        };
        match kind {
            b'L' => {
                let name = read_extended(input, MAX_PATH_BYTES)?;
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                extended.path = Some(String::from_utf8_lossy(name).into_owned());
            }
            b'x' => read_pax(&read_extended(input, MAX_EXTENDED_BYTES)?, &mut extended),
            b'g' | b'K' => skip(input, size).map_err(|error| damaged("tar", at.clone(), error))?,
            _ => {
                let own = std::mem::take(&mut extended);
                let path = own.path.unwrap_or_else(|| header.path());
                at = format!("after {}", path.escape_debug());
                // A sparse file's content is not what it seems.
                let plain = matches!(kind, 0 | b'0' | b'7') && !own.sparse;
                let result = if plain {
                    show(input, &path, size, visit)
                } else {
                    skip(input, size).map(|()| Flow::Continue(()))
                };
                if result.map_err(|error| damaged("tar", path.escape_debug().to_string(), error))?.is_break()
                {
                    return Ok(Flow::Break(()));
                }
            }
        }
        skip(input, padding).map_err(|error| damaged("tar", at.clone(), error))?;
    }
}

trait Blocks {
    fn next_multiple_of_block(self) -> Option<u64>;
}

impl Blocks for u64 {
    fn next_multiple_of_block(self) -> Option<u64> {
        self.checked_next_multiple_of(BLOCK as u64)
    }
}

/// Records of "LENGTH KEY=VALUE\n"; what is not understood is passed over.
fn read_pax(mut records: &[u8], extended: &mut Extended) {
    while let Some(blank) = records.iter().position(|&byte| byte == b' ') {
        let length =
            records.get(..blank).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
        let Some(length) = length.filter(|&length| length > blank + 1) else { return };
        let Some((record, rest)) = records.split_at_checked(length) else { return };
        records = rest;
        let record = record.get(blank + 1..).unwrap_or_default();
        let record = String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap_or(record));
        match record.split_once('=') {
            Some(("path", path)) if path.len() as u64 <= MAX_PATH_BYTES => {
                extended.path = Some(path.to_owned())
            }
            Some(("size", size)) => extended.size = size.parse().ok(),
            Some((key, _)) if key.starts_with("GNU.sparse.") => extended.sparse = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Item;
    use super::super::testing::{self, File};
    use super::*;

    fn paths(bytes: &[u8]) -> Result<Vec<String>, Problem> {
        let mut paths = Vec::new();
        let mut input = bytes;
        let _ = walk(&mut input, &mut Budget::of(1), &mut |item| {
            if let Item::File { path, .. } = item {
                paths.push(path.to_owned());
            }
            Flow::Continue(())
        })?;
        Ok(paths)
    }

    #[test]
    fn long_names_in_every_way() {
        let long = format!("{}/file", ["directory"; 20].join("/"));
        for kind in [b'L', b'x'] {
            let record = format!(" path={long}\n");
            let length = record.len() + 3;
            let content = if kind == b'x' { format!("{length}{record}") } else { format!("{long}\0") };
            let bytes = testing::tar(&[
                File::of_kind(kind, "extended", content.as_bytes()),
                File::new("cut", b"x"),
                File::new("next", b""),
            ]);
            assert_eq!(paths(&bytes).expect("sound"), [long.as_str(), "next"], "{}", kind as char);
        }
    }

    #[test]
    fn numbers_in_both_ways() {
        assert_eq!(number(b"0000017\0"), Some(15));
        assert_eq!(number(b" 17 \0\0"), Some(15));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]), Some(258));
        assert_eq!(number(&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]), None);
        assert_eq!(number(&[0xff; 12]), None);
        for text in ["", "8", "-1", "1 1", "7777777777777777777777777"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn hostile_sizes_are_errors() {
        let mut bytes = testing::tar(&[File::new("a", b"x")]);
        for size in [u64::MAX, u64::MAX - 600, 1 << 62, 1 << 40] {
            bytes[124] = 0x80;
            bytes[125..128].fill(0);
            bytes[128..136].copy_from_slice(&size.to_be_bytes());
            testing::sum_tar(&mut bytes[..BLOCK]);
            assert!(paths(&bytes).is_err(), "{size}");
        }
        let long = vec![b'x'; usize::try_from(MAX_PATH_BYTES).expect("small") + 1];
        let bytes = testing::tar(&[File::of_kind(b'L', "x", &long), File::new("a", b"x")]);
        assert!(paths(&bytes).is_err());
    }

    #[test]
    fn sparse_files_are_passed_over() {
        let record = b"22 GNU.sparse.major=1\n";
        let bytes = testing::tar(&[
            File::of_kind(b'x', "x", record),
            File::new("sparse", b"x"),
            File::of_kind(b'S', "old sparse", b"x"),
            File::new("next", b""),
        ]);
        assert_eq!(paths(&bytes).expect("sound"), ["next"]);
    }
}
