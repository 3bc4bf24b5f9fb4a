//! Loads and stores.

use corecheck_layouts::btf::Endian;

use super::Read;
use super::code::Place;
use super::scalar::Scalar;
use super::state::{State, any_number};
use super::value::{Number, Pointer, Register, To, Value};
use super::verifier::Knows;
use super::walk::Walk;
use crate::attach::ExternValue;
use crate::object::{DataKind, Insn};

/// How much an instruction loads or stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Width(u32);

impl Width {
    pub(super) fn of_code(code: u8) -> Self {
        Self(match code & 0x18 {
            0x00 => 4,
            0x08 => 2,
            0x10 => 1,
            _ => 8,
        })
    }

    /// 1, 2, 4 or 8.
    pub(super) fn bytes(self) -> u32 {
        self.0
    }
}

/// `BPF_ATOMIC`, in the instruction's mode.
const ATOMIC: u8 = 0xc0;
/// The bit of an atomic operation that has it return the old value.
const FETCH: i32 = 0x01;
/// Compare and exchange: the old value goes to `r0`.
const COMPARE_EXCHANGE: i32 = 0xf1;
/// A load with ordering, which is encoded as an atomic operation.
const LOAD_ACQUIRE: i32 = 0x100;

impl Walk<'_> {
    /// What a load gives.
    pub(super) fn load(&mut self, state: &State, base: &Register, off: i16, width: Width) -> Register {
        let bytes = width.bytes();
        if let (Some(access), 0) = (base.field_of, off) {
            self.found.reads.insert(Read { access: access as usize, bytes: bytes.into() });
        }
        let to = match base.value {
            Value::Pointer(Pointer { to, .. }) => to,
            // What is loaded through what is not known may be anything.
            Value::Number(number) if number.is_lost => return Register::LOST,
            // A pointer that was loaded itself.
            Value::Number(_) => To::Other,
        };
        let known = |constant: Option<u64>, knows: Knows| match (constant, knows) {
            (Some(number), Knows::Yes) => Register::number(Scalar::of(number)),
            (Some(_), Knows::Perhaps) => any_number(bytes, 0, false).lose(),
            _ => any_number(bytes, 0, false),
        };
        let read_only = self.question.verifier.read_only_maps;
        match to {
            To::Stack { frame, at: Some(at) } => match state.frames.get(usize::from(frame)) {
                Some(of) => {
                    let endian = self.question.object.endian;
                    of.stack.load(at.saturating_add(off.into()), bytes, endian, &self.question.verifier)
                }
                None => Register::LOST,
            },
            To::Stack { at: None, .. } => Register::LOST,
            To::Data { section, at } => {
                let at = at.and_then(|at| at.checked_add(off.into()));
                let is_constant = self
                    .question
                    .object
                    .data
                    .get(section as usize)
                    .is_some_and(|data| data.kind == DataKind::ReadOnly);
                let number = at
                    .filter(|_| is_constant)
                    .and_then(|at| self.number(self.question.data.get(section as usize)?, at, bytes));
                known(number, read_only)
            }
            To::Kconfig { symbol, at } => {
                let at = at.and_then(|at| at.checked_add(off.into()));
                let (least, most) = match self.question.externs.get(symbol as usize) {
                    Some(ExternValue::Bytes(value)) => (value.as_slice(), value.as_slice()),
                    Some(ExternValue::Between(least, most)) => (least.as_slice(), most.as_slice()),
                    _ => (&[][..], &[][..]),
                };
                let number = |value: &[u8]| at.and_then(|at| self.number(value, at, bytes));
                match number(least).zip(number(most)) {
                    Some((least, most)) if least == most => known(Some(least), read_only),
                    Some((least, most)) if read_only == Knows::Yes => constant_between(least, most),
                    // It is a constant that the verifier knows, and this does not.
                    _ => any_number(bytes, 0, false).lose(),
                }
            }
            To::Context => any_number(bytes, 0, bytes == 8 && self.has_typed_context),
            To::MapValue => any_number(bytes, 0, false),
            To::Map(_) | To::Function(_) | To::Other => any_number(bytes, 0, bytes == 8),
        }
    }

    /// So many of these bytes as a number.
    fn number(&self, data: &[u8], at: i64, bytes: u32) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let bytes = data.get(start..start.checked_add(bytes as usize)?)?;
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.question.object.endian {
            Endian::Little => bytes.iter().rev().fold(0, fold),
            Endian::Big => bytes.iter().fold(0, fold),
        })
    }

    /// `BPF_ST`, `BPF_STX`.
    pub(super) fn store_register(&mut self, state: &mut State, insn: Insn) {
        let place: Place = state.top().place;
        let bytes = Width::of_code(insn.code).bytes();
        let is_immediate = insn.code & 0x07 == 2;
        if !is_immediate && insn.code & 0xe0 == ATOMIC {
            self.exchange(state, insn, bytes);
            return;
        }
        let stored = match is_immediate {
            _ if self.code.is_unsure(place) => Register::LOST,
            true => Register::number(Scalar::of(i64::from(insn.imm).cast_unsigned())),
            false => state.top().register(insn.src),
        };
        let base = state.top().register(insn.dst);
        self.store(state, &base, insn.off, bytes, Some((stored, is_immediate)));
    }

    /// Stores a register; `None` for anything.
    fn store(
        &mut self,
        state: &mut State,
        base: &Register,
        off: i16,
        bytes: u32,
        stored: Option<(Register, bool)>,
    ) {
        match base.value {
            Value::Pointer(Pointer { to: To::Stack { frame, at }, .. }) => {
                let verifier = self.question.verifier;
                let Some(frame) = state.frames.get_mut(usize::from(frame)) else { return };
                match (at, stored) {
                    (Some(at), Some((register, is_immediate))) => {
                        let at = at.saturating_add(off.into());
                        frame.stack.store(at, bytes, register, is_immediate, &verifier);
                    }
                    (Some(at), None) => {
                        frame.stack.overwrite(at.saturating_add(off.into()), bytes as i32, true)
                    }
                    (None, _) => frame.stack.lose(),
                }
            }
            // What was joined may have been the address of a stack.
            Value::Number(number) if number.is_lost => state.lose_stacks(),
            _ => {}
        }
    }

    /// An atomic operation on memory.
    fn exchange(&mut self, state: &mut State, insn: Insn, bytes: u32) {
        let base = state.top().register(insn.dst);
        let id = state.fresh();
        if insn.imm == LOAD_ACQUIRE {
            let source = state.top().register(insn.src);
            let loaded = self.load(state, &source, insn.off, Width::of_code(insn.code));
            state.top_mut().set(insn.dst, loaded);
            return;
        }
        self.store(state, &base, insn.off, bytes, None);
        if insn.imm == COMPARE_EXCHANGE {
            state.top_mut().set(0, any_number(bytes, id, false));
        } else if insn.imm & FETCH != 0 {
            state.top_mut().set(insn.src, any_number(bytes, id, false));
        }
    }
}

/// A number that the verifier knows, of which only bounds are known here.
fn constant_between(least: u64, most: u64) -> Register {
    let scalar = Scalar::unsigned(least, most);
    let number = Number { scalar, id: 0, plus: 0, is_lost: true, is_constant: true, may_be_pointer: false };
    Register::of(Value::Number(number))
}
