//! The bytes of `.BTF.ext`: which function, which source line and which access an instruction has.
//!
//! Source: `struct btf_ext_header` and libbpf's `btf_ext_parse`. Where libbpf finds the section invalid it says so in
//! its log and goes on without it, so that no access is relocated; here that is an error. Records may be longer than
//! what this program knows of them, in both byte orders.

use std::slice::ChunksExact;

use corecheck_layouts::btf::{Endian, wire};

use super::ErrorKind;
use super::error::broken;

/// Size in bytes of the header without the place of the accesses.
const HEADER_WITHOUT_RELOS: usize = 24;
/// Size in bytes of the header with it.
const HEADER_WITH_RELOS: usize = 32;

const REBUILD: &str = "build the object again, with an unmodified clang and linker";

/// The three tables.
pub(super) struct BtfExt<'d> {
    pub(super) func_info: Vec<Group<'d>>,
    pub(super) line_info: Vec<Group<'d>>,
    pub(super) core_relo: Vec<Group<'d>>,
}

/// The records of one table for one section.
pub(super) struct Group<'d> {
    /// `func_info`, `line_info` or `core_relo`.
    pub(super) table: &'static str,
    /// String offset of the section's name.
    pub(super) section_name: u32,
    /// How many records there are; not 0.
    pub(super) count: u32,
    /// Where the first record begins, in bytes from the start of `.BTF.ext`.
    pub(super) offset: usize,
    endian: Endian,
    record_size: usize,
    bytes: &'d [u8],
}

/// A record of `N` 32-bit words and where it begins in `.BTF.ext`.
pub(super) struct Record<const N: usize> {
    pub(super) offset: usize,
    pub(super) words: [u32; N],
}

impl<'d> Group<'d> {
    /// Its records, of which the first `N` words are read.
    pub(super) fn records<const N: usize>(&self) -> impl Iterator<Item = Record<N>> + use<'d, N> {
        let (endian, size, start) = (self.endian, self.record_size, self.offset);
        let chunks: ChunksExact<'d, u8> = self.bytes.chunks_exact(size);
        chunks.enumerate().map(move |(index, chunk)| Record {
            offset: start + index * size,
            // The size of a record was checked against the words of its table.
            words: std::array::from_fn(|word| endian.u32(chunk, word * 4).unwrap_or(0)),
        })
    }
}

impl<'d> BtfExt<'d> {
    /// Reads the section; `endian` is the object's.
    pub(super) fn parse(data: &'d [u8], endian: Endian) -> Result<Self, ErrorKind> {
        let wrong = |at: usize, what: String| Err(fault(at, what));
        let Some(header_len) = endian.u32(data, 4) else {
            return wrong(0, format!("{} bytes are too short for a header", data.len()));
        };
        match endian.u16(data, 0) {
            Some(wire::MAGIC) => {}
            Some(magic) if magic == wire::MAGIC.swap_bytes() => {
                return wrong(0, "its byte order is not that of the ELF file".to_owned());
            }
            magic => return wrong(0, format!("its magic is {:#06x}, not 0xeb9f", magic.unwrap_or(0))),
        }
        let (version, flags) = (data.get(2).copied().unwrap_or(0), data.get(3).copied().unwrap_or(0));
        if version != wire::VERSION || flags != 0 {
            return wrong(
                2,
                format!("version {version} with flags {flags:#x} is not known, only version 1 with none"),
            );
        }
        let header_len = header_len as usize;
        if header_len < HEADER_WITHOUT_RELOS || header_len > data.len() {
            return wrong(4, format!("a header of {header_len} bytes does not fit its {} bytes", data.len()));
        }
        let table = |name: &'static str, field: usize, words: usize| {
            let word = |at: usize| endian.u32(data, at).unwrap_or(0) as usize;
            read_table(data, endian, name, header_len, (word(field), word(field + 4)), words * 4)
        };
        let core_relo = if header_len < HEADER_WITH_RELOS { Vec::new() } else { table("core_relo", 24, 4)? };
        Ok(Self { func_info: table("func_info", 8, 2)?, line_info: table("line_info", 16, 4)?, core_relo })
    }
}

/// An error at an offset of `.BTF.ext`.
pub(super) fn fault(at: usize, what: String) -> ErrorKind {
    broken(format!("section .BTF.ext, offset {at:#x}"), what, REBUILD)
}

