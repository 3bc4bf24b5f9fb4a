//! A copy of an object in which every instruction has a line record of its own, with its number in the place of line and
//! column: so that the kernel itself tells what became of each.
//!
//! The verifier rewrites programs: it removes code that no path leads to, puts several instructions in the place of one, adds
//! others. It keeps line records in step (`bpf_adj_linfo`, `bpf_adj_linfo_after_remove`, since 5.1), and gives them back
//! with the translated instructions. It does not look at line and column. Code, types and relocations stay as they are, so
//! that this object loads when the original does.

use std::collections::BTreeMap;

use corecheck::object::Object;
use corecheck_layouts::btf::Endian;
use thiserror::Error;

/// Why an object cannot be numbered.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NumberError {
    /// This program numbers what it can load, and it runs on little-endian machines.
    #[error("the object is big-endian, and this program loads little-endian ones")]
    ByteOrder,
    /// Something of the file is not as it should be.
    #[error("the object's {0} cannot be read")]
    Elf(&'static str),
}

/// The numbers of all instructions of an object: from 1 on, through all sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// For each of `Object::sections`: the number of its first instruction, and how many it has.
    sections: Vec<(u32, u32)>,
}

impl Numbers {
    /// Numbers the instructions of an object.
    ///
    /// # Errors
    /// [`NumberError::Elf`] when there are more than 32 bits can number.
    pub fn new(object: &Object) -> Result<Self, NumberError> {
        let mut next = 1u32;
        let mut sections = Vec::with_capacity(object.sections.len());
        for section in &object.sections {
            let size = u32::try_from(section.insns.len()).ok();
            let (size, after) =
                size.and_then(|size| Some((size, next.checked_add(size)?))).ok_or(TOO_LARGE)?;
            sections.push((next, size));
            next = after;
        }
        Ok(Self { sections })
    }

    /// The number of an instruction: by section (an index in `Object::sections`), and by place in it.
    pub fn of(&self, section: usize, insn: u32) -> Option<u32> {
        let &(start, size) = self.sections.get(section)?;
        if insn < size { start.checked_add(insn) } else { None }
    }
}

const TOO_LARGE: NumberError = NumberError::Elf("code");

/// Where the tables' places and lengths stand in the header of `.BTF.ext`: functions, lines, accesses.
const TABLES: [usize; 3] = [8, 16, 24];
const LINES: usize = TABLES[1];
/// Size in bytes of `struct bpf_line_info`: instruction, file, text, line and column.
const RECORD: u32 = 16;

/// The object's file with a line record for every instruction. One without `.BTF.ext` stays as it is: it has no access.
///
/// # Errors
/// [`NumberError`] for a file that loaders would not read either.
pub fn numbered(object: &Object, numbers: &Numbers) -> Result<Vec<u8>, NumberError> {
    if object.endian != Endian::Little {
        return Err(NumberError::ByteOrder);
    }
    let mut file = object.file.bytes().to_vec();
    let Some(header) = section_header(&file, b".BTF.ext")? else { return Ok(file) };
    let start = number(&file, header + 0x18, 8)?;
    let size = number(&file, header + 0x20, 8)?;
    let old = start.checked_add(size).and_then(|end| file.get(start..end));
    let old = old.ok_or(NumberError::Elf("section .BTF.ext"))?.to_vec();
    let new = with_lines(&old, &lines(&old, object, numbers)?)?;
    // Behind all that is there: nothing else moves.
    file.resize(file.len().next_multiple_of(8), 0);
    let (start, size) = (file.len() as u64, new.len() as u64);
    file.extend(new);
    put(&mut file, header + 0x18, &start.to_le_bytes())?;
    put(&mut file, header + 0x20, &size.to_le_bytes())?;
    Ok(file)
}

