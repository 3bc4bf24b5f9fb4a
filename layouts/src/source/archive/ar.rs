//! The `ar` format, as far as `.deb` uses it: a header of 60 bytes before each member (deb(5)).

use std::io::Read;

use super::super::error::Problem;
use super::content::fill;
use super::damaged;

/// How an archive starts.
pub(super) const MAGIC: &[u8] = b"!<arch>\n";

const HEADER_BYTES: usize = 60;

/// A member's header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
}

impl Member {
    /// The byte that follows a member of odd size.
    pub(super) fn padding(&self) -> u64 {
        self.size % 2
    }
}

/// Reads the next member's header; None at the end.
pub(super) fn next(input: &mut dyn Read) -> Result<Option<Member>, Problem> {
    let broken = |what: &str| Problem::Archive {
        format: "ar",
        place: "member header".to_owned(),
        what: what.to_owned(),
    };
    let mut header = [0; HEADER_BYTES];
    match fill(input, &mut header).map_err(|error| damaged("ar", "member header", error))? {
        0 => return Ok(None),
        HEADER_BYTES => {}
        _ => return Err(broken("the file ends within it")),
    }
    let text = |from: usize, to: usize| {
        header
            .get(from..to)
            .and_then(|field| std::str::from_utf8(field).ok())
            .map(|field| field.trim_end_matches(' '))
    };
    if text(58, 60) != Some("`\n") {
        return Err(broken("its end mark is missing"));
    }
    let name = text(0, 16).ok_or_else(|| broken("the name is no text"))?.trim_end_matches('/').to_owned();
    let size = text(48, 58).filter(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
    let size = size.and_then(|size| size.parse().ok()).ok_or_else(|| broken("the size is no number"))?;
    Ok(Some(Member { name, size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: &str) -> Vec<u8> {
        format!("{:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", "data.tar.xz/", 0, 0, 0, 100_644).into_bytes()
    }

    #[test]
    fn headers_are_read_or_refused() {
        let read = |bytes: &[u8]| next(&mut &*bytes);
        let member = read(&header("123")).expect("sound").expect("a member");
        assert_eq!(member, Member { name: "data.tar.xz".to_owned(), size: 123 });
        assert_eq!(member.padding(), 1);
        assert!(read(b"").expect("the end").is_none());
        for size in ["", "-1", "+1", "0x10", "1 1", "99999999999"] {
            let bytes = header(size);
            assert!(read(&bytes).is_err(), "{size}");
        }
        for length in 1..60 {
            assert!(read(&header("1")[..length]).is_err(), "{length}");
        }
    }
}
