//! Accesses of any kind, with any access string, between any types.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck::access::{Access, Local, RelocationKind, Slots, Spec, value_of};
use corecheck::object::Insn;
use corecheck::resolve::{Question, Rules, State, resolve};
use corecheck_layouts::btf::{Btf, TypeId, essential_name};
use corecheck_layouts::kernel::{Found, Modules};

use super::{ground, kernel};

/// Input: which fixture (one byte), kind (one byte), type id (two bytes), access string.
pub(crate) fn access_string(data: &[u8]) {
    let Some((&[which, kind, low, high], text)) = data.split_first_chunk::<4>() else { return };
    let types = ground::types();
    let btf = &types[usize::from(which) % types.len()];
    let root = TypeId(u32::from(u16::from_le_bytes([low, high])) % btf.type_count());
    let kind = RelocationKind::from_number(u32::from(kind) % 14);
    let Some(access) = access(btf, root, kind, text) else { return };
    let Ok(local) = &access.local else { return };
    // A walk written out and read again is the same walk.
    let again = Spec::parse(btf, root, kind, local.spec.raw_text().as_bytes());
    assert_eq!(again.as_ref(), Ok(&local.spec));
    local.spec.describe(btf);
    let own = kernel::of(btf);
    let outcome = ask(std::slice::from_ref(&access), btf, btf).remove(0);
    kernel::sound(&access, &outcome, &own);
    if !btf.name(root).is_empty() {
        kernel::found(&access, &outcome, btf, true);
    }
    if outcome.state == State::Resolved && kind != RelocationKind::TypeIdTarget {
        assert_eq!(outcome.value, Some(sought(btf, local)), "{}", access.key);
    }
}

/// What the local walk is worth up to its last turning point. Loaders look for turning points only, so steps into
/// anonymous members that come after the last one count in the local walk and not in what is found. No compiler writes
/// such a walk: it would have to name what has no name.
fn sought(btf: &Btf, local: &Local) -> u64 {
    let spec = &local.spec;
    let steps = spec.raw_text();
    // From the first step to the colons in turn, then all of it.
    let ends = steps.match_indices(':').map(|(end, _)| end).chain([steps.len()]);
    let up_to = |end: usize| Spec::parse(btf, spec.root, spec.kind, &steps.as_bytes()[..end]);
    let shortest = ends
        .map(|end| up_to(end).expect("the begin of a sound walk is sound"))
        .find(|part| part.accessors == spec.accessors)
        .expect("the whole walk has its own turning points");
    value_of(&shortest, btf, btf.endian()).expect("it ends at the same member or element").number
}

/// How many root types are asked about, each with every kind and every string.
const ROOTS: usize = 12;
/// How many access strings.
const STRINGS: usize = 4;

/// Input: the lengths of two BTFs (two bytes each, little-endian), these, and access strings, one a line.
pub(crate) fn resolve_both(data: &[u8]) {
    let Some((&[a, b, c, d], rest)) = data.split_first_chunk::<4>() else { return };
    let lengths = [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])].map(usize::from);
    let Some((local, rest)) = rest.split_at_checked(lengths[0]) else { return };
    let Some((target, texts)) = rest.split_at_checked(lengths[1]) else { return };
    let (Ok(local), Ok(target)) = (Btf::parse(local.to_vec()), Btf::parse(target.to_vec())) else { return };
    let (local, target) = (Arc::new(local), Arc::new(target));
    let texts: Vec<&[u8]> = texts.split(|&byte| byte == b'\n').take(STRINGS).collect();
    let named = local.ids().filter(|&id| !local.name(id).is_empty()).take(ROOTS);
    let accesses: Vec<Access> = named
        .flat_map(|root| RelocationKind::ALL.map(|kind| (root, kind)))
        .flat_map(|(root, kind)| texts.iter().map(move |text| (root, kind, *text)))
        .filter_map(|(root, kind, text)| access(&local, root, kind, text))
        .collect();
    let whole = kernel::of(&target);
    for btf in [&target, &local] {
        let outcomes = ask(&accesses, &local, btf);
        assert_eq!(outcomes.len(), accesses.len());
        accesses.iter().zip(&outcomes).for_each(|(access, outcome)| kernel::sound(access, outcome, &whole));
    }
    for access in accesses.iter().take(STRINGS) {
        let outcome = ask(std::slice::from_ref(access), &local, &local).remove(0);
        kernel::found(access, &outcome, &local, false);
    }
}

/// An access whose instruction is a load of a constant that holds what the local types say. `None` when the string does
/// not fit the type, or the type has no name.
fn access(btf: &Btf, root: TypeId, kind: RelocationKind, text: &[u8]) -> Option<Access> {
    let asked = Access::of_types(btf, btf.endian(), root, kind, text);
    let number = asked.local.as_ref().ok()?.value.number;
    let first = Insn { code: Insn::LD_IMM64, imm: number as i32, ..Insn::default() };
    let second = Insn { imm: (number >> 32) as i32, ..Insn::default() };
    Some(Access { slots: Slots { first, second: Some(second) }, ..asked })
}

fn ask(accesses: &[Access], local: &Btf, target: &Arc<Btf>) -> Vec<corecheck::resolve::Outcome> {
    let kernel = kernel::of(target);
    let mut roots: HashMap<TypeId, Arc<Found>> = HashMap::new();
    for access in accesses {
        roots.entry(access.root).or_insert_with(|| {
            let name = String::from_utf8_lossy(essential_name(local.name_bytes(access.root)));
            Arc::new(kernel.find(&[(&name, local.kind(access.root))], &Modules::None).remove(0))
        });
    }
    // Every access has its own instruction.
    let apart: Vec<Access> =
        (0_u32..).zip(accesses).map(|(insn, access)| Access { insn, ..access.clone() }).collect();
    resolve(
        &apart,
        &Question {
            local,
            endian: local.endian(),
            roots: &roots,
            has_kernel_ids: true,
            rules: Rules::LIBBPF,
        },
    )
}
