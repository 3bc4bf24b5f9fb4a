//! What instructions refer to: by ELF relocation, or by a call within their section.
//!
//! Source: `bpf_program__record_reloc` and `bpf_object__reloc_code`. They take subprograms from `.text` only; here a
//! function may stand in any section, as other loaders allow it, and what libbpf refuses is a [`Problem`].

use std::collections::HashSet;

use super::code::{Code, function_at};
use super::elf::{Elf, Relocation, text};
use super::error::broken;
use super::externs::Externs;
use super::model::{DataKind, DataSection, Function, Map, MapKind, Reference, Target};
use super::problem::Problems;
use super::symbols::Symbol;
use super::{ErrorKind, Insn, Problem};

/// The parts of an object that a reference can point to.
pub(super) struct Parts<'a> {
    pub(super) elf: &'a Elf<'a>,
    pub(super) code: &'a Code,
    pub(super) functions: &'a [Function],
    pub(super) externs: &'a Externs,
    pub(super) maps: &'a [Map],
    pub(super) data: &'a [DataSection],
}

/// Finds every reference, ordered by section and instruction.
pub(super) fn read(parts: &Parts<'_>, problems: &mut Problems) -> Result<Vec<Reference>, ErrorKind> {
    let mut found = Vec::new();
    for (section, code) in parts.code.sections.iter().enumerate() {
        let mut relocated = HashSet::new();
        for relocation in parts.elf.relocations(code.index)? {
            let insn = insn_of(parts, section, &relocation)?;
            relocated.insert(insn);
            if function_at(parts.functions, section, insn).is_none() {
                // The rest of a weak function that linking replaced.
                continue;
            }
            match parts.target(section, insn, &relocation) {
                Ok(target) => {
                    parts.check_home(section, insn, target, problems);
                    found.push(Reference { section, insn, target });
                }
                Err(what) => problems.add(Problem::Reference { section: code.name.clone(), insn, what }),
            }
        }
        parts.calls_within(section, &relocated, &mut found, problems);
    }
    found.sort_by_key(|reference| (reference.section, reference.insn));
    Ok(found)
}

fn insn_of(parts: &Parts<'_>, section: usize, relocation: &Relocation) -> Result<u32, ErrorKind> {
    let wrong = |what: String| {
        let name = parts.code.sections.get(section).map_or("", |section| section.name.as_str());
        broken(format!("relocations of section {name}"), what, "build the object again")
    };
    if !relocation.offset.is_multiple_of(Insn::SIZE as u64) {
        return Err(wrong(format!("offset {:#x} is not a multiple of 8", relocation.offset)));
    }
    u32::try_from(relocation.offset / Insn::SIZE as u64).map_err(|error| wrong(error.to_string()))
}

