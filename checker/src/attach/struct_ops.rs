//! `struct_ops` maps: the kernel's struct, and every member that the object sets.
//!
//! Source: `find_struct_ops_kern_types` (`struct bpf_struct_ops_X` holds `struct X` as a member) and
//! `bpf_map__init_kern_struct_ops`: members are found by name; one that the kernel has not may be zero and is then left
//! out, with the program in it; others must be of the same kind, and of the same size unless they are pointers.

use corecheck_layouts::btf::cdecl::member_declaration;
use corecheck_layouts::btf::types::{Composite, Member};
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use corecheck_layouts::kernel::{Absence, Found};

use super::model::{Ask, Doubt, Fate, Lack, MemberLack};

fn value_type(name: &str) -> String {
    format!("bpf_struct_ops_{name}")
}

/// What must be looked up for the struct of this name.
pub(super) fn asks(name: &str) -> Vec<Ask> {
    vec![Ask::named(value_type(name), Kind::Struct).whole()]
}

/// The initial value of a map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'v> {
    /// Its bytes.
    pub(super) bytes: &'v [u8],
    /// Where programs are, in bytes from its start.
    pub(super) programs: &'v [u64],
}

impl Value<'_> {
    /// Whether so many bytes are zero; a program is not (`libbpf_is_mem_zeroed`, on what users see of it).
    fn is_zero(self, at: u64, size: u64) -> bool {
        let end = at.saturating_add(size);
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let bytes = self.bytes.get(place(at)..place(end)).unwrap_or_default();
        bytes.iter().all(|&byte| byte == 0) && !self.programs.iter().any(|offset| (at..end).contains(offset))
    }
}

/// What becomes of a map of this struct with this value.
pub(super) fn fate(local: &Btf, name: &str, of: TypeId, value: Value<'_>, found: &Found) -> Fate {
    let units = match found {
        Found::In(units) => units,
        Found::Absent(absence) => return Fate::Missing(Lack::Absent(absence.clone())),
        Found::Unknown(gap) => return Fate::Unknown(Doubt::NotStored(gap.clone())),
    };
    let mut all = units.iter().flat_map(|unit| unit.ids.iter().map(move |&id| (unit, id)));
    let value_name = value_type(name);
    let unit = all.find(|(unit, id)| unit.btf.name(*id) == value_name);
    let Some((unit, Type::Struct(outer))) = unit.map(|(unit, id)| (unit, unit.btf.ty(id))) else {
        return Fate::Missing(Lack::Absent(Absence::NotInBtf));
    };
    let mut held = outer.members().map(|member| unit.btf.ty(member.of));
    let Some(Type::Struct(target)) = held.find(|ty| matches!(ty, Type::Struct(held) if held.name == name))
    else {
        return Fate::Missing(Lack::Absent(Absence::NotInBtf));
    };
    let Type::Struct(own) = local.ty(local.skip_modifiers_and_typedefs(of)) else {
        return Fate::Unknown(Doubt::TooDeep);
    };
    let sides = Sides { local, target: &unit.btf };
    for member in own.members() {
        if let Err(why) = sides.member(&member, &target, value) {
            return Fate::Missing(Lack::Member { name: member.name().to_owned(), why });
        }
    }
    Fate::Met { unit: Some(unit.unit.clone()) }
}

struct Sides<'a> {
    local: &'a Btf,
    target: &'a Btf,
}

impl Sides<'_> {
    fn member(&self, own: &Member<'_>, target: &Composite<'_>, value: Value<'_>) -> Result<(), MemberLack> {
        let at = u64::from(own.bit_offset / 8);
        let size = self.local.size_of(own.of);
        let Some(other) = target.members().find(|other| other.name_bytes() == own.name_bytes()) else {
            let is_zero = value.is_zero(at, u64::from(size.unwrap_or(0)));
            return if is_zero { Ok(()) } else { Err(MemberLack::Absent) };
        };
        if own.bitfield_bits != 0 || other.bitfield_bits != 0 {
            return Err(MemberLack::BitField);
        }
        let own_id = self.local.skip_modifiers_and_typedefs(own.of);
        let other_id = self.target.skip_modifiers_and_typedefs(other.of);
        if self.local.kind(own_id) != self.target.kind(other_id) {
            return Err(MemberLack::Kind {
                local: member_declaration(self.local, own),
                target: member_declaration(self.target, &other),
            });
        }
        if let Type::Ptr { to } = self.target.ty(other_id) {
            let is_function =
                || matches!(self.target.ty(self.target.skip_modifiers_and_typedefs(to)), Type::FuncProto(_));
            return match value.programs.contains(&at) && !is_function() {
                true => Err(MemberLack::NoFunction),
                false => Ok(()),
            };
        }
        let other_size = self.target.size_of(other_id);
        match size {
            Some(size) if other_size != Some(size) => {
                Err(MemberLack::Size { local: size, target: other_size })
            }
            _ => Ok(()),
        }
    }
}
