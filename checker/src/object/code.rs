//! The sections of code and the functions in them.
//!
//! Source: `bpf_object__add_programs`: every symbol of type function in a section of code is a function. Whether it
//! is a program or a subprogram is decided in `programs`.

use corecheck_layouts::btf::{Btf, Kind, TypeId};
use object::elf as raw;

use super::btf_ext::{Group, fault};
use super::elf::{Elf, RawSection, text};
use super::error::broken;
use super::model::{Binding, Function, Section, Uses};
use super::symbols::Symbol;
use super::{ErrorKind, Insn};

const REBUILD: &str = "build the object again, with an unmodified clang and linker";

/// All code of an object.
pub(super) struct Code {
    pub(super) sections: Vec<Section>,
    /// Index in `sections` by ELF index.
    by_elf_index: Vec<Option<usize>>,
    /// For each section and instruction, whether it is the second slot of a 64-bit load.
    second_slots: Vec<Vec<bool>>,
    /// Index in `sections` of `.text`, where libbpf expects subprograms.
    pub(super) text: Option<usize>,
}

impl Code {
    /// Decodes every section of code.
    pub(super) fn read(elf: &Elf<'_>) -> Result<Self, ErrorKind> {
        let mut code = Self { sections: vec![], by_elf_index: vec![], second_slots: vec![], text: None };
        for (index, section) in elf.sections.iter().enumerate() {
            code.by_elf_index.push(section.is_code().then_some(code.sections.len()));
            if section.is_code() {
                code.add(index, section, elf)?;
            }
        }
        Ok(code)
    }

    fn add(&mut self, index: usize, section: &RawSection<'_>, elf: &Elf<'_>) -> Result<(), ErrorKind> {
        let (chunks, rest) = section.bytes.as_chunks::<{ Insn::SIZE }>();
        let wrong = |what: String| broken(format!("section {} ({index})", section.text()), what, REBUILD);
        if !rest.is_empty() {
            return Err(wrong(format!("its {} bytes are not a multiple of 8", section.bytes.len())));
        }
        if u32::try_from(chunks.len()).is_err() {
            return Err(wrong("it has more than 4294967295 instructions".to_owned()));
        }
        let insns: Vec<Insn> = chunks.iter().map(|&chunk| Insn::decode(elf.endian, chunk)).collect();
        let mut second = vec![false; insns.len()];
        let mut is_second = false;
        for (insn, second) in insns.iter().zip(&mut second) {
            *second = is_second;
            is_second = !is_second && insn.is_ld_imm64();
        }
        if is_second {
            return Err(wrong("it ends within a 64-bit load".to_owned()));
        }
        if section.name == b".text" {
            self.text = Some(self.sections.len());
        }
        self.sections.push(Section { index, name: section.text(), insns });
        self.second_slots.push(second);
        Ok(())
    }

    /// The section with this ELF index, if it is one of code.
    pub(super) fn by_elf_index(&self, index: usize) -> Option<usize> {
        self.by_elf_index.get(index).copied().flatten()
    }

    /// Whether an instruction is the second slot of a 64-bit load.
    pub(super) fn is_second_slot(&self, section: usize, insn: u32) -> bool {
        let slots = self.second_slots.get(section);
        slots.and_then(|slots| slots.get(insn as usize)).copied().unwrap_or(false)
    }

    /// Turns an offset in bytes into an instruction that exists and is not a second slot.
    pub(super) fn insn_at(&self, section: usize, offset: u64) -> Result<u32, String> {
        let count = self.sections.get(section).map_or(0, |section| section.insns.len());
        if !offset.is_multiple_of(Insn::SIZE as u64) {
            return Err(format!("offset {offset:#x} of code is not a multiple of 8"));
        }
        match u32::try_from(offset / Insn::SIZE as u64) {
            Ok(insn) if (insn as usize) < count => {
                if self.is_second_slot(section, insn) {
                    return Err(format!("instruction {insn} is the second slot of a 64-bit load"));
                }
                Ok(insn)
            }
            _ => Err(format!("offset {offset:#x} lies behind the {count} instructions of the section")),
        }
    }

    /// The functions, ordered by section and place.
    pub(super) fn functions(&self, elf: &Elf<'_>) -> Result<Vec<Function>, ErrorKind> {
        let mut functions = Vec::new();
        for symbol in elf.symbols.iter().filter(|symbol| symbol.kind == raw::STT_FUNC) {
            if let Some(section) = symbol.section.and_then(|index| self.by_elf_index(index)) {
                functions.push(
                    self.function(symbol, section)
                        .map_err(|what| broken(format!("symbol {}", text(symbol.name)), what, REBUILD))?,
                );
            }
        }
        functions.sort_by_key(|function| (function.section, function.insn_off));
        Ok(functions)
    }

