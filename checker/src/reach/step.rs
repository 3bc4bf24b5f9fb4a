//! One instruction.

use super::code::{Code, Place};
use super::memory::Width;
use super::scalar::Scalar;
use super::state::{After, State, any_number};
use super::value::{Null, Pointer, Register, To, Value};
use super::walk::Walk;
use crate::attach::ExternValue;
use crate::object::{ExternKind, Insn, Target};

impl Walk<'_> {
    /// Follows one instruction; `false` when the path ends. Where it parts, the other side is left for later.
    pub(super) fn step(&mut self, state: &mut State, insn: Insn) -> bool {
        match insn.code & 0x07 {
            0 => self.load_constant(state, insn),
            1 => self.load_register(state, insn),
            2 | 3 => self.store_register(state, insn),
            4 | 7 => self.compute(state, insn),
            _ => return self.jump(state, insn),
        }
        let size = Code::slots(insn);
        state.top_mut().place.insn += size;
        true
    }

    /// `BPF_LD`: a 64-bit constant or address, or a load from the packet.
    fn load_constant(&mut self, state: &mut State, insn: Insn) {
        if !insn.is_ld_imm64() {
            let id = state.fresh();
            state.top_mut().set(0, any_number(8, id, false));
            state.top_mut().clobber();
            return;
        }
        let place = state.top().place;
        let second = self.code.insn(Place { insn: place.insn + 1, ..place }).unwrap_or_default();
        let register = match self.code.reference(place) {
            _ if self.code.is_unsure(place) => Register::LOST,
            Some(Target::Map(map)) => Register::pointer(To::Map(map as u32), Null::Never),
            Some(Target::Data { data, offset }) => {
                Register::pointer(To::Data { section: data as u32, at: Some(offset) }, Null::Never)
            }
            Some(Target::FunctionAddress(function)) => {
                Register::pointer(To::Function(function as u32), Null::Never)
            }
            Some(Target::ExternAddress(symbol)) => self.address_of(symbol),
            _ => {
                let number =
                    u64::from(insn.imm.cast_unsigned()) | u64::from(second.imm.cast_unsigned()) << 32;
                let field_of = self.code.field(place);
                Register { field_of, ..Register::number(Scalar::of(number)) }
            }
        };
        state.top_mut().set(insn.dst, register);
    }

    fn address_of(&self, symbol: usize) -> Register {
        let kind = self.question.object.externs.get(symbol).map(|symbol| symbol.kind);
        if kind == Some(ExternKind::Kconfig) {
            return Register::pointer(To::Kconfig { symbol: symbol as u32, at: Some(0) }, Null::Never);
        }
        match self.question.externs.get(symbol) {
            Some(ExternValue::Missing) => Register::number(Scalar::of(0)),
            Some(ExternValue::Present) => Register::pointer(To::Other, Null::Never),
            _ => Register::LOST,
        }
    }

    /// The end of a function.
    pub(super) fn leave(&mut self, state: &mut State) -> bool {
        let Some(mut left) = state.frames.pop() else { return false };
        if state.frames.is_empty() {
            return false;
        }
        let result = left.register(0);
        let depth = state.frames.len() as u8;
        // Nothing may point to the stack that is gone.
        let is_gone = |register: &Register| matches!(register.value, Value::Pointer(Pointer { to: To::Stack { frame, .. }, .. }) if frame == depth);
        let id = state.fresh();
        let caller = state.top_mut();
        match left.after {
            After::End => return false,
            After::Call => {
                left.clobber();
                caller.clobber();
                caller.set(0, if is_gone(&result) { Register::LOST } else { result });
                caller.place.insn += 1;
            }
            After::Once => {
                caller.clobber();
                caller.set(0, any_number(8, id, false));
                caller.place.insn += 1;
            }
            // The call is looked at again, with what the callback has changed.
            After::Again => {
                // Where jumps lead, that is asked anyway.
                let place = state.top().place;
                return self.code.is_joined(place) || !self.was_here(state);
            }
        }
        true
    }

    /// Loads and stores through registers.
    fn load_register(&mut self, state: &mut State, insn: Insn) {
        let place = state.top().place;
        let width = Width::of_code(insn.code);
        let base = state.top().register(insn.src);
        let mut loaded = match self.code.is_unsure(place) {
            true => Register::LOST,
            false => self.load(state, &base, insn.off, width),
        };
        if insn.code & 0xe0 == 0x80 {
            loaded = loaded.extended(width.bytes());
        }
        if let Value::Number(number) = &mut loaded.value
            && number.id == 0
            && number.scalar.constant().is_none()
        {
            number.id = state.fresh();
        }
        state.top_mut().set(insn.dst, loaded);
    }
}
