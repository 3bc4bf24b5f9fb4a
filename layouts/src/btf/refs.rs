//! Which types a type to be written refers to.

use super::{TypeId, TypeSpec};

impl TypeSpec {
    /// Calls `change` with every type id in it, in the order in which the record has them: for types that move to
    /// where other ids stand for what they refer to.
    pub fn map_ids(&mut self, mut change: impl FnMut(TypeId) -> TypeId) {
        let mut each = |id: &mut TypeId| *id = change(*id);
        match self {
            Self::Int { .. } | Self::Enum { .. } | Self::Fwd { .. } | Self::Float { .. } => {}
            Self::Ptr { to }
            | Self::Typedef { to, .. }
            | Self::Qualifier { to, .. }
            | Self::TypeTag { to, .. }
            | Self::Func { proto: to, .. }
            | Self::Var { of: to, .. }
            | Self::DeclTag { on: to, .. } => each(to),
            Self::Array { element, index, .. } => {
                each(element);
                each(index);
            }
            Self::Composite { members, .. } => members.iter_mut().for_each(|member| each(&mut member.of)),
            Self::FuncProto { returns, params } => {
                each(returns);
                params.iter_mut().for_each(|(_, of)| each(of));
            }
            Self::DataSec { entries, .. } => entries.iter_mut().for_each(|entry| each(&mut entry.of)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::types::SecInfo;
    use crate::btf::{Kind, MemberSpec};

    #[test]
    fn every_id_is_changed_once() {
        let [one, two, three] = [TypeId(1), TypeId(2), TypeId(3)];
        let name = String::new;
        let member = |of| MemberSpec { name: name(), of, bit_offset: 0, bitfield_bits: 0 };
        let members = vec![member(one), member(two)];
        let entries = vec![SecInfo { of: one, offset: 0, size: 0 }];
        let cases = [
            (TypeSpec::Ptr { to: one }, vec![one]),
            (TypeSpec::Array { element: two, index: one, length: 3 }, vec![two, one]),
            (
                TypeSpec::Composite { is_union: true, name: name(), size: 0, kind_flag: false, members },
                vec![one, two],
            ),
            (TypeSpec::Fwd { name: name(), is_union: false }, vec![]),
            (TypeSpec::Typedef { name: name(), to: two }, vec![two]),
            (TypeSpec::Qualifier { kind: Kind::Const, to: one }, vec![one]),
            (TypeSpec::TypeTag { name: name(), to: one, attribute: true }, vec![one]),
            (TypeSpec::Func { name: name(), proto: three, linkage: 1 }, vec![three]),
            (TypeSpec::FuncProto { returns: three, params: vec![(name(), one)] }, vec![three, one]),
            (TypeSpec::Var { name: name(), of: two, linkage: 1 }, vec![two]),
            (TypeSpec::DataSec { name: name(), size: 0, entries }, vec![one]),
            (TypeSpec::DeclTag { name: name(), on: two, component: 7, attribute: false }, vec![two]),
        ];
        for (mut spec, expected) in cases {
            let mut seen = Vec::new();
            spec.map_ids(|id| {
                seen.push(id);
                TypeId(id.0 + 10)
            });
            assert_eq!(seen, expected, "{spec:?}");
            let mut again = Vec::new();
            spec.map_ids(|id| {
                again.push(TypeId(id.0 - 10));
                id
            });
            assert_eq!(again, expected, "{spec:?}");
        }
    }
}
