//! Synthetic sources for this stage's tests, made by hand so that they can be wrong at will.

use std::io::Write as _;

use object::elf;

use crate::btf::Endian;

/// A kernel's banner between other bytes.
pub(super) const BANNER: &[u8] =
    b"junk\0Linux version 6.1.0-9-synthetic (me@host) (gcc 12) #1 SMP\n\0Linux version %s\0";

fn put16(endian: Endian, value: u16) -> [u8; 2] {
    if endian == Endian::Big { value.to_be_bytes() } else { value.to_le_bytes() }
}

fn put32(endian: Endian, value: usize) -> [u8; 4] {
    let value = u32::try_from(value).expect("small");
    if endian == Endian::Big { value.to_be_bytes() } else { value.to_le_bytes() }
}

/// Raw BTF with one integer type.
pub(super) struct BtfBuilder {
    endian: Endian,
    layout: Option<Vec<u8>>,
    strings: Vec<u8>,
}

impl BtfBuilder {
    pub(super) fn new(endian: Endian) -> Self {
        Self { endian, layout: None, strings: b"\0int\0".to_vec() }
    }

    pub(super) fn layout(mut self, layout: &[u8]) -> Self {
        self.layout = Some(layout.to_vec());
        self
    }

    pub(super) fn strings(mut self, strings: &[u8]) -> Self {
        self.strings = strings.to_vec();
        self
    }

    pub(super) fn build(self) -> Vec<u8> {
        let endian = self.endian;
        let int = [1, 1 << 24, 4, 1 << 24 | 32].map(|word| put32(endian, word)).concat();
        let layout = self.layout.as_deref().unwrap_or_default();
        let header_bytes = if self.layout.is_some() { 32 } else { 24 };
        let strings_at = int.len() + layout.len();
        let mut words = vec![header_bytes, 0, int.len(), strings_at, self.strings.len()];
        if self.layout.is_some() {
            words.extend([int.len(), layout.len()]);
        }
        let mut bytes = put16(endian, crate::btf::wire::MAGIC).to_vec();
        bytes.extend([1, 0]);
        bytes.extend(words.into_iter().flat_map(|word| put32(endian, word)));
        [bytes.as_slice(), &int, layout, &self.strings].concat()
    }
}

/// BTF that stands on its own.
pub(super) fn raw_btf(endian: Endian) -> Vec<u8> {
    BtfBuilder::new(endian).build()
}

/// BTF on top of another.
pub(super) fn split_btf(endian: Endian) -> Vec<u8> {
    BtfBuilder::new(endian).strings(b"vfio_group\0").build()
}

/// BTF with the names that every kernel has.
pub(super) fn kernel_like_btf(endian: Endian) -> Vec<u8> {
    BtfBuilder::new(endian).strings(b"\0int\0task_struct\0mm_struct\0list_head\0super_block\0").build()
}

pub(super) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).expect("encodes");
    encoder.finish().expect("encodes")
}

pub(super) fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(data).expect("encodes");
    encoder.finish().expect("encodes")
}

/// A bzImage of boot protocol 2.15 with four setup sectors, whose payload starts 32 bytes behind them.
pub(super) fn bzimage(payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 5 * 512 + 32];
    let mut put = |at: usize, field: &[u8]| image[at..at + field.len()].copy_from_slice(field);
    put(0x1f1, &[4]);
    put(0x1fe, &[0x55, 0xaa]);
    put(0x202, b"HdrS");
    put(0x206, &[0x0f, 0x02]);
    put(0x20e, &[0x00, 0x02]);
    put(0x248, &[32]);
    put(0x24c, &put32(Endian::Little, payload.len()));
    put(0x400, b"6.1.0-setup (me@host) #1 SMP\0");
    image.extend(payload);
    image
}

/// A flat Image with this magic number.
pub(super) fn flat_image(magic: &[u8], memory: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 64];
    image[0x38..0x3c].copy_from_slice(magic);
    image.extend(memory);
    image
}

/// An EFI zboot image; its PE header stands before the payload.
pub(super) fn zboot(machine: u16, compression: &str, payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 0x80];
    let mut put = |at: usize, field: &[u8]| image[at..at + field.len()].copy_from_slice(field);
    put(0, b"MZ\0\0zimg");
    put(8, &put32(Endian::Little, 0x80));
    put(12, &put32(Endian::Little, payload.len()));
    put(24, compression.as_bytes());
    put(0x38, &[0xcd, 0x23, 0x82, 0x81]);
    put(0x3c, &put32(Endian::Little, 0x40));
    put(0x40, b"PE\0\0");
    put(0x44, &machine.to_le_bytes());
    image.extend(payload);
    image
}