impl Parts<'_> {
    fn insn(&self, section: usize, insn: u32) -> Insn {
        let section = self.code.sections.get(section);
        section.and_then(|section| section.insns.get(insn as usize)).copied().unwrap_or_default()
    }

    fn target(&self, section: usize, at: u32, relocation: &Relocation) -> Result<Target, String> {
        let insn = self.insn(section, at);
        let Some(symbol) = self.elf.symbols.get(relocation.symbol) else {
            return Err("no such symbol".to_owned());
        };
        if self.code.is_second_slot(section, at) || !(insn.is_call() || insn.is_ld_imm64()) {
            return Err(format!(
                "a relocation stands at an instruction that takes none (code {:#04x})",
                insn.code
            ));
        }
        if let Some(&index) = self.externs.by_symbol.get(&relocation.symbol) {
            return Ok(if insn.is_call() { Target::ExternCall(index) } else { Target::ExternAddress(index) });
        }
        let Some(home) = symbol.section else {
            return Err(format!("it refers to {}, which is in no section", name_of(symbol, self.elf)));
        };
        if insn.is_call() { self.call(insn, symbol, home) } else { self.address(insn, symbol, home) }
    }

    /// A call's target is the symbol and the immediate together: −1 for global functions, else instructions from the
    /// start of the section.
    fn call(&self, insn: Insn, symbol: &Symbol<'_>, home: usize) -> Result<Target, String> {
        let name = || name_of(symbol, self.elf);
        if insn.src != Insn::PSEUDO_CALL {
            return Err(format!("the call of {} is encoded as one of a helper", name()));
        }
        let section =
            self.code.by_elf_index(home).ok_or_else(|| format!("it calls {}, which is not code", name()))?;
        let target = (symbol.value / Insn::SIZE as u64).checked_add_signed(i64::from(insn.imm) + 1);
        let target = target.and_then(|insn| u32::try_from(insn).ok());
        let function = target.and_then(|insn| function_at(self.functions, section, insn));
        function
            .map(Target::Call)
            .ok_or_else(|| format!("it calls {}+{}, where no function is", name(), insn.imm))
    }

    fn address(&self, insn: Insn, symbol: &Symbol<'_>, home: usize) -> Result<Target, String> {
        let name = || name_of(symbol, self.elf);
        if let Some(section) = self.code.by_elf_index(home) {
            let offset = symbol.value.checked_add_signed(i64::from(insn.imm));
            let target = offset.and_then(|offset| u32::try_from(offset / Insn::SIZE as u64).ok());
            let function = target.and_then(|insn| function_at(self.functions, section, insn));
            return function.map(Target::FunctionAddress).ok_or_else(|| {
                format!("it takes the address of {}+{}, where no function is", name(), insn.imm)
            });
        }
        if let Ok(first) = self.data.binary_search_by_key(&home, |data| data.index) {
            let start = i64::try_from(symbol.value).unwrap_or(i64::MAX);
            return Ok(Target::Data { data: first, offset: start.saturating_add(i64::from(insn.imm)) });
        }
        let at = |map: &Map| (map.section, map.offset);
        match self.maps.binary_search_by_key(&(home, symbol.value), at) {
            Ok(index) if self.maps.get(index).is_some_and(|map| map.kind != MapKind::StructOps) => {
                Ok(Target::Map(index))
            }
            _ => Err(format!("it refers to {}, which is neither a function, a map nor a variable", name())),
        }
    }

    /// libbpf takes subprograms from `.text` alone.
    fn check_home(&self, section: usize, insn: u32, target: Target, problems: &mut Problems) {
        let (Target::Call(index) | Target::FunctionAddress(index)) = target else { return };
        let (Some(function), Some(code)) = (self.functions.get(index), self.code.sections.get(section))
        else {
            return;
        };
        if Some(function.section) != self.code.text {
            let what = format!("it refers to function {}, which is not in .text", function.name);
            problems.add(Problem::Reference { section: code.name.clone(), insn, what });
        }
    }

    /// Calls that the compiler resolved itself: the target is relative to the call and in the same section.
    fn calls_within(
        &self,
        section: usize,
        relocated: &HashSet<u32>,
        found: &mut Vec<Reference>,
        problems: &mut Problems,
    ) {
        let Some(code) = self.code.sections.get(section) else { return };
        for (at, insn) in (0_u32..).zip(&code.insns) {
            if !insn.is_bpf_call() || relocated.contains(&at) || self.code.is_second_slot(section, at) {
                continue;
            }
            if function_at(self.functions, section, at).is_none() {
                continue;
            }
            let target = u32::try_from(i64::from(at) + i64::from(insn.imm) + 1).ok();
            match target.and_then(|insn| function_at(self.functions, section, insn)) {
                Some(function) => {
                    let target = Target::Call(function);
                    self.check_home(section, at, target, problems);
                    found.push(Reference { section, insn: at, target });
                }
                None => problems.add(Problem::Reference {
                    section: code.name.clone(),
                    insn: at,
                    what: format!("it calls {:+} instructions from here, where no function is", insn.imm),
                }),
            }
        }
    }
}

/// A symbol's name, or its section's for the nameless symbols of sections.
fn name_of(symbol: &Symbol<'_>, elf: &Elf<'_>) -> String {
    if !symbol.name.is_empty() {
        return text(symbol.name);
    }
    let section = symbol.section.and_then(|index| elf.sections.get(index));
    section
        .map_or_else(|| "a symbol without a name".to_owned(), |section| format!("section {}", section.text()))
}

