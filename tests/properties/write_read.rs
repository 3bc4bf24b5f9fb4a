//! BTF that is written and read back is the same: its types, and the bytes when it is written again.

use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, TypeId, TypeSpec};
use proptest::prelude::*;

use crate::model::{Model, endian, raw_model, renumbered, write};
use crate::{regressions, try_all};

fn read(btf: &Btf) -> Vec<TypeSpec> {
    btf.own_ids().filter_map(|id| TypeSpec::of(btf.ty(id))).collect()
}

#[test]
fn what_is_written_is_read_back() {
    let case = (endian(), raw_model(24), prop::collection::vec(any::<u32>(), 28));
    try_all(2000, regressions!("write-read"), &case, |(endian, raw, shuffle)| {
        let model = Model::of(&raw);
        let mut order: Vec<usize> = (0..model.types.len()).collect();
        order.sort_by_key(|&place| shuffle[place]);
        let written = model.write(endian, &order);
        let btf = &written.btf;
        let specs = read(btf);
        prop_assert_eq!(&specs, &written.specs);
        let again = write(Builder::new(endian), &specs);
        prop_assert_eq!(again.as_slice(), btf.bytes());
        prop_assert_eq!(btf.endian(), endian);
        prop_assert_eq!(btf.pointer_size(), Some(raw.pointer_size));
        prop_assert_eq!(btf.type_count() as usize, model.types.len() + 1);
        for (id, spec) in btf.ids().zip(&specs) {
            prop_assert_eq!(btf.kind(id), kind_by_view(btf, id), "{:?}", spec);
        }
        Ok(())
    });
}

/// The kind as the typed view has it: the search for names uses another table.
fn kind_by_view(btf: &Btf, id: TypeId) -> corecheck_layouts::btf::Kind {
    use corecheck_layouts::btf::{Kind, Type};
    match btf.ty(id) {
        Type::Void => Kind::Void,
        Type::Int(_) => Kind::Int,
        Type::Ptr { .. } => Kind::Ptr,
        Type::Array(_) => Kind::Array,
        Type::Struct(_) => Kind::Struct,
        Type::Union(_) => Kind::Union,
        Type::Enum(_) => Kind::Enum,
        Type::Enum64(_) => Kind::Enum64,
        Type::Fwd { .. } => Kind::Fwd,
        Type::Typedef { .. } => Kind::Typedef,
        Type::Qualifier { kind, .. } => kind,
        Type::TypeTag { .. } => Kind::TypeTag,
        Type::Func { .. } => Kind::Func,
        Type::FuncProto(_) => Kind::FuncProto,
        Type::Var { .. } => Kind::Var,
        Type::DataSec(_) => Kind::DataSec,
        Type::Float { .. } => Kind::Float,
        Type::DeclTag { .. } => Kind::DeclTag,
        Type::Unknown { kind } => Kind::Unknown(kind),
    }
}

#[test]
fn split_btf_is_read_back_on_its_base() {
    let case = (endian(), raw_model(8), raw_model(8));
    try_all(800, regressions!("write-read-split"), &case, |(endian, base, module)| {
        let base = Arc::new(Model::of(&base).write_plainly(endian).btf);
        let shift = base.type_count() - 1;
        // The four types that both have are the base's.
        let to_split = |id: TypeId| if id.0 <= 4 { id } else { TypeId(id.0 + shift) };
        let module = Model::of(&module);
        // Pointers to functions and the like, which no writer makes, are taken for the sign of a wrong base.
        let is_odd = |id: TypeId| {
            let spec = (id.0 as usize).checked_sub(1).and_then(|place| module.types.get(place));
            matches!(
                spec,
                Some(
                    TypeSpec::Func { .. }
                        | TypeSpec::Var { .. }
                        | TypeSpec::DataSec { .. }
                        | TypeSpec::DeclTag { .. }
                )
            )
        };
        let specs: Vec<TypeSpec> = module
            .types
            .iter()
            .map(|spec| match spec {
                TypeSpec::DeclTag { .. } | TypeSpec::DataSec { .. } => renumbered(spec, &to_split),
                _ => renumbered(spec, &|id| if is_odd(id) { TypeId::VOID } else { to_split(id) }),
            })
            .collect();
        let bytes = write(Builder::split(&base), &specs);
        let btf = Btf::parse_split(bytes.clone(), Arc::clone(&base));
        let btf = btf.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read(&btf), &specs);
        prop_assert_eq!(write(Builder::split(&base), &specs), bytes);
        prop_assert_eq!(btf.pointer_size(), base.pointer_size());
        Ok(())
    });
}
