//! Refuses types that hold themselves by value, and chains that no compiler makes: whoever walks them would never
//! end, or not in time.
//!
//! By value are: members of composites, elements of arrays, what typedefs, qualifiers, tags and variables stand
//! for. Pointers and prototypes are not followed. The kernel refuses such BTF too (`env_stack_push` in
//! `kernel/bpf/btf.c`, at 32 levels); libbpf does not look.

use super::wire::{Info, Kind, TYPE_LEN};
use super::{Btf, BtfError, TypeId};

/// Types within types, by value. The deepest real ones have about twenty levels.
pub(super) const MAX_DEPTH: u16 = 512;

/// Looks at every type that is still to be looked at once, without recursion.
///
/// `state` holds for every own type how many levels it has, 0 when that is not known yet; `open` are the indices of
/// those, ascending.
pub(super) fn check(btf: &Btf, mut state: Vec<u16>, open: &[u32]) -> Result<(), BtfError> {
    const NEW: u16 = 0;
    const OPEN: u16 = u16::MAX;
    // Types of the base were checked with it, and cannot refer to ours.
    let first = btf.first_id;
    let mut stack: Vec<(TypeId, usize, u16)> = Vec::new();
    for root in open.iter().map(|&index| TypeId(first + index)) {
        if state[(root.0 - first) as usize] != NEW {
            continue;
        }
        state[(root.0 - first) as usize] = OPEN;
        stack.push((root, 0, 0));
        while let Some((id, next, below)) = stack.last_mut() {
            let id = *id;
            let Some(child) = held(btf, id, *next) else {
                let levels = *below + 1;
                if levels > MAX_DEPTH {
                    return Err(BtfError::TooDeep { id: id.0, levels: MAX_DEPTH });
                }
                state[(id.0 - first) as usize] = levels;
                stack.pop();
                if let Some((_, _, below)) = stack.last_mut() {
                    *below = levels.max(*below);
                }
                continue;
            };
            *next += 1;
            if child.0 < first {
                continue;
            }
            match state[(child.0 - first) as usize] {
                NEW => {
                    state[(child.0 - first) as usize] = OPEN;
                    stack.push((child, 0, 0));
                }
                OPEN => {
                    let start = stack.iter().position(|(on, ..)| *on == child).unwrap_or(0);
                    return Err(BtfError::Cycle {
                        id: child.0,
                        name: btf.name(child).to_owned(),
                        length: stack.len() - start,
                    });
                }
                levels => *below = levels.max(*below),
            }
        }
    }
    Ok(())
}

/// The `index`-th type that `id` holds by value. Reads the record itself: names would cost more than all the rest.
fn held(btf: &Btf, id: TypeId, index: usize) -> Option<TypeId> {
    let at = *btf.records.get((id.0 - btf.first_id) as usize)? as usize;
    let word = |offset: usize| btf.header.endian.u32(&btf.data, at + offset);
    let info = Info::decode(word(4)?);
    let offset = match info.kind {
        Kind::Struct | Kind::Union if index < info.count as usize => TYPE_LEN + index * 12 + 4,
        Kind::Array if index == 0 => TYPE_LEN,
        Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag | Kind::Var
            if index == 0 =>
        {
            8
        }
        _ => return None,
    };
    word(offset).map(TypeId)
}

#[cfg(test)]
mod tests;