/// Gives each function what its instructions refer to.
pub(super) fn attribute(references: &[Reference], functions: &mut [Function], data: &[DataSection]) {
    for reference in references {
        let Some(index) = function_at(functions, reference.section, reference.insn) else { continue };
        let Some(function) = functions.get_mut(index) else { continue };
        match reference.target {
            Target::Call(callee) | Target::FunctionAddress(callee) => function.calls.push(callee),
            Target::ExternCall(index) | Target::ExternAddress(index) => function.uses.externs.push(index),
            Target::Map(index) => function.uses.maps.push(index),
            Target::Data { data: index, .. } => {
                function.uses.data.push(index);
                let kind = data.get(index).map(|section| section.kind);
                function.uses.reads_rodata |= kind == Some(DataKind::ReadOnly);
            }
        }
    }
    for function in functions {
        function.calls.sort_unstable();
        function.calls.dedup();
        function.uses.tidy();
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::Endian;
    use object::elf as raw;

    use super::super::testing::*;
    use super::*;

    /// `.text` holds `one` and `two`, `tc` the program: the given instructions and their relocations.
    fn object(program: &[Insn], relocations: impl Fn(&mut Image) -> Vec<(u64, u32)>) -> super::super::Object {
        let mut image = Image::empty(Endian::Little);
        let text = image.code(".text", &[MOV, EXIT, call(-3), EXIT]);
        let tc = image.code("tc", program);
        image.symbol("", info(raw::STB_LOCAL, raw::STT_SECTION), text, 0, 0);
        image.function("two", text, 2, 2);
        image.symbol("one", info(raw::STB_LOCAL, raw::STT_FUNC), text, 0, 16);
        image.function("program", tc, 0, program.len() as u64);
        let entries = relocations(&mut image);
        image.relocations(tc, &entries);
        image.read().expect("a sound object")
    }

    fn targets(object: &super::super::Object) -> Vec<Target> {
        object.references.iter().filter(|r| r.section == 1).map(|r| r.target).collect()
    }

    #[test]
    fn calls_are_found_by_symbol_section_and_distance() {
        // By the section's symbol and an immediate, by a global symbol, by the address of a callback.
        let callback = Insn { src: Insn::PSEUDO_FUNC, imm: 16, ..LOAD };
        let object = object(&[call(-1), call(-1), callback, SLOT, EXIT], |_| vec![(0, 1), (8, 2), (16, 1)]);
        assert_eq!(targets(&object), [Target::Call(0), Target::Call(1), Target::FunctionAddress(1)]);
        assert_eq!(object.functions[2].calls, [0, 1]);
        assert_eq!(object.functions[1].calls, [0], "within .text without a relocation");
        assert_eq!(object.programs[0].functions, [0, 1, 2]);
        assert_eq!(object.problems, []);
    }

    #[test]
    fn what_libbpf_refuses_is_a_problem() {
        let helper = Insn { code: Insn::CALL, imm: 1, ..Insn::default() };
        let cases: [(&[Insn], (u64, u32), &str); 6] = [
            (&[call(9), EXIT], (0, 1), "calls section .text+9, where no function is"),
            (&[call(-7), EXIT], (0, 1), "calls section .text+-7, where no function is"),
            (&[helper, EXIT], (0, 2), "the call of two is encoded as one of a helper"),
            (&[MOV, EXIT], (0, 2), "at an instruction that takes none (code 0xb7)"),
            (&[LOAD, SLOT, EXIT], (8, 2), "at an instruction that takes none (code 0x00)"),
            (&[call(-1), EXIT], (0, 4), "refers to function program, which is not in .text"),
        ];
        for (program, relocation, expected) in cases {
            let object = object(program, |_| vec![relocation]);
            let [problem] = &object.problems[..] else { panic!("one problem: {:?}", object.problems) };
            assert!(problem.to_string().contains(expected), "{problem}");
            assert!(problem.libbpf_refuses());
        }
    }

    #[test]
    fn a_call_out_of_the_section_without_a_relocation_is_a_problem() {
        for imm in [5, -9, i32::MAX, i32::MIN] {
            let object = object(&[call(imm), EXIT], |_| vec![]);
            assert!(
                object.problems[0].to_string().contains("instructions from here"),
                "{:?}",
                object.problems
            );
        }
    }

    #[test]
    fn data_maps_and_externs_are_told_apart() {
        let load = |imm| Insn { imm, ..LOAD };
        let program = [load(4), SLOT, load(0), SLOT, load(0), SLOT, call(-1), EXIT];
        let object = object(&program, |image| {
            let rodata = image.section(".rodata.str1.1", raw::SHF_ALLOC, vec![0; 16]);
            let maps = image.section(".maps", raw::SHF_ALLOC | raw::SHF_WRITE, vec![0; 32]);
            let data = image.symbol("", info(raw::STB_LOCAL, raw::STT_SECTION), rodata, 0, 0);
            let map = image.symbol("map", info(raw::STB_GLOBAL, raw::STT_OBJECT), maps, 8, 8);
            let ext = image.symbol("ext", info(raw::STB_WEAK, raw::STT_NOTYPE), raw::SHN_UNDEF, 0, 0);
            vec![(0, data), (16, map), (32, ext), (48, ext)]
        });
        let expected = [
            Target::Data { data: 0, offset: 4 },
            Target::Map(0),
            Target::ExternAddress(0),
            Target::ExternCall(0),
        ];
        assert_eq!(targets(&object), expected);
        let uses = &object.functions[2].uses;
        assert!(uses.reads_rodata && uses.maps == [0] && uses.externs == [0] && uses.data == [0]);
        assert_eq!(object.program_uses(&object.programs[0]), *uses);
        assert!(object.externs[0].weak);
    }
}
