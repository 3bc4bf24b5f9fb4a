//! Where in an executable or library BPF objects are.
//!
//! libbpf's skeletons, bpf2go and aya's `include_bytes!` all put the object's bytes unchanged among an executable's
//! data. The executable is usually stripped, so they are found by their ELF headers, and an object's extent by what its
//! own headers say, never beyond the section of the executable that holds it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use corecheck_layouts::btf::Endian;
use object::elf as raw;
use object::read::{Object as _, ObjectSection, ObjectSymbol, SectionFlags, SectionIndex};

use super::error::{ObjectError, broken};

const HEADER: usize = 64;
const SECTION_HEADER: usize = 64;

/// An object found within an executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is, in bytes from the start of the executable.
    pub range: Range<usize>,
    /// The symbol that covers it and nothing else that was found.
    pub symbol: Option<String>,
}

/// Finds the objects that an ELF executable or library embeds, in the order of the file; of equal ones the first.
///
/// # Errors
/// Not ELF, or an object's headers contradict the place it is in.
pub fn locate(name: &str, bytes: &[u8]) -> Result<Vec<Found>, ObjectError> {
    search(name, bytes, &mut Vec::new())
}

/// A section of the executable that may hold objects.
struct Container {
    index: Option<SectionIndex>,
    range: Range<usize>,
    address: u64,
}

