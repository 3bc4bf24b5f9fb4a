//! The ELF side of an object: sections, symbols and relocations, every size and index checked.
//!
//! The checks are libbpf's (`bpf_object__check_endianness`, `bpf_object__elf_init`, `bpf_object__elf_collect`,
//! `bpf_object__collect_prog_relos`), and three of our own: sections may not overlap and names may not take more bytes
//! than a limit, so that no file makes this program allocate much more than its own size; symbols of functions and
//! variables lie within their sections.

use std::collections::HashMap;

use corecheck_layouts::btf::Endian;
use object::Endianness;
use object::elf::{self as raw, FileHeader64};
use object::read::elf::{FileHeader, Rel, SectionHeader, SectionTable};

use super::ErrorKind;
use super::error::broken;
use super::symbols::{self, Symbol};

pub(super) type Header = FileHeader64<Endianness>;

/// The longest name of a section or symbol in bytes. Paths in uprobe sections and mangled names stay far below.
const LONGEST_NAME: usize = 64 << 10;
/// How many bytes all names together may take, each counted where it is used.
const ALL_NAMES: usize = 64 << 20;

pub(super) const DAMAGED: &str = "the file is cut off or damaged: build or copy it again";

/// A section, by its ELF index in [`Elf::sections`].
pub(super) struct RawSection<'d> {
    pub(super) name: &'d [u8],
    pub(super) kind: u32,
    pub(super) flags: u64,
    /// In bytes; what `.bss` would take in memory.
    pub(super) size: u64,
    /// Empty for sections that take no bytes of the file.
    pub(super) bytes: &'d [u8],
    info: u32,
    entry_size: u64,
}

/// One relocation.
pub(super) struct Relocation {
    /// Where, in bytes from the start of the section it applies to; within that section.
    pub(super) offset: u64,
    /// Index in [`Elf::symbols`].
    pub(super) symbol: usize,
}

/// The checked ELF file.
pub(super) struct Elf<'d> {
    pub(super) endian: Endian,
    pub(super) sections: Vec<RawSection<'d>>,
    pub(super) symbols: Vec<Symbol<'d>>,
    /// ELF indices of the sections of relocations, by the section they apply to.
    relocation_sections: HashMap<usize, Vec<usize>>,
}

impl RawSection<'_> {
    /// Whether libbpf looks for functions in it.
    pub(super) fn is_code(&self) -> bool {
        self.kind == raw::SHT_PROGBITS && self.flags & u64::from(raw::SHF_EXECINSTR) != 0 && self.size > 0
    }

    /// Its name for people.
    pub(super) fn text(&self) -> String {
        text(self.name)
    }
}

