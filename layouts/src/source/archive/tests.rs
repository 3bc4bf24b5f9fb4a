//! What must hold of every format.

use super::content::plain_path;
use super::testing::{self, File};
use super::*;

#[test]
fn archives_in_memory() {
    for (name, bytes) in samples() {
        let mut paths = Vec::new();
        let mut visit = |path: &str, content: &mut dyn Read| {
            paths.push((path.to_owned(), io::copy(content, &mut io::sink()).expect("it can be read")));
            Flow::Continue(())
        };
        for bytes in [bytes.clone(), crate::source::testing::gzip(&bytes)] {
            let seen = crate::source::archived_files_within(&bytes, 1 << 20, &mut visit);
            assert!(seen.expect("sound"), "{name}");
        }
        assert_eq!(paths.len(), 4);
        assert_eq!(paths[0], ("boot/config-6.1".to_owned(), 11));
    }
    let none = crate::source::archived_files_within(b"text", 1, &mut |_, _| Flow::Break(()));
    assert!(!none.expect("no archive"));
}

fn read_all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let mut files = Vec::new();
    let format = recognise(bytes).ok_or(Problem::Empty)?;
    let mut input = bytes;
    let _ = walk(&mut input, format, Budget::of(bytes.len() as u64), &mut |item| {
        if let Item::File { path, size, content } = item {
            let mut bytes = Vec::new();
            // What cannot be read ends the walk.
            if content.read_to_end(&mut bytes).is_ok() && bytes.len() as u64 == size {
                files.push((path.to_owned(), bytes));
            }
        }
        Flow::Continue(())
    })?;
    Ok(files)
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let files = [File::new("./boot/config-6.1", b"CONFIG_A=y\n"), File::new("b", b"")];
    vec![
        ("tar", testing::tar(&files)),
        ("cpio", testing::cpio(&files)),
        ("deb", testing::deb("linux-image", "6.1-1", "amd64", &files)),
        ("rpm", testing::rpm("kernel-core", "6.1", "1.fc40", "x86_64", &files)),
    ]
}

#[test]
fn every_format_shows_the_same_files() {
    for (name, bytes) in samples() {
        let files = read_all(&bytes).expect("sound");
        let expected = [("boot/config-6.1".to_owned(), b"CONFIG_A=y\n".to_vec()), ("b".to_owned(), vec![])];
        assert_eq!(files, expected, "{name}");
    }
}

#[test]
fn every_prefix_is_an_error() {
    for (name, bytes) in samples() {
        // A tar may end after one block of zeros, and ar with a byte of padding.
        let needed = if name == "tar" { bytes.len() - 512 } else { bytes.len() - 1 };
        for length in 0..needed {
            assert!(read_all(&bytes[..length]).is_err(), "{name}: {length} of {}", bytes.len());
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    for (_, bytes) in samples() {
        for at in 0..bytes.len().min(4096) {
            for value in [0, b'7', 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                // Whether it is sound does not matter here, only that it ends.
                let _ = read_all(&changed);
            }
        }
    }
}

#[test]
fn bombs_are_stopped() {
    let zeros = vec![0; 1 << 20];
    let files = [File::new("a", &zeros), File::new("b", &zeros)];
    for bytes in [testing::deb("p", "1", "amd64", &files), testing::rpm("p", "1", "1", "x86_64", &files)] {
        let mut budget = Budget::of(0);
        assert_eq!(budget.bytes, MIN_UNPACKED_BYTES);
        budget.bytes = 3 << 19;
        let format = recognise(&bytes).expect("an archive");
        let result = walk(&mut bytes.as_slice(), format, budget, &mut |_| Flow::Continue(()));
        let text = result.expect_err("too much").to_string();
        assert!(text.contains("more than 1572864 bytes"), "{text}");
        let mut budget = Budget::of(1 << 60);
        assert_eq!(budget.bytes, MAX_UNPACKED_BYTES);
        budget.entries = 1;
        let result = walk(&mut bytes.as_slice(), format, budget, &mut |_| Flow::Continue(()));
        assert!(result.expect_err("too many").to_string().contains("entries"));
    }
}

#[test]
fn paths_that_lead_out_are_not_shown() {
    assert_eq!(plain_path("./a//b/./c").as_deref(), Some("a/b/c"));
    assert_eq!(plain_path("/etc/passwd").as_deref(), Some("etc/passwd"));
    for path in ["", ".", "/", "../a", "a/../../b", "a/..", "a\0b"] {
        assert_eq!(plain_path(path), None, "{path:?}");
    }
    let files =
        [File::new("../../boot/vmlinuz", b"x"), File::new("ok", b"y"), File::link("l", "/etc/shadow")];
    let shown: Vec<_> =
        read_all(&testing::tar(&files)).expect("sound").into_iter().map(|file| file.0).collect();
    assert_eq!(shown, ["ok"]);
}

#[test]
fn a_compressed_archive_shows_its_head() {
    let tar = testing::tar(&[File::new("6.1.btf", b"x")]);
    let packed = crate::source::testing::gzip(&tar);
    let head = head_of(&mut packed.as_slice(), Compression::Gzip).expect("sound");
    assert_eq!(recognise(&head), Some(Format::Tar));
    let mut shown = 0;
    let flow =
        walk_compressed(&mut packed.as_slice(), Compression::Gzip, Format::Tar, Budget::of(0), &mut |_| {
            shown += 1;
            Flow::Break(())
        });
    assert!(flow.expect("sound").is_break() && shown == 1);
}
