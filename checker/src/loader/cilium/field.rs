//! Where cilium/ebpf finds a field, and what it makes of it (`coreFindField`): it walks through both types at once, in bytes, and
//! tells bit-fields from there.

use std::collections::HashSet;

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::types::Composite;
use corecheck_layouts::btf::{Btf, Endian, Type, TypeId};

use super::Miss;
use super::whole::{names_match, same_kind};
use crate::access::{Accessor, RelocationKind, Spec};
use crate::resolve::MismatchCode;
use crate::resolve::budget::Budget;

/// How deep types are followed, and how many structs without a name are looked through (`maxResolveDepth`).
const MOST: usize = 32;

/// A place within a type (`coreField`).
#[derive(Debug, Clone, Copy)]
struct Field {
    of: TypeId,
    /// From the start of the root, in bytes.
    offset: u32,
    /// From there, in bits; only for bit-fields.
    bit_offset: u32,
    /// Width in bits of a bit-field, else 0.
    bits: u32,
}

/// A field in both types.
#[derive(Debug)]
pub(super) struct Walked {
    local: Field,
    target: Field,
    /// The walk through the target.
    pub(super) spec: Spec,
}

/// What a member's name leads to.
struct Found {
    of: TypeId,
    /// In bits, from the start of the struct that was searched.
    bit_offset: u32,
    bits: u32,
    parent: TypeId,
    path: Vec<u32>,
    is_last: bool,
}

/// Walks along the accessor of `spec` through the object's type, and through `root` by the names on the way.
pub(super) fn find(btfs: [&Btf; 2], spec: &Spec, root: TypeId, budget: &mut Budget) -> Result<Walked, Miss> {
    let [local_btf, target_btf] = btfs;
    let at_root = |of| Field { of, offset: 0, bit_offset: 0, bits: 0 };
    let (mut local, mut target) = (at_root(spec.root), at_root(root));
    if let Type::Fwd { .. } = target_btf.ty(target_btf.skip_modifiers_and_typedefs(root)) {
        return Err(Miss::No(MismatchCode::TypeChanged, "it is only declared there".to_owned()));
    }
    let mut walk = Spec { root, kind: spec.kind, raw: Vec::new(), accessors: Vec::new(), bit_offset: 0 };
    compatible(btfs, [local.of, target.of])?;
    let first = spec.raw.first().copied().unwrap_or_default();
    local.go_to(local_btf, first)?;
    target.go_to(target_btf, first)?;
    walk.raw.push(first);
    walk.accessors.push(Accessor {
        of: target_btf.skip_modifiers_and_typedefs(root),
        index: first,
        name: None,
    });
    let (mut local_may_flex, mut target_may_flex) = (false, false);
    for (step, &index) in spec.raw.iter().enumerate().skip(1) {
        let local_id = local_btf.skip_modifiers_and_typedefs(local.of);
        let target_id = target_btf.skip_modifiers_and_typedefs(target.of);
        match (local_btf.ty(local_id), target_btf.ty(target_id)) {
            (Type::Struct(composite) | Type::Union(composite), other) => {
                let Some(member) = composite.member(index as usize) else {
                    return Err(Miss::stop("the access leaves the object's own type"));
                };
                if member.name_bytes().is_empty() {
                    let inner = local_btf.skip_modifiers_and_typedefs(member.of);
                    if !local_btf.kind(inner).is_composite() {
                        return Err(Miss::stop("a member without a name that is no struct or union"));
                    }
                    local =
                        Field { offset: local.offset.wrapping_add(member.bit_offset / 8), ..at_root(inner) };
                    local_may_flex = false;
                    continue;
                }
                let (Type::Struct(parent) | Type::Union(parent)) = other else {
                    let found = type_name(target_btf, target_id);
                    let text = format!("what should have `{}` is `{found}` there", member.name());
                    return Err(Miss::No(MismatchCode::FieldKindChanged, text));
                };
                let found = search(target_btf, (target_id, parent), member.name_bytes(), budget)?;
                local = Field { of: member.of, bits: member.bitfield_bits.into(), ..local };
                target = Field { of: found.of, bits: found.bits, ..target };
                local_may_flex = index as usize + 1 == composite.len();
                target_may_flex = found.is_last;
                if local.bits == 0 && target.bits == 0 {
                    local.offset = local.offset.wrapping_add(member.bit_offset / 8);
                    target.offset = target.offset.wrapping_add(found.bit_offset / 8);
                } else if step + 1 < spec.raw.len() {
                    return Err(Miss::stop("the access goes on into a bit-field"));
                } else {
                    local.go_to_bit(local_btf, member.bit_offset)?;
                    target.go_to_bit(target_btf, found.bit_offset)?;
                }
                let last = found.path.last().copied().unwrap_or_default();
                let name = Some(member.name_bytes().into());
                walk.accessors.push(Accessor { of: found.parent, index: last, name });
                walk.raw.extend(found.path);
            }
            (Type::Array(from), Type::Array(to)) => {
                if from.length == 0 && !local_may_flex || to.length == 0 && !target_may_flex {
                    return Err(Miss::stop("an array without elements that is not the last member"));
                }
                if from.length > 0 && index >= from.length {
                    return Err(Miss::stop("the access leaves the object's own array"));
                }
                if to.length > 0 && index >= to.length {
                    let text =
                        format!("the array has {} elements there, so there is no [{index}]", to.length);
                    return Err(Miss::No(MismatchCode::ArrayTooShort, text));
                }
                local = Field { offset: local.offset, ..at_root(from.element) };
                target = Field { offset: target.offset, ..at_root(to.element) };
                (local_may_flex, target_may_flex) = (false, false);
                local.go_to(local_btf, index)?;
                target.go_to(target_btf, index)?;
                let of = target_btf.skip_modifiers_and_typedefs(to.element);
                walk.accessors.push(Accessor { of, index, name: None });
                walk.raw.push(index);
            }
            (Type::Array(_), _) => {
                let text =
                    format!("what is indexed is `{}` there, not an array", type_name(target_btf, target_id));
                return Err(Miss::No(MismatchCode::FieldKindChanged, text));
            }
            _ => return Err(Miss::stop("the access goes on into something without members")),
        }
        compatible(btfs, [local.of, target.of])?;
    }
    walk.bit_offset = target.offset.wrapping_mul(8).wrapping_add(target.bit_offset);
    Ok(Walked { local, target, spec: walk })
}

