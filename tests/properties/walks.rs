//! Random accesses on given types: most are valid, as a compiler makes them.

use corecheck::access::{Access, RelocationKind, Slots};
use corecheck::object::Insn;
use corecheck_layouts::btf::{Btf, Type, TypeId};
use proptest::prelude::*;
use proptest::sample::Index;

/// `BPF_ALU64 | BPF_MOV | BPF_K`.
const MOVE: u8 = 0xb7;
/// `BPF_LDX | BPF_MEM` without a width.
const LOAD: u8 = 0x61 & !0x18;
/// `BPF_LD | BPF_IMM | BPF_DW`.
const LOAD_CONSTANT: u8 = 0x18;

/// The choices that make one access.
#[derive(Debug, Clone)]
pub(crate) struct RawWalk {
    root: Index,
    kind: Index,
    first: u32,
    steps: Vec<Index>,
    insn: u8,
}

pub(crate) fn raw_walks() -> impl Strategy<Value = Vec<RawWalk>> {
    let first = prop_oneof![8 => Just(0u32), 1 => 1u32..4];
    let walk = (any::<Index>(), any::<Index>(), first, prop::collection::vec(any::<Index>(), 0..6), 0u8..3)
        .prop_map(|(root, kind, first, steps, insn)| RawWalk { root, kind, first, steps, insn });
    prop::collection::vec(walk, 1..24)
}

/// The accesses that the choices make, each with an instruction of its own that holds the local value.
pub(crate) fn accesses(btf: &Btf, raw: &[RawWalk]) -> Vec<Access> {
    // Composites and enumerations, at which most accesses begin, and whatever else there is.
    let fit = |id: &TypeId| {
        let id = btf.skip_modifiers_and_typedefs(*id);
        matches!(btf.ty(id), Type::Struct(_) | Type::Union(_) | Type::Enum(_) | Type::Enum64(_))
    };
    let named: Vec<TypeId> = btf.ids().filter(|&id| !btf.name(id).is_empty()).collect();
    let mut roots: Vec<TypeId> = named.iter().copied().filter(fit).collect();
    roots = roots.repeat(4);
    roots.extend(named);
    raw.iter()
        .enumerate()
        .map(|(number, raw)| {
            let root = roots[raw.root.index(roots.len())];
            let kind = fitting_kind(btf, root, &raw.kind);
            let spec = access_string(btf, root, kind, raw);
            let mut access = Access::of_types(btf, btf.endian(), root, kind, spec.as_bytes());
            access.id = number;
            // Two slots each, as 64-bit constants have.
            access.insn = number as u32 * 2;
            access.slots = slots(&access, raw.insn);
            access
        })
        .collect()
}

/// A kind that can be asked about the type.
fn fitting_kind(btf: &Btf, root: TypeId, index: &Index) -> RelocationKind {
    let family = match btf.ty(btf.skip_modifiers_and_typedefs(root)) {
        Type::Struct(_) | Type::Union(_) => RelocationKind::is_field_based,
        Type::Enum(_) | Type::Enum64(_) => RelocationKind::is_enumval_based,
        _ => RelocationKind::is_type_based,
    };
    let kinds: Vec<RelocationKind> = RelocationKind::ALL.into_iter().filter(|kind| family(*kind)).collect();
    let whole = RelocationKind::ALL.into_iter().filter(|kind| kind.is_type_based());
    let kinds: Vec<RelocationKind> = kinds.iter().copied().cycle().take(12).chain(whole).collect();
    kinds[index.index(kinds.len())]
}

fn access_string(btf: &Btf, root: TypeId, kind: RelocationKind, raw: &RawWalk) -> String {
    if kind.is_type_based() {
        return "0".to_owned();
    }
    let mut id = btf.skip_modifiers_and_typedefs(root);
    if let Type::Enum(values) | Type::Enum64(values) = btf.ty(id) {
        return raw.steps.first().map_or(0, |step| step.index(values.len().max(1))).to_string();
    }
    let mut text = raw.first.to_string();
    for step in &raw.steps {
        id = btf.skip_modifiers_and_typedefs(id);
        let index = match btf.ty(id) {
            Type::Struct(composite) | Type::Union(composite) if !composite.is_empty() => {
                let index = step.index(composite.len());
                id = composite.member(index).map_or(TypeId::VOID, |member| member.of);
                index
            }
            Type::Array(array) => {
                id = array.element;
                step.index(array.length.max(3) as usize)
            }
            _ => break,
        };
        text.push_str(&format!(":{index}"));
    }
    text
}

/// An instruction that holds the local value: a load if one can, a plain number if it fits, or a 64-bit one.
fn slots(access: &Access, choice: u8) -> Slots {
    let Ok(local) = &access.local else { return access.slots };
    let number = local.value.number;
    let plain = |code: u8| Insn { code, ..Insn::default() };
    let width = match local.value.field_size {
        8 => Some(0x18),
        4 => Some(0x00),
        2 => Some(0x08),
        1 => Some(0x10),
        _ => None,
    };
    let is_offset = access.kind == RelocationKind::FieldByteOffset;
    match (choice, width, i16::try_from(number), i32::try_from(number)) {
        (0, Some(width), Ok(off), _) if is_offset => {
            Slots { first: Insn { off, ..plain(LOAD | width) }, second: None }
        }
        (0 | 1, _, _, Ok(imm)) => Slots { first: Insn { imm, ..plain(MOVE) }, second: None },
        _ => Slots {
            first: Insn { imm: number as i32, ..plain(LOAD_CONSTANT) },
            second: Some(Insn { imm: (number >> 32) as i32, ..Insn::default() }),
        },
    }
}

/// Whether the access is a load, whose width a target may change.
pub(crate) fn is_load(access: &Access) -> bool {
    access.slots.first.code & 0x07 == LOAD & 0x07
}
