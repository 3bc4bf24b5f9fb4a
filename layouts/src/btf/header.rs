//! The header of BTF, and whether what it says fits into the bytes.
//!
//! The rules are those that libbpf and the kernel hold a header to: sections in the order types,
//! layout, strings, all within the bytes; the string section ends with NUL.

use std::ops::Range;

use super::wire::{self, Endian};

/// A checked BTF header. The ranges are byte offsets from the start of the BTF, in this order, and
/// within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The byte order.
    pub endian: Endian,
    /// The type section.
    pub types: Range<usize>,
    /// The layout section, which newer BTF may have.
    pub layout: Option<Range<usize>>,
    /// The string section. Empty is legal for split BTF.
    pub strings: Range<usize>,
}

/// What is wrong with a BTF header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderProblem {
    /// Too few bytes for a header.
    #[error("BTF of {length} bytes is too short for a header (24 bytes)")]
    TooShort {
        /// How many there are.
        length: usize,
    },
    /// The magic number is another.
    #[error("BTF does not start with the magic number 0xeb9f in either byte order")]
    Magic,
    /// An unknown version.
    #[error("BTF version {version} (byte 2) is not known, only 1 is")]
    Version {
        /// The version.
        version: u8,
    },
    /// Flags, of which none is defined.
    #[error("BTF header flags {flags:#04x} (byte 3) are not known")]
    Flags {
        /// The flags.
        flags: u8,
    },
    /// An impossible header length.
    #[error(
        "BTF header length {header_bytes} (byte 4) is less than 24 or beyond the {length} bytes there are"
    )]
    HeaderLength {
        /// The stated length.
        header_bytes: u32,
        /// The length of the BTF.
        length: usize,
    },
    /// A section that reaches beyond the bytes.
    #[error(
        "BTF {section} section (bytes {start} to {end}) reaches beyond the {length} bytes there are: it is cut short"
    )]
    Outside {
        /// Which section.
        section: &'static str,
        /// Its first byte.
        start: u64,
        /// The byte after its last.
        end: u64,
        /// The length of the BTF.
        length: usize,
    },
    /// Sections that overlap or stand in another order.
    #[error("BTF {first} section overlaps or follows the {second} section")]
    Order {
        /// The one that must come first.
        first: &'static str,
        /// The one that must come second.
        second: &'static str,
    },
    /// A section that does not start at a multiple of 4.
    #[error("BTF {section} section offset {offset} is no multiple of 4")]
    Alignment {
        /// Which section.
        section: &'static str,
        /// Its offset after the header.
        offset: u32,
    },
    /// A string section without an end.
    #[error("BTF string section does not end with NUL")]
    StringsNotTerminated,
}

impl Header {
    /// Reads and checks the header at the start of `bytes`; what follows the string section is not
    /// looked at.
    ///
    /// # Errors
    ///
    /// When the header is none, or states what the bytes do not have.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderProblem> {
        let length = bytes.len();
        let too_short = HeaderProblem::TooShort { length };
        let endian = magic(bytes).ok_or(if length < 2 { too_short.clone() } else { HeaderProblem::Magic })?;
        let field = |offset: usize| endian.u32(bytes, offset).ok_or(too_short.clone());
        let (&version, &flags) = bytes.get(2).zip(bytes.get(3)).ok_or(too_short.clone())?;
        if version != wire::VERSION {
            return Err(HeaderProblem::Version { version });
        }
        if flags != 0 {
            return Err(HeaderProblem::Flags { flags });
        }
        let header_bytes = field(4)?;
        let (type_offset, type_length) = (field(8)?, field(12)?);
        let (string_offset, string_length) = (field(16)?, field(20)?);
        if header_bytes < wire::HEADER_LEN as u32 || header_bytes as u64 > length as u64 {
            return Err(HeaderProblem::HeaderLength { header_bytes, length });
        }
        let section = |section: &'static str, offset: u32, size: u32| {
            let start = u64::from(header_bytes) + u64::from(offset);
            let end = start + u64::from(size);
            let outside = HeaderProblem::Outside { section, start, end, length };
            match (usize::try_from(start), usize::try_from(end)) {
                (Ok(first), Ok(last)) if last <= length => Ok(first..last),
                _ => Err(outside),
            }
        };
        if type_offset % 4 != 0 {
            return Err(HeaderProblem::Alignment { section: "type", offset: type_offset });
        }
        let types = section("type", type_offset, type_length)?;
        let strings = section("string", string_offset, string_length)?;
        if types.end > strings.start {
            return Err(HeaderProblem::Order { first: "type", second: "string" });
        }
        let mut layout = None;
        if header_bytes >= wire::HEADER_LEN_WITH_LAYOUT as u32 && field(28)? != 0 {
            let range = section("layout", field(24)?, field(28)?)?;
            if field(24)? % 4 != 0 {
                return Err(HeaderProblem::Alignment { section: "layout", offset: field(24)? });
            }
            if types.end > range.start {
                return Err(HeaderProblem::Order { first: "type", second: "layout" });
            }
            if range.end > strings.start {
                return Err(HeaderProblem::Order { first: "layout", second: "string" });
            }
            layout = Some(range);
        }
        if bytes.get(strings.clone()).and_then(<[u8]>::last).is_some_and(|&last| last != 0) {
            return Err(HeaderProblem::StringsNotTerminated);
        }
        Ok(Self { endian, types, layout, strings })
    }

    /// Whether the BTF with this header is split BTF: only BTF that stands on its own starts its string
    /// section with the empty string.
    #[must_use]
    pub fn needs_base(&self, bytes: &[u8]) -> bool {
        bytes.get(self.strings.clone()).and_then(<[u8]>::first) != Some(&0)
    }
}

fn magic(bytes: &[u8]) -> Option<Endian> {
    [Endian::Little, Endian::Big].into_iter().find(|endian| endian.u16(bytes, 0) == Some(wire::MAGIC))
}

/// Whether the bytes start like BTF.
pub fn has_magic(bytes: &[u8]) -> bool {
    magic(bytes).is_some()
}

#[cfg(test)]
mod tests;
