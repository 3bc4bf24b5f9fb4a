//! The CO-RE relocations of an object, each with its function and its source line.
//!
//! Source: `bpf_object__init_btf` (which section a group of records is for), `bpf_object__relocate_core` (order, and which
//! records have no function).

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, TypeId};

use super::btf_ext::{BtfExt, Group, fault};
use super::code::{self, Code, function_at};
use super::elf::{Elf, text};
use super::lines::Lines;
use super::model::{CoreRelo, Function};
use super::problem::Problems;
use super::{ErrorKind, Problem};

/// Reads all three tables: functions get their BTF, accesses are returned in the order of the file.
pub(super) fn read(
    elf: &Elf<'_>,
    code: &Code,
    btf: &Btf,
    ext: &BtfExt<'_>,
    functions: &mut [Function],
    problems: &mut Problems,
) -> Result<Vec<CoreRelo>, ErrorKind> {
    let mut homes = Homes::new(elf, code, btf);
    for group in &ext.func_info {
        if let Some(section) = homes.find(group, problems)? {
            code::add_func_info(functions, code, section, group, btf)?;
        }
    }
    let mut lines = Lines::default();
    for group in &ext.line_info {
        if let Some(section) = homes.find(group, problems)? {
            lines.add(section, group, code, |offset| homes.check_string(offset))?;
        }
    }
    lines.sort();
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
            let line = function.and_then(|index| lines.of_access(code, functions.get(index)?, insn, kind));
            relos.push(CoreRelo { section, insn, function, type_id: id, access_str_off, kind, line });
        }
    }
    Ok(relos)
}

/// Finds the section of code that a group of records is for.
struct Homes<'a> {
    btf: &'a Btf,
    /// Size of BTF's strings in bytes.
    string_len: u32,
    /// The first section of each name, and its index in the code if it is one of code.
    by_name: HashMap<&'a [u8], Option<usize>>,
    /// The longest of these names, in bytes: a string that goes on behind is none of them, and is not looked at.
    longest: usize,
}

impl<'a> Homes<'a> {
    fn new(elf: &Elf<'a>, code: &Code, btf: &'a Btf) -> Self {
        let mut by_name = HashMap::new();
        for (index, section) in elf.sections.iter().enumerate() {
            by_name.entry(section.name).or_insert_with(|| code.by_elf_index(index));
        }
        // The last word of the header every BTF has. Asking for the string itself would search for its end each time.
        let string_len = btf.endian().u32(btf.bytes(), 20).unwrap_or(0);
        let longest = by_name.keys().map(|name| name.len()).max().unwrap_or(0);
        Self { btf, string_len, by_name, longest }
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
        let section = Some(name).filter(|name| name.len() <= self.longest);
        let section = section.and_then(|name| self.by_name.get(name).copied().flatten());
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

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::Endian;

    use super::super::testing::*;
    use super::*;

    fn error(relo: [u32; 4]) -> String {
        with_relos(Endian::Little, &[[0, 1, 0, 0], relo]).error()
    }

    #[test]
    fn an_access_has_its_line_and_function() {
        for endian in [Endian::Little, Endian::Big] {
            let object = with_relos(endian, &[[24, 1, 0, 2], [8, 1, 0, 99]]).read().expect("a sound object");
            let [last, load] = &object.relos[..] else { panic!("two accesses") };
            assert_eq!((last.insn, last.function, last.kind), (3, Some(0), 2), "in the order of the file");
            assert_eq!((load.insn, load.type_id, load.kind), (1, TypeId(1), 99));
            assert_eq!(object.access_str(load), "0:0");
            let lines: Vec<u32> =
                object.relos.iter().filter_map(|relo| object.source(relo)).map(|s| s.line).collect();
            assert_eq!(lines, [9, 7]);
            let source = object.source(load).expect("as the test made it");
            assert_eq!((source.file, source.column, source.text), ("dir/a.c", 3, "\tread(x);"));
        }
    }

    #[test]
    fn a_line_of_another_function_is_not_taken() {
        let mut image = with_relos(Endian::Little, &[[8, 1, 0, 0]]);
        // The function now begins behind the first line record and before the second.
        image.symbols[1].value = 8;
        image.symbols[1].size = 24;
        let object = image.read().expect("a sound object");
        assert_eq!(object.relos[0].function, Some(0));
        assert_eq!(object.source(&object.relos[0]), None);
    }

    #[test]
    fn without_a_symbol_an_access_belongs_to_nobody() {
        let mut image = with_relos(Endian::Little, &[[24, 1, 0, 0]]);
        image.symbols[1].size = 8;
        let object = image.read().expect("a sound object");
        assert_eq!(object.relos[0].function, None);
        assert!(!object.is_relocated(&object.relos[0]));
    }

    #[test]
    fn broken_records_are_told_with_their_place() {
        // Header 32, line_info 4 + 8 + 32, core_relo 4 + 8 + the first record.
        let place = "section .BTF.ext, offset 0x68: core_relo: ";
        assert!(error([16, 1, 0, 0]).starts_with(place), "{}", error([16, 1, 0, 0]));
        assert!(error([16, 1, 0, 0]).contains("second slot"));
        assert!(error([4, 1, 0, 0]).contains("offset 0x4 of code is not a multiple of 8"));
        assert!(error([32, 1, 0, 0]).contains("offset 0x20 lies behind the 4 instructions"));
        assert!(error([0xffff_fff8, 1, 0, 0]).contains("lies behind"));
        assert!(error([0, 99, 0, 0]).contains("type [99] does not exist; the last is [5]"));
        assert!(error([0, 1, 9999, 0]).contains("string offset 9999 lies outside"));
    }

    #[test]
    fn records_for_a_section_that_is_not_there_are_left_out() {
        let mut image = with_relos(Endian::Little, &[[0, 1, 0, 0]]);
        image.sections[1].name = "raw_tp/other".to_owned();
        let object = image.read().expect("a sound object");
        assert!(object.relos.is_empty());
        let left_out =
            |table, count| Problem::RecordsWithoutSection { table, section: "raw_tp/x".to_owned(), count };
        assert_eq!(object.problems, [left_out("line_info", 2), left_out("core_relo", 1)]);
    }

    #[test]
    fn what_is_missing_is_no_error() {
        let mut image = with_relos(Endian::Little, &[[0, 1, 0, 0]]);
        image.sections[2].name = ".note".to_owned();
        let object = image.read().expect("a sound object");
        assert!(object.btf.is_none() && object.has_btf_ext && object.relos.is_empty());
        assert_eq!(object.problems, [Problem::BtfExtWithoutBtf]);
        image.sections[3].name = ".note".to_owned();
        let object = image.read().expect("a sound object");
        assert!(!object.has_btf_ext && object.problems.is_empty());
    }
}
