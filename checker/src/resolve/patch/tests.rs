//! Every class of instruction, patched and refused.

use corecheck_layouts::btf::{Builder, Endian, TypeId, TypeSpec};

use super::*;
use crate::testing::btf;

/// `r1 = imm`, as 64 and as 32 bits.
const MOV: u8 = 0xb7;
const MOV32: u8 = 0xb4;
/// `r1 = r2`.
const MOV_REGISTER: u8 = 0xbf;
/// `r1 = *(u32 *)(r2 + off)`, `*(u32 *)(r1 + off) = r2`, `*(u32 *)(r1 + off) = imm`.
const LOAD: u8 = 0x61;
const STORE: u8 = 0x63;
const STORE_IMM: u8 = 0x62;

fn types() -> std::sync::Arc<Btf> {
    btf(Endian::Little, |types: &mut Builder| {
        types.int("unsigned int", 4, 0);
        types.int("int", 4, 1);
        types.int("unsigned long", 8, 0);
        types.int("long", 8, 1);
        types.add(TypeSpec::Ptr { to: TypeId(1) });
        types.add(TypeSpec::Array { element: TypeId(1), index: TypeId(1), length: 4 });
    })
    .0
}

const UNSIGNED: TypeId = TypeId(1);
const SIGNED: TypeId = TypeId(2);
const UNSIGNED_LONG: TypeId = TypeId(3);
const SIGNED_LONG: TypeId = TypeId(4);
const POINTER: TypeId = TypeId(5);
const ARRAY: TypeId = TypeId(6);

fn insn(code: u8, off: i16, imm: i32) -> Slots {
    Slots { first: Insn { code, dst: 1, src: 2, off, imm }, second: None }
}

/// A 64-bit load of a constant.
fn constant(value: u64) -> Slots {
    let first = Insn { code: Insn::LD_IMM64, dst: 1, imm: value as i32, ..Insn::default() };
    Slots { first, second: Some(Insn { imm: (value >> 32) as i32, ..Insn::default() }) }
}

fn plain(number: u64) -> Value {
    Value { number, validate: true, ..Value::default() }
}

fn field(number: u64, field_size: u32, field_type: TypeId) -> Value {
    Value { field_size, field_type, ..plain(number) }
}

fn done(slots: Slots, local: Value, target: Value) -> Slots {
    let types = types();
    match patch(slots, (&local, &types), (&target, &types), Rules::LIBBPF) {
        Ok(Patched::Done(slots)) => slots,
        other => panic!("{other:?}"),
    }
}

fn refused(slots: Slots, local: Value, target: Value) -> PatchError {
    let types = types();
    patch(slots, (&local, &types), (&target, &types), Rules::LIBBPF).expect_err("it is refused")
}

#[test]
fn arithmetic_holds_the_number_as_its_immediate() {
    for code in [MOV, MOV32, 0x07] {
        assert_eq!(done(insn(code, 0, 16), plain(16), plain(856)), insn(code, 0, 856));
    }
    // A negative number stands sign-extended on both sides.
    assert_eq!(done(insn(MOV32, 0, -1), plain(u64::MAX), plain(7)), insn(MOV32, 0, 7));
    let error = PatchError::UnexpectedValue { found: 15, expected: 16 };
    assert_eq!(refused(insn(MOV, 0, 15), plain(16), plain(856)), error);
    assert_eq!(error.to_string(), "the instruction holds 15, but the object's own types say 16");
    let register = insn(MOV_REGISTER, 0, 16);
    assert_eq!(refused(register, plain(16), plain(1)), PatchError::UnexpectedInstruction(MOV_REGISTER));
}

#[test]
fn what_need_not_be_validated_may_hold_anything() {
    let local = Value { validate: false, ..plain(16) };
    assert_eq!(done(insn(MOV, 0, 15), local, plain(8)), insn(MOV, 0, 8));
    assert_eq!(done(insn(LOAD, 3, 0), local, plain(8)), insn(LOAD, 8, 0));
    assert_eq!(done(constant(1), local, plain(8)), constant(8));
}

