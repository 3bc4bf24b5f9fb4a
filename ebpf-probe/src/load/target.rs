//! What accesses are relocated against: one BTF with the types that they ask about, from vmlinux and from modules.
//!
//! aya searches one BTF and no modules. So what an object needs is looked up as libbpf would, and written together; where a file
//! of types is given, that is searched first.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use aya::{Btf as AyaBtf, Endianness};
use corecheck::loader::Loader;
use corecheck::loader::aya::quiet;
use corecheck_layouts::btf::{Btf, BtfError, Endian, Kind, Type, TypeId, gather};
use corecheck_layouts::kernel::{Found, Kernel, Modules, Root};
use thiserror::Error;

/// Why there is nothing to relocate against.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The types cannot be written.
    #[error("the types cannot be written together: {0}")]
    Write(#[from] BtfError),
    /// aya does not read them.
    #[error("aya does not read the types: {0}")]
    Aya(String),
}

/// The types of several kernels: whoever has one first, has it.
#[derive(Debug, Clone)]
pub struct Sources<'k>(pub Vec<(&'k Kernel, Modules)>);

/// A type that may be meant by a root.
pub type Candidate = (Arc<Btf>, TypeId);

impl Sources<'_> {
    /// Where each root is found; none or several places are possible.
    pub fn candidates(&self, roots: &[Root]) -> Vec<Vec<Candidate>> {
        roots.iter().map(|root| self.find(&root.name, root.kind)).collect()
    }

    /// Files that hold what an object needs have structs without members where they are only pointed to: another source may
    /// know more.
    fn find(&self, name: &str, kind: Kind) -> Vec<Candidate> {
        let all = self.0.iter().flat_map(|(kernel, modules)| kernel.find(&[(name, kind)], modules));
        let mut first = None;
        for found in all {
            let Found::In(units) = found else { continue };
            let here: Vec<Candidate> = units
                .into_iter()
                .flat_map(|unit| unit.ids.into_iter().map(move |id| (Arc::clone(&unit.btf), id)))
                .collect();
            if here.iter().any(|(btf, id)| is_whole(btf, *id)) {
                return here;
            }
            first.get_or_insert(here);
        }
        first.unwrap_or_default()
    }
}

fn is_whole(btf: &Btf, id: TypeId) -> bool {
    match btf.ty(id) {
        Type::Struct(composite) | Type::Union(composite) => composite.members().next().is_some(),
        _ => true,
    }
}

/// Writes what was found of these roots together.
///
/// # Errors
/// [`TargetError::Write`] when there is too much for BTF.
pub fn write(roots: &[Root], candidates: &[Vec<Candidate>]) -> Result<Vec<u8>, TargetError> {
    let mut units: Vec<(Arc<Btf>, BTreeSet<TypeId>)> = Vec::new();
    for (btf, id) in candidates.iter().flatten() {
        match units.iter_mut().find(|(known, _)| Arc::ptr_eq(known, btf)) {
            Some((_, known)) => _ = known.insert(*id),
            None => units.push((Arc::clone(btf), BTreeSet::from([*id]))),
        }
    }
    let names: HashSet<&[u8]> = roots.iter().map(|root| root.name.as_bytes()).collect();
    let hides = |name: &[u8]| !name.is_empty() && names.contains(Loader::Aya.essential(name));
    let units: Vec<(&Btf, BTreeSet<TypeId>)> =
        units.iter().map(|(btf, ids)| (btf.as_ref(), ids.clone())).collect();
    Ok(gather(Endian::Little, &units, &hides)?.0)
}

/// BTF as aya reads it.
///
/// # Errors
/// [`TargetError::Aya`] when it does not.
pub fn for_aya(bytes: &[u8]) -> Result<AyaBtf, TargetError> {
    quiet::catch(|| AyaBtf::parse(bytes, Endianness::default()))
        .map_err(TargetError::Aya)?
        .map_err(|error| TargetError::Aya(error.to_string()))
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::{Builder, MemberSpec, TypeSpec};
    use corecheck_layouts::kernel::{KernelName, Need};

    use super::*;

    /// A kernel with these structs: name, and where its member is, in bits, if it has one.
    fn kernel(name: &str, types: &[(&str, Option<u32>)]) -> Kernel {
        let mut builder = Builder::new(Endian::Little);
        let int = builder.int("int", 4, 1);
        for &(name, at) in types {
            let member =
                |bit_offset| MemberSpec { name: "x".to_owned(), of: int, bit_offset, bitfield_bits: 0 };
            let (name, members) = (name.to_owned(), at.map(member).into_iter().collect());
            builder.add(TypeSpec::Composite { is_union: false, name, size: 64, kind_flag: false, members });
        }
        let btf = Btf::parse(builder.finish().expect("few types")).expect("sound types");
        Kernel::of_vmlinux(KernelName::new("test", name, "amd64"), Arc::new(btf))
    }

    #[test]
    fn the_first_that_has_a_type_has_it() {
        let (given, live) = (
            kernel("given", &[("a", Some(32)), ("d", None), ("e", None)]),
            kernel("live", &[("a", Some(64)), ("b", Some(96)), ("d", Some(8))]),
        );
        let root = |name: &str| Root {
            name: name.to_owned(),
            kind: Kind::Struct,
            need: Need::All,
            everywhere: false,
        };
        let sources = Sources(vec![(&given, Modules::None), (&live, Modules::None)]);
        let roots = ["a", "b", "c", "d", "e"].map(root);
        let bytes = write(&roots, &sources.candidates(&roots)).expect("few types");
        let btf = Btf::parse(bytes.clone()).expect("sound types");
        let offset = |name: &str| {
            let found: Vec<TypeId> = btf.ids().filter(|&id| btf.name(id) == name).collect();
            assert!(found.len() <= 1, "each is there once");
            found.first().map(|&id| match btf.ty(id) {
                Type::Struct(fields) => fields.members().next().map(|member| member.bit_offset),
                _ => None,
            })
        };
        assert_eq!((offset("a"), offset("b"), offset("c")), (Some(Some(32)), Some(Some(96)), None));
        assert_eq!((offset("d"), offset("e")), (Some(Some(8)), Some(None)), "more is better than first");
        assert!(for_aya(&bytes).is_ok());
        assert!(for_aya(&bytes[..20]).is_err());
    }
}