/// Foreign bytes as text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'d> Elf<'d> {
    /// Reads a relocatable BPF object.
    pub(super) fn parse(data: &'d [u8]) -> Result<Self, ErrorKind> {
        let wrong = |what: String| broken("ELF header", what, DAMAGED);
        let header = Header::parse(data).map_err(|error| wrong(error.to_string()))?;
        let order = header.endian().map_err(|error| wrong(error.to_string()))?;
        let file_type = header.e_type(order);
        if file_type != raw::ET_REL {
            return Err(broken(
                "ELF header",
                format!("its type is {file_type}, not 1 (relocatable)"),
                "loaders take what the compiler or bpftool gen object wrote, not what another linker made of it",
            ));
        }
        let table_end = u64::from(header.e_shnum(order))
            .checked_mul(u64::from(header.e_shentsize(order)))
            .and_then(|size| size.checked_add(header.e_shoff(order)));
        if table_end.is_none_or(|end| end > data.len() as u64) {
            return Err(wrong(format!(
                "the table of {} section headers at offset {:#x} ends behind the {} bytes there are",
                header.e_shnum(order),
                header.e_shoff(order),
                data.len()
            )));
        }
        let table = header.sections(order, data).map_err(|error| wrong(error.to_string()))?;
        let sections = read_sections(data, header, order, &table)?;
        let symbols = symbols::read(data, order, &table, &sections)?;
        let endian = match order {
            Endianness::Little => Endian::Little,
            Endianness::Big => Endian::Big,
        };
        let mut relocation_sections: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, section) in sections.iter().enumerate().filter(|(_, s)| s.kind == raw::SHT_REL) {
            relocation_sections.entry(section.info as usize).or_default().push(index);
        }
        let elf = Self { endian, sections, symbols, relocation_sections };
        elf.check_names()?;
        Ok(elf)
    }

    /// The last section with this name: `bpf_object__elf_collect` keeps that one.
    pub(super) fn last_named(&self, name: &str) -> Option<&RawSection<'d>> {
        self.sections.iter().rev().find(|section| section.name == name.as_bytes())
    }

    /// The relocations that apply to the section with this ELF index, in the order of the file.
    pub(super) fn relocations(&self, target: usize) -> Result<Vec<Relocation>, ErrorKind> {
        let mut found = Vec::new();
        for &index in self.relocation_sections.get(&target).map_or(&[][..], |list| list) {
            if let Some(section) = self.sections.get(index) {
                self.read_relocations(section, target, &mut found)?;
            }
        }
        Ok(found)
    }

    fn read_relocations(
        &self,
        section: &RawSection<'d>,
        target: usize,
        found: &mut Vec<Relocation>,
    ) -> Result<(), ErrorKind> {
        const ENTRY: usize = size_of::<raw::Rel64<Endianness>>();
        let wrong = |at: usize, what: String| {
            broken(format!("section {}, offset {at:#x}", section.text()), what, DAMAGED)
        };
        if section.entry_size != ENTRY as u64 {
            return Err(wrong(0, format!("its entries have {} bytes, not {ENTRY}", section.entry_size)));
        }
        let size = self.sections.get(target).map_or(0, |target| target.size);
        let order = match self.endian {
            Endian::Little => Endianness::Little,
            Endian::Big => Endianness::Big,
        };
        let (entries, rest) = object::pod::slice_from_all_bytes::<raw::Rel64<Endianness>>(section.bytes)
            .map_or((&[][..], true), |entries| (entries, false));
        if rest {
            return Err(wrong(0, format!("its {} bytes are not a multiple of {ENTRY}", section.bytes.len())));
        }
        for (index, entry) in entries.iter().enumerate() {
            let at = index * ENTRY;
            let offset = entry.r_offset(order);
            let symbol = entry.r_sym(order) as usize;
            if offset >= size {
                return Err(wrong(
                    at,
                    format!("it applies to offset {offset:#x}, behind the end of its section"),
                ));
            }
            if symbol >= self.symbols.len() {
                return Err(wrong(
                    at,
                    format!("it refers to symbol {symbol}, but there are {}", self.symbols.len()),
                ));
            }
            found.push(Relocation { offset, symbol });
        }
        Ok(())
    }

    /// Names become strings of their own, a section's once more for each function in it.
    fn check_names(&self) -> Result<(), ErrorKind> {
        let of_sections = self.sections.iter().map(|section| section.name.len());
        let of_symbols = self.symbols.iter().map(|symbol| {
            let section = symbol.section.and_then(|index| self.sections.get(index));
            symbol.name.len() + section.map_or(0, |section| section.name.len())
        });
        let all = of_sections.chain(of_symbols).fold(0_usize, usize::saturating_add);
        if all > ALL_NAMES {
            return Err(broken(
                "symbol table",
                format!("names of sections and symbols take {all} bytes, more than {ALL_NAMES}"),
                DAMAGED,
            ));
        }
        Ok(())
    }
}

/// The string at an offset of a string table, bounded.
pub(super) fn name(strings: &[u8], offset: u32) -> Option<&[u8]> {
    let tail = strings.get(offset as usize..)?;
    let window = tail.get(..LONGEST_NAME).unwrap_or(tail);
    memchr::memchr(0, window).map(|end| &window[..end])
}