#[test]
fn loads_and_stores_hold_it_as_their_offset() {
    let (local, target) = (field(16, 4, SIGNED), field(20, 4, SIGNED));
    for code in [LOAD, STORE, STORE_IMM] {
        assert_eq!(done(insn(code, 16, 5), local, target), insn(code, 20, 5));
        let error = PatchError::UnexpectedValue { found: 12, expected: 16 };
        assert_eq!(refused(insn(code, 12, 5), local, target), error);
    }
    assert_eq!(done(insn(LOAD, 16, 0), local, field(32_767, 4, SIGNED)), insn(LOAD, i16::MAX, 0));
    let error = PatchError::OffsetTooLarge(32_768);
    assert_eq!(refused(insn(LOAD, 16, 0), local, field(32_768, 4, SIGNED)), error);
}

#[test]
fn unsigned_numbers_and_pointers_may_change_their_width() {
    let load = |bits: u32| insn((u32::from(LOAD) & !0x18 | bits) as u8, 8, 0);
    for (bytes, bits) in [(1, BPF_B), (2, BPF_H), (8, BPF_DW)] {
        let target = field(8, bytes, UNSIGNED_LONG);
        assert_eq!(done(load(BPF_W), field(8, 4, UNSIGNED), target), load(bits), "{bytes}");
    }
    assert_eq!(done(load(BPF_DW), field(8, 8, POINTER), field(8, 4, POINTER)), load(BPF_W));
    let error = PatchError::NoSuchWidth(3);
    assert_eq!(refused(load(BPF_W), field(8, 4, UNSIGNED), field(8, 3, UNSIGNED)), error);
    // The instruction reads a part of its field: nobody can say which part is meant elsewhere.
    let error = PatchError::UnexpectedWidth { found: 2, expected: 4 };
    assert_eq!(refused(load(BPF_H), field(8, 4, UNSIGNED), field(8, 8, UNSIGNED_LONG)), error);
    assert_eq!(done(load(BPF_H), field(8, 4, UNSIGNED), field(8, 4, UNSIGNED)), load(BPF_H));
}

#[test]
fn other_changes_of_width_are_poisoned() {
    let types = types();
    let load = insn(LOAD, 8, 0);
    for (from, to) in [
        (SIGNED, SIGNED_LONG),
        (SIGNED, UNSIGNED_LONG),
        (UNSIGNED, SIGNED_LONG),
        (UNSIGNED, POINTER),
        (ARRAY, UNSIGNED_LONG),
    ] {
        let patched = patch(load, (&field(8, 4, from), &types), (&field(8, 8, to), &types), Rules::LIBBPF);
        assert_eq!(patched, Ok(Patched::WidthPoisoned(poison(load))), "{from:?} {to:?}");
    }
    // A bit-field has no width of its own.
    let patched = patch(load, (&field(8, 4, UNSIGNED), &types), (&plain(8), &types), Rules::LIBBPF);
    assert_eq!(patched, Ok(Patched::WidthPoisoned(poison(load))));
}

#[test]
fn constants_of_64_bits_take_two_slots() {
    let (old, new) = (0x12_3456_7890, 0xffee_ddcc_bbaa_9988);
    assert_eq!(done(constant(old), plain(old), plain(new)), constant(new));
    assert_eq!(done(constant(u64::MAX), plain(u64::MAX), plain(1)), constant(1));
    let error = PatchError::UnexpectedValue { found: 1, expected: old };
    assert_eq!(refused(constant(1), plain(old), plain(new)), error);
    let unexpected = PatchError::UnexpectedInstruction(Insn::LD_IMM64);
    // A map's address, a second slot that is none, no second slot at all.
    let mut map = constant(old);
    map.first.src = 1;
    let mut code = constant(old);
    code.second = Some(Insn { code: MOV, ..Insn::default() });
    let cut = Slots { second: None, ..constant(old) };
    for slots in [map, code, cut] {
        assert_eq!(refused(slots, plain(old), plain(new)), unexpected);
    }
}

#[test]
fn jumps_and_calls_carry_no_number() {
    for code in [0x05, 0x15, 0x85, 0x95] {
        let error = PatchError::UnexpectedInstruction(code);
        assert_eq!(refused(insn(code, 16, 16), plain(16), plain(8)), error, "{code:#x}");
    }
    // The old packet loads are of the class of constants.
    assert_eq!(refused(insn(0x20, 0, 16), plain(16), plain(8)), PatchError::UnexpectedInstruction(0x20));
}

#[test]
fn poison_is_a_call_in_every_slot() {
    let call = Insn { code: 0x85, imm: 0x0bad_2310, ..Insn::default() };
    assert_eq!(poison(insn(LOAD, 8, 0)), Slots { first: call, second: None });
    assert_eq!(poison(constant(5)), Slots { first: call, second: Some(call) });
}
