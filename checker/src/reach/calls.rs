//! Calls: of functions of the object, of helpers and kernel functions, and what these call back.

use corecheck_layouts::btf::Type;

use super::Read;
use super::code::Place;
use super::helpers::{self, Callback, Returns, Writes};
use super::scalar::Scalar;
use super::state::{After, Frame, State, any_number};
use super::value::{Id, Null, Number, Pointer, Register, To, Value};
use super::verifier::Knows;
use super::walk::Walk;
use crate::object::{Insn, Target};

/// More functions are never under way at once (`MAX_CALL_FRAMES`).
const MOST_FRAMES: usize = 8;
/// Numbers of errors are no larger (`MAX_ERRNO`).
const LARGEST_ERROR: i64 = 4095;
/// Types of maps that are arrays: `BPF_MAP_TYPE_ARRAY`, `BPF_MAP_TYPE_PERCPU_ARRAY`.
const ARRAYS: [u32; 2] = [2, 6];

impl Walk<'_> {
    /// A call; `false` when the path ends.
    pub(super) fn call(&mut self, state: &mut State, insn: Insn) -> bool {
        let place = state.top().place;
        match self.code.reference(place) {
            Some(Target::Call(function)) => self.call_function(state, function),
            Some(Target::ExternCall(symbol)) => {
                self.call_kernel(state, symbol);
                true
            }
            _ if insn.src == Insn::PSEUDO_CALL => {
                self.unknown_result(state);
                true
            }
            _ if insn.src == 0 => self.call_helper(state, insn.imm),
            _ => {
                self.unknown_result(state);
                true
            }
        }
    }

    /// A call of which nothing is known.
    fn unknown_result(&mut self, state: &mut State) {
        self.lose_arguments(state);
        let top = state.top_mut();
        top.clobber();
        top.set(0, Register::LOST);
        top.place.insn += 1;
    }

    fn call_function(&mut self, state: &mut State, function: usize) -> bool {
        if self.is_global(function) {
            self.call_global(state, function);
            return true;
        }
        let arguments = state.top().registers;
        self.enter(state, function, After::Call, |callee| {
            callee.registers[1..=5].copy_from_slice(&arguments[1..=5]);
        })
    }

    /// A function that is verified by itself: here it may do anything that its prototype allows.
    fn call_global(&mut self, state: &mut State, function: usize) {
        self.come_apart(function as u32, state.is_certain);
        self.lose_arguments(state);
        let id = state.fresh();
        let top = state.top_mut();
        top.clobber();
        top.set(0, any_number(8, id, false));
        top.place.insn += 1;
    }

    /// Goes into a function; `false` when there are too many under way, which the verifier refuses.
    fn enter(
        &mut self,
        state: &mut State,
        function: usize,
        after: After,
        prepare: impl FnOnce(&mut Frame),
    ) -> bool {
        let Some(of) = self.question.object.functions.get(function) else { return false };
        if state.frames.len() >= MOST_FRAMES {
            return false;
        }
        let place = Place { function: function as u32, insn: of.insn_off };
        let mut callee = Frame::new(place, state.frames.len(), after);
        prepare(&mut callee);
        state.frames.push(callee);
        true
    }

    /// A kernel function.
    fn call_kernel(&mut self, state: &mut State, symbol: usize) {
        let result = self.kernel_result(symbol);
        let is_certain = state.is_certain;
        for function in self.functions_in_arguments(state) {
            self.come_apart(function, is_certain);
        }
        self.lose_arguments(state);
        let id = state.fresh();
        let top = state.top_mut();
        top.clobber();
        top.set(0, result(id));
        top.place.insn += 1;
    }

    /// What a kernel function returns, by its prototype, for a mark.
    fn kernel_result(&self, symbol: usize) -> fn(Id) -> Register {
        let object = self.question.object;
        let Some(symbol) = object.externs.get(symbol) else { return |_| Register::LOST };
        // Iterators of loops give a pointer or null, and the verifier goes on with both.
        if symbol.name.starts_with("bpf_iter_") && symbol.name.ends_with("_next") {
            return |id| Register::pointer(To::MapValue, Null::Either(id));
        }
        let (Some(btf), Some(of)) = (object.btf.as_deref(), symbol.of) else { return |_| Register::LOST };
        let Type::FuncProto(proto) = btf.ty(of) else { return |_| Register::LOST };
        match btf.ty(btf.skip_modifiers_and_typedefs(proto.returns)) {
            Type::Ptr { .. } => |id| Register::pointer(To::Other, Null::Unclear(id)),
            Type::Int(_) | Type::Enum(_) | Type::Enum64(_) => |id| any_number(8, id, false),
            _ => |_| Register::LOST,
        }
    }

    /// The functions whose addresses a call is given.
    fn functions_in_arguments(&self, state: &State) -> Vec<u32> {
        let arguments = state.top().registers[1..=5].iter();
        let functions = arguments.filter_map(|register| match register.value {
            Value::Pointer(Pointer { to: To::Function(function), .. }) => Some(function),
            _ => None,
        });
        functions.collect()
    }

    /// Whatever the arguments of a call point to may have been written.
    fn lose_arguments(&mut self, state: &mut State) {
        for number in 1..=5 {
            let register = state.top().register(number);
            match register.value {
                Value::Pointer(Pointer { to: To::Stack { frame, at }, .. }) => {
                    let Some(frame) = state.frames.get_mut(usize::from(frame)) else { continue };
                    match at {
                        Some(at) => frame.stack.overwrite(at, at.saturating_neg(), false),
                        None => frame.stack.lose(),
                    }
                }
                Value::Pointer(_) => {}
                Value::Number(_) => {}
            }
        }
    }

    fn call_helper(&mut self, state: &mut State, helper: i32) -> bool {
        self.note_read(state, helper);
        self.write_arguments(state, helper);
        if let Some((callback, register)) = helpers::callback(helper)
            && let Value::Pointer(Pointer { to: To::Function(function), .. }) =
                state.top().register(register).value
        {
            return self.call_back(state, callback, function as usize);
        }
        for function in self.functions_in_arguments(state) {
            self.come_apart(function, false);
        }
        self.return_from(state, helper);
        true
    }

    /// Goes on after a helper.
    fn return_from(&mut self, state: &mut State, helper: i32) {
        let size = state.top().register(2);
        let map = state.top().register(1);
        let id = state.fresh();
        let result = match helpers::returns(helper) {
            Returns::Number => any_number(8, id, false),
            Returns::Length => {
                let most =
                    size.as_number().map_or(i64::MAX, |size| size.scalar.u64.1.min(i32::MAX as u64) as i64);
                let scalar = Scalar::signed(-LARGEST_ERROR, most);
                Register::of(Value::Number(Number {
                    scalar,
                    id,
                    plus: 0,
                    is_lost: false,
                    is_constant: false,
                    may_be_pointer: false,
                }))
            }
            Returns::Bounded => any_number(8, id, false).lose(),
            Returns::MapValueOrNull if self.may_be_sure(&map) => {
                Register::pointer(To::MapValue, Null::Unclear(id))
            }
            Returns::MapValueOrNull => Register::pointer(To::MapValue, Null::Either(id)),
            Returns::PointerOrNull => Register::pointer(To::Other, Null::Either(id)),
            Returns::MapValue => Register::pointer(To::MapValue, Null::Never),
            Returns::Pointer => Register::pointer(To::Other, Null::Unclear(id)),
        };
        let top = state.top_mut();
        top.clobber();
        top.set(0, result);
        top.place.insn += 1;
    }

    /// Whether the verifier may know that looking up this map gives a value.
    fn may_be_sure(&self, map: &Register) -> bool {
        if self.question.verifier.array_lookups == Knows::No {
            return false;
        }
        match map.value {
            Value::Pointer(Pointer { to: To::Map(map), .. }) => {
                let of = self.question.object.maps.get(map as usize).and_then(|map| map.map_type);
                of.is_none_or(|of| ARRAYS.contains(&of))
            }
            // A map within a map.
            _ => false,
        }
    }

    fn note_read(&mut self, state: &State, helper: i32) {
        let (size, from) = (state.top().register(2), state.top().register(3));
        if let (true, Some(bytes), Some(access)) =
            (helpers::reads_field(helper), size.constant(), from.field_of)
        {
            self.found.reads.insert(Read { access: access as usize, bytes });
        }
    }

    fn write_arguments(&mut self, state: &mut State, helper: i32) {
        match helpers::writes(helper) {
            Writes::Nothing => {}
            Writes::Anything => self.lose_arguments(state),
            Writes::To { pointer, size } => {
                let (to, size) = (state.top().register(pointer), state.top().register(size).constant());
                let Value::Pointer(Pointer { to: To::Stack { frame, at }, .. }) = to.value else { return };
                let Some(frame) = state.frames.get_mut(usize::from(frame)) else { return };
                match (at, size.and_then(|size| i32::try_from(size).ok())) {
                    (Some(at), Some(size)) => frame.stack.overwrite(at, size, true),
                    (Some(at), None) => frame.stack.overwrite(at, at.saturating_neg(), false),
                    (None, _) => frame.stack.lose(),
                }
            }
        }
    }

    /// A helper that calls a function of the object.
    fn call_back(&mut self, state: &mut State, callback: Callback, function: usize) -> bool {
        let arguments = state.top().registers;
        if callback == Callback::Later {
            self.come_apart(function as u32, state.is_certain);
            let id = state.fresh();
            let top = state.top_mut();
            top.clobber();
            top.set(0, any_number(8, id, false));
            top.place.insn += 1;
            return true;
        }
        let repeats = self.question.verifier.repeated_callbacks;
        let never_runs = callback == Callback::Loop && arguments[1].constant() == Some(0);
        // Not once: so newer verifiers begin.
        let mut without = state.clone();
        without.is_certain &= repeats == Knows::Yes;
        let id = without.fresh();
        let top = without.top_mut();
        top.clobber();
        top.set(0, any_number(8, id, false));
        top.place.insn += 1;
        if never_runs && repeats == Knows::Yes {
            *state = without;
            return true;
        }
        self.todo.push(without);
        if never_runs {
            state.is_certain = false;
        }
        let after =
            if repeats == Knows::No || callback == Callback::Area { After::Once } else { After::Again };
        self.enter(state, function, after, |callee| prepare(callee, callback, &arguments))
    }
}

/// What a callback is given.
fn prepare(callee: &mut Frame, callback: Callback, arguments: &[Register; 11]) {
    let other = Register::pointer(To::Other, Null::Never);
    let value = Register::pointer(To::MapValue, Null::Never);
    let given: [Register; 4] = match callback {
        Callback::Elements => [arguments[1], value, value, arguments[3]],
        Callback::Area => [other, other, arguments[4], Register::LOST],
        Callback::Loop => [Register::number(Scalar::UNKNOWN), arguments[3], Register::LOST, Register::LOST],
        Callback::Records => [other, arguments[3], Register::LOST, Register::LOST],
        Callback::Later => [Register::LOST; 4],
    };
    callee.registers[1..=4].copy_from_slice(&given);
}
