//! An array that is shorter, or whose elements changed.

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::types::Array;
use corecheck_layouts::btf::{Btf, Type, TypeId};

use super::number::size;
use super::{ChangeCode, Comparison, Extent, bytes, with_size};
use crate::resolve::MatchError;

impl Comparison<'_> {
    /// Compares arrays that the access ends at: the program goes on by itself from their start.
    pub(super) fn arrays(
        &mut self,
        from: &Array,
        to: &Array,
        local: TypeId,
        target: TypeId,
    ) -> Result<(), MatchError> {
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        let [from_element, to_element] =
            [local_btf.innermost_element(from.element), target_btf.innermost_element(to.element)];
        let strides = [local_btf.size_of(from_element), size(target_btf, to_element)];
        let has_other_stride = matches!(strides, [Some(from), Some(to)] if from != to);
        // Of a flexible one, which has no length, the length is not known.
        let lengths = [local_btf.size_of(local), target_btf.size_of(target)];
        if let ([Some(from), Some(to)], false) = (lengths, self.asks.size)
            && from.min(to) > 0
            && (to < from || has_other_stride)
        {
            self.changed.extent = Some(Extent {
                local: from,
                target: to,
                alike: if has_other_stride { 0 } else { to },
                is_number: false,
            });
        }
        let counts = [count(local_btf, local), count(target_btf, target)];
        let is_shorter = matches!(counts, [Some(from), Some(to)] if to < from && to > 0) && !self.asks.size;
        if has_other_stride || is_shorter {
            let shown = |btf: &Btf, id: TypeId, stride: Option<u32>| match stride {
                Some(stride) if has_other_stride => {
                    format!("{} ({} each)", type_name(btf, id), bytes(stride))
                }
                _ => with_size(btf, id),
            };
            let was = shown(local_btf, local, strides[0]);
            let is = shown(target_btf, target, strides[1]);
            return self.add(ChangeCode::Array, was, is);
        }
        // What the elements are is compared as if one were the field; how far they go was said.
        let extent = self.changed.extent;
        self.fields(from_element, to_element)?;
        self.changed.extent = extent;
        Ok(())
    }
}

/// How many innermost elements an array has in all its dimensions.
fn count(btf: &Btf, mut id: TypeId) -> Option<u32> {
    let mut count: u32 = 1;
    loop {
        id = btf.skip_modifiers_and_typedefs(id);
        let Type::Array(array) = btf.ty(id) else { return Some(count) };
        count = count.checked_mul(array.length)?;
        id = array.element;
    }
}
