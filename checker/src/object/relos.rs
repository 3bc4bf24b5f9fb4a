//! The CO-RE relocations of an object, each with its function, and the source lines of its code.
//!
//! Source: `bpf_object__init_btf` (which section a group of records is for), `bpf_object__relocate_core` (order, and which
//! records have no function).

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, TypeId};

use super::btf_ext::{BtfExt, Group, fault};
use super::code::{self, Code, function_at};
use super::elf::{Elf, text};
use super::model::{CoreRelo, Function, LineRecord};
use super::problem::Problems;
use super::{ErrorKind, Problem};

/// What .BTF.ext holds besides the functions' types.
#[derive(Default)]
pub(super) struct Records {
    /// The relocations in the order of the file.
    pub(super) relos: Vec<CoreRelo>,
    /// The source lines, ordered by section and instruction.
    pub(super) lines: Vec<LineRecord>,
}

/// Reads all three tables; functions get their BTF.
pub(super) fn read(
    elf: &Elf<'_>,
    code: &Code,
    btf: &Btf,
    ext: &BtfExt<'_>,
    functions: &mut [Function],
    problems: &mut Problems,
) -> Result<Records, ErrorKind> {
    let mut homes = Homes::new(elf, code, btf);
    for group in &ext.func_info {
        if let Some(section) = homes.find(group, problems)? {
            code::add_func_info(functions, code, section, group, btf)?;
        }
    }
    let mut lines = Vec::new();
    for group in &ext.line_info {
        if let Some(section) = homes.find(group, problems)? {
            add_lines(&mut lines, section, group, code, &homes)?;
        }
    }
    lines.sort_by_key(|line| (line.section, line.insn));
    let mut relos = Vec::new();
    for group in &ext.core_relo {
        let Some(section) = homes.find(group, problems)? else { continue };
        for record in group.records::<4>() {
            let [offset, type_id, access_str_off, kind] = record.words;
            let wrong = |what: String| fault(record.offset, format!("core_relo: {what}"));
            let insn = code.insn_at(section, u64::from(offset)).map_err(wrong)?;
            let id = TypeId(type_id);
            if !btf.contains(id) {
                return Err(wrong(format!(
                    "type [{type_id}] does not exist; the last is [{}]",
                    btf.type_count() - 1
                )));
            }
            homes.check_string(access_str_off).map_err(wrong)?;
            let function = function_at(functions, section, insn);
            relos.push(CoreRelo { section, insn, function, type_id: id, access_str_off, kind });
        }
    }
    Ok(Records { relos, lines })
}

/// Finds the section of code that a group of records is for.
struct Homes<'a> {
    btf: &'a Btf,
    /// Size of BTF's strings in bytes.
    string_len: u32,
    /// The first section of each name, and its index in the code if it is one of code.
    by_name: HashMap<&'a [u8], Option<usize>>,
}

impl<'a> Homes<'a> {
    fn new(elf: &Elf<'a>, code: &Code, btf: &'a Btf) -> Self {
        let mut by_name = HashMap::new();
        for (index, section) in elf.sections.iter().enumerate() {
            by_name.entry(section.name).or_insert_with(|| code.by_elf_index(index));
        }
        // The last word of the header every BTF has. Asking for the string itself would search for its end each time.
        let string_len = btf.endian().u32(btf.bytes(), 20).unwrap_or(0);
        Self { btf, string_len, by_name }
    }

    fn check_string(&self, offset: u32) -> Result<(), String> {
        if offset < self.string_len {
            return Ok(());
        }
        Err(format!("string offset {offset} lies outside the {} bytes of strings", self.string_len))
    }

    fn find(&mut self, group: &Group<'_>, problems: &mut Problems) -> Result<Option<usize>, ErrorKind> {
        let wrong = |what: String| fault(group.offset, format!("{}: {what}", group.table));
        self.check_string(group.section_name).map_err(wrong)?;
        let name = self.btf.string(group.section_name);
        if name.is_empty() {
            return Err(wrong("its records are for a section without a name".to_owned()));
        }
        let section = self.by_name.get(name).copied().flatten();
        if section.is_none() {
            problems.add(Problem::RecordsWithoutSection {
                table: group.table,
                section: text(name.get(..128).unwrap_or(name)),
                count: group.count,
            });
        }
        Ok(section)
    }
}

/// Adds the source lines of one section.
fn add_lines(
    lines: &mut Vec<LineRecord>,
    section: usize,
    group: &Group<'_>,
    code: &Code,
    homes: &Homes<'_>,
) -> Result<(), ErrorKind> {
    for record in group.records::<4>() {
        let [offset, file_off, text_off, place] = record.words;
        let wrong = |what: String| fault(record.offset, format!("line_info: {what}"));
        let insn = code.insn_at(section, u64::from(offset)).map_err(wrong)?;
        homes.check_string(file_off).map_err(wrong)?;
        homes.check_string(text_off).map_err(wrong)?;
        // The upper 22 bits are the line, the lower 10 the column (BPF_LINE_INFO_LINE_NUM and _COL).
        let (line, column) = (place >> 10, place & 0x3ff);
        lines.push(LineRecord { section, insn, file_off, text_off, line, column });
    }
    Ok(())
}
