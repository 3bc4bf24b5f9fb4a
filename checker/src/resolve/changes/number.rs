//! A number that has another size or sign.

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::types::Int;
use corecheck_layouts::btf::{Btf, Type, TypeId};

use super::{ChangeCode, Comparison, Extent, Form, bytes};
use crate::resolve::MatchError;

impl Comparison<'_> {
    /// Compares size and sign of integers, the size of enumerations, floats and pointers.
    pub(super) fn numbers(&mut self, local: TypeId, target: TypeId) -> Result<(), MatchError> {
        let sizes = (self.local_btf.size_of(local), size(self.target_btf, target));
        let is_pointer = matches!(self.local_btf.ty(local), Type::Ptr { .. });
        let resized = match (sizes, self.form) {
            ((Some(from), Some(to)), _) if from == to => None,
            // The width is the field's then, and a register has room for every pointer.
            (_, Form::Load | Form::Store) if is_pointer => None,
            // What is loaded is the whole value: the program may only have too little room for a larger one.
            ((Some(from), Some(to)), Form::Load) => (to > from).then_some((from, to)),
            ((Some(from), Some(to)), Form::Store) => (to < from).then_some((from, to)),
            ((Some(from), Some(to)), Form::Address) => (!self.asks.size).then_some((from, to)),
            _ => None,
        };
        if let (Some((from, to)), Form::Address) = (resized, self.form) {
            self.changed.extent =
                Some(Extent { local: from, target: to, alike: from.min(to), is_number: true });
        }
        let signs = match (self.local_btf.ty(local), self.target_btf.ty(target)) {
            (Type::Int(from), Type::Int(to)) => sign(&from).zip(sign(&to)),
            _ => None,
        };
        let has_other_sign = signs.is_some_and(|(from, to)| from != to) && !self.asks.sign;
        let codes = [(resized.is_some(), ChangeCode::Size), (has_other_sign, ChangeCode::Sign)];
        if codes.iter().all(|(is_so, _)| !is_so) {
            return Ok(());
        }
        let shown = |btf: &Btf, id: TypeId, size: Option<u32>, is_signed: Option<bool>| {
            let sign = match is_signed.filter(|_| has_other_sign) {
                Some(true) => ", signed",
                Some(false) => ", unsigned",
                None => "",
            };
            format!("{} ({}{sign})", type_name(btf, id), bytes(size.unwrap_or(0)))
        };
        let was = shown(self.local_btf, local, sizes.0, signs.map(|signs| signs.0));
        let is = shown(self.target_btf, target, sizes.1, signs.map(|signs| signs.1));
        codes
            .into_iter()
            .filter(|(is_so, _)| *is_so)
            .try_for_each(|(_, code)| self.add(code, was.clone(), is.clone()))
    }
}

/// The size in bytes in a target; of pointers only where the BTF tells it. (In BPF they always have 8.)
pub(super) fn size(btf: &Btf, id: TypeId) -> Option<u32> {
    match btf.ty(id) {
        Type::Ptr { .. } => btf.pointer_size(),
        _ => btf.size_of(id),
    }
}

/// Whether an integer is signed, where that can be told.
///
/// Of a plain `char` it cannot: it is the compiler's choice, and writers of BTF disagree on how to put it. Nor of a truth value.
/// So one byte is signed or unsigned only where its name says so.
pub(super) fn sign(int: &Int<'_>) -> Option<bool> {
    match (int.size, int.name) {
        (1, "signed char") => Some(true),
        (1, "unsigned char") => Some(false),
        (1, _) => None,
        _ if int.encoding & (Int::CHAR | Int::BOOL) != 0 => None,
        _ => Some(int.is_signed()),
    }
}
