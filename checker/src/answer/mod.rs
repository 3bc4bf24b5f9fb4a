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

#[cfg(test)]
mod tests {
    use corecheck_layouts::store::Store;

    use super::*;
    use crate::access::{Broken, accesses};
    use crate::resolve::State;
    use crate::testing::{kernel, kernel_of_things, object, programs};

    fn ask(object: &Object, kernels: &[&Kernel]) -> Answers {
        answer(object, &accesses(object), kernels, &Modules::None)
    }

    fn values(answer: &Answer) -> Vec<Option<u64>> {
        answer.outcomes.iter().map(|outcome| outcome.value).collect()
    }

    #[test]
    fn what_our_own_bounds_end_is_unknown_and_what_is_broken_an_error() {
        let kernel = kernel_of_things("plain", 0, &[]);
        let object = programs();
        for (broken, state) in [(Broken::TooMuchText, State::Unknown), (Broken::AnonymousRoot, State::Error)]
        {
            let mut accesses = accesses(&object);
            accesses.iter_mut().for_each(|access| access.local = Err(broken.clone()));
            let answers = answer(&object, &accesses, &[&kernel], &Modules::None);
            let looked_at = answers.distinct[0].outcomes.iter().zip(&accesses);
            let states: Vec<State> =
                looked_at.filter(|(_, a)| a.skipped.is_none()).map(|(outcome, _)| outcome.state).collect();
            assert!(!states.is_empty() && states.iter().all(|&found| found == state), "{states:?}");
        }
    }

    #[test]
    fn kernels_that_answer_alike_share_one_answer() {
        let plain = kernel_of_things("plain", 0, &[]);
        // The same types by another parse, the same types shared, other types, and again the first.
        let again = kernel_of_things("again", 0, &[]);
        let shared = kernel("shared", plain.vmlinux.as_ref().expect("it has types"));
        let moved = kernel_of_things("moved", 8, &[]);
        let answers = ask(&programs(), &[&plain, &again, &moved, &shared, &moved]);
        assert_eq!(answers.of_kernel, [0, 0, 1, 0, 1]);
        assert_eq!(answers.distinct.len(), 2);
        let mut values = values(&answers.distinct[0]);
        values.sort_unstable();
        assert_eq!(values, [0, 4, 8, 12, 16, 20, 24].map(Some));
    }

    #[test]
    fn equal_values_with_different_words_are_different_answers() {
        // Both lack `one`; what there is instead has another size, which the reason tells.
        let (small, large) =
            (kernel_of_things("small", 0, &["one"]), kernel_of_things("large", 0, &["one", "seven"]));
        let answers = ask(&programs(), &[&small, &large]);
        assert_eq!(answers.of_kernel, [0, 1]);
    }

    #[test]
    fn ids_that_are_not_the_kernels_own_are_not_told() {
        let object = object("tests/fixtures/objects/all_kinds.bpf.o");
        let own = kernel("own", object.btf.as_ref().expect("it has BTF"));
        let renumbered = Kernel { has_kernel_ids: false, ..own.clone() };
        let answers = ask(&object, &[&own, &renumbered]);
        assert_eq!(answers.of_kernel, [0, 1]);
        let differing: Vec<&str> = accesses(&object)
            .iter()
            .zip(answers.distinct[0].outcomes.iter().zip(&answers.distinct[1].outcomes))
            .filter(|(_, (own, renumbered))| own != renumbered)
            .map(|(access, _)| access.kind.word())
            .collect();
        assert_eq!(differing, ["target_type_id"]);
        // Against its own types an object resolves to what the compiler wrote.
        for (access, outcome) in accesses(&object).iter().zip(&answers.distinct[0].outcomes) {
            let local = access.local.as_ref().expect("it is sound").value.number;
            assert_eq!((outcome.state, outcome.value), (State::Resolved, Some(local)), "{}", access.key);
        }
    }

    #[test]
    fn an_object_without_types_has_one_empty_answer() {
        let object = object("tests/fixtures/objects/plain_no_btf.bpf.o");
        let store = Store::embedded().expect("the data are sound");
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let answers = ask(&object, &kernels);
        assert_eq!(answers.distinct, [Answer { outcomes: Vec::new() }]);
        assert_eq!(answers.of_kernel, vec![0; kernels.len()]);
    }

    #[test]
    fn accesses_that_no_loader_looks_at_are_skipped() {
        let linked = object("tests/fixtures/objects/linked.bpf.o");
        let answers = ask(&linked, &[&kernel_of_things("any", 0, &[])]);
        let skipped = answers.distinct[0].outcomes.iter().filter(|o| o.state == State::Skipped).count();
        assert_eq!(skipped, 2);
        let mut object = programs();
        object.programs[0].autoload = false;
        let answers = ask(&object, &[&kernel_of_things("any", 0, &[])]);
        let skipped: Vec<bool> =
            answers.distinct[0].outcomes.iter().map(|o| o.state == State::Skipped).collect();
        let own: Vec<bool> = accesses(&object).iter().map(|access| access.function == "first").collect();
        assert_eq!(skipped, own);
    }
}
