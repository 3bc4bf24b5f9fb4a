//! Finds BPF objects that are embedded in executables.
//!
//! A libbpf skeleton carries the whole object as one byte string, so the object lies in the executable as an ELF file
//! within an ELF file. It begins with ELF's magic bytes and its header names the machine BPF; where it ends follows from
//! its section headers. The search goes through all bytes and needs no symbols: Debian's executables are stripped.

/// An ELF file for the machine BPF, inside a larger file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carved<'a> {
    /// Where it begins in the larger file, in bytes.
    pub offset: usize,
    /// Its bytes, from the ELF header to the end of what its section headers name.
    pub bytes: &'a [u8],
}

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_64: u8 = 2;
const DATA_LITTLE: u8 = 1;
const DATA_BIG: u8 = 2;
const EM_BPF: u16 = 247;
const SECTION_HEADER_SIZE: u16 = 64;
const SHT_NOBITS: u32 = 8;

/// All BPF objects in `file`, in the order in which they lie there. A file that is itself a BPF object is one of them, at
/// offset 0.
pub fn bpf_objects(file: &[u8]) -> Vec<Carved<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = find(file, MAGIC, from) {
        from = offset + 1;
        let rest = &file[offset..];
        if let Some(bytes) = object_size(rest).and_then(|size| rest.get(..size)) {
            found.push(Carved { offset, bytes });
            from = offset + bytes.len();
        }
    }
    found
}

fn find(file: &[u8], what: &[u8], from: usize) -> Option<usize> {
    file.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// The size of the BPF object that begins at `elf`, or nothing if none does.
fn object_size(elf: &[u8]) -> Option<usize> {
    if elf.get(4) != Some(&CLASS_64) {
        return None;
    }
    let read = Reader { bytes: elf, big: endianness(elf)? };
    if read.u16(18)? != EM_BPF || read.u16(58)? != SECTION_HEADER_SIZE {
        return None;
    }
    let table = read.u64(40)?;
    let count = read.u16(60)?;
    let mut end = table.checked_add(usize::from(count).checked_mul(usize::from(SECTION_HEADER_SIZE))?)?;
    for index in 0..count {
        let header = table.checked_add(usize::from(index) * usize::from(SECTION_HEADER_SIZE))?;
        if read.u32(header.checked_add(4)?)? != SHT_NOBITS {
            let start = read.u64(header.checked_add(24)?)?;
            end = end.max(start.checked_add(read.u64(header.checked_add(32)?)?)?);
        }
    }
    Some(end)
}

/// Whether the ELF file is big endian; nothing if it is neither.
fn endianness(elf: &[u8]) -> Option<bool> {
    match *elf.get(5)? {
        DATA_LITTLE => Some(false),
        DATA_BIG => Some(true),
        _ => None,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl Reader<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut array: [u8; N] = self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()?;
        if self.big {
            array.reverse();
        }
        Some(array)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// A 64-bit number that is an offset or a size, so it must fit into memory.
    fn u64(&self, at: usize) -> Option<usize> {
        self.array(at).map(u64::from_le_bytes)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with one section of `data` before its section headers.
    fn elf(machine: u16, big: bool, data: &[u8]) -> Vec<u8> {
        let put = |number: u64, size: usize| {
            let mut bytes = number.to_le_bytes()[..size].to_vec();
            if big {
                bytes.reverse();
            }
            bytes
        };
        let mut file = b"\x7fELF\x02".to_vec();
        file.push(if big { DATA_BIG } else { DATA_LITTLE });
        file.resize(18, 0);
        file.extend(put(machine.into(), 2));
        file.resize(40, 0);
        file.extend(put(64 + data.len() as u64, 8));
        file.resize(58, 0);
        file.extend(put(64, 2));
        file.extend(put(1, 2));
        file.resize(64, 0);
        file.extend(data);
        file.extend(put(0, 4));
        file.extend(put(1, 4));
        file.extend([0; 16]);
        file.extend(put(64, 8));
        file.extend(put(data.len() as u64, 8));
        file.resize(64 + data.len() + 64, 0);
        file
    }

    #[test]
    fn finds_objects_of_both_endians_between_other_bytes() {
        let little = elf(EM_BPF, false, b"little");
        let big = elf(EM_BPF, true, b"big!");
        let mut file = elf(62, false, b"an executable for another machine, and \x7fELF that is no header");
        let first = file.len();
        file.extend(&little);
        file.extend(b"between");
        let second = file.len();
        file.extend(&big);
        file.extend(b"after");
        assert_eq!(
            bpf_objects(&file),
            [Carved { offset: first, bytes: &little }, Carved { offset: second, bytes: &big }]
        );
    }

    #[test]
    fn an_object_by_itself_is_found_at_its_begin() {
        let file = elf(EM_BPF, false, b"x");
        assert_eq!(bpf_objects(&file), [Carved { offset: 0, bytes: &file }]);
    }

    #[test]
    fn sections_after_the_section_headers_belong_to_the_object() {
        let mut file = elf(EM_BPF, false, b"");
        let table = 64;
        file.extend(b"data behind the headers");
        file[table + 24..table + 32].copy_from_slice(&128_u64.to_le_bytes());
        file[table + 32..table + 40].copy_from_slice(&23_u64.to_le_bytes());
        assert_eq!(bpf_objects(&file), [Carved { offset: 0, bytes: &file }]);
    }

    #[test]
    fn lying_sizes_give_nothing() {
        let whole = elf(EM_BPF, false, b"data");
        for end in 0..whole.len() {
            assert_eq!(bpf_objects(&whole[..end]), [], "cut at {end}");
        }
        let mut lying = whole;
        lying[40..48].fill(0xff);
        assert_eq!(bpf_objects(&lying), []);
    }
}