/// `.BTF.ext` with another table of lines behind what it has.
fn with_lines(old: &[u8], lines: &[u8]) -> Result<Vec<u8>, NumberError> {
    let header_len = number(old, 4, 4)?;
    let mut new = old.to_vec();
    new.resize(new.len().next_multiple_of(4), 0);
    let offset = new.len().checked_sub(header_len).and_then(|offset| u32::try_from(offset).ok());
    let size = u32::try_from(lines.len()).ok();
    let (offset, size) = offset.zip(size).ok_or(NumberError::Elf("section .BTF.ext"))?;
    put(&mut new, LINES, &offset.to_le_bytes())?;
    put(&mut new, LINES + 4, &size.to_le_bytes())?;
    new.extend(lines);
    Ok(new)
}

/// The new table: for every section that the old tables name, a record for each instruction, with file and text of the old
/// record before it, so that the verifier's log shows the same lines.
fn lines(ext: &[u8], object: &Object, numbers: &Numbers) -> Result<Vec<u8>, NumberError> {
    let mut names: BTreeMap<u32, BTreeMap<u32, (u32, u32)>> = BTreeMap::new();
    for table in TABLES {
        for (name, records) in groups(ext, table)? {
            let known = names.entry(name).or_default();
            let is_lines = table == LINES;
            known.extend(
                records
                    .into_iter()
                    .filter(|_| is_lines)
                    .map(|[insn, file, text, _]| (insn / 8, (file, text))),
            );
        }
    }
    let mut out = RECORD.to_le_bytes().to_vec();
    let btf = object.btf.as_deref();
    for (name, known) in names {
        let text = btf.map_or("", |btf| btf.text(name));
        let Some((index, section)) =
            object.sections.iter().enumerate().find(|(_, section)| section.name == text)
        else {
            continue;
        };
        // The second slot of a 64-bit constant may have no record of its own (`check_btf_line`).
        let is_second = |insn: usize| insn.checked_sub(1).is_some_and(|at| section.insns[at].is_ld_imm64());
        let all: Vec<u32> = (0..section.insns.len())
            .filter(|&insn| !is_second(insn))
            .filter_map(|insn| u32::try_from(insn).ok())
            .collect();
        if all.is_empty() {
            continue;
        }
        out.extend(name.to_le_bytes());
        out.extend(u32::try_from(all.len()).map_err(|_| TOO_LARGE)?.to_le_bytes());
        for insn in all {
            let (file, text) = known.range(..=insn).next_back().map_or((0, 0), |(_, &place)| place);
            let line = numbers.of(index, insn).ok_or(TOO_LARGE)?;
            let offset = insn.checked_mul(8).ok_or(TOO_LARGE)?;
            for word in [offset, file, text, line] {
                out.extend(word.to_le_bytes());
            }
        }
    }
    Ok(out)
}

/// The records of one section: its name, and of each record the first four words.
type Group = (u32, Vec<[u32; 4]>);

/// A table's sections by name, with the first four words of each record; those that are shorter are filled with zeros.
fn groups(ext: &[u8], table: usize) -> Result<Vec<Group>, NumberError> {
    const WRONG: NumberError = NumberError::Elf("section .BTF.ext");
    let header_len = number(ext, 4, 4)?;
    if table + 8 > header_len {
        return Ok(Vec::new());
    }
    let (offset, len) = (number(ext, table, 4)?, number(ext, table + 4, 4)?);
    if len == 0 {
        return Ok(Vec::new());
    }
    let start = header_len.checked_add(offset).ok_or(WRONG)?;
    let bytes = start.checked_add(len).and_then(|end| ext.get(start..end)).ok_or(WRONG)?;
    let size = number(bytes, 0, 4)?;
    let mut at = 4;
    let mut found = Vec::new();
    while at < bytes.len() {
        let (name, count) = (number(bytes, at, 4)?, number(bytes, at + 4, 4)?);
        let end = count.checked_mul(size).and_then(|all| all.checked_add(at + 8)).ok_or(WRONG)?;
        let records = bytes.get(at + 8..end).filter(|_| size > 0).ok_or(WRONG)?;
        let words = |record: &[u8]| {
            let mut words =
                record.chunks_exact(4).filter_map(|word| Some(u32::from_le_bytes(word.try_into().ok()?)));
            [(); 4].map(|()| words.next().unwrap_or(0))
        };
        found.push((u32::try_from(name).unwrap_or(0), records.chunks_exact(size).map(words).collect()));
        at = end;
    }
    Ok(found)
}