pub(super) fn search(
    name: &str,
    bytes: &[u8],
    rejected: &mut Vec<String>,
) -> Result<Vec<Found>, ObjectError> {
    let file = object::File::parse(bytes).map_err(|error| ObjectError {
        path: name.to_owned(),
        kind: broken(
            "ELF header",
            error.to_string(),
            "the file is cut off or damaged: build or copy it again",
        ),
    })?;
    let containers = containers(&file, bytes.len());
    let finder = memchr::memmem::Finder::new(b"\x7fELF\x02");
    let mut seen: HashSet<&[u8]> = HashSet::new();
    let mut found: Vec<(usize, Found)> = Vec::new();
    let mut from = 0;
    for (number, container) in containers.iter().enumerate() {
        // Sections that overlap are searched once.
        from = from.max(container.range.start);
        while let Some(at) = bytes.get(from..container.range.end).and_then(|bytes| finder.find(bytes)) {
            let start = from + at;
            let within = bytes.get(start..container.range.end).unwrap_or_default();
            from = start + 1;
            match extent(within) {
                Candidate::None => {}
                Candidate::Implausible(why) => {
                    log::debug!("{name}: at {start:#x} {why}");
                    rejected.push(format!("at offset {start:#x} {why}"));
                }
                Candidate::Broken(what) => {
                    let help = "the embedded object is cut off or damaged: build the executable again";
                    let path = format!("{name}@{start:#x}");
                    return Err(ObjectError { path, kind: broken("section table", what, help) });
                }
                Candidate::Object(size) => {
                    from = start + size;
                    if seen.insert(&within[..size]) {
                        found.push((number, Found { range: start..start + size, symbol: None }));
                    }
                }
            }
            rejected.truncate(1);
        }
    }
    add_symbols(&file, &containers, &mut found);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// The allocated sections with bytes, ordered by place; the whole file when it has no sections.
fn containers(file: &object::File<'_>, len: usize) -> Vec<Container> {
    let mut all = Vec::new();
    let mut has_sections = false;
    for section in file.sections() {
        has_sections = true;
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        let Some((start, size)) = section.file_range() else { continue };
        let end = start.checked_add(size).and_then(|end| usize::try_from(end).ok());
        let (Ok(start), Some(end)) = (usize::try_from(start), end) else { continue };
        if sh_flags & u64::from(raw::SHF_ALLOC) != 0 && end <= len {
            all.push(Container {
                index: Some(section.index()),
                range: start..end,
                address: section.address(),
            });
        }
    }
    if !has_sections {
        all.push(Container { index: None, range: 0..len, address: 0 });
    }
    all.sort_by_key(|container| (container.range.start, std::cmp::Reverse(container.range.end)));
    all
}

/// What stands at an ELF magic.
enum Candidate {
    /// No BPF header.
    None,
    /// A BPF header that cannot be an object's, and why.
    Implausible(&'static str),
    /// An object whose sections do not fit the place it is in.
    Broken(String),
    /// An object of this many bytes.
    Object(usize),
}

/// Finds an object's extent from its headers; `bytes` ends where its container ends.
fn extent(bytes: &[u8]) -> Candidate {
    let endian = match bytes.get(5) {
        Some(&raw::ELFDATA2LSB) => Endian::Little,
        Some(&raw::ELFDATA2MSB) => Endian::Big,
        _ => return Candidate::None,
    };
    let half = |at: usize| endian.u16(bytes, at).unwrap_or(0);
    if half(18) != raw::EM_BPF {
        return Candidate::None;
    }
    if half(16) != raw::ET_REL {
        return Candidate::Implausible("stands a BPF ELF header, but not of a relocatable object");
    }
    let count = usize::from(half(60));
    let is_sound = endian.u32(bytes, 20) == Some(1)
        && usize::from(half(52)) == HEADER
        && usize::from(half(58)) == SECTION_HEADER
        && count > 0;
    let table = long(endian, bytes, 40).and_then(|at| usize::try_from(at).ok());
    let end = table.and_then(|at| at.checked_add(count * SECTION_HEADER));
    let (true, Some(table), Some(table_end)) = (is_sound, table, end) else {
        return Candidate::Implausible("stands a BPF ELF header whose other fields make no sense");
    };
    let Some(headers) = bytes.get(table..table_end) else {
        return Candidate::Implausible(
            "stands a BPF ELF header whose section table is not within the section it is in",
        );
    };
    let mut end = table_end.max(HEADER);
    for (index, header) in headers.chunks_exact(SECTION_HEADER).enumerate() {
        let kind = endian.u32(header, 4).unwrap_or(raw::SHT_NULL);
        if kind == raw::SHT_NULL || kind == raw::SHT_NOBITS {
            continue;
        }
        let offset = long(endian, header, 24).unwrap_or(u64::MAX);
        let size = long(endian, header, 32).unwrap_or(u64::MAX);
        match offset.checked_add(size).and_then(|end| usize::try_from(end).ok()) {
            Some(section_end) if section_end <= bytes.len() => end = end.max(section_end),
            _ => {
                return Candidate::Broken(format!(
                    "section {index} ({size} bytes at offset {offset:#x}) ends behind the {} bytes that are left of \
                     the section it is embedded in",
                    bytes.len()
                ));
            }
        }
    }
    Candidate::Object(end)
}

/// A 64-bit number.
fn long(endian: Endian, bytes: &[u8], at: usize) -> Option<u64> {
    let words = (endian.u32(bytes, at)?, endian.u32(bytes, at.checked_add(4)?)?);
    let (low, high) = match endian {
        Endian::Little => words,
        Endian::Big => (words.1, words.0),
    };
    Some(u64::from(high) << 32 | u64::from(low))
}

/// Names each object by the smallest symbol that covers it and no other object.
fn add_symbols(file: &object::File<'_>, containers: &[Container], found: &mut [(usize, Found)]) {
    let mut best: Vec<u64> = vec![u64::MAX; found.len()];
    let mut by_section: HashMap<SectionIndex, (usize, usize)> = HashMap::new();
    for (position, (number, _)) in found.iter().enumerate() {
        let index = containers.get(*number).and_then(|container| container.index);
        let Some(index) = index else { continue };
        by_section.entry(index).or_insert((position, position)).1 = position + 1;
    }
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        let Some(&(first, last)) = symbol.section_index().and_then(|index| by_section.get(&index)) else {
            continue;
        };
        let Some((number, _)) = found.get(first) else { continue };
        let Some(container) = containers.get(*number) else { continue };
        let within = symbol.address().checked_sub(container.address);
        let start = within.and_then(|within| within.checked_add(container.range.start as u64));
        let (Some(start), size) = (start, symbol.size()) else { continue };
        let covers = |found: &Found| {
            found.range.start as u64 >= start && found.range.end as u64 <= start.saturating_add(size)
        };
        let own = &found[first..last];
        let position = first + own.partition_point(|(_, found)| (found.range.start as u64) < start);
        let is_alone = found.get(position).is_some_and(|(_, found)| covers(found))
            && !(position + 1 < last && found.get(position + 1).is_some_and(|(_, found)| covers(found)));
        let (Some(best), Ok(name)) = (best.get_mut(position), symbol.name()) else { continue };
        if is_alone && position < last && size < *best && !name.is_empty() {
            *best = size;
            if let Some((_, found)) = found.get_mut(position) {
                found.symbol = Some(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Object, read_bytes};
    use super::*;

    fn object(value: u32) -> Vec<u8> {
        with_relos(Endian::Little, &[[0, 1, 0, value]]).build()
    }

    /// An x86-64 library whose `.rodata` holds these parts.
    fn library(parts: &[&[u8]]) -> Image {
        let mut image = Image::empty(Endian::Little);
        image.machine = raw::EM_X86_64;
        image.file_type = raw::ET_DYN;
        image.section(".rodata", raw::SHF_ALLOC, parts.concat());
        image
    }

    fn kinds(objects: &[Object]) -> Vec<u32> {
        objects.iter().map(|object| object.relos[0].kind).collect()
    }

    #[test]
    fn each_object_is_found_once_at_any_alignment() {
        let (a, b) = (object(1), object(2));
        let image = library(&[b"xyz", &a, b"\x7fELF\x02", &b, &a]);
        let objects = read_bytes("lib.so", &image.build()).expect("objects");
        assert_eq!(kinds(&objects), [1, 2]);
        let place = objects[0].embedded_in.clone().expect("as the test made it");
        assert_eq!((place.offset, place.size, place.symbol), (64 + 3, a.len() as u64, None));
        assert_eq!(objects[0].path, "lib.so@0x43");
    }

    #[test]
    fn both_byte_orders_and_a_file_without_sections() {
        let big = with_relos(Endian::Big, &[[0, 1, 0, 5]]).build();
        let mut file = library(&[&big, &object(6)]).build();
        // e_shoff, e_shnum and e_shstrndx: no section table.
        file[40..48].fill(0);
        file[60..64].fill(0);
        let objects = read_bytes("stripped", &file).expect("objects");
        assert_eq!(kinds(&objects), [5, 6]);
        assert_eq!(objects[0].endian, Endian::Big);
    }

    #[test]
    fn an_object_is_named_by_the_symbol_that_covers_it_alone() {
        let (a, b) = (object(1), object(2));
        let len = a.len() as u64;
        let mut image = library(&[&a, &b]);
        let variable = info(raw::STB_LOCAL, raw::STT_OBJECT);
        image.symbol("everything", variable, 1, 0, 2 * len);
        image.symbol("too_short", variable, 1, 0, len - 1);
        image.symbol("larger", variable, 1, 0, len + 1);
        image.symbol("first", variable, 1, 0, len);
        image.symbol("behind", variable, 1, len + 1, len);
        let objects = read_bytes("tool", &image.build()).expect("objects");
        let paths: Vec<&str> = objects.iter().map(|object| object.path.as_str()).collect();
        assert_eq!(paths, ["tool@first".to_owned(), format!("tool@{:#x}", 64 + len)]);
        image.symbol("first", variable, 1, len, len);
        let objects = read_bytes("tool", &image.build()).expect("objects");
        assert_eq!(objects[0].path, "tool@0x40", "two objects of one name are told apart");
    }

    #[test]
    fn a_decoy_does_not_spoil_the_rest() {
        let header = &object(1)[..64];
        // Where the header is changed, and to what: an executable, a version, the size of the header, the offset of
        // the section table, no section.
        let broken: [(usize, &[u8]); 5] = [(16, &[2]), (20, &[9]), (52, &[1]), (47, &[0x80]), (60, &[0, 0])];
        for (at, bytes) in broken {
            let mut decoy = header.to_vec();
            decoy[at..at + bytes.len()].copy_from_slice(bytes);
            let image = library(&[&decoy, &object(3)]);
            assert_eq!(kinds(&read_bytes("lib.so", &image.build()).expect("objects")), [3]);
            let error = read_bytes("lib.so", &library(&[&decoy]).build()).expect_err("broken").to_string();
            assert!(
                error.contains("ELF for x86-64") && error.contains("at offset 0x40 stands a BPF"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_broken_object_is_named_by_its_place() {
        let mut image = with_relos(Endian::Little, &[[16, 1, 0, 0]]);
        let error =
            read_bytes("lib.so", &library(&[&image.build()]).build()).expect_err("broken").to_string();
        assert!(error.starts_with("lib.so@0x40: section .BTF.ext, offset 0x58: "), "{error}");
        image.sections[1].size = Some(1 << 20);
        let error =
            read_bytes("lib.so", &library(&[&image.build()]).build()).expect_err("broken").to_string();
        assert!(error.starts_with("lib.so@0x40: section table: section 1 (1048576 bytes"), "{error}");
    }

    #[test]
    fn an_object_is_not_sought_beyond_its_section() {
        let whole = object(1);
        let mut image = library(&[&whole[..whole.len() - 1]]);
        image.section(".data", raw::SHF_ALLOC, whole[whole.len() - 1..].to_vec());
        let error = read_bytes("lib.so", &image.build()).expect_err("broken").to_string();
        assert!(error.contains("no BPF object is embedded"), "{error}");
    }

    #[test]
    fn many_headers_are_searched_in_linear_time() {
        let header = object(1)[..64].to_vec();
        let image = library(&[&header.repeat(20_000)]);
        let start = std::time::Instant::now();
        assert!(read_bytes("lib.so", &image.build()).is_err());
        assert!(start.elapsed().as_secs() < 5);
    }
}
