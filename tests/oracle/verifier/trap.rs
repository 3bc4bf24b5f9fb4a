//! Traps: instructions that libbpf made so that the verifier refuses the program if it comes to them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::{Context, Result, bail, ensure};
use object::elf::STT_FUNC;
use object::{Object as _, ObjectSection, ObjectSymbol, SymbolFlags};

use crate::ffi::{Program, Slot};

/// What a trap stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A CO-RE access without a target.
    Access,
    /// A call of a weak kernel function that is not there.
    Kfunc,
}

/// A trap in a program as it would be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// What it stands for.
    pub kind: Kind,
    /// The slots that it takes in the program.
    pub at: std::ops::Range<usize>,
    /// The number of the helper that it calls, by which the verifier names it.
    pub number: i32,
    /// The function that it is in.
    pub function: String,
    /// The section of the object that it is in.
    pub section: String,
    /// The instruction, counted from the start of that section.
    pub insn: usize,
    /// What makes it harmless: of an access, the instruction as compiled; of a kernel function, a helper that gives an
    /// unknown number.
    pub harmless: Vec<Slot>,
}

const POISON: i32 = 195_896_080;
const KFUNC: std::ops::Range<i32> = 2_002_000_000..2_003_000_000;
const CALL: u8 = 0x85;
const LD_IMM64: u8 = 0x18;
/// A call of `bpf_get_prandom_u32`.
const SOME_NUMBER: Slot = [CALL, 0, 0, 0, 7, 0, 0, 0];

/// The code of an object, read without corecheck.
pub struct Code {
    /// The object's licence.
    pub license: std::ffi::CString,
    sections: HashMap<String, Vec<Slot>>,
    /// By name: section, and first instruction in it.
    functions: HashMap<String, Vec<(String, usize)>>,
}

impl Code {
    /// Reads an object.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let elf = object::File::parse(bytes).context("cannot read the ELF file")?;
        let mut code = Self { license: c"".to_owned(), sections: HashMap::new(), functions: HashMap::new() };
        if let Some(section) = elf.section_by_name("license") {
            let text = section.data()?.split(|&byte| byte == 0).next().unwrap_or_default();
            code.license = std::ffi::CString::new(text)?;
        }
        for symbol in elf.symbols() {
            let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { bail!("not an ELF symbol") };
            let (Some(index), true) = (symbol.section_index(), st_info & 0xf == STT_FUNC) else { continue };
            let section = elf.section_by_index(index)?;
            let name = section.name()?.to_owned();
            let place = (name.clone(), usize::try_from(symbol.address() / 8)?);
            code.functions.entry(symbol.name()?.to_owned()).or_default().push(place);
            if let Entry::Vacant(new) = code.sections.entry(name) {
                new.insert(section.data()?.as_chunks::<8>().0.to_vec());
            }
        }
        Ok(code)
    }

    /// All traps of a program.
    pub fn traps(&self, program: &Program) -> Result<Vec<Trap>> {
        let starts: Vec<usize> = program.functions.iter().map(|&(start, _)| start).collect();
        let mut traps = Vec::new();
        for (index, (start, function)) in program.functions.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(program.slots.len());
            let slots = program.slots.get(*start..end).context("functions of a program overlap")?;
            let numbers: Vec<usize> = (0..slots.len()).filter(|&at| number(&slots[at]).is_some()).collect();
            if numbers.is_empty() {
                continue;
            }
            let (section, first) = self.place(program, *start, function, slots)?;
            let compiled = &self.sections[section][first..];
            for at in numbers {
                // The second half of a 64-bit constant is part of the first.
                if at > 0 && compiled[at - 1][0] == LD_IMM64 {
                    continue;
                }
                let trap_number = number(&slots[at]).context("a trap has a number")?;
                let kind = if trap_number == POISON { Kind::Access } else { Kind::Kfunc };
                let harmless = match kind {
                    Kind::Kfunc => vec![SOME_NUMBER],
                    Kind::Access if compiled[at][0] == LD_IMM64 => compiled[at..at + 2].to_vec(),
                    Kind::Access => vec![compiled[at]],
                };
                traps.push(Trap {
                    kind,
                    at: start + at..start + at + harmless.len(),
                    number: trap_number,
                    function: function.clone(),
                    section: section.to_owned(),
                    insn: first + at,
                    harmless,
                });
            }
        }
        let all = program.slots.iter().filter(|slot| number(slot).is_some()).count();
        let found: usize = traps.iter().map(|trap| trap.at.len()).sum();
        ensure!(all == found, "{}: {all} trapped slots, and {found} belong to functions", program.name);
        Ok(traps)
    }

    /// Where a function of a program is in the object: the place of its name where the instructions are the same.
    fn place<'c>(
        &'c self,
        program: &Program,
        start: usize,
        function: &str,
        slots: &[Slot],
    ) -> Result<(&'c str, usize)> {
        let places = self.functions.get(function).map_or(&[][..], Vec::as_slice);
        let mut fitting = places.iter().filter(|(section, first)| {
            let compiled = self.sections[section].get(*first..*first + slots.len());
            let is_here = start != 0 || *section == program.section;
            is_here && compiled.is_some_and(|compiled| are_alike(compiled, slots))
        });
        let (section, first) = fitting.next().with_context(|| format!("cannot find function {function}"))?;
        ensure!(fitting.next().is_none(), "function {function} is there twice");
        Ok((section, *first))
    }
}

/// Whether these are the same instructions, but for what relocations change.
fn are_alike(compiled: &[Slot], loaded: &[Slot]) -> bool {
    let is_load = |slot: &Slot| matches!(slot[0] & 7, 1..=3);
    compiled.iter().zip(loaded).all(|(compiled, loaded)| {
        // The width of a load may change.
        number(loaded).is_some() || compiled[0] == loaded[0] || is_load(compiled) && is_load(loaded)
    })
}

/// The number of the helper that a trap calls; none for what is no trap.
fn number(slot: &Slot) -> Option<i32> {
    let [code, registers, _, _, imm @ ..] = *slot;
    let number = i32::from_ne_bytes(imm);
    let is_trap = number == POISON || KFUNC.contains(&number);
    (code == CALL && registers == 0 && is_trap).then_some(number)
}