/// Where a section's header stands in a 64-bit little-endian ELF file.
fn section_header(file: &[u8], wanted: &[u8]) -> Result<Option<usize>, NumberError> {
    const WRONG: NumberError = NumberError::Elf("section headers");
    let (table, size) = (number(file, 0x28, 8)?, number(file, 0x3a, 2)?);
    let (count, names) = (number(file, 0x3c, 2)?, number(file, 0x3e, 2)?);
    let header = |index: usize| index.checked_mul(size).and_then(|at| at.checked_add(table)).ok_or(WRONG);
    let names = number(file, header(names)? + 0x18, 8)?;
    for index in 0..count {
        let at = header(index)?;
        let name = names.checked_add(number(file, at, 4)?).and_then(|name| file.get(name..));
        let name = name.and_then(|name| name.split(|&byte| byte == 0).next());
        if name == Some(wanted) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Result<usize, NumberError> {
    const WRONG: NumberError = NumberError::Elf("header");
    let raw = at.checked_add(size).and_then(|end| bytes.get(at..end)).ok_or(WRONG)?;
    let mut all = [0; 8];
    all.iter_mut().zip(raw).for_each(|(to, from)| *to = *from);
    usize::try_from(u64::from_le_bytes(all)).map_err(|_| WRONG)
}

fn put(bytes: &mut [u8], at: usize, raw: &[u8]) -> Result<(), NumberError> {
    let place = at.checked_add(raw.len()).and_then(|end| bytes.get_mut(at..end));
    place.ok_or(NumberError::Elf("header"))?.copy_from_slice(raw);
    Ok(())
}

#[cfg(test)]
mod tests {
    use corecheck::object::read_bytes;

    use super::*;
    use crate::samples;

    fn object(bytes: &[u8]) -> Object {
        read_bytes("sample", bytes).expect("the sample is an object").remove(0)
    }

    #[test]
    fn every_instruction_has_its_number_and_all_else_stays() {
        for sample in samples::ALL {
            let before = object(sample.bytes);
            let numbers = Numbers::new(&before).expect("few instructions");
            let file = numbered(&before, &numbers).expect("a sound object");
            let after = object(&file);
            let code = |object: &Object| object.sections.iter().map(|s| s.insns.clone()).collect::<Vec<_>>();
            assert_eq!(code(&before), code(&after));
            assert_eq!(before.functions.len(), after.functions.len());
            assert_eq!(before.relos.len(), after.relos.len());
            let header =
                section_header(&file, b".BTF.ext").expect("it has headers").expect("and this section");
            let start = number(&file, header + 0x18, 8).expect("it is there");
            let mut found = 0;
            for (name, records) in groups(&file[start..], LINES).expect("it was written so") {
                let name = before.btf.as_deref().expect("it has types").text(name);
                let section = before.sections.iter().position(|section| section.name == name);
                for [offset, _, _, number] in records {
                    assert_eq!(numbers.of(section.expect("it is there"), offset / 8), Some(number));
                    found += 1;
                }
            }
            let insns = before.sections.iter().flat_map(|section| &section.insns);
            // Second slots have an operation of 0, and no record.
            assert_eq!(found, insns.filter(|insn| insn.code != 0).count());
        }
    }

    #[test]
    fn numbers_run_through_all_sections() {
        let object = object(samples::VFIO_NAIVE.bytes);
        let numbers = Numbers::new(&object).expect("few instructions");
        assert_eq!(numbers.of(0, 0), Some(1));
        let size = u32::try_from(object.sections[0].insns.len()).expect("few");
        assert_eq!((numbers.of(0, size - 1), numbers.of(0, size)), (Some(size), None));
        assert_eq!(numbers.of(object.sections.len(), 0), None);
    }

    #[test]
    fn a_cut_file_is_an_error() {
        for length in 0..64 {
            assert!(section_header(&samples::VFIO_NAIVE.bytes[..length], b".BTF.ext").is_err());
        }
    }
}
