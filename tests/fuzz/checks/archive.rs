//! Packages and archives.

use std::io::{self, Read};
use std::ops::ControlFlow;

use corecheck_layouts::source::archived_files_within;

/// What an archive may unpack to here, in bytes.
const LIMIT: u64 = 4 << 20;

/// Input: an archive. Its files' paths lead nowhere else, and all of them together are no larger than allowed.
pub(crate) fn archive(data: &[u8]) {
    let mut total = 0;
    let mut files = 0_u64;
    let mut visit = |path: &str, content: &mut dyn Read| {
        let good = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        assert!(good && !path.contains('\0'), "{path:?}");
        files += 1;
        // Every third is left unread, every fourth is read in part.
        match files % 12 {
            3 | 6 | 9 => {}
            4 | 8 => total += io::copy(&mut content.take(7), &mut io::sink()).unwrap_or(0),
            _ => total += io::copy(content, &mut io::sink()).unwrap_or(0),
        }
        ControlFlow::Continue(())
    };
    let known = archived_files_within(data, LIMIT, &mut visit);
    assert!(total <= LIMIT.max(data.len() as u64), "{total} bytes out of {}", data.len());
    assert!(files == 0 || known.is_err() || known.is_ok_and(|known| known));
}
