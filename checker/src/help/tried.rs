//! Accesses that a suggestion would make, resolved: nothing is shown that was not tried.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Kind, TypeId};
use corecheck_layouts::kernel::{Candidates, Found, Kernel};

use super::Case;
use crate::access::{Access, Local, RelocationKind, Slots, value_of};
use crate::answer::needs_of;
use crate::object::Insn;
use crate::resolve::{Outcome, Question, Rules, resolve};

/// What a kernel has of the root of an access, as libbpf looks for it.
pub(super) fn found(case: &Case<'_>, access: &Access, kernel: &Kernel) -> Option<Found> {
    let local = case.object.btf.as_deref()?;
    let root = needs_of(local, std::slice::from_ref(access)).into_iter().next()?;
    let roots: [(&str, Kind); 1] = [(&root.name, root.kind)];
    kernel.find(&roots, case.modules).into_iter().next()
}

/// The candidates of a root, each with its unit.
pub(super) fn candidates(found: &Found) -> impl Iterator<Item = (&Candidates, TypeId)> {
    let units = match found {
        Found::In(units) => units.as_slice(),
        Found::Absent(_) | Found::Unknown(_) => &[],
    };
    units.iter().flat_map(|unit| unit.ids.iter().map(move |&id| (unit, id)))
}

/// The access as an address, asking this instead, with other names for some of its turning points; `None` where it is broken.
pub(super) fn rewritten(
    case: &Case<'_>,
    access: &Access,
    kind: RelocationKind,
    names: &[(usize, &str)],
) -> Option<Access> {
    let btf: &Btf = case.object.btf.as_deref()?;
    let mut spec = access.local.as_ref().ok()?.spec.clone();
    spec.kind = kind;
    if kind.is_type_based() {
        spec.raw.clear();
        spec.accessors.clear();
    }
    for &(at, name) in names {
        spec.accessors.get_mut(at)?.name = Some(name.as_bytes().into());
    }
    let value = value_of(&spec, btf, case.object.endian).ok()?;
    // A 64-bit constant takes any number.
    let half = |shift: u32| Insn { imm: (value.number >> shift) as u32 as i32, ..Insn::default() };
    let slots = Slots { first: Insn { code: Insn::LD_IMM64, ..half(0) }, second: Some(half(32)) };
    Some(Access { kind, slots, local: Ok(Local { spec, value }), skipped: None, ..access.clone() })
}

/// What an access comes to with what was found of its root, under the rules of the newest libbpf.
pub(super) fn tried(case: &Case<'_>, access: &Access, found: &Found) -> Option<Outcome> {
    let local = case.object.btf.as_deref()?;
    let roots = HashMap::from([(access.root, Arc::new(found.clone()))]);
    let question = Question {
        local,
        endian: case.object.endian,
        roots: &roots,
        has_kernel_ids: false,
        rules: Rules::LIBBPF,
    };
    resolve(std::slice::from_ref(access), &question).into_iter().next()
}
