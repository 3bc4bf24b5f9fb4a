//! Instructions that came after the first ones, and which a kernel's verifier may not know yet.
//!
//! Versions are those of the first release of Linux whose verifier takes them. What it does not know it refuses at one of two
//! places: some before it follows any path (`resolve_pseudo_ldimm64` looks at all instructions of a program, also at those to
//! which no path leads), others when it comes to them. What a processor's own compiler (JIT) does is told for amd64 and arm64, and for all
//! from the version on since when all of Debian's machines have it; between the two it is unknown.

use corecheck_layouts::kernel::Kernel;

use super::model::{By, Doubt, Fate, Lack, Requirement, What};
use super::released::{Release, Version};
use crate::object::{Insn, Object, Program};

/// Instructions that came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstructionSet {
    /// Jumps that compare the lower half of registers (`-mcpu=v3`).
    HalfJumps,
    /// Atomic operations besides addition, and those that return the old value (`-mcpu=v3`).
    Atomics,
    /// Loads with sign, jumps over long distances, and byte swaps without condition (`-mcpu=v4`).
    LongForms,
    /// Signed division, and moves with sign (`-mcpu=v4`).
    Signed,
    /// `may_goto`.
    MayGoto,
    /// Casts between address spaces (arenas).
    AddressSpaces,
    /// Loads and stores with ordering (`load-acquire`, `store-release`).
    Ordered,
}

/// When kernels learned instructions.
struct Since {
    verifier: Version,
    amd64: Version,
    arm64: Version,
    /// All machines.
    all: Version,
    /// Whether the verifier refuses what it does not know wherever it stands.
    anywhere: bool,
}

impl InstructionSet {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::HalfJumps,
        Self::Atomics,
        Self::LongForms,
        Self::Signed,
        Self::MayGoto,
        Self::AddressSpaces,
        Self::Ordered,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::HalfJumps => "32-bit jumps",
            Self::Atomics => "atomic operations that return a value or do more than add",
            Self::LongForms => "loads with sign, long jumps and byte swaps of -mcpu=v4",
            Self::Signed => "signed division and moves with sign of -mcpu=v4",
            Self::MayGoto => "may_goto",
            Self::AddressSpaces => "casts between address spaces",
            Self::Ordered => "load-acquire and store-release",
        }
    }

    fn since(self) -> Since {
        let row = |verifier, amd64, arm64, all, anywhere| Since { verifier, amd64, arm64, all, anywhere };
        match self {
            Self::HalfJumps => row((5, 1), (5, 1), (5, 1), (5, 4), true),
            Self::Atomics => row((5, 12), (5, 12), (5, 18), (6, 1), true),
            Self::LongForms => row((6, 6), (6, 6), (6, 6), (6, 12), true),
            Self::Signed => row((6, 6), (6, 6), (6, 6), (6, 12), false),
            // The verifier replaces it.
            Self::MayGoto => row((6, 9), (6, 9), (6, 9), (6, 9), true),
            Self::AddressSpaces => row((6, 9), (6, 9), (6, 10), (6, 18), false),
            Self::Ordered => row((6, 15), (6, 15), (6, 15), (6, 18), false),
        }
    }

    /// Whether it has this instruction; not the second slot of a 64-bit constant.
    fn has(self, insn: Insn) -> bool {
        const ATOMIC: u8 = 0xc3;
        let is_atomic = insn.code & 0xe7 == ATOMIC;
        let is_ordered = matches!(insn.imm, 0x100 | 0x110);
        let is_divided = matches!(insn.code & 0xf7, 0x34 | 0x37 | 0x94 | 0x97);
        let is_moved = matches!(insn.code, 0xbc | 0xbf);
        match self {
            // `gotol` is of their class, and calls and the end are of no other.
            Self::HalfJumps => insn.code & 0x07 == 6 && insn.code != 0x06,
            Self::Atomics => is_atomic && insn.imm != 0 && !is_ordered,
            Self::LongForms => insn.code & 0xe7 == 0x81 || insn.code == 0x06 || insn.code == 0xd7,
            Self::Signed => is_divided && insn.off == 1 || is_moved && matches!(insn.off, 8 | 16 | 32),
            Self::MayGoto => insn.code == 0xe5,
            Self::AddressSpaces => insn.code == 0xbf && insn.off == 1,
            Self::Ordered => is_atomic && is_ordered,
        }
    }

    /// What becomes of it on a kernel.
    pub(super) fn fate(self, release: Release, arch: &str) -> Fate {
        let since = self.since();
        let own = match arch {
            "amd64" => since.amd64,
            "arm64" => since.arm64,
            _ => since.all,
        };
        let lack = Lack::Instructions { since: since.verifier, anywhere: since.anywhere };
        match (release.has(since.verifier), release.has(own.min(since.all))) {
            (Some(false), _) => Fate::Missing(lack),
            (Some(true), Some(true)) => Fate::Met { unit: None },
            _ => Fate::Unknown(Doubt::Instructions { since: since.verifier }),
        }
    }
}

