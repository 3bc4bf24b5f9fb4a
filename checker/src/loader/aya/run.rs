//! Running aya-obj, and finding out from the instructions how far it came.

use aya_obj::Object as AyaObject;
use aya_obj::btf::{Btf as AyaBtf, BtfFeatures};
use aya_obj::generated::{BPF_LD, BPF_LDX, BPF_ST, BPF_STX, bpf_insn};

use super::{in_words, quiet};
use crate::access::{Access, Slots};
use crate::object::{Insn, Object};

/// Where aya-obj keeps an access's instruction: the function's key, and the index within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    function: (usize, u64),
    insn: usize,
}

impl Place {
    /// The place of an access; `None` where aya-obj has no such function.
    pub(super) fn of(parsed: &AyaObject, object: &Object, access: &Access) -> Option<Self> {
        let section = object.sections.get(access.section_index)?.index;
        let insn = access.insn as usize;
        let mut functions =
            parsed.functions.iter().filter(|(_, function)| function.section_index.0 == section);
        functions.find_map(|(&key, function)| {
            let within = insn.checked_sub(function.section_offset / 8)?;
            (within < function.instructions.len()).then_some(Self { function: key, insn: within })
        })
    }
}

/// What aya-obj did.
#[derive(Debug)]
pub(super) struct Run {
    /// The instructions of the accesses that it came to.
    pub(super) left: Vec<Option<Slots>>,
    /// The access at which it stopped, and why.
    pub(super) stop: Option<(usize, String)>,
}

/// Numbers that no relocation gives, two of them: a number that it gives by chance is not both.
const MARKS: [(i32, i16); 2] = [(0x5eed_1e57, i16::MIN), (0x1dea_5eed, i16::MIN + 1)];
/// `r0 = NUMBER`: takes any number.
const MOV: u8 = 0xb7;

/// Relocates. The object is not changed. Where aya-obj refuses the object's BTF, it stops at the first access.
pub(super) fn relocate(
    parsed: &AyaObject,
    target: &AyaBtf,
    places: &[Option<Place>],
    features: impl Fn() -> BtfFeatures,
) -> Run {
    let mut fresh = parsed.clone();
    let refused = match quiet::catch(|| fresh.fixup_and_sanitize_btf(&features()).map(|_| ())) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("it refuses the object's BTF: {}", in_words(&error))),
        Err(panic) => Some(format!("it panics at the object's BTF: {panic}")),
    };
    if let Some(why) = refused {
        return Run { left: vec![None; places.len()], stop: Some((0, why)) };
    }
    let (first, stop) = attempt(&fresh, target, places, MARKS[0], None);
    let left = |object: &AyaObject| {
        places.iter().map(|place| place.and_then(|place| slots(object, place))).collect()
    };
    let Some(why) = stop else {
        return Run { left: left(&first), stop: None };
    };
    let (second, _) = attempt(&fresh, target, places, MARKS[1], None);
    let next = first_marked(&[&first, &second], places);
    // It may have changed the instruction before it refused it.
    let suspect = (0..next.unwrap_or(places.len())).rev().find(|&at| places[at].is_some());
    let at = match (suspect, next) {
        (Some(suspect), Some(next)) => {
            let attempts = MARKS.map(|mark| attempt(&fresh, target, places, mark, places[suspect]).0);
            let came_on = first_marked(&[&attempts[0], &attempts[1]], places) != Some(next);
            if came_on { suspect } else { next }
        }
        (Some(suspect), None) => suspect,
        (None, next) => next.unwrap_or(0),
    };
    Run { left: left(&first), stop: Some((at, why)) }
}

/// One attempt with marked instructions; `harmless` names one that is replaced by an instruction that takes any number.
fn attempt(
    fresh: &AyaObject,
    target: &AyaBtf,
    places: &[Option<Place>],
    mark: (i32, i16),
    harmless: Option<Place>,
) -> (AyaObject, Option<String>) {
    let mut object = fresh.clone();
    if let Some(insn) = harmless.and_then(|place| insn_at(&mut object, place)) {
        insn.code = MOV;
        insn.set_src_reg(0);
    }
    for &place in places.iter().flatten() {
        set_mark(&mut object, place, mark);
    }
    let stop = match quiet::catch(|| object.relocate_btf(target)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(in_words(&error)),
        Err(panic) => Some(format!("it panics: {panic}")),
    };
    (object, stop)
}

/// The first access whose instruction holds each attempt's mark.
fn first_marked(attempts: &[&AyaObject; 2], places: &[Option<Place>]) -> Option<usize> {
    (0..places.len()).find(|&at| {
        // Where there is no such function aya-obj stops.
        let Some(place) = places[at] else { return true };
        attempts.iter().zip(MARKS).all(|(object, mark)| {
            slots(object, place).is_some_and(|slots| match is_memory(slots.first.code) {
                true => slots.first.off == mark.1,
                false => slots.first.imm == mark.0,
            })
        })
    })
}

fn is_memory(code: u8) -> bool {
    matches!(u32::from(code) & 0x07, BPF_LDX | BPF_ST | BPF_STX)
}

fn insn_at(object: &mut AyaObject, place: Place) -> Option<&mut bpf_insn> {
    object.functions.get_mut(&place.function)?.instructions.get_mut(place.insn)
}

fn set_mark(object: &mut AyaObject, place: Place, (imm, off): (i32, i16)) {
    let Some(insn) = insn_at(object, place) else { return };
    if is_memory(insn.code) {
        insn.off = off;
        return;
    }
    insn.imm = imm;
    let is_wide = insn.code == Insn::LD_IMM64;
    let second = Place { insn: place.insn + 1, ..place };
    if let Some(second) = insn_at(object, second).filter(|_| is_wide) {
        second.imm = imm;
    }
}

/// The instruction as it stands there.
fn slots(object: &AyaObject, place: Place) -> Option<Slots> {
    let function = object.functions.get(&place.function)?;
    let read = |insn: &bpf_insn| Insn {
        code: insn.code,
        dst: insn.dst_reg(),
        src: insn.src_reg(),
        off: insn.off,
        imm: insn.imm,
    };
    let first = read(function.instructions.get(place.insn)?);
    let second = function.instructions.get(place.insn + 1).filter(|_| first.is_ld_imm64()).map(read);
    Some(Slots { first, second })
}

/// The instruction with another number, where it has room for any.
pub(super) fn with_number(slots: Slots, number: u64) -> Slots {
    let Slots { mut first, mut second } = slots;
    if !is_memory(first.code) {
        first.imm = number as i32;
        if let Some(second) = second.as_mut() {
            second.imm = (number >> 32) as i32;
        }
    }
    Slots { first, second }
}

/// The number that an instruction holds.
pub(super) fn number(slots: Slots) -> u64 {
    let imm = i64::from(slots.first.imm) as u64;
    match (u32::from(slots.first.code) & 0x07, slots.second) {
        (BPF_LDX | BPF_ST | BPF_STX, _) => i64::from(slots.first.off) as u64,
        (BPF_LD, Some(second)) => imm & u64::from(u32::MAX) | u64::from(second.imm as u32) << 32,
        _ => imm,
    }
}
