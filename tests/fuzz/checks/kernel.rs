//! Kernels made of BTF, and what must hold for the answers of any kernel.

use std::sync::Arc;

use corecheck::access::{Access, RelocationKind};
use corecheck::answer::answer;
use corecheck::object::Object;
use corecheck::resolve::{MatchError, Outcome, Reason, State};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{Kernel, KernelName, Modules};

use super::ground;

/// How many accesses are also asked each by itself.
const ALONE: usize = 64;

/// A kernel with these types and no modules.
pub(crate) fn of(vmlinux: &Arc<Btf>) -> Kernel {
    Kernel::of_vmlinux(KernelName::new("fuzz", "1", "amd64"), Arc::clone(vmlinux))
}

/// What is allocated at first use elsewhere.
pub(crate) fn warm() {
    of(&ground::types()[0]);
}

/// An object against its own types; `by_clang` says that these come unchanged from a compiler.
pub(crate) fn own(object: &Object, accesses: &[Access], by_clang: bool) {
    let Some(btf) = &object.btf else { return };
    let kernel = of(btf);
    against(object, accesses, &[&kernel]);
    // Each by itself, for what one access prunes another does not find.
    for access in accesses.iter().take(ALONE) {
        let one = answer(object, std::slice::from_ref(access), &[&kernel], &Modules::None);
        found(access, &one.distinct[0].outcomes[0], btf, by_clang);
    }
}

/// An object against kernels.
pub(crate) fn against(object: &Object, accesses: &[Access], kernels: &[&Kernel]) {
    let answers = answer(object, accesses, kernels, &Modules::None);
    assert_eq!(answers.of_kernel.len(), kernels.len());
    for (kernel, &index) in kernels.iter().zip(&answers.of_kernel) {
        let outcomes = &answers.distinct[index].outcomes;
        assert_eq!(outcomes.len(), if object.btf.is_some() { accesses.len() } else { 0 });
        accesses.iter().zip(outcomes).for_each(|(access, outcome)| sound(access, outcome, kernel));
    }
}

/// What holds for any outcome.
pub(crate) fn sound(access: &Access, outcome: &Outcome, kernel: &Kernel) {
    let kind = access.kind;
    let is_told = kernel.has_kernel_ids || kind != RelocationKind::TypeIdTarget;
    match outcome.state {
        State::Resolved => {
            assert!(access.skipped.is_none() && access.local.is_ok());
            assert!(outcome.patched.is_some() && outcome.reason.is_none());
            assert_eq!(outcome.value.is_some(), is_told);
            if matches!(
                kind,
                RelocationKind::FieldExists
                    | RelocationKind::TypeExists
                    | RelocationKind::EnumvalExists
                    | RelocationKind::TypeMatches
            ) {
                assert_eq!(outcome.value, Some(1));
            }
        }
        State::Absent => {
            assert!(kind.may_be_absent() && outcome.reason.is_some());
            assert_eq!(outcome.value, Some(0));
        }
        State::Poisoned => {
            assert!(!kind.may_be_absent() && outcome.reason.is_some() && outcome.patched.is_some())
        }
        State::Error => assert!(outcome.reason.is_some() && outcome.patched.is_none()),
        State::Skipped => assert!(access.skipped.is_some()),
        // Of a kernel of which everything is known, only what would not end is left open.
        State::Unknown => assert!(!kernel.is_complete() || is_too_complex(outcome)),
    }
}

fn is_too_complex(outcome: &Outcome) -> bool {
    outcome.reason == Some(Reason::Match(MatchError::TooComplex))
}

/// A type finds at least itself among its own: what there is then is no absence.
pub(crate) fn found(access: &Access, outcome: &Outcome, btf: &Btf, by_clang: bool) {
    let is_plain = std::str::from_utf8(btf.name_bytes(access.root)).is_ok();
    let root = btf.kind(btf.skip_modifiers_and_typedefs(access.root));
    // Sections, functions, variables and floats match nothing as whole types, not even themselves: libbpf's rule. Members of
    // one struct with one name, which no compiler makes, hide each other.
    let is_certain = match access.kind {
        RelocationKind::TypeMatches => false,
        kind if kind.is_type_based() => root.is_composite() || root.is_any_enum(),
        kind => by_clang || kind.is_enumval_based(),
    };
    if !(is_plain && is_certain && access.local.is_ok()) {
        return;
    }
    // Another type of that name may come first and be narrower.
    let is_another = matches!(outcome.reason, Some(Reason::WidthChanged { .. }));
    let is_missing = matches!(outcome.state, State::Absent | State::Poisoned | State::Unknown)
        && !is_another
        && !is_too_complex(outcome);
    assert!(!is_missing, "{} is not found among its own types: {outcome:?}", access.key);
}
