//! Archives made by hand, so that they can be wrong at will.

use super::super::testing::{gzip, xz};

/// A file, or another entry, of an archive.
pub(in crate::source) struct File {
    kind: u8,
    path: String,
    content: Vec<u8>,
    link: String,
}

impl File {
    pub(in crate::source) fn new(path: &str, content: &[u8]) -> Self {
        Self::of_kind(b'0', path, content)
    }

    /// An entry of another type, by tar's letter.
    pub(in crate::source) fn of_kind(kind: u8, path: &str, content: &[u8]) -> Self {
        Self { kind, path: path.to_owned(), content: content.to_vec(), link: String::new() }
    }

    pub(in crate::source) fn path(&self) -> &str {
        &self.path
    }

    pub(in crate::source) fn content(&self) -> &[u8] {
        &self.content
    }

    pub(in crate::source) fn link(path: &str, target: &str) -> Self {
        Self { link: target.to_owned(), ..Self::of_kind(b'2', path, b"") }
    }
}

/// Puts the right checksum into a tar header.
pub(in crate::source) fn sum_tar(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(in crate::source) fn tar(files: &[File]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in files {
        let mut header = [0; 512];
        header[..file.path.len()].copy_from_slice(file.path.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", file.content.len()).as_bytes());
        header[156] = file.kind;
        header[157..157 + file.link.len()].copy_from_slice(file.link.as_bytes());
        header[257..265].copy_from_slice(b"ustar\x0000");
        sum_tar(&mut header);
        bytes.extend(header);
        bytes.extend(&file.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend([0; 1024]);
    bytes
}

pub(in crate::source) fn cpio(files: &[File]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let trailer = File::new("TRAILER!!!", b"");
    for file in files.iter().chain([&trailer]) {
        let mode = if file.kind == b'0' { 0o100_644 } else { 0o120_777 };
        let fields = [1, mode, 0, 0, 1, 0, file.content.len(), 0, 0, 0, 0, file.path.len() + 1, 0];
        bytes.extend(b"070701");
        bytes.extend(fields.iter().flat_map(|field| format!("{field:08x}").into_bytes()));
        bytes.extend([file.path.as_bytes(), b"\0"].concat());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(&file.content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

pub(in crate::source) fn ar_member(name: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len());
    let mut bytes = [header.as_bytes(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(2), b'\n');
    bytes
}

/// A package with a gzip control archive and an xz data archive.
pub(in crate::source) fn deb(name: &str, version: &str, arch: &str, files: &[File]) -> Vec<u8> {
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: Debian Kernel Team <debian-kernel@lists.debian.org>\nDescription: x\n"
    );
    [
        b"!<arch>\n".to_vec(),
        ar_member("debian-binary", b"2.0\n"),
        ar_member("control.tar.gz", &gzip(&tar(&[File::new("./control", control.as_bytes())]))),
        ar_member("data.tar.xz", &xz(&tar(files))),
    ]
    .concat()
}

fn rpm_header(values: &[(u32, &str)]) -> Vec<u8> {
    let mut entries = Vec::new();
    let mut texts = Vec::new();
    for (tag, text) in values {
        entries.extend([*tag, 6, texts.len() as u32, 1].iter().flat_map(|number| number.to_be_bytes()));
        texts.extend([text.as_bytes(), b"\0"].concat());
    }
    let numbers = [0x8ead_e801, 0, values.len() as u32, texts.len() as u32];
    [numbers.iter().flat_map(|number: &u32| number.to_be_bytes()).collect(), entries, texts].concat()
}

/// A package of Fedora's with a gzip payload.
pub(in crate::source) fn rpm(
    name: &str,
    version: &str,
    release: &str,
    arch: &str,
    files: &[File],
) -> Vec<u8> {
    let mut bytes = vec![0xed, 0xab, 0xee, 0xdb];
    bytes.resize(96, 0);
    bytes.extend(rpm_header(&[(1000, "sig")]));
    bytes.resize(96 + (bytes.len() - 96).next_multiple_of(8), 0);
    let vendor = "Fedora Project";
    bytes.extend(rpm_header(&[(1000, name), (1001, version), (1002, release), (1011, vendor), (1022, arch)]));
    bytes.extend(gzip(&cpio(files)));
    bytes
}
