//! A program as a loader leaves it: its instructions, relocated, and the memory it runs in.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use corecheck::access::Access;
use corecheck::object::Insn;
use corecheck::resolve::Outcome;
use corecheck_layouts::btf::Endian;
use object::elf::R_BPF_64_64;
use object::{File, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget};

use crate::machine::DATA;

/// The bytes of a variable.
pub fn variable(elf: &[u8], name: &str) -> Result<Vec<u8>> {
    let elf = File::parse(elf)?;
    let symbol = elf.symbol_by_name(name).with_context(|| format!("there is no variable {name}"))?;
    let section = elf.section_by_index(symbol.section_index().context("it is in no section")?)?;
    ensure!(section.relocations().next().is_none(), "{name} has relocations");
    let bytes = section.data_range(symbol.address(), symbol.size())?;
    Ok(bytes.with_context(|| format!("{name} is not in its section"))?.to_vec())
}

/// Size in bytes of the section of data that begins as zeros.
pub fn data_size(elf: &[u8]) -> Result<usize> {
    let elf = File::parse(elf)?;
    Ok(usize::try_from(elf.section_by_name(".bss").context("there is no .bss")?.size())?)
}

/// The instructions of a program, with what corecheck patched, and addresses in `.bss` as [`crate::machine`] has them.
pub fn code(elf: &[u8], program: &str, accesses: &[Access], outcomes: &[Arc<Outcome>]) -> Result<Vec<Insn>> {
    let elf = File::parse(elf)?;
    let symbol = elf.symbol_by_name(program).with_context(|| format!("there is no program {program}"))?;
    let section = elf.section_by_index(symbol.section_index().context("the program is in no section")?)?;
    let raw =
        section.data_range(symbol.address(), symbol.size())?.context("the program is not in its section")?;
    let (raw, rest) = raw.as_chunks::<{ Insn::SIZE }>();
    ensure!(rest.is_empty(), "half an instruction");
    let mut code: Vec<Insn> = raw.iter().map(|&raw| Insn::decode(Endian::Little, raw)).collect();

    for (at, relocation) in section.relocations() {
        let Some(index) = index_of(at, symbol.address(), code.len()) else { continue };
        let RelocationFlags::Elf { r_type: R_BPF_64_64 } = relocation.flags() else {
            bail!("the relocation at {at:#x} is another");
        };
        let RelocationTarget::Symbol(target) = relocation.target() else {
            bail!("a relocation without a symbol")
        };
        let target = elf.symbol_by_index(target)?;
        let of = elf.section_by_index(target.section_index().context("an extern")?)?;
        ensure!(of.name()? == ".bss", "it refers to {}", of.name()?);
        let insn = code.get_mut(index).context("outside")?;
        let address = DATA + target.address() + u64::try_from(insn.imm)?;
        insn.imm = address as i32;
        code.get_mut(index + 1).context("half a load")?.imm = (address >> 32) as i32;
    }

    for (access, outcome) in accesses.iter().zip(outcomes) {
        if access.function != program {
            continue;
        }
        let at = u64::from(access.insn) * Insn::SIZE as u64;
        let index = index_of(at, symbol.address(), code.len()).context("an access outside its program")?;
        if let Some(patched) = outcome.patched {
            *code.get_mut(index).context("outside")? = patched.first;
            if let Some(second) = patched.second {
                *code.get_mut(index + 1).context("half a load")? = second;
            }
        }
    }
    Ok(code)
}

/// Which instruction of a program lies at an offset in its section.
fn index_of(at: u64, begin: u64, count: usize) -> Option<usize> {
    let index = usize::try_from(at.checked_sub(begin)?).ok()? / Insn::SIZE;
    (index < count).then_some(index)
}
