//! Architectures in Debian's words, with what BTF needs to know of each.

use crate::btf::Endian;

/// An architecture, by Debian's name for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arch(String);

/// Names with their pointer size in bytes and byte order.
const KNOWN: [(&str, u32, Endian); 14] = [
    ("amd64", 8, Endian::Little),
    ("arm64", 8, Endian::Little),
    ("armel", 4, Endian::Little),
    ("armhf", 4, Endian::Little),
    ("i386", 4, Endian::Little),
    ("loong64", 8, Endian::Little),
    ("mips64el", 8, Endian::Little),
    ("mipsel", 4, Endian::Little),
    ("powerpc", 4, Endian::Big),
    ("ppc64", 8, Endian::Big),
    ("ppc64el", 8, Endian::Little),
    ("riscv64", 8, Endian::Little),
    ("s390x", 8, Endian::Big),
    ("sparc64", 8, Endian::Big),
];

impl Arch {
    /// Any name is taken: a kernel of an architecture this program does not know is still a kernel.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Debian's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Size of a pointer in bytes, if the architecture is known.
    pub fn pointer_size(&self) -> Option<u32> {
        self.known().map(|known| known.1)
    }

    /// Byte order, if the architecture is known.
    pub fn endian(&self) -> Option<Endian> {
        self.known().map(|known| known.2)
    }

    fn known(&self) -> Option<&'static (&'static str, u32, Endian)> {
        KNOWN.iter().find(|known| known.0 == self.0)
    }
}

impl std::fmt::Display for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}