struct Section {
    name: &'static str,
    content: Vec<u8>,
    kind: u32,
    flags: u64,
    offset: Option<u64>,
}

/// An ELF file: header, contents, names, section headers.
pub(super) struct ElfBuilder {
    machine: u16,
    bits: u32,
    endian: Endian,
    kind: u16,
    section_headers: bool,
    sections: Vec<Section>,
}

impl ElfBuilder {
    pub(super) fn new(machine: u16, bits: u32, endian: Endian) -> Self {
        Self { machine, bits, endian, kind: elf::ET_EXEC, section_headers: true, sections: Vec::new() }
    }

    pub(super) fn x86_64() -> Self {
        Self::new(elf::EM_X86_64, 64, Endian::Little)
    }

    pub(super) fn relocatable(mut self) -> Self {
        self.kind = elf::ET_REL;
        self
    }

    pub(super) fn without_section_headers(mut self) -> Self {
        self.section_headers = false;
        self
    }

    pub(super) fn section(mut self, name: &'static str, content: &[u8]) -> Self {
        let content = content.to_vec();
        self.sections.push(Section { name, content, kind: elf::SHT_PROGBITS, flags: 0, offset: None });
        self
    }

    fn last(mut self, change: impl FnOnce(&mut Section)) -> Self {
        change(self.sections.last_mut().expect("a section was added"));
        self
    }

    pub(super) fn section_type(self, kind: u32) -> Self {
        self.last(|section| section.kind = kind)
    }

    pub(super) fn section_flags(self, flags: u64) -> Self {
        self.last(|section| section.flags = flags)
    }

    pub(super) fn section_offset(self, offset: u64) -> Self {
        self.last(|section| section.offset = Some(offset))
    }

    pub(super) fn build(mut self) -> Vec<u8> {
        let names: Vec<u8> =
            self.sections.iter().flat_map(|section| [section.name.as_bytes(), b"\0"].concat()).collect();
        let names = [b"\0".as_slice(), &names, b".shstrtab\0"].concat();
        self = self.section(".shstrtab", &names).section_type(elf::SHT_STRTAB);
        let header_bytes: usize = if self.bits == 64 { 64 } else { 52 };
        let entry_bytes: u16 = if self.bits == 64 { 64 } else { 40 };

        let (mut body, mut table) = (Vec::<u8>::new(), vec![0_u8; usize::from(entry_bytes)]);
        let mut name_at = 1;
        for section in &self.sections {
            let offset = section.offset.unwrap_or((header_bytes + body.len()) as u64);
            table.extend(put32(self.endian, name_at));
            table.extend(put32(self.endian, section.kind as usize));
            let words = [section.flags, 0, offset, section.content.len() as u64];
            table.extend(words.iter().flat_map(|&word| self.word(word)));
            table.extend([0; 8]); // link, info
            table.extend([self.word(1), self.word(0)].concat());
            name_at += section.name.len() + 1;
            body.extend(&section.content);
        }
        let table_at = if self.section_headers { header_bytes + body.len() } else { 0 };
        let count = if self.section_headers { self.sections.len() as u16 + 1 } else { 0 };

        let mut bytes = elf::ELFMAG.to_vec();
        let class = if self.bits == 64 { elf::ELFCLASS64 } else { elf::ELFCLASS32 };
        let data = if self.endian == Endian::Big { elf::ELFDATA2MSB } else { elf::ELFDATA2LSB };
        bytes.extend([class, data, elf::EV_CURRENT, 0]);
        bytes.extend([0; 8]);
        bytes.extend([self.kind, self.machine].into_iter().flat_map(|half| put16(self.endian, half)));
        bytes.extend(put32(self.endian, 1));
        bytes.extend([0, 0, table_at as u64].iter().flat_map(|&word| self.word(word)));
        bytes.extend(put32(self.endian, 0));
        let index = count.saturating_sub(1);
        let halves = [header_bytes as u16, 0, 0, entry_bytes, count, index];
        bytes.extend(halves.into_iter().flat_map(|half| put16(self.endian, half)));
        assert_eq!(bytes.len(), header_bytes);
        bytes.extend(body);
        if self.section_headers {
            bytes.extend(table);
        }
        bytes
    }

    fn word(&self, value: u64) -> Vec<u8> {
        match (self.bits, self.endian) {
            (64, Endian::Big) => value.to_be_bytes().to_vec(),
            (64, Endian::Little) => value.to_le_bytes().to_vec(),
            (_, endian) => put32(endian, value as usize).to_vec(),
        }
    }
}
