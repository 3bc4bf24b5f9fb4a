//! Whether a kernel's trampolines call `fentry`, `fexit` and `fmod_ret` programs on a function, with all of its arguments.
//!
//! A program on another function is loaded, and then not attached (`arch_prepare_bpf_trampoline`: -ENOTSUPP). amd64 passed 6
//! registers before 6.6, and from then on 12; arm64 passes 8, and newer ones 12, from a version on that is not certain here.
//! arm64 has trampolines since 6.0, and attaches them to the kernel's functions since 6.4, when ftrace learned to call them
//! directly. Other machines learned them later, and at times that are not certain here: old versions are unknown.

use corecheck_layouts::btf::{Btf, Type, TypeId};

use super::model::{Doubt, Fate, Lack};
use super::released::Release;

/// Bytes of a register.
const REGISTER: u32 = 8;

/// What becomes of a function that is there: `None` when it can be traced as far as this goes.
pub(super) fn fate(btf: &Btf, function: TypeId, release: Release, arch: &str) -> Option<Fate> {
    let takes = registers(btf, function)?;
    let doubt = || Some(Fate::Unknown(Doubt::Trampoline { takes }));
    let most = match arch {
        "amd64" => match release.has((6, 6)) {
            Some(true) => 12,
            Some(false) => 6,
            None if takes > 6 => return doubt(),
            None => 6,
        },
        "arm64" => match (release.has((6, 0)), release.has((6, 4)), release.has((6, 16))) {
            (Some(false), ..) => return Some(Fate::Missing(Lack::NoTrampoline)),
            (_, Some(true), Some(false)) => 8,
            (_, Some(true), _) if takes <= 8 => 8,
            _ => return doubt(),
        },
        // A kernel of which the machine is not known is most likely one that has them.
        "unknown" if takes <= 5 => 5,
        "riscv64" | "s390x" if takes <= 5 && release.has((6, 6)) == Some(true) => 5,
        "ppc64el" if takes <= 5 && release.has((6, 18)) == Some(true) => 5,
        _ => return doubt(),
    };
    (takes > most).then_some(Fate::Missing(Lack::Trampoline { takes, most }))
}

/// How many registers a function's arguments take; `None` where BTF does not tell, or where the kernel refuses to load
/// such programs for something else.
fn registers(btf: &Btf, function: TypeId) -> Option<u32> {
    let Type::Func { proto, .. } = btf.ty(function) else { return None };
    let Type::FuncProto(proto) = btf.ty(proto) else { return None };
    let mut sum: u32 = 0;
    for param in proto.params() {
        let bare = btf.skip_modifiers_and_typedefs(param.of);
        sum = sum.checked_add(match btf.ty(bare) {
            Type::Void => return None,
            Type::Struct(_) | Type::Union(_) => btf.size_of(bare)?.div_ceil(REGISTER),
            _ => 1,
        })?;
    }
    Some(sum)
}
