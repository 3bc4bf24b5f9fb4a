//! Variations of an object's own BTF as targets: members dropped, moved, renamed, retyped, wrapped; enumerators, lengths,
//! sizes and kinds changed; types there twice. And variations of its records: another kind, type, access string or
//! instruction. People think of some differences; this finds those nobody thought of.
//!
//! Variations come from numbers that begin at a fixed one, so that every run has the same.

use anyhow::{Context, Result};
use corecheck_layouts::btf::{Btf, Builder, MemberSpec, TypeId, TypeSpec};

use crate::subject::Subject;
use crate::tally::Tally;
use crate::target::Kernel;

/// Compares an object against so many variations. Those that corecheck's reader refuses (types that hold themselves by
/// value, on which libbpf would not end) are left out.
pub fn run(tally: &mut Tally, subject: &Subject, count: u64) -> Result<()> {
    let own = subject.object.btf.as_deref().context("corecheck finds no BTF")?;
    for number in 0..count {
        let bytes = Variation::new(own, number)?.finish()?;
        let Ok(kernel) = Kernel::of(&bytes, &[]) else { continue };
        let name = format!("variation {number}");
        tally.run(subject, &name, &kernel);
        // Instructions that no compiler writes may make no object: then there is nothing to compare.
        if let (0, Ok(Some(other))) = (number % 2, other_records(subject, number)) {
            tally.run(&other, &name, &kernel);
        }
    }
    Ok(())
}

/// The object with some records and their instructions changed: as no compiler writes them, but mostly sound.
fn other_records(subject: &Subject, number: u64) -> Result<Option<Subject>> {
    let (records, mut bytes) = (&subject.records, subject.bytes.clone());
    let mut dice = Dice::new(!number);
    let count = records.all.len();
    let put = |bytes: &mut Vec<u8>, at: usize, number: u32| {
        let is_little = records.is_native == cfg!(target_endian = "little");
        let raw = if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
        bytes[at..at + 4].copy_from_slice(&raw);
    };
    let types = subject.object.btf.as_ref().map_or(1, |btf| btf.type_count());
    for record in (0..count).filter(|_| dice.once_in(3)).collect::<Vec<_>>() {
        let (at, insn) = records.places[record];
        let other = &records.all[dice.below(count)];
        let same_section = other.section == records.all[record].section;
        match dice.below(11) {
            0 | 1 if same_section => put(&mut bytes, at, other.relo.insn_off),
            2 => put(&mut bytes, at + 4, dice.number(types)),
            3 => put(&mut bytes, at + 4, other.relo.type_id),
            4 => put(&mut bytes, at + 8, other.relo.access_str_off),
            // One more than there are.
            5 => put(&mut bytes, at + 12, dice.number(14)),
            6 => put(&mut bytes, insn + 4, dice.number(32)),
            // Registers or offset, here or in the slot that follows.
            7 => bytes[insn + 1 + dice.below(3)] ^= 1 << dice.below(8),
            8 if insn + 16 <= bytes.len() => bytes[insn + 8 + dice.below(4)] ^= 1 << dice.below(8),
            _ => bytes[insn] = OPCODES[dice.below(OPCODES.len())],
        }
    }
    Subject::read(format!("{} with other records", subject.name), &bytes)
}

/// Operations of every class, with constants and with registers: moves, sums, loads of all widths, stores, a jump, a
/// 64-bit constant, a load of a packet's byte, a byte swap, an atomic sum, a load that extends the sign.
const OPCODES: [u8; 20] = [
    0xb7, 0xb4, 0xbf, 0x07, 0x0f, 0x04, 0x61, 0x69, 0x71, 0x79, 0x62, 0x7a, 0x63, 0x7b, 0x05, 0x18, 0x30,
    0xd4, 0xdb, 0x81,
];

/// Numbers that look like chance (xorshift64*).
struct Dice(u64);

impl Dice {
    fn new(number: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15_u64.wrapping_add(number << 20))
    }

    /// A number below `sides`.
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % sides.max(1)
    }

    fn number(&mut self, sides: u32) -> u32 {
        u32::try_from(self.below(sides as usize)).unwrap_or(0)
    }

    fn once_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }
}

