//! ELF files made and changed for the tests: 64-bit, little-endian.

use std::ops::Range;

/// `EM_X86_64`.
pub const X86_64: u16 = 62;
/// `ET_EXEC`.
const EXECUTABLE: u16 = 2;
const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
const ALLOC: u64 = 2;
const HEADER: usize = 64;
const SYMBOL: usize = 24;

struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    address: u64,
    bytes: Vec<u8>,
    link: u32,
    entry_size: u64,
}

/// An x86-64 executable under construction.
pub struct Executable {
    sections: Vec<Section>,
    /// Name, section index, address and size in bytes.
    symbols: Vec<(String, u16, u64, u64)>,
}

impl Executable {
    pub fn new() -> Self {
        Self { sections: Vec::new(), symbols: Vec::new() }
    }

    /// Adds a section with content. It is part of the running program when it has an address.
    pub fn section(mut self, name: &'static str, address: u64, bytes: Vec<u8>) -> Self {
        let flags = if address == 0 { 0 } else { ALLOC };
        self.sections.push(Section { name, kind: PROGBITS, flags, address, bytes, link: 0, entry_size: 0 });
        self
    }

    /// Adds a symbol for bytes of the section that was added last.
    pub fn symbol(mut self, name: &str, within: Range<usize>) -> Self {
        let section = self.sections.last().expect("a section comes first");
        let address = section.address + within.start as u64;
        let index = u16::try_from(self.sections.len()).expect("few sections");
        self.symbols.push((name.to_owned(), index, address, within.len() as u64));
        self
    }

    /// The file. Without symbols it has no symbol table, as after `strip`.
    pub fn build(mut self) -> Vec<u8> {
        if !self.symbols.is_empty() {
            let mut strings = vec![0];
            let mut table = vec![0; SYMBOL];
            for (name, section, address, size) in &self.symbols {
                table.extend(u32::try_from(strings.len()).expect("short names").to_le_bytes());
                // A global object.
                table.extend([0x11, 0]);
                table.extend(section.to_le_bytes());
                table.extend(address.to_le_bytes());
                table.extend(size.to_le_bytes());
                strings.extend(name.bytes().chain([0]));
            }
            let link = u32::try_from(self.sections.len()).expect("few sections") + 2;
            let plain = |name, kind, bytes, link, entry_size| Section {
                name,
                kind,
                flags: 0,
                address: 0,
                bytes,
                link,
                entry_size,
            };
            self.sections.push(plain(".symtab", SYMTAB, table, link, SYMBOL as u64));
            self.sections.push(plain(".strtab", STRTAB, strings, 0, 0));
        }
        self.file()
    }

    fn file(self) -> Vec<u8> {
        let mut names = vec![0];
        let mut headers = vec![0; HEADER];
        let mut content: Vec<u8> = Vec::new();
        let mut add = |names: &mut Vec<u8>, section: &Section| {
            while !content.len().is_multiple_of(16) {
                content.push(0);
            }
            let words = [section.flags, section.address, (HEADER + content.len()) as u64];
            headers.extend(u32::try_from(names.len()).expect("short names").to_le_bytes());
            headers.extend(section.kind.to_le_bytes());
            headers.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            headers.extend((section.bytes.len() as u64).to_le_bytes());
            headers.extend(section.link.to_le_bytes());
            // The first global symbol, in a symbol table.
            headers.extend(u32::from(section.kind == SYMTAB).to_le_bytes());
            headers.extend(1_u64.to_le_bytes());
            headers.extend(section.entry_size.to_le_bytes());
            names.extend(section.name.bytes().chain([0]));
            content.extend(&section.bytes);
        };
        for section in &self.sections {
            add(&mut names, section);
        }
        let mut all_names = names.clone();
        all_names.extend(b".shstrtab\0");
        let last = Section {
            name: ".shstrtab",
            kind: STRTAB,
            flags: 0,
            address: 0,
            bytes: all_names,
            link: 0,
            entry_size: 0,
        };
        add(&mut names, &last);
        let count = u16::try_from(self.sections.len() + 2).expect("few sections");
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(EXECUTABLE.to_le_bytes());
        file.extend(X86_64.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for word in [0, 0, (HEADER + content.len()) as u64] {
            file.extend(u64::to_le_bytes(word));
        }
        file.extend(0_u32.to_le_bytes());
        for half in [64, 0, 0, 64, count, count - 1] {
            file.extend(u16::to_le_bytes(half));
        }
        file.extend(content);
        file.extend(headers);
        file
    }
}

/// A number of 2, 4 or 8 bytes.
pub fn number(bytes: &[u8], at: usize, size: usize) -> usize {
    let mut word = [0; 8];
    word[..size].copy_from_slice(&bytes[at..at + size]);
    usize::try_from(u64::from_le_bytes(word)).expect("it is an offset or size in a small file")
}

/// Where the header of a section begins.
pub fn section_header(bytes: &[u8], name: &str) -> usize {
    let table = number(bytes, 40, 8);
    let header = |index: usize| table + index * HEADER;
    let names = number(bytes, header(number(bytes, 62, 2)) + 24, 8);
    let found = (0..number(bytes, 60, 2)).map(header).find(|&header| {
        let wanted = name.bytes().chain([0]).collect::<Vec<_>>();
        bytes[names + number(bytes, header, 4)..].starts_with(&wanted)
    });
    found.unwrap_or_else(|| panic!("there is no section {name}"))
}

/// The bytes of a section's content.
pub fn section(bytes: &[u8], name: &str) -> Range<usize> {
    let header = section_header(bytes, name);
    let start = number(bytes, header + 24, 8);
    start..start + number(bytes, header + 32, 8)
}

/// Writes 64-bit numbers into the header of a section: at 24 its offset stands, at 32 its size.
pub fn set_header(bytes: &mut [u8], section: &str, at: usize, value: u64) {
    let at = section_header(bytes, section) + at;
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Gives a section other content.
pub fn with_section(bytes: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    while !changed.len().is_multiple_of(8) {
        changed.push(0);
    }
    set_header(&mut changed, name, 24, bytes.len().next_multiple_of(8) as u64);
    set_header(&mut changed, name, 32, content.len() as u64);
    changed.extend(content);
    changed
}