/// What of a kernel decides.
pub(super) fn facts(kernel: &Kernel) -> (Release, &str) {
    (Release::of_kernel(kernel), kernel.name.arch.as_str())
}

/// The sets that the programs of an object need, and the instructions that need them.
pub(super) fn requirements(object: &Object) -> impl Iterator<Item = Requirement> + '_ {
    object.programs.iter().enumerate().flat_map(move |(program, of)| {
        InstructionSet::ALL.into_iter().filter_map(move |set| {
            let places = places(object, of, set);
            let by = By::Instructions { program, places };
            let is_used = matches!(&by, By::Instructions { places, .. } if !places.is_empty());
            is_used.then_some(Requirement { what: What::InstructionSet(set), by, optional: !of.autoload })
        })
    })
}

fn places(object: &Object, program: &Program, set: InstructionSet) -> Vec<(usize, u32)> {
    let mut places = Vec::new();
    for function in program.functions.iter().filter_map(|&function| object.functions.get(function)) {
        let Some(section) = object.sections.get(function.section) else { continue };
        let mut is_second_slot = false;
        let all = section.insns.iter().zip(0_u32..).skip(function.insn_off as usize);
        for (insn, at) in all.take(function.insn_count as usize) {
            if !is_second_slot && set.has(*insn) {
                places.push((function.section, at));
            }
            is_second_slot = insn.is_ld_imm64() && !is_second_slot;
        }
    }
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_of_the_set_that_brought_it() {
        let of = |code: u8, off: i16, imm: i32| -> Vec<InstructionSet> {
            let insn = Insn { code, off, imm, ..Insn::default() };
            InstructionSet::ALL.into_iter().filter(|set| set.has(insn)).collect()
        };
        // A 32-bit jump, and a 64-bit one.
        assert_eq!((of(0x16, 2, 0), of(0x15, 2, 0)), (vec![InstructionSet::HalfJumps], vec![]));
        // Addition that returns nothing is old, with a result it is not.
        assert_eq!((of(0xdb, 0, 0), of(0xdb, 0, 1)), (vec![], vec![InstructionSet::Atomics]));
        assert_eq!(of(0xc3, 0, 0x100), [InstructionSet::Ordered]);
        assert_eq!((of(0x81, 0, 0), of(0x61, 0, 0)), (vec![InstructionSet::LongForms], vec![]));
        assert_eq!((of(0x06, 0, 9), of(0x05, 9, 0)), (vec![InstructionSet::LongForms], vec![]));
        assert_eq!((of(0xd7, 0, 16), of(0xdc, 0, 16)), (vec![InstructionSet::LongForms], vec![]));
        assert_eq!((of(0x37, 1, 3), of(0x37, 0, 3)), (vec![InstructionSet::Signed], vec![]));
        assert_eq!((of(0xbf, 8, 0), of(0xbf, 0, 0)), (vec![InstructionSet::Signed], vec![]));
        assert_eq!(of(0xbf, 1, 1), [InstructionSet::AddressSpaces]);
        assert_eq!((of(0xe5, 1, 0), of(0xe5 & 0x7f, 1, 0)), (vec![InstructionSet::MayGoto], vec![]));
    }

    #[test]
    fn machines_learned_them_at_their_own_time() {
        let fate = |release: &str, arch: &str| InstructionSet::Atomics.fate(Release::of_text(release), arch);
        let unknown = Fate::Unknown(Doubt::Instructions { since: (5, 12) });
        let met = Fate::Met { unit: None };
        let missing = Fate::Missing(Lack::Instructions { since: (5, 12), anywhere: true });
        assert_eq!((fate("5.10", "amd64"), fate("5.10", "s390x")), (missing.clone(), missing));
        assert_eq!((fate("5.12", "amd64"), fate("5.12", "arm64")), (met.clone(), unknown.clone()));
        assert_eq!((fate("5.18", "arm64"), fate("6.1", "s390x")), (met.clone(), met));
        assert_eq!(fate("", "amd64"), unknown);
    }
}
