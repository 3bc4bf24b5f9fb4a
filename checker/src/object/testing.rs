//! Builds small ELF files for the tests of this folder, sound ones and broken ones.

use corecheck_layouts::btf::{Builder, Endian, TypeSpec};
use object::elf as raw;

use super::{ErrorKind, Insn, Object};

/// A section to be written.
#[derive(Clone, Default)]
pub(crate) struct TestSection {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) entry_size: u64,
    /// Written instead of the size of `bytes`.
    pub(crate) size: Option<u64>,
    /// Written instead of where `bytes` are.
    pub(crate) offset: Option<u64>,
}

/// A symbol to be written.
#[derive(Clone)]
pub(crate) struct TestSymbol {
    pub(crate) name: &'static str,
    pub(crate) info: u8,
    pub(crate) other: u8,
    pub(crate) section: u16,
    pub(crate) value: u64,
    pub(crate) size: u64,
}

/// An ELF file to be written. Section 0 is the empty one; `.symtab` and `.strtab` are added last.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) endian: Endian,
    pub(crate) machine: u16,
    pub(crate) file_type: u16,
    pub(crate) sections: Vec<TestSection>,
    pub(crate) symbols: Vec<TestSymbol>,
    pub(crate) has_symbol_table: bool,
}

/// Binding and type of a symbol in one byte.
pub(crate) const fn info(bind: u8, kind: u8) -> u8 {
    bind << 4 | kind
}

impl Image {
    /// A BPF object without anything in it.
    pub(crate) fn empty(endian: Endian) -> Self {
        let sections = vec![TestSection::default()];
        let null = TestSymbol { name: "", info: 0, other: 0, section: raw::SHN_UNDEF, value: 0, size: 0 };
        Self {
            endian,
            machine: raw::EM_BPF,
            file_type: raw::ET_REL,
            sections,
            symbols: vec![null],
            has_symbol_table: true,
        }
    }

    /// Adds a section and gives its ELF index.
    pub(crate) fn section(&mut self, name: &str, flags: u32, bytes: Vec<u8>) -> u16 {
        self.sections.push(TestSection {
            name: name.to_owned(),
            kind: raw::SHT_PROGBITS,
            flags: flags.into(),
            bytes,
            ..TestSection::default()
        });
        u16::try_from(self.sections.len() - 1).expect("as the test made it")
    }

    /// Adds a section of code.
    pub(crate) fn code(&mut self, name: &str, insns: &[Insn]) -> u16 {
        let bytes = insns.iter().flat_map(|&insn| encode(self.endian, insn)).collect();
        self.section(name, raw::SHF_ALLOC | raw::SHF_EXECINSTR, bytes)
    }

    /// Adds a symbol and gives its index.
    pub(crate) fn symbol(
        &mut self,
        name: &'static str,
        info: u8,
        section: u16,
        value: u64,
        size: u64,
    ) -> u32 {
        self.symbols.push(TestSymbol { name, info, other: 0, section, value, size });
        u32::try_from(self.symbols.len() - 1).expect("as the test made it")
    }

    /// Adds a global function, its place counted in instructions.
    pub(crate) fn function(&mut self, name: &'static str, section: u16, first: u64, count: u64) -> u32 {
        self.symbol(name, info(raw::STB_GLOBAL, raw::STT_FUNC), section, first * 8, count * 8)
    }

    /// Adds relocations for a section: offset in bytes and symbol.
    pub(crate) fn relocations(&mut self, section: u16, entries: &[(u64, u32)]) {
        let words = entries.iter().flat_map(|&(offset, symbol)| [offset, u64::from(symbol) << 32 | 10]);
        let bytes = words.flat_map(|word| long(self.endian, word)).collect();
        let name = format!(".rel{}", self.sections[usize::from(section)].name);
        self.sections.push(TestSection {
            name,
            kind: raw::SHT_REL,
            bytes,
            info: section.into(),
            entry_size: 16,
            ..TestSection::default()
        });
    }

