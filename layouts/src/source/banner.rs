//! The kernel's banner: "Linux version 6.1.0-56-amd64 (builder) (compiler) #1 SMP …".

use memchr::memmem;

const START: &[u8] = b"Linux version ";

/// The longest banner that is believed, in bytes. Debian's have about 200.
const MAX_BANNER_BYTES: usize = 1024;

/// The kernel's banner in the bytes.
///
/// The build first links a stand-in whose build number is missing ("# SMP" instead of "#1 SMP"), and
/// leaves it in many images beside the real one; so a banner with a build number goes before one without.
pub(super) fn find(bytes: &[u8]) -> Option<String> {
    let mut stand_in = None;
    for at in memmem::find_iter(bytes, START) {
        let Some(banner) = bytes.get(at..).and_then(plausible) else { continue };
        if has_build_number(banner) {
            return Some(banner.to_owned());
        }
        stand_in = stand_in.or(Some(banner));
    }
    stand_in.map(str::to_owned)
}

/// A banner at the start of the bytes: text up to a line end or NUL, with a release and a parenthesis
/// after it. The kernel's own format strings ("Linux version %s") do not pass.
fn plausible(bytes: &[u8]) -> Option<&str> {
    let window = bytes.get(..MAX_BANNER_BYTES).unwrap_or(bytes);
    let end = window.iter().position(|&byte| byte == b'\n' || byte == 0)?;
    let text = std::str::from_utf8(window.get(..end)?).ok()?.trim_end();
    let good = !text.contains(char::is_control) && release(text).is_some() && text.contains(" (");
    good.then_some(text)
}

fn has_build_number(banner: &str) -> bool {
    banner.rsplit_once(" #").is_some_and(|(_, build)| build.starts_with(|c: char| c.is_ascii_digit()))
}

/// The release that a banner names, as `uname -r` prints it.
pub(super) fn release(banner: &str) -> Option<String> {
    first_word(banner.strip_prefix("Linux version ")?)
}

/// The release at the start of a `vermagic` or of a bzImage's version string: a word that starts with a
/// digit.
pub(super) fn first_word(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?;
    word.starts_with(|c: char| c.is_ascii_digit()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_real_banner_is_taken() {
        let bytes = b"\0Linux version %s (%s)\n\0Linux version 9\0Linux version 6.1.0-x (me@host) (gcc) #1 SMP\n\0rest";
        let banner = find(bytes).expect("a banner");
        assert_eq!(banner, "Linux version 6.1.0-x (me@host) (gcc) #1 SMP");
        assert_eq!(release(&banner).as_deref(), Some("6.1.0-x"));
    }

    #[test]
    fn a_stand_in_without_build_number_comes_last() {
        let stand_in = b"Linux version 6.1 (me) (gcc) # SMP\n\0".as_slice();
        assert_eq!(find(stand_in).as_deref(), Some("Linux version 6.1 (me) (gcc) # SMP"));
        let real = b"Linux version 6.1 (me) (gcc) #2 SMP\n\0".as_slice();
        assert_eq!(find(&[stand_in, real].concat()).as_deref(), Some("Linux version 6.1 (me) (gcc) #2 SMP"));
    }

    #[test]
    fn an_unfinished_or_endless_banner_is_none() {
        assert_eq!(find(b"Linux version 6.1 (cut"), None);
        let mut endless = b"Linux version 6.1 (".to_vec();
        endless.resize(MAX_BANNER_BYTES * 2, b'x');
        endless.push(0);
        assert_eq!(find(&endless), None);
        assert_eq!(find(b"Linux version 6.1 (\xff\xfe)\n"), None);
    }

    #[test]
    fn a_release_starts_with_a_digit() {
        assert_eq!(first_word("6.1.0 SMP preempt").as_deref(), Some("6.1.0"));
        assert_eq!(first_word("SMP preempt"), None);
        assert_eq!(first_word(""), None);
    }
}
