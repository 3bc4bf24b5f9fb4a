//! libbpf's answers about all records of an object, one after the other as `bpf_object__relocate_core` has them, but going
//! on after an error.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::Result;

use crate::ffi::{self, Asked, Candidates, Refusal, Relo, Types, Worth};
use crate::records::{Record, Records};

/// A target: its main BTF, and those of modules on top of it.
pub struct Target<'t> {
    /// The main BTF.
    pub main: &'t Types<'t>,
    /// Searched where the main one has no candidate at all.
    pub modules: Vec<&'t Types<'t>>,
}

/// What libbpf says of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It does not look at it.
    Skipped,
    /// Looking for a type without a name.
    NoName,
    /// The target cannot be told: the load fails.
    Refused(Refusal),
    /// Several candidates come to different left shifts or different loads in this machine's byte order, which says nothing
    /// about the object's.
    OtherOrder,
    /// It can be told.
    Answered(Box<Answered>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The local walk in words.
    pub local: String,
    /// The target's walk in words; none when nothing matches, or nothing has to.
    pub target: Option<String>,
    /// The numbers.
    pub worth: Worth,
    /// The slots before: as compiled, or as an earlier record of the same instruction left them.
    pub before: [u64; 2],
    /// The slots as patched, in this machine's byte order; or why they cannot be: the load fails.
    pub patched: Result<[u64; 2], Refusal>,
    /// Left shifts were converted to the object's byte order: libbpf computes them for its own machine.
    pub converted: bool,
}

const FIELD_BYTE_SIZE: u32 = 1;
const FIELD_LSHIFT_U64: u32 = 4;
const FIELD_RSHIFT_U64: u32 = 5;
const TYPE_ID_LOCAL: u32 = 6;

/// Asks about all records; about those of programs that are not loaded, libbpf is not asked.
pub fn ask_all<'t>(
    records: &Records,
    local: &Types<'_>,
    target: &Target<'t>,
    is_asked: &[bool],
) -> Result<Vec<Said>> {
    let mut cache: HashMap<u32, Option<Candidates<'t>>> = HashMap::new();
    let mut patched: HashMap<(&str, u32), [u64; 2]> = HashMap::new();
    let mut none = Candidates::none();
    let mut all = Vec::new();
    for (record, is_asked) in records.all.iter().zip(is_asked) {
        if !is_asked {
            all.push(Said::Skipped);
            continue;
        }
        let relo = &record.relo;
        let candidates = if relo.kind == TYPE_ID_LOCAL {
            Some(&mut none)
        } else {
            match cache.entry(relo.type_id) {
                Entry::Occupied(known) => known.into_mut().as_mut(),
                Entry::Vacant(new) => new.insert(candidates(local, relo.type_id, target)?).as_mut(),
            }
        };
        let Some(candidates) = candidates else {
            all.push(Said::NoName);
            continue;
        };
        let place = (record.section.as_str(), relo.insn_off);
        let slots = patched.get(&place).copied().unwrap_or(record.slots);
        let said = ask(record, slots, local, candidates, records.is_native);
        if let Said::Answered(answer) = &said
            && let Ok(slots) = answer.patched
        {
            patched.insert(place, slots);
        }
        all.push(said);
    }
    Ok(all)
}

/// Candidates as `bpf_core_find_cands` finds them; none for a type without a name.
fn candidates<'t>(local: &Types<'_>, id: u32, target: &Target<'t>) -> Result<Option<Candidates<'t>>> {
    let mut found = Candidates::none();
    if found.add(local, id, target.main, 1)?.is_none() {
        return Ok(None);
    }
    if found.len() == 0 {
        for module in &target.modules {
            found.add(local, id, module, target.main.count())?;
        }
    }
    Ok(Some(found))
}

fn ask(
    record: &Record,
    mut slots: [u64; 2],
    local_btf: &Types<'_>,
    candidates: &mut Candidates<'_>,
    is_native: bool,
) -> Said {
    let relo = &record.relo;
    let may_contradict = candidates.len() > 1;
    let shifts =
        (relo.kind == FIELD_LSHIFT_U64 && !is_native).then(|| Shifts::ask(candidates, local_btf, relo));
    let Asked { worth, local, target } = candidates.ask(local_btf, relo);
    let is_decision = |refusal: &Refusal| refusal.warning.contains("decision ambiguity");
    // An error of another sort comes before.
    let refusal = worth.as_ref().err().or(shifts.as_ref().and_then(|shifts| shifts.as_ref().err()));
    if may_contradict && shifts.is_some() && refusal.is_some_and(is_decision) {
        return Said::OtherOrder;
    }
    let shifts = shifts.and_then(Result::ok);
    let mut worth = match worth {
        Ok(worth) => worth,
        Err(refusal) => return Said::Refused(refusal),
    };
    if let Some(shifts) = &shifts {
        shifts.convert(&mut worth);
    }
    let before = slots;
    let patched = ffi::patch(&mut slots, relo, &worth).map(|()| slots);
    Said::Answered(Box::new(Answered { local, target, worth, before, patched, converted: shifts.is_some() }))
}

/// What a left shift for the other byte order is computed from: libbpf's own answers about the same field.
struct Shifts {
    size: Worth,
    right: Worth,
}

impl Shifts {
    fn ask(candidates: &Candidates<'_>, local: &Types<'_>, relo: &Relo) -> Result<Self, Refusal> {
        let of = |kind: u32| candidates.ask_only(local, &Relo { kind, ..*relo }).worth;
        Ok(Self { size: of(FIELD_BYTE_SIZE)?, right: of(FIELD_RSHIFT_U64)? })
    }

    /// Little endian shifts by `64 - (first + bits)`, big endian by `64 - bytes * 8 + first`, where `first` is the
    /// field's first bit in the bytes that are loaded, and the right shift is `64 - bits`; all wrap at 32 bits.
    fn convert(&self, worth: &mut Worth) {
        worth.orig_val = other_shift(worth.orig_val, self.size.orig_val, self.right.orig_val);
        if !worth.poison {
            worth.new_val = other_shift(worth.new_val, self.size.new_val, self.right.new_val);
        }
    }
}

/// The left shift on a machine of the other byte order.
fn other_shift(left: u64, bytes: u64, right: u64) -> u64 {
    let [left, bytes, right] = [left, bytes, right].map(|number| number as u32);
    let unused = 64_u32.wrapping_sub(bytes.wrapping_mul(8));
    let other = if cfg!(target_endian = "little") {
        unused.wrapping_add(right.wrapping_sub(left))
    } else {
        right.wrapping_sub(left.wrapping_sub(unused))
    };
    other.into()
}

#[cfg(test)]
mod tests {
    use super::other_shift;

    #[test]
    fn three_bits_at_bit_15_of_four_bytes() {
        let (little, big) = (64 - 18, 32 + 15);
        let host = if cfg!(target_endian = "little") { little } else { big };
        assert_eq!(other_shift(host, 4, 61), little + big - host);
        assert_eq!(other_shift(other_shift(0, 8, 0), 8, 0), 0);
    }
}
