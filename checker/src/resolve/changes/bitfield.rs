//! A bit-field that is none, or lies elsewhere in its bytes.

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::{Btf, Type};

use super::{ChangeCode, Comparison, End};
use crate::resolve::MatchError;

impl Comparison<'_> {
    /// Compares two fields of which one at least is a bit-field.
    pub(super) fn bitfields(&mut self, from: End, to: End) -> Result<(), MatchError> {
        // Shifts that the loader puts in take out of any bytes what they have.
        if self.asks.shifts || place(self.local_btf, from) == place(self.target_btf, to) {
            return Ok(());
        }
        let (was, is) = (shown(self.local_btf, from), shown(self.target_btf, to));
        self.add(ChangeCode::Bitfield, was, is)
    }
}

/// Where in the bytes that the offset leads to a bit-field begins, and its width in bits; `None` for what is none.
///
/// The bytes are those that libbpf gives the offset of (`bpf_core_calc_field_relo`): as many as the type has, aligned, or
/// more where the bit-field goes beyond.
fn place(btf: &Btf, end: End) -> Option<(u32, u8)> {
    if end.bits == 0 {
        return None;
    }
    let size = match btf.ty(end.of) {
        Type::Int(int) => int.size,
        Type::Enum(values) | Type::Enum64(values) => values.size,
        _ => 0,
    };
    let mut bits = size.max(1).saturating_mul(8);
    loop {
        let start = end.bit_offset / bits * bits;
        if bits >= 64 || end.bit_offset - start + u32::from(end.bits) <= bits {
            return Some((end.bit_offset - start, end.bits));
        }
        bits = bits.saturating_mul(2);
    }
}

fn shown(btf: &Btf, end: End) -> String {
    let name = type_name(btf, end.of);
    match place(btf, end) {
        Some((bit, width)) => {
            let (last, bits) = (
                bit.saturating_add(u32::from(width)).saturating_sub(1),
                if width == 1 { "bit" } else { "bits" },
            );
            if width == 1 {
                format!("a bit-field of 1 bit of {name} (bit {bit})")
            } else {
                format!("a bit-field of {width} {bits} of {name} (bits {bit} to {last})")
            }
        }
        None => super::with_size(btf, end.of),
    }
}