    /// The bytes of the file.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut image = self.clone();
        let names_index = u16::try_from(image.sections.len()).expect("as the test made it");
        let mut strings = vec![0];
        let mut symbols = Vec::new();
        for symbol in &self.symbols {
            symbols.extend(self.endian.u32_bytes(add_string(&mut strings, symbol.name)));
            symbols.extend([symbol.info, symbol.other]);
            symbols.extend(self.endian.u16_bytes(symbol.section));
            symbols.extend(long(self.endian, symbol.value));
            symbols.extend(long(self.endian, symbol.size));
        }
        let mut names = vec![0; 4];
        for section in image.sections.iter().skip(1) {
            names.extend(add_string(&mut strings, &section.name).to_ne_bytes());
        }
        for name in [".strtab", ".symtab"] {
            names.extend(add_string(&mut strings, name).to_ne_bytes());
        }
        let table = |kind, bytes| TestSection { kind, bytes, ..TestSection::default() };
        image.sections.push(table(raw::SHT_STRTAB, strings));
        if self.has_symbol_table {
            let link = names_index.into();
            image.sections.push(TestSection { link, entry_size: 24, ..table(raw::SHT_SYMTAB, symbols) });
        }
        image.write(names_index, &names)
    }

    fn write(&self, names_index: u16, names: &[u8]) -> Vec<u8> {
        let endian = self.endian;
        let mut body = vec![0; 64];
        let mut headers = Vec::new();
        for (section, name) in self.sections.iter().zip(names.chunks_exact(4)) {
            body.resize(body.len().next_multiple_of(8), 0);
            let offset = section.offset.unwrap_or(body.len() as u64);
            let size = section.size.unwrap_or(section.bytes.len() as u64);
            body.extend(&section.bytes);
            headers
                .extend(endian.u32_bytes(u32::from_ne_bytes(name.try_into().expect("as the test made it"))));
            headers.extend(endian.u32_bytes(section.kind));
            for word in [section.flags, 0, offset, size] {
                headers.extend(long(endian, word));
            }
            headers.extend(endian.u32_bytes(section.link));
            headers.extend(endian.u32_bytes(section.info));
            headers.extend(long(endian, 1));
            headers.extend(long(endian, section.entry_size));
        }
        body.resize(body.len().next_multiple_of(8), 0);
        let table = body.len() as u64;
        body.extend(headers);
        let order = if endian == Endian::Little { raw::ELFDATA2LSB } else { raw::ELFDATA2MSB };
        let mut header = vec![0x7f, b'E', b'L', b'F', raw::ELFCLASS64, order, 1];
        header.resize(16, 0);
        header.extend(endian.u16_bytes(self.file_type));
        header.extend(endian.u16_bytes(self.machine));
        header.extend(endian.u32_bytes(1));
        for word in [0, 0, table] {
            header.extend(long(endian, word));
        }
        header.extend(endian.u32_bytes(0));
        for half in
            [64, 0, 0, 64, u16::try_from(self.sections.len()).expect("as the test made it"), names_index]
        {
            header.extend(endian.u16_bytes(half));
        }
        body[..64].copy_from_slice(&header);
        body
    }

    /// Reads the file as a BPF object.
    pub(crate) fn read(&self) -> Result<Object, ErrorKind> {
        super::read::object("test.o", None, &self.build())
    }

    /// The text of the error it gives.
    pub(crate) fn error(&self) -> String {
        self.read().expect_err("this object is broken").to_string()
    }
}

fn add_string(strings: &mut Vec<u8>, text: &str) -> u32 {
    let offset = strings.len();
    strings.extend(text.as_bytes());
    strings.push(0);
    u32::try_from(offset).expect("as the test made it")
}

/// The eight bytes of a number.
pub(crate) fn long(endian: Endian, value: u64) -> [u8; 8] {
    match endian {
        Endian::Little => value.to_le_bytes(),
        Endian::Big => value.to_be_bytes(),
    }
}

/// The bytes of an instruction.
pub(crate) fn encode(endian: Endian, insn: Insn) -> [u8; 8] {
    let word = |low: u8, high: u8| low | high << 4;
    let (registers, off, imm) = match endian {
        Endian::Little => (word(insn.dst, insn.src), insn.off.to_le_bytes(), insn.imm.to_le_bytes()),
        Endian::Big => (word(insn.src, insn.dst), insn.off.to_be_bytes(), insn.imm.to_be_bytes()),
    };
    [insn.code, registers, off[0], off[1], imm[0], imm[1], imm[2], imm[3]]
}