/// A target in the making; a type's id is its index plus one.
struct Variation<'a> {
    own: &'a Btf,
    types: Vec<TypeSpec>,
    dice: Dice,
}

impl<'a> Variation<'a> {
    fn new(own: &'a Btf, number: u64) -> Result<Self> {
        let types: Option<Vec<TypeSpec>> = own.ids().map(|id| TypeSpec::of(own.ty(id))).collect();
        let types = types.context("the object has types of an unknown kind")?;
        let mut variation = Self { own, types, dice: Dice::new(number) };
        // From a touch to a rewrite.
        let edits = variation.types.len() >> variation.dice.below(6);
        for _ in 0..=edits {
            variation.edit();
        }
        Ok(variation)
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        self.keep_bits_readable();
        let mut builder = Builder::new(self.own.endian());
        for spec in self.types {
            builder.add(spec);
        }
        Ok(builder.finish()?)
    }

    fn some_type(&mut self) -> TypeId {
        TypeId(u32::try_from(self.dice.below(self.types.len() + 1)).unwrap_or(0))
    }

    fn edit(&mut self) {
        let index = self.dice.below(self.types.len());
        if self.dice.once_in(12) {
            return self.add_twin(index);
        }
        let some = self.some_type();
        let mut spec = self.types[index].clone();
        let dice = &mut self.dice;
        match &mut spec {
            TypeSpec::Composite { members, .. } if dice.once_in(6) && !members.is_empty() => {
                return self.wrap(index);
            }
            TypeSpec::Composite { is_union, name, size, kind_flag, members } => match dice.below(9) {
                0 => *is_union = !*is_union,
                1 => flavour(name, dice),
                2 => *size = size.wrapping_add(dice.number(64)) % (1 << 20),
                3 => *kind_flag = members.iter().all(|m| m.bit_offset < 1 << 24) || *kind_flag,
                _ => edit_members(members, *kind_flag, some, dice),
            },
            TypeSpec::Enum { name, size, is_signed, is_64, values } => match dice.below(8) {
                0 => flavour(name, dice),
                1 => *size = 1 << dice.number(4),
                2 => *is_signed = !*is_signed,
                3 => *is_64 = !*is_64,
                4 => values.reverse(),
                _ if values.is_empty() => values.push(("NEW".to_owned(), 1)),
                _ => {
                    let at = dice.below(values.len());
                    match dice.below(3) {
                        0 => flavour(&mut values[at].0, dice),
                        1 => values[at].1 = values[at].1.wrapping_sub(1 << dice.number(33)),
                        _ => drop(values.remove(at)),
                    }
                }
            },
            TypeSpec::Int { name, size, encoding, offset, bits } => match dice.below(6) {
                0 => name.push_str(" int"),
                1 | 2 => *size = 1 << dice.number(5),
                3 | 4 => *encoding = [0, 1, 2, 4, 3][dice.below(5)],
                _ => (*offset, *bits) = (u8::from(dice.once_in(2)), 5),
            },
            TypeSpec::Array { element, length, .. } => match dice.below(4) {
                0 => *length = 0,
                1 => *length = dice.number(8),
                2 => *length = length.saturating_mul(2),
                _ => *element = some,
            },
            TypeSpec::Fwd { is_union, name } => match dice.below(2) {
                0 => *is_union = !*is_union,
                _ => flavour(name, dice),
            },
            TypeSpec::Typedef { name, to } => match dice.below(2) {
                0 => *to = some,
                _ => flavour(name, dice),
            },
            TypeSpec::Ptr { to } | TypeSpec::Qualifier { to, .. } | TypeSpec::TypeTag { to, .. } => {
                *to = some
            }
            TypeSpec::FuncProto { returns, params } => match dice.below(3) {
                0 => *returns = some,
                1 => params.push((String::new(), some)),
                _ => drop(params.pop()),
            },
            // Not looked at by CO-RE.
            TypeSpec::Func { .. } | TypeSpec::Var { .. } | TypeSpec::DataSec { .. } => {}
            TypeSpec::Float { size, .. } => *size = 4 << dice.number(2),
            TypeSpec::DeclTag { .. } => {}
        }
        self.types[index] = spec;
    }