/// Reads one table: the size of a record, then for each section a header and its records.
fn read_table<'d>(
    data: &'d [u8],
    endian: Endian,
    table: &'static str,
    header_len: usize,
    (offset, len): (usize, usize),
    least_record: usize,
) -> Result<Vec<Group<'d>>, ErrorKind> {
    if len == 0 {
        return Ok(Vec::new());
    }
    let start = header_len.saturating_add(offset);
    let wrong = |at: usize, what: String| Err(fault(at, format!("{table}: {what}")));
    if offset % 4 != 0 {
        return wrong(start, format!("it begins at {offset}, which is not a multiple of 4"));
    }
    let Some(mut left) = data.get(start..start.saturating_add(len)) else {
        return wrong(start, format!("its {len} bytes end behind the {} bytes of the section", data.len()));
    };
    let mut at = start;
    let Some(record_size) = endian.u32(left, 0).map(|size| size as usize) else {
        return wrong(at, "it is too short for the size of a record".to_owned());
    };
    if record_size < least_record || record_size % 4 != 0 {
        return wrong(
            at,
            format!("its records are said to have {record_size} bytes; at least {least_record} are needed"),
        );
    }
    left = &left[4..];
    at += 4;
    let mut groups = Vec::new();
    loop {
        let (Some(section_name), Some(count)) = (endian.u32(left, 0), endian.u32(left, 4)) else {
            return wrong(at, "the header for a section is cut off".to_owned());
        };
        let size = (count as usize).checked_mul(record_size);
        let (Some(bytes), false) = (size.and_then(|size| left[8..].get(..size)), count == 0) else {
            return wrong(
                at,
                format!("{count} records of {record_size} bytes do not fit the {} left", left.len() - 8),
            );
        };
        groups.push(Group { table, section_name, count, offset: at + 8, endian, record_size, bytes });
        left = &left[8 + bytes.len()..];
        at += 8 + bytes.len();
        if left.is_empty() {
            return Ok(groups);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::ext;
    use super::*;

    const RELO: [u32; 4] = [8, 1, 2, 3];

    fn error(data: &[u8]) -> String {
        BtfExt::parse(data, Endian::Little).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn sample(endian: Endian, extra: usize) -> Vec<u8> {
        let record = || [&RELO[..], &vec![77; extra]].concat();
        let size = u32::try_from(16 + 4 * extra).expect("as the test made it");
        ext(
            endian,
            [(8, vec![]), (16, vec![]), (size, vec![(5, vec![record(), record()]), (9, vec![record()])])],
        )
    }

    #[test]
    fn longer_records_are_read_in_both_byte_orders() {
        for endian in [Endian::Little, Endian::Big] {
            for extra in [0, 3] {
                let data = sample(endian, extra);
                let parsed = BtfExt::parse(&data, endian).expect("as the test made it");
                let groups: Vec<(u32, u32)> =
                    parsed.core_relo.iter().map(|g| (g.section_name, g.count)).collect();
                assert_eq!(groups, [(5, 2), (9, 1)]);
                for group in &parsed.core_relo {
                    for record in group.records::<4>() {
                        assert_eq!(record.words, RELO);
                        assert_eq!(endian.u32(&data, record.offset), Some(8), "its place is told");
                    }
                }
            }
        }
    }

    #[test]
    fn a_header_without_accesses_is_allowed() {
        let mut data = sample(Endian::Little, 0);
        data[4] = 24;
        // The two words that told the place of the accesses now stand where the tables begin, and none is used.
        assert!(BtfExt::parse(&data, Endian::Little).expect("as the test made it").core_relo.is_empty());
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = sample(Endian::Little, 0);
        for len in 0..whole.len() {
            assert!(error(&whole[..len]).starts_with("section .BTF.ext, offset 0x"), "{len}");
        }
    }

    #[test]
    fn lies_are_told_with_their_place() {
        let with = |at: usize, bytes: &[u8]| {
            let mut data = sample(Endian::Little, 0);
            data[at..at + bytes.len()].copy_from_slice(bytes);
            error(&data)
        };
        assert!(with(0, &[1, 2]).contains("magic is 0x0201"));
        assert!(with(0, &[0xeb, 0x9f]).contains("byte order"));
        assert!(with(2, &[2]).contains("version 2"));
        assert!(with(3, &[1]).contains("flags 0x1"));
        assert!(with(4, &[20]).contains("header of 20 bytes"));
        assert!(with(4, &[0xff, 0xff, 0xff, 0xff]).contains("does not fit"));
        assert!(with(24, &[2]).contains("not a multiple of 4"));
        assert!(with(24, &[0xfc, 0xff, 0xff, 0xff]).contains("end behind"));
        assert!(with(28, &[0xff, 0xff, 0xff, 0xff]).contains("end behind"));
        assert!(with(28, &[2]).contains("too short for the size of a record"));
        assert!(with(28, &[4]).contains("header for a section is cut off"));
        assert!(with(32, &[12]).contains("12 bytes; at least 16"));
        assert!(with(32, &[18]).contains("18 bytes; at least 16"));
        assert!(with(40, &[0]).contains("0 records"));
        assert!(with(40, &[0xff, 0xff, 0xff, 0xff]).contains("offset 0x24: core_relo: 4294967295 records"));
    }
}
