//! Answers: the outcomes of all accesses of an object, shared by kernels that answer alike.
//!
//! The unit of work is not a kernel but a distinct set of candidate types: kernels in whose BTF every root type
//! is found at the same place are resolved once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Kind, TypeId, essential_name};
use corecheck_layouts::kernel::{Absence, Found, Gap, Kernel, Modules};

use crate::access::{Access, RelocationKind};
use crate::object::Object;
use crate::resolve::{Outcome, Question, resolve};

/// What all accesses of an object come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// One outcome per access, in their order.
    pub outcomes: Vec<Outcome>,
}

/// The distinct answers of an object, and which kernel gives which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The distinct answers, in the order of the first kernel that gives each.
    pub distinct: Vec<Answer>,
    /// For every kernel asked, in their order, the index of its answer.
    pub of_kernel: Vec<usize>,
}

/// Asks every kernel, under libbpf's rules.
pub fn answer(object: &Object, accesses: &[Access], kernels: &[&Kernel], modules: &Modules) -> Answers {
    let Some(local) = object.btf.as_deref() else {
        let none = Answer { outcomes: Vec::new() };
        return Answers { distinct: vec![none], of_kernel: vec![0; kernels.len()] };
    };
    let roots = roots(local, accesses);
    let names: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let mut by_candidates: HashMap<Vec<Key>, usize> = HashMap::new();
    let mut distinct: Vec<Answer> = Vec::new();
    let of_kernel = kernels
        .iter()
        .map(|kernel| {
            let found = kernel.find(&names, modules);
            let mut key: Vec<Key> = found.iter().map(Key::of).collect();
            key.push(Key::Ids(kernel.has_kernel_ids));
            match by_candidates.entry(key) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    let roots = roots.iter().map(|root| root.id).zip(found).collect();
                    let has_kernel_ids = kernel.has_kernel_ids;
                    let question = Question { local, endian: object.endian, roots: &roots, has_kernel_ids };
                    let answer = Answer { outcomes: resolve(accesses, &question) };
                    // Different candidates may still come to the same.
                    let index = distinct.iter().position(|known| *known == answer).unwrap_or_else(|| {
                        distinct.push(answer);
                        distinct.len() - 1
                    });
                    *new.insert(index)
                }
            }
        })
        .collect();
    Answers { distinct, of_kernel }
}

/// A local root type that candidates are searched for.
struct Root {
    id: TypeId,
    name: String,
    kind: Kind,
}

/// The root types whose candidates decide, in the order of their first access.
fn roots(local: &Btf, accesses: &[Access]) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    for access in accesses {
        let is_searched =
            access.skipped.is_none() && access.local.is_ok() && access.kind != RelocationKind::TypeIdLocal;
        if is_searched && !roots.iter().any(|root| root.id == access.root) {
            let name = essential_name(local.name_bytes(access.root));
            let name = String::from_utf8_lossy(name).into_owned();
            roots.push(Root { id: access.root, name, kind: local.kind(access.root) });
        }
    }
    roots
}

/// What makes two kernels answer alike.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// The same types of the same BTF, kept alive by the kernel while the map lives.
    In(Vec<(String, *const Btf, Vec<TypeId>)>),
    Absent(Absence),
    Unknown(Gap),
    Ids(bool),
}

impl Key {
    fn of(found: &Found) -> Self {
        match found {
            Found::In(units) => Self::In(
                units
                    .iter()
                    .map(|unit| (unit.unit.clone(), Arc::as_ptr(&unit.btf), unit.ids.clone()))
                    .collect(),
            ),
            Found::Absent(absence) => Self::Absent(absence.clone()),
            Found::Unknown(gap) => Self::Unknown(gap.clone()),
        }
    }
}
