//! A layout as what follows one another in memory: fields, and gaps between them.

use corecheck_layouts::history::{Body, Item, Layout, Member};

/// Bits that belong together: a field, fields that overlay each other, or a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// Names of the fields, in the order of their offsets; empty for a gap.
    pub names: Vec<String>,
    /// Their declarations in C.
    pub declarations: Vec<String>,
    /// Where it begins, in bits from the start of the type.
    pub start: u64,
    /// Where it ends, in bits.
    pub end: u64,
}

impl Slot {
    /// Whether nothing is there.
    pub(super) fn is_gap(&self) -> bool {
        self.names.is_empty()
    }

    /// Its length in bits.
    pub(super) fn bits(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// The slots of a struct or union, without gaps between them; `None` for other types. Members of anonymous ones are the type's own, and
/// those without a size (a flexible array) have no slot.
pub(super) fn slots(layout: &Layout) -> Option<Vec<Slot>> {
    let Body::Composite { items, .. } = &layout.body else { return None };
    let mut fields = Vec::new();
    gather(items, &mut fields);
    fields.retain(|(start, end, _)| start < end);
    fields.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut slots: Vec<Slot> = Vec::new();
    for (start, end, member) in fields {
        match slots.last_mut() {
            Some(last) if start < last.end => {
                last.end = last.end.max(end);
                last.names.push(member.name.clone());
                last.declarations.push(member.declaration.clone());
            }
            _ => slots.push(Slot {
                names: vec![member.name.clone()],
                declarations: vec![member.declaration.clone()],
                start,
                end,
            }),
        }
    }
    let size = layout.size_bytes.map_or(0, |bytes| u64::from(bytes) * 8);
    Some(with_gaps(slots, size))
}

fn with_gaps(slots: Vec<Slot>, size: u64) -> Vec<Slot> {
    let mut all = Vec::new();
    let mut end = 0;
    let gap = |start, end| Slot { names: Vec::new(), declarations: Vec::new(), start, end };
    for slot in slots {
        if slot.start > end {
            all.push(gap(end, slot.start));
        }
        end = slot.end;
        all.push(slot);
    }
    if size > end {
        all.push(gap(end, size));
    }
    all
}

/// Members that have a name, with where they begin and end. A layout is never nested deeper than it was made.
fn gather<'l>(items: &'l [Item], fields: &mut Vec<(u64, u64, &'l Member)>) {
    for item in items {
        let Item::Member(member) = item else { continue };
        if member.name.is_empty() && !member.items.is_empty() {
            gather(&member.items, fields);
            continue;
        }
        let bits = match member.bitfield_bits {
            0 => u64::from(member.size_bytes.unwrap_or(0)) * 8,
            width => u64::from(width),
        };
        // A bit-field without a name is a gap.
        if !member.name.is_empty() {
            fields.push((member.bit_offset, member.bit_offset.saturating_add(bits), member));
        }
    }
}