fn read_sections<'d>(
    data: &'d [u8],
    header: &Header,
    order: Endianness,
    table: &SectionTable<'d, Header>,
) -> Result<Vec<RawSection<'d>>, ErrorKind> {
    let names_index =
        header.shstrndx(order, data).map_err(|error| broken("ELF header", error.to_string(), DAMAGED))?;
    let names = table
        .iter()
        .nth(names_index as usize)
        .filter(|section| section.sh_type(order) == raw::SHT_STRTAB)
        .and_then(|section| section.data(order, data).ok())
        .ok_or_else(|| broken("ELF header", "the names of its sections are not where it says", DAMAGED))?;
    let mut taken = 0_u64;
    let mut sections = Vec::with_capacity(table.len());
    for (index, section) in table.iter().enumerate() {
        let place = |name: &[u8]| format!("section {} ({index})", text(name));
        let name = name(names, section.sh_name(order)).ok_or_else(|| {
            broken(format!("section {index}"), "its name is not within the section names".to_owned(), DAMAGED)
        })?;
        let (kind, size, offset) = (section.sh_type(order), section.sh_size(order), section.sh_offset(order));
        let bytes = if kind == raw::SHT_NULL {
            &[]
        } else {
            section.data(order, data).map_err(|_| {
                let what = format!(
                    "its {size} bytes at offset {offset:#x} do not fit the {} bytes of the file",
                    data.len()
                );
                broken(place(name), what, DAMAGED)
            })?
        };
        taken = taken.saturating_add(bytes.len() as u64);
        if taken > data.len() as u64 {
            return Err(broken(place(name), "it overlaps with other sections".to_owned(), DAMAGED));
        }
        sections.push(RawSection {
            name,
            kind,
            flags: section.sh_flags(order),
            size,
            bytes,
            info: section.sh_info(order),
            entry_size: section.sh_entsize(order),
        });
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn small() -> Image {
        with_relos(Endian::Little, &[[0, 1, 0, 0]])
    }

    #[test]
    fn a_section_behind_the_end_is_named() {
        let mut image = small();
        image.sections[1].size = Some(1 << 40);
        let error = image.error();
        assert!(error.contains("section raw_tp/x (1)") && error.contains("do not fit"), "{error}");
        image.sections[1].size = Some(u64::MAX);
        image.sections[1].offset = Some(u64::MAX);
        assert!(image.error().contains("do not fit"));
    }

    #[test]
    fn overlapping_sections_are_refused() {
        let mut image = small();
        image.section("more", 0, vec![]);
        let last = image.sections.len() - 1;
        image.sections[last].offset = Some(64);
        image.sections[last].size = Some(400);
        image.section("and more", 0, vec![]);
        image.sections[last + 1].offset = Some(64);
        image.sections[last + 1].size = Some(400);
        assert!(image.error().contains("overlaps"), "{}", image.error());
    }

    #[test]
    fn every_cut_of_a_file_is_an_error() {
        let whole = small().build();
        for len in 4..whole.len() {
            let error = super::super::read_bytes("cut.o", &whole[..len]).expect_err("cut off").to_string();
            assert!(error.starts_with("cut.o: "), "{error}");
        }
    }

    #[test]
    fn a_symbol_outside_its_section_is_named() {
        let mut image = small();
        image.symbols[1].value = 8;
        assert!(
            image
                .error()
                .contains("reads (32 bytes at 0x8) does not lie within the 32 bytes of section raw_tp/x")
        );
        image.symbols[1].value = u64::MAX;
        assert!(image.error().contains("does not lie within"));
        image.symbols[1].section = 77;
        assert!(image.error().contains("section 77"), "{}", image.error());
    }

    #[test]
    fn stripped_and_linked_files_are_refused() {
        let mut image = small();
        image.has_symbol_table = false;
        assert!(image.error().contains("no symbol table"));
        let mut image = small();
        image.file_type = raw::ET_EXEC;
        assert!(image.error().contains("not 1 (relocatable)"));
    }

    #[test]
    fn relocations_are_checked() {
        let mut image = small();
        image.relocations(1, &[(32, 1)]);
        assert!(image.error().contains("applies to offset 0x20"), "{}", image.error());
        let mut image = small();
        image.relocations(1, &[(0, 99)]);
        assert!(image.error().contains("symbol 99"));
        let mut image = small();
        image.relocations(1, &[(4, 1)]);
        assert!(image.error().contains("not a multiple of 8"));
        let mut image = small();
        image.relocations(1, &[(0, 1)]);
        image.sections[4].entry_size = 8;
        assert!(image.error().contains("have 8 bytes, not 16"));
    }

    #[test]
    fn a_name_is_bounded_and_ends() {
        assert_eq!(name(b"a\0bc\0", 2), Some(&b"bc"[..]));
        assert_eq!(name(b"abc", 0), None, "no NUL");
        assert_eq!(name(b"abc\0", 9), None);
        let long = [vec![b'x'; LONGEST_NAME], vec![0]].concat();
        assert_eq!(name(&long, 0), None);
        assert_eq!(name(&long, 1).map(<[u8]>::len), Some(LONGEST_NAME - 1));
    }
}
