//! RPM packages: a lead of 96 bytes, a signature and a header of tagged values, and the files as compressed cpio.

use std::io::{BufRead, Read};

use super::super::error::Problem;
use super::content::skip;
use super::{Budget, Flow, Format, Item, Package, Visit, damaged, walk_inner};

/// How a package starts.
pub(super) const MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];

const LEAD_BYTES: u64 = 96;
const HEADER_MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 1];
/// The most entries of a header.
const MAX_ENTRIES: u32 = 1 << 18;
/// The most bytes of a header's values: those of a kernel with all its modules' paths stay below 4 MiB.
const MAX_VALUES_BYTES: u32 = 64 << 20;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const DISTRIBUTION: u32 = 1010;
const VENDOR: u32 = 1011;
const ARCH: u32 = 1022;
/// The types of values that are text: one string, an array, one in several languages.
const TEXT: [u32; 3] = [6, 8, 9];

pub(super) fn walk(
    input: &mut dyn BufRead,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    skip(input, LEAD_BYTES).map_err(|error| damaged("rpm", "lead", error))?;
    let signature = header(input, "signature")?;
    // The signature is padded to a multiple of 8 bytes; the header is not.
    let padding = signature.bytes().wrapping_neg() % 8;
    skip(input, padding).map_err(|error| damaged("rpm", "signature", error))?;
    let header = header(input, "header")?;
    let text = |tag| header.text(tag).unwrap_or_default();
    let package = Package {
        name: text(NAME),
        version: format!("{}-{}", text(VERSION), text(RELEASE)),
        arch: text(ARCH),
        vendor: format!("{} {}", text(VENDOR), text(DISTRIBUTION)).trim().to_owned(),
    };
    if visit(Item::Package(package)).is_break() {
        return Ok(Flow::Break(()));
    }
    walk_inner(Format::Cpio, input, budget, visit).map_err(|problem| problem.inside("the payload"))
}

/// A header: entries of (tag, type, offset, count), then the values.
struct Header {
    entries: Vec<u8>,
    values: Vec<u8>,
}

fn header(input: &mut dyn Read, place: &'static str) -> Result<Header, Problem> {
    let broken =
        |what: &str| Problem::Archive { format: "rpm", place: place.to_owned(), what: what.to_owned() };
    let mut take = |count: u64| {
        let mut bytes = Vec::new();
        input.take(count).read_to_end(&mut bytes).map_err(|error| damaged("rpm", place, error))?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(broken("the file ends within it")) }
    };
    let intro = take(16)?;
    if !intro.starts_with(&HEADER_MAGIC) {
        return Err(broken("its magic number is missing"));
    }
    let count = number(&intro, 8).filter(|&count| count <= MAX_ENTRIES);
    let values = number(&intro, 12).filter(|&bytes| bytes <= MAX_VALUES_BYTES);
    let (Some(count), Some(values)) = (count, values) else { return Err(broken("it is too large")) };
    Ok(Header { entries: take(16 * u64::from(count))?, values: take(values.into())? })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

impl Header {
    fn bytes(&self) -> u64 {
        16 + self.entries.len() as u64 + self.values.len() as u64
    }

    /// The first string of a tag's value.
    fn text(&self, tag: u32) -> Option<String> {
        let entry = self.entries.chunks_exact(16).find(|entry| number(entry, 0) == Some(tag))?;
        let kind = number(entry, 4).filter(|kind| TEXT.contains(kind));
        let at = usize::try_from(number(entry, 8)?).ok().filter(|_| kind.is_some())?;
        let value = self.values.get(at..)?.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, File};
    use super::*;

    #[test]
    fn the_package_is_told() {
        let bytes = testing::rpm("kernel-core", "6.8.5", "301.fc40", "x86_64", &[File::new("a", b"x")]);
        let mut packages = Vec::new();
        let _ = walk(&mut bytes.as_slice(), &mut Budget::of(1), &mut |item| {
            if let Item::Package(package) = item {
                packages.push(package);
            }
            Flow::Continue(())
        })
        .expect("sound");
        let [package] = packages.as_slice() else { panic!("one package") };
        assert_eq!((package.name.as_str(), package.version.as_str()), ("kernel-core", "6.8.5-301.fc40"));
        assert_eq!((package.arch.as_str(), package.vendor.as_str()), ("x86_64", "Fedora Project"));
    }

    #[test]
    fn hostile_numbers_are_errors() {
        let good = testing::rpm("kernel", "1", "1", "x86_64", &[File::new("a", b"x")]);
        for at in [96 + 8, 96 + 12] {
            for number in [u32::MAX, MAX_VALUES_BYTES, 1 << 17] {
                let mut bytes = good.clone();
                bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
                assert!(
                    walk(&mut bytes.as_slice(), &mut Budget::of(1), &mut |_| Flow::Continue(())).is_err()
                );
            }
        }
    }
}