impl Walked {
    /// The object's number, the target's, and whether the instruction must hold the former.
    pub(super) fn numbers(
        &self,
        [local_btf, target_btf]: [&Btf; 2],
        kind: RelocationKind,
        endian: Endian,
    ) -> Result<(u64, u64, bool), Miss> {
        let (local, target) = (&self.local, &self.target);
        let is_plain = local.bits == 0;
        Ok(match kind {
            RelocationKind::FieldExists => (1, 1, true),
            RelocationKind::FieldByteOffset => (local.offset.into(), target.offset.into(), is_plain),
            RelocationKind::FieldByteSize => {
                (size_of(local_btf, local.of)?, size_of(target_btf, target.of)?, is_plain)
            }
            RelocationKind::FieldLshiftU64 => {
                // These are counted in 32 bits.
                let shift = match endian {
                    Endian::Little => {
                        64_u32.wrapping_sub(target.bit_offset).wrapping_sub(target.width(target_btf)?)
                    }
                    Endian::Big => {
                        let bits = (size_of(target_btf, target.of)? as u32).wrapping_mul(8);
                        64_u32.wrapping_sub(bits).wrapping_add(target.bit_offset)
                    }
                };
                (0, shift.into(), false)
            }
            RelocationKind::FieldRshiftU64 => {
                (0, 64_u32.wrapping_sub(target.width(target_btf)?).into(), false)
            }
            RelocationKind::FieldSigned => {
                let of = |btf: &Btf, field: &Field| -> Option<(bool, u64)> {
                    match btf.ty(btf.skip_modifiers_and_typedefs(field.of)) {
                        Type::Enum(values) | Type::Enum64(values) => Some((true, values.is_signed.into())),
                        Type::Int(int) => Some((false, u64::from(int.encoding & 1))),
                        _ => None,
                    }
                };
                match (of(local_btf, local), of(target_btf, target)) {
                    (Some((one, from)), Some((other, to))) if one == other => (from, to, true),
                    _ => {
                        return Err(Miss::stop(
                            "signedness of what is neither an integer nor an enumeration",
                        ));
                    }
                }
            }
            _ => return Err(Miss::stop("cilium/ebpf does not know this kind of relocation")),
        })
    }
}

impl Field {
    fn go_to(&mut self, btf: &Btf, element: u32) -> Result<(), Miss> {
        if element > 0 {
            let size = size_of(btf, self.of)? as u32;
            self.offset = self.offset.wrapping_add(element.wrapping_mul(size));
        }
        Ok(())
    }

    /// Goes to the integer that holds the bit, aligned as its type is (`adjustOffsetBits`).
    fn go_to_bit(&mut self, btf: &Btf, bit: u32) -> Result<(), Miss> {
        let mut id = btf.skip_modifiers_and_typedefs(self.of);
        for _ in 0..MOST {
            let Type::Array(array) = btf.ty(id) else { break };
            id = btf.skip_modifiers_and_typedefs(array.element);
        }
        let align = match btf.ty(id) {
            Type::Int(int) => int.size,
            Type::Enum(values) | Type::Enum64(values) => values.size,
            _ => 0,
        };
        if !align.is_power_of_two() {
            return Err(Miss::stop(format!(
                "`{}` has no alignment for a bit-field",
                type_name(btf, self.of)
            )));
        }
        let bytes = bit / 8 / align * align;
        self.bit_offset = bit.wrapping_sub(bytes.wrapping_mul(8));
        self.offset = self.offset.wrapping_add(bytes);
        Ok(())
    }