    fn function(&self, symbol: &Symbol<'_>, section: usize) -> Result<Function, String> {
        if symbol.size == 0 || !symbol.size.is_multiple_of(Insn::SIZE as u64) {
            return Err(format!("a function of {} bytes is not a whole number of instructions", symbol.size));
        }
        // The symbol lies within its section: that was checked with the symbols.
        let insn_count = u32::try_from(symbol.size / Insn::SIZE as u64).map_err(|error| error.to_string())?;
        Ok(Function {
            name: text(symbol.name),
            section,
            insn_off: self.insn_at(section, symbol.value)?,
            insn_count,
            binding: match symbol.bind {
                raw::STB_LOCAL => Binding::Local,
                raw::STB_WEAK => Binding::Weak,
                _ => Binding::Global,
            },
            hidden: symbol.visibility == raw::STV_HIDDEN || symbol.visibility == raw::STV_INTERNAL,
            btf: None,
            calls: vec![],
            uses: Uses::default(),
        })
    }
}

/// The function that holds an instruction: the last that begins at or before it (`find_prog_by_sec_insn`).
pub(super) fn function_at(functions: &[Function], section: usize, insn: u32) -> Option<usize> {
    let after = functions.partition_point(|f| (f.section, f.insn_off) <= (section, insn));
    let index = after.checked_sub(1)?;
    let function = functions.get(index)?;
    (function.section == section && function.contains(insn)).then_some(index)
}

/// Gives each function its `FUNC`, from the `func_info` records of one section.
pub(super) fn add_func_info(
    functions: &mut [Function],
    code: &Code,
    section: usize,
    group: &Group<'_>,
    btf: &Btf,
) -> Result<(), ErrorKind> {
    for record in group.records::<2>() {
        let [offset, type_id] = record.words;
        let wrong = |what: String| fault(record.offset, format!("func_info: {what}"));
        let insn = code.insn_at(section, u64::from(offset)).map_err(wrong)?;
        let id = TypeId(type_id);
        if !btf.contains(id) {
            return Err(wrong(format!(
                "type [{type_id}] does not exist; the last is [{}]",
                btf.type_count() - 1
            )));
        }
        let first = functions.partition_point(|f| (f.section, f.insn_off) < (section, insn));
        let begin_here =
            functions.iter_mut().skip(first).take_while(|f| (f.section, f.insn_off) == (section, insn));
        if btf.kind(id) == Kind::Func {
            begin_here.for_each(|function| function.btf = Some(id));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::Endian;

    use super::super::testing::*;
    use super::*;

    fn object_of(insns: &[Insn], first: u64, count: u64) -> Image {
        let mut image = Image::empty(Endian::Little);
        let section = image.code("tc", insns);
        image.function("f", section, first, count);
        image
    }

    #[test]
    fn functions_are_ordered_and_found() {
        let mut image = Image::empty(Endian::Big);
        let text = image.code(".text", &[MOV, EXIT, MOV, EXIT]);
        let tc = image.code("tc", &[MOV, EXIT]);
        image.function("program", tc, 0, 2);
        image.function("second", text, 2, 2);
        image.function("first", text, 0, 1);
        let object = image.read().expect("a sound object");
        let names: Vec<&str> = object.functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["first", "second", "program"]);
        let found: Vec<Option<usize>> = (0..5).map(|insn| object.function_at(0, insn)).collect();
        assert_eq!(found, [Some(0), None, Some(1), Some(1), None]);
        assert_eq!(object.function_at(1, 1), Some(2));
        assert_eq!(object.function_at(9, 0), None);
    }

    #[test]
    fn broken_code_is_refused() {
        assert!(object_of(&[MOV, EXIT], 0, 0).error().contains("a function of 0 bytes"));
        let mut image = object_of(&[MOV, EXIT], 0, 2);
        image.symbols[1].size = 12;
        assert!(image.error().contains("a function of 12 bytes"));
        let mut image = object_of(&[MOV, EXIT], 0, 1);
        image.symbols[1].value = 4;
        assert!(image.error().contains("offset 0x4 of code is not a multiple of 8"));
        let mut image = object_of(&[MOV, EXIT], 0, 1);
        image.sections[1].bytes.push(0);
        assert!(image.error().contains("its 17 bytes are not a multiple of 8"));
        assert!(object_of(&[MOV, LOAD], 0, 2).error().contains("ends within a 64-bit load"));
        assert!(object_of(&[LOAD, SLOT, EXIT], 1, 2).error().contains("second slot"));
    }

    #[test]
    fn a_second_slot_that_looks_like_a_load_is_none() {
        let object = object_of(&[LOAD, LOAD, EXIT], 2, 1).read().expect("a sound object");
        assert_eq!(object.functions[0].insn_off, 2);
    }
}
