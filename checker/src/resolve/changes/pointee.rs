//! A pointer that points to something else.

use corecheck_layouts::btf::cdecl::declaration;
use corecheck_layouts::btf::{Btf, Type, TypeId, essential_name};

use super::number::sign;
use super::{ChangeCode, Comparison};
use crate::resolve::MatchError;

/// Pointers to pointers that are followed.
const MAX_CHAIN: usize = 8;

impl Comparison<'_> {
    /// Compares what two pointers point to.
    pub(super) fn pointees(&mut self, local: TypeId, target: TypeId) -> Result<(), MatchError> {
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        let (mut from, mut to) = (local, target);
        for _ in 0..MAX_CHAIN {
            self.budget.spend()?;
            // A pointer to an array is one to its first element.
            (from, to) = (local_btf.innermost_element(from), target_btf.innermost_element(to));
            match (local_btf.ty(from), target_btf.ty(to)) {
                (Type::Ptr { to: behind }, Type::Ptr { to: behind_target }) => {
                    (from, to) = (behind, behind_target)
                }
                _ => break,
            }
        }
        if !differs(local_btf, from, target_btf, to) {
            return Ok(());
        }
        let shown = |btf: &Btf, id: TypeId| declaration(btf, btf.skip_modifiers_and_typedefs(id), "*");
        let (was, is) = (shown(local_btf, local), shown(target_btf, target));
        self.add(ChangeCode::Pointee, was, is)
    }
}

/// What a pointee is, as far as pointers tell.
#[derive(Debug, PartialEq, Eq)]
enum Pointee<'b> {
    /// Anything: `void`, functions, what has no name or is not known in full.
    Unsaid,
    /// A struct or union, by its name; also one that is only declared.
    Composite(&'b [u8]),
    /// An integer: size in bytes, and sign where that can be told.
    Int(u32, Option<bool>),
    /// A pointer.
    Pointer,
}

fn pointee(btf: &Btf, id: TypeId) -> Pointee<'_> {
    match btf.ty(id) {
        Type::Struct(_) | Type::Union(_) | Type::Fwd { .. } => match essential_name(btf.name_bytes(id)) {
            [] => Pointee::Unsaid,
            name => Pointee::Composite(name),
        },
        Type::Int(int) => Pointee::Int(int.size, sign(&int)),
        Type::Ptr { .. } => Pointee::Pointer,
        _ => Pointee::Unsaid,
    }
}

fn differs(local_btf: &Btf, local: TypeId, target_btf: &Btf, target: TypeId) -> bool {
    match (pointee(local_btf, local), pointee(target_btf, target)) {
        (Pointee::Unsaid, _) | (_, Pointee::Unsaid) => false,
        (Pointee::Int(from, from_sign), Pointee::Int(to, to_sign)) => {
            from != to || from_sign.zip(to_sign).is_some_and(|(from, to)| from != to)
        }
        (from, to) => from != to,
    }
}