/// `exit`.
pub(crate) const EXIT: Insn = Insn { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 };
/// `r1 = 0`.
pub(crate) const MOV: Insn = Insn { code: 0xb7, dst: 1, src: 0, off: 0, imm: 0 };
/// First slot of `r1 = 0 ll`; the second is all zero.
pub(crate) const LOAD: Insn = Insn { code: Insn::LD_IMM64, dst: 1, src: 0, off: 0, imm: 0 };
/// Second slot of a 64-bit load.
pub(crate) const SLOT: Insn = Insn { code: 0, dst: 0, src: 0, off: 0, imm: 0 };

/// A call to a BPF function.
pub(crate) fn call(imm: i32) -> Insn {
    Insn { code: Insn::CALL, src: Insn::PSEUDO_CALL, imm, ..Insn::default() }
}

/// BTF in the making, whose strings can be asked for.
pub(crate) struct Types {
    pub(crate) builder: Builder,
    endian: Endian,
}

impl Types {
    pub(crate) fn new(endian: Endian) -> Self {
        let mut builder = Builder::new(endian);
        builder.int("int", 4, 1);
        Self { builder, endian }
    }

    /// Makes these strings part of it.
    pub(crate) fn with_strings(mut self, strings: &[&str]) -> Self {
        for string in strings {
            self.builder.add(TypeSpec::Fwd { name: (*string).to_owned(), is_union: false });
        }
        self
    }

    /// The bytes, and for each of the strings its offset.
    pub(crate) fn finish<const N: usize>(self, strings: [&str; N]) -> (Vec<u8>, [u32; N]) {
        let endian = self.endian;
        let bytes = self.with_strings(&strings).builder.finish().expect("as the test made it");
        let first = 24 + endian.u32(&bytes, 16).expect("as the test made it") as usize;
        let offsets = strings.map(|string| {
            let wanted = [b"\0", string.as_bytes(), b"\0"].concat();
            let at = memchr::memmem::find(&bytes[first..], &wanted).expect("as the test made it");
            u32::try_from(at + 1).expect("as the test made it")
        });
        (bytes, offsets)
    }
}

/// One table of `.BTF.ext`: for each section the offset of its name, and its records.
pub(crate) type Table = Vec<(u32, Vec<Vec<u32>>)>;

/// The bytes of `.BTF.ext`: `func_info`, `line_info`, `core_relo`, each with the size of its records.
pub(crate) fn ext(endian: Endian, tables: [(u32, Table); 3]) -> Vec<u8> {
    let mut header: Vec<u32> = vec![32];
    let mut body: Vec<u32> = Vec::new();
    for (record_size, table) in tables {
        let start = body.len();
        if !table.is_empty() {
            body.push(record_size);
        }
        for (name, records) in table {
            body.extend([name, u32::try_from(records.len()).expect("as the test made it")]);
            body.extend(records.into_iter().flatten());
        }
        header.extend(
            [start, body.len() - start].map(|words| u32::try_from(words * 4).expect("as the test made it")),
        );
    }
    let mut bytes = endian.u16_bytes(0xeb9f).to_vec();
    bytes.extend([1, 0]);
    bytes.extend(header.into_iter().chain(body).flat_map(|word| endian.u32_bytes(word)));
    bytes
}

/// An object with one program `reads` (`r1 = 0; r1 = 0 ll; exit`) in section `raw_tp/x` and the given accesses there:
/// byte offset, type, access string (or its offset), kind. String 0 is "0:0".
pub(crate) fn with_relos(endian: Endian, relos: &[[u32; 4]]) -> Image {
    let mut image = Image::empty(endian);
    let section = image.code("raw_tp/x", &[MOV, LOAD, SLOT, EXIT]);
    image.function("reads", section, 0, 4);
    let (btf, [name, access, file, line]) =
        Types::new(endian).finish(["raw_tp/x", "0:0", "dir/a.c", "\tread(x);"]);
    let records = relos
        .iter()
        .map(|&[offset, id, string, kind]| vec![offset, id, if string == 0 { access } else { string }, kind]);
    let lines = vec![vec![0, file, line, 7 << 10 | 3], vec![24, file, line, 9 << 10 | 1]];
    let table = |records: Vec<Vec<u32>>| if records.is_empty() { vec![] } else { vec![(name, records)] };
    let ext = ext(endian, [(8, vec![]), (16, table(lines)), (16, table(records.collect()))]);
    image.section(".BTF", 0, btf);
    image.section(".BTF.ext", 0, ext);
    image
}
