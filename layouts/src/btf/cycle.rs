//! Refuses types that hold themselves by value: whoever walks them would never end.
//!
//! By value are: members of composites, elements of arrays, what typedefs, qualifiers, tags and variables stand
//! for. Pointers and prototypes are not followed. The kernel refuses such BTF too (`env_stack_push` in
//! `kernel/bpf/btf.c`); libbpf does not look.

use super::{Btf, BtfError, Type, TypeId};

/// Looks at every type once, without recursion.
pub(super) fn check(btf: &Btf) -> Result<(), BtfError> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    // Types of the base were checked with it, and cannot refer to ours.
    let first = btf.first_id;
    let mut state = vec![NEW; btf.records.len()];
    let mut stack: Vec<(TypeId, usize)> = Vec::new();
    for root in btf.own_ids() {
        if state[(root.0 - first) as usize] != NEW {
            continue;
        }
        state[(root.0 - first) as usize] = OPEN;
        stack.push((root, 0));
        while let Some((id, next)) = stack.last_mut() {
            let id = *id;
            let Some(child) = held(btf, id, *next) else {
                state[(id.0 - first) as usize] = DONE;
                stack.pop();
                continue;
            };
            *next += 1;
            if child.0 < first {
                continue;
            }
            match state[(child.0 - first) as usize] {
                NEW => {
                    state[(child.0 - first) as usize] = OPEN;
                    stack.push((child, 0));
                }
                OPEN => {
                    let start = stack.iter().position(|(on, _)| *on == child).unwrap_or(0);
                    return Err(BtfError::Cycle {
                        id: child.0,
                        name: btf.name(child).to_owned(),
                        length: stack.len() - start,
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The `index`-th type that `id` holds by value.
fn held(btf: &Btf, id: TypeId, index: usize) -> Option<TypeId> {
    let only = |to: TypeId| (index == 0).then_some(to);
    match btf.ty(id) {
        Type::Struct(composite) | Type::Union(composite) => composite.member(index).map(|m| m.of),
        Type::Array(array) => only(array.element),
        Type::Typedef { to, .. } | Type::Qualifier { to, .. } | Type::TypeTag { to, .. } => only(to),
        Type::Var { of, .. } => only(of),
        _ => None,
    }
}