    /// The type once more, as it is or with another flavour: edits may make the two differ.
    fn add_twin(&mut self, index: usize) {
        let mut twin = self.types[index].clone();
        if let TypeSpec::Composite { name, .. } | TypeSpec::Enum { name, .. } | TypeSpec::Typedef { name, .. } =
            &mut twin
            && self.dice.once_in(2)
        {
            flavour(name, &mut self.dice);
        }
        self.types.push(twin);
    }

    /// Moves some members into an anonymous struct or union of their own.
    fn wrap(&mut self, index: usize) {
        let id = TypeId(u32::try_from(self.types.len() + 1).unwrap_or(0));
        let TypeSpec::Composite { members, kind_flag, size, .. } = &mut self.types[index] else { return };
        let from = self.dice.below(members.len());
        let inner: Vec<MemberSpec> = members.drain(from..).collect();
        let outer =
            MemberSpec { name: String::new(), of: id, bit_offset: self.dice.number(8) * 8, bitfield_bits: 0 };
        members.push(outer);
        let (kind_flag, size) = (*kind_flag, *size);
        let is_union = self.dice.once_in(2);
        let name = String::new();
        self.types.push(TypeSpec::Composite { is_union, name, size, kind_flag, members: inner });
    }

    /// Makes whole members of bit-fields whose type has no size of its own: libbpf divides by it.
    fn keep_bits_readable(&mut self) {
        let sizes: Vec<bool> = (0..self.types.len()).map(|index| self.has_size(index)).collect();
        for spec in &mut self.types {
            let TypeSpec::Composite { members, .. } = spec else { continue };
            for member in members.iter_mut() {
                let has_size = (member.of.0 as usize).checked_sub(1).is_some_and(|index| sizes[index]);
                if !has_size {
                    member.bitfield_bits = 0;
                }
            }
        }
    }

    fn has_size(&self, mut index: usize) -> bool {
        for _ in 0..self.types.len() {
            match &self.types[index] {
                TypeSpec::Int { size, .. }
                | TypeSpec::Enum { size, .. }
                | TypeSpec::Composite { size, .. }
                | TypeSpec::Float { size, .. } => return *size > 0,
                TypeSpec::Typedef { to, .. }
                | TypeSpec::Qualifier { to, .. }
                | TypeSpec::TypeTag { to, .. } => match (to.0 as usize).checked_sub(1) {
                    Some(next) => index = next,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }
}

fn edit_members(members: &mut Vec<MemberSpec>, kind_flag: bool, some: TypeId, dice: &mut Dice) {
    if members.is_empty() {
        return;
    }
    let at = dice.below(members.len());
    match dice.below(8) {
        0 => drop(members.remove(at)),
        1 => flavour(&mut members[at].name, dice),
        2 => members.reverse(),
        3 => {
            let shift = dice.number(64);
            members
                .iter_mut()
                .for_each(|member| member.bit_offset = (member.bit_offset + shift * 4) % (1 << 24));
        }
        4 if kind_flag => members[at].bitfield_bits = u8::try_from(dice.number(70)).unwrap_or(0),
        5 if kind_flag => members[at].bit_offset = (members[at].bit_offset + dice.number(16)) % (1 << 24),
        6 => {
            let copy = members[at].clone();
            members.insert(dice.below(members.len()), copy);
        }
        _ => members[at].of = some,
    }
}

/// Adds a flavour to a name, or takes it away, or makes it another name.
fn flavour(name: &mut String, dice: &mut Dice) {
    match dice.below(4) {
        0 => name.push_str("_x"),
        1 => name.truncate(name.find("___").unwrap_or(name.len())),
        _ if name.is_empty() => {}
        2 => name.push_str("___"),
        _ => name.push_str("___v"),
    }
}
