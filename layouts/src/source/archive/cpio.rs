//! The cpio format with hexadecimal headers ("newc"), in which RPM packages and initial RAM disks hold their files.

use std::io::Read;

use super::super::error::Problem;
use super::content::{fill, show, skip};
use super::{Budget, Flow, MAX_PATH_BYTES, Visit, damaged};

const HEADER_BYTES: usize = 110;
const TYPE_MASK: u64 = 0o170_000;
const PLAIN_FILE: u64 = 0o100_000;

/// Whether the bytes start with such a header.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.starts_with(b"070701") || head.starts_with(b"070702")
}

pub(super) fn walk(
    input: &mut dyn Read,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let mut at = String::from("first header");
    loop {
        let failed = |error| damaged("cpio", at.clone(), error);
        let broken =
            |what: &str| Problem::Archive { format: "cpio", place: at.clone(), what: what.to_owned() };
        let mut header = [0; HEADER_BYTES];
        if fill(input, &mut header).map_err(failed)? < HEADER_BYTES {
            return Err(broken("the archive ends without its end mark"));
        }
        if header.starts_with(b"07070X") {
            return Err(broken(
                "files of 4 GiB or more, in RPM's own form, are not read; unpack it with rpm2archive",
            ));
        }
        if !is_header(&header) {
            return Err(broken("a header's magic number is missing"));
        }
        budget.take_entry()?;
        let field = |index: usize| {
            let start = 6 + 8 * index;
            let digits = header.get(start..start + 8).and_then(|digits| std::str::from_utf8(digits).ok());
            let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            digits
                .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                .ok_or_else(|| broken("a field is no number"))
        };
        let (mode, size, name_size) = (field(1)?, field(6)?, field(11)?);
        if name_size == 0 || name_size > MAX_PATH_BYTES {
            return Err(broken("a name is empty or too long"));
        }
        let mut name = Vec::new();
        input.take(name_size).read_to_end(&mut name).map_err(failed)?;
        if name.len() as u64 != name_size || name.pop() != Some(0) {
            return Err(broken("a name is cut short"));
        }
        // Header and name together are a multiple of 4 bytes, and so is the content.
        skip(input, padding(HEADER_BYTES as u64 + name_size)).map_err(failed)?;
        if name == b"TRAILER!!!" {
            return Ok(Flow::Continue(()));
        }
        let path = String::from_utf8_lossy(&name).into_owned();
        let result = if mode & TYPE_MASK == PLAIN_FILE {
            show(input, &path, size, visit)
        } else {
            skip(input, size).map(|()| Flow::Continue(()))
        };
        if result.map_err(|error| damaged("cpio", path.escape_debug().to_string(), error))?.is_break() {
            return Ok(Flow::Break(()));
        }
        skip(input, padding(size)).map_err(failed)?;
        at = format!("after {}", path.escape_debug());
    }
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % 4
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, File};
    use super::*;

    fn result(bytes: &[u8]) -> Result<Flow, Problem> {
        let mut input = bytes;
        walk(&mut input, &mut Budget::of(1), &mut |_| Flow::Continue(()))
    }

    #[test]
    fn hostile_numbers_are_errors() {
        let good = testing::cpio(&[File::new("a", b"x")]);
        assert!(result(&good).is_ok());
        let with = |index: usize, digits: &[u8; 8]| {
            let mut bytes = good.clone();
            bytes[6 + 8 * index..14 + 8 * index].copy_from_slice(digits);
            bytes
        };
        for digits in [b"ffffffff", b"+0000001", b"        "] {
            assert!(result(&with(6, digits)).is_err());
            assert!(result(&with(11, digits)).is_err());
        }
        assert!(result(&with(11, b"00000000")).is_err());
        let mut large = good.clone();
        large[5] = b'X';
        assert!(result(&large).expect_err("not read").to_string().contains("rpm2archive"));
    }
}
