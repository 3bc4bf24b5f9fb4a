//! The CO-RE records of an object, read without corecheck.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};
use object::elf::STT_FUNC;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolFlags};

use crate::ffi::{Relo, Types};

/// What an object asks.
pub struct Records {
    /// Its raw BTF, in its own byte order.
    pub btf: Vec<u8>,
    /// Whether the object's byte order is that of this machine.
    pub is_native: bool,
    /// Its records in their order.
    pub all: Vec<Record>,
    /// Where each record begins in the file, and where its instruction does.
    pub places: Vec<(usize, usize)>,
}

/// One record with its instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The section's name.
    pub section: String,
    /// Its function; none for code that linking left behind.
    pub function: Option<String>,
    /// The record itself.
    pub relo: Relo,
    /// The instruction and the slot after it (0 at the end of a section), as this machine has them in memory.
    pub slots: [u64; 2],
}

/// The functions of a section: begin and end in bytes, and name.
type Functions = HashMap<usize, Vec<(u64, u64, String)>>;

/// Reads an object. One without BTF or without records gives nothing.
pub fn read(bytes: &[u8]) -> Result<Option<Records>> {
    let elf = object::File::parse(bytes).context("cannot read the ELF file")?;
    let (Some(btf), Some(ext)) = (elf.section_by_name(".BTF"), elf.section_by_name(".BTF.ext")) else {
        return Ok(None);
    };
    let is_native = cfg!(target_endian = "little") == (elf.endianness() == Endianness::Little);
    let btf = btf.data()?.to_vec();
    let types = Types::read(&btf, None)?;
    let mut functions = Functions::new();
    for symbol in elf.symbols() {
        let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { bail!("not an ELF symbol") };
        if let (Some(section), true) = (symbol.section_index(), st_info & 0xf == STT_FUNC) {
            let name = symbol.name()?.to_owned();
            let range = (symbol.address(), symbol.address() + symbol.size(), name);
            functions.entry(section.0).or_default().push(range);
        }
    }
    let (start, _) = ext.file_range().context("section .BTF.ext has no bytes")?;
    let start = usize::try_from(start)?;
    let ext = Words { bytes: ext.data()?, big: elf.endianness() == Endianness::Big };
    let (mut all, mut places) = (Vec::new(), Vec::new());
    for (at, section_name, relo) in core_relos(&ext)? {
        let name = String::from_utf8_lossy(types.string(section_name)).into_owned();
        ensure!(
            relo.type_id < types.count(),
            "a record is about type [{}], which is not there",
            relo.type_id
        );
        let section = elf.section_by_name(&name).with_context(|| format!("there is no section {name}"))?;
        let code = section.data()?;
        let (code_start, _) = section.file_range().with_context(|| format!("section {name} has no bytes"))?;
        places.push((start + at as usize, usize::try_from(code_start)? + relo.insn_off as usize));
        let at = relo.insn_off as usize;
        let slots = [slot(code, at, is_native), slot(code, at + 8, is_native)];
        let first = slots[0].with_context(|| format!("{name} has no instruction at {at}"))?;
        let at = u64::from(relo.insn_off);
        let function = functions
            .get(&section.index().0)
            .and_then(|all| all.iter().find(|(begin, end, _)| (*begin..*end).contains(&at)))
            .map(|(_, _, name)| name.clone());
        all.push(Record { section: name, function, relo, slots: [first, slots[1].unwrap_or(0)] });
    }
    Ok(Some(Records { btf, is_native, all, places }))
}

/// The records, each with its place in the section and the string offset of the name of the section that it is for.
fn core_relos(ext: &Words<'_>) -> Result<Vec<(u32, u32, Relo)>> {
    const MAGIC: u16 = 0xeb9f;
    ensure!(ext.bytes.len() >= 8 && ext.u16(0)? == MAGIC, ".BTF.ext does not begin with its magic number");
    let header = ext.u32(4)?;
    if header < 32 {
        return Ok(Vec::new());
    }
    let (mut at, length) = (header + ext.u32(24)?, ext.u32(28)?);
    if length == 0 {
        return Ok(Vec::new());
    }
    let end = at + length;
    let record_size = ext.u32(at)?;
    ensure!(record_size >= 16, "records of {record_size} bytes");
    at += 4;
    let mut all = Vec::new();
    while at < end {
        let (section_name, count) = (ext.u32(at)?, ext.u32(at + 4)?);
        at += 8;
        for _ in 0..count {
            let relo = Relo {
                insn_off: ext.u32(at)?,
                type_id: ext.u32(at + 4)?,
                access_str_off: ext.u32(at + 8)?,
                kind: ext.u32(at + 12)?,
            };
            all.push((at, section_name, relo));
            at += record_size;
        }
    }
    Ok(all)
}

/// One slot of code in this machine's byte order.
fn slot(code: &[u8], at: usize, is_native: bool) -> Option<u64> {
    let mut raw: [u8; 8] = code.get(at..at + 8)?.try_into().ok()?;
    if !is_native {
        raw[1] = raw[1].rotate_left(4);
        raw[2..4].reverse();
        raw[4..8].reverse();
    }
    Some(u64::from_ne_bytes(raw))
}

/// Numbers in a byte order.
struct Words<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl Words<'_> {
    fn u32(&self, at: u32) -> Result<u32> {
        let at = at as usize;
        let raw = self.bytes.get(at..at + 4).with_context(|| format!(".BTF.ext ends before {at}"))?;
        let raw: [u8; 4] = raw.try_into()?;
        Ok(if self.big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }

    fn u16(&self, at: usize) -> Result<u16> {
        let raw: [u8; 2] = self.bytes.get(at..at + 2).context(".BTF.ext is too short")?.try_into()?;
        Ok(if self.big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }
}