    /// Width in bits, also of what is no bit-field.
    fn width(&self, btf: &Btf) -> Result<u32, Miss> {
        if self.bits > 0 { Ok(self.bits) } else { Ok((size_of(btf, self.of)? as u32).wrapping_mul(8)) }
    }
}

/// Size in bytes as cilium/ebpf tells it: a pointer has 8, whatever the machine (`Sizeof`).
pub(super) fn size_of(btf: &Btf, id: TypeId) -> Result<u64, Miss> {
    let mut id = btf.skip_modifiers_and_typedefs(id);
    let mut count: u64 = 1;
    let root = id;
    let no_size = || Miss::stop(format!("the size of `{}` cannot be told", type_name(btf, root)));
    for _ in 0..MOST {
        let size: u64 = match btf.ty(id) {
            Type::Array(array) => {
                count = count.checked_mul(array.length.into()).ok_or_else(no_size)?;
                id = btf.skip_modifiers_and_typedefs(array.element);
                continue;
            }
            Type::Void => 0,
            Type::Ptr { .. } => 8,
            Type::Int(int) => int.size.into(),
            Type::Enum(values) | Type::Enum64(values) => values.size.into(),
            Type::Struct(composite) | Type::Union(composite) => composite.size.into(),
            Type::Float { size, .. } => size.into(),
            _ => return Err(no_size()),
        };
        return count.checked_mul(size).filter(|size| i64::try_from(*size).is_ok()).ok_or_else(no_size);
    }
    Err(no_size())
}

/// Finds a member, level by level (`coreFindMember`).
fn search<'b>(
    btf: &'b Btf,
    (id, composite): (TypeId, Composite<'b>),
    wanted: &[u8],
    budget: &mut Budget,
) -> Result<Found, Miss> {
    let mut list = vec![(id, composite, 0_u32, Vec::new())];
    let mut known: HashSet<(TypeId, u32)> = HashSet::new();
    let mut next = 0;
    while let Some((id, composite, before, path)) = list.get(next).cloned() {
        next += 1;
        if known.contains(&(id, before)) {
            continue;
        }
        if known.len() >= MOST {
            return Err(Miss::stop("there are too many structs within each other"));
        }
        known.insert((id, before));
        let count = composite.len();
        for (index, member) in composite.members().enumerate() {
            budget.spend_on(member.name_bytes())?;
            let bit_offset = before.wrapping_add(member.bit_offset);
            let path: Vec<u32> = path.iter().copied().chain([index as u32]).collect();
            if member.name_bytes() == wanted {
                let (bits, is_last) = (member.bitfield_bits.into(), index + 1 == count);
                return Ok(Found { of: member.of, bit_offset, bits, parent: id, path, is_last });
            }
            if member.name_bytes().is_empty() {
                let inner = btf.skip_modifiers_and_typedefs(member.of);
                let (Type::Struct(composite) | Type::Union(composite)) = btf.ty(inner) else {
                    return Err(Miss::stop("a member without a name that is no struct or union"));
                };
                list.push((inner, composite, bit_offset, path));
            }
        }
    }
    let text = format!("{} has no member `{}` there", type_name(btf, id), String::from_utf8_lossy(wanted));
    Err(Miss::No(MismatchCode::FieldMissing, text))
}

/// Whether two fields may stand for each other (`coreAreMembersCompatible`).
fn compatible([local_btf, target_btf]: [&Btf; 2], [local, target]: [TypeId; 2]) -> Result<(), Miss> {
    let local_id = local_btf.skip_modifiers_and_typedefs(local);
    let target_id = target_btf.skip_modifiers_and_typedefs(target);
    let (one, other) = (local_btf.kind(local_id), target_btf.kind(target_id));
    if one.is_composite() && other.is_composite() {
        return Ok(());
    }
    let changed = || {
        let (was, is) = (type_name(local_btf, local), type_name(target_btf, target));
        Miss::No(MismatchCode::FieldKindChanged, format!("it is `{is}` there, not `{was}`"))
    };
    if !same_kind(one, other) {
        return Err(changed());
    }
    match local_btf.ty(local_id) {
        Type::Array(_) | Type::Ptr { .. } | Type::Float { .. } | Type::Int(_) => Ok(()),
        Type::Enum(_) | Type::Enum64(_) | Type::Fwd { .. } => {
            match names_match(local_btf.name_bytes(local_id), target_btf.name_bytes(target_id)) {
                true => Ok(()),
                false => Err(changed()),
            }
        }
        _ => Err(Miss::stop(format!("cilium/ebpf does not relocate `{}`", type_name(local_btf, local)))),
    }
}
