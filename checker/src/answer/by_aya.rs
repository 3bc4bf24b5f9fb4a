//! Answers of aya: aya-obj takes an object as a whole, so that it is run once for each set of candidates of all its roots.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Kind, TypeId};
use corecheck_layouts::kernel::{Candidates, Found, Gap, Kernel, Modules, find_all_by};

use super::classes::classes;
use super::groups::roots;
use super::{Answer, Answers};
use crate::access::{Access, RelocationKind, accesses};
use crate::loader::Loader;
use crate::loader::aya::{Features, Parsed, resolve};
use crate::object::Object;
use crate::resolve::Outcome;

/// Asks every kernel. aya-obj relocates every access that there is, also those that were not asked about.
pub(super) fn answer(object: &Object, local: &Btf, asked: &[Access], kernels: &[&Kernel]) -> Answers {
    let all = accesses(object);
    let roots = roots(local, &all, Loader::Aya);
    let names: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let mut found = find_all_by(Loader::Aya.search(), kernels, &names, &Modules::None);
    for (root, found) in roots.iter().zip(&mut found).filter(|(root, _)| root.name.is_empty()) {
        *found = kernels.iter().map(|kernel| Arc::new(without_name(kernel, root.kind))).collect();
    }
    let classes: Vec<Vec<u32>> = found.iter().map(|of_root| classes(of_root)).collect();
    let asks_for_ids = all.iter().any(|access| access.kind == RelocationKind::TypeIdTarget);
    let parsed = Parsed::new(object);
    let mut known: HashMap<(Vec<u32>, Features, bool), usize> = HashMap::new();
    let mut by_answer: HashMap<Vec<Arc<Outcome>>, usize> = HashMap::new();
    let mut distinct: Vec<Answer> = Vec::new();
    let mut of_kernel = Vec::with_capacity(kernels.len());
    for (at, kernel) in kernels.iter().enumerate() {
        let of_roots: HashMap<TypeId, Arc<Found>> =
            roots.iter().zip(&found).map(|(root, found)| (root.id, Arc::clone(&found[at]))).collect();
        let features = Features::of(kernel, pointer_size(&of_roots));
        let has_ids = asks_for_ids && kernel.has_kernel_ids;
        let key = (classes.iter().map(|of_root| of_root[at]).collect(), features, has_ids);
        let index = *known.entry(key).or_insert_with(|| {
            let all = resolve(&parsed, object, local, &all, &of_roots, (features, has_ids));
            // By number: those that were asked about are some of all, in their order.
            let outcomes: Vec<_> =
                asked.iter().filter_map(|access| all.get(access.id).cloned().map(Arc::new)).collect();
            *by_answer.entry(outcomes).or_insert_with_key(|outcomes| {
                distinct.push(Answer { outcomes: outcomes.clone() });
                distinct.len() - 1
            })
        });
        of_kernel.push(index);
    }
    Answers { distinct, of_kernel }
}

/// aya takes every type of that kind without a name for one of the same name. A store does not find these.
fn without_name(kernel: &Kernel, kind: Kind) -> Found {
    let vmlinux = kernel.vmlinux.as_ref().filter(|_| kernel.is_complete());
    let Some(btf) = vmlinux else { return Found::Unknown(Gap::TypeNotStored) };
    let ids = btf.ids().filter(|&id| btf.kind(id) == kind && btf.name(id).is_empty()).collect();
    Found::In(vec![Candidates { unit: "vmlinux".to_owned(), btf: Arc::clone(btf), ids }])
}

/// How large pointers of the kernel are, as far as its types tell.
fn pointer_size(roots: &HashMap<TypeId, Arc<Found>>) -> Option<u32> {
    roots.values().find_map(|found| match found.as_ref() {
        Found::In(units) => units.first().and_then(|unit| unit.btf.pointer_size()),
        _ => None,
    })
}
