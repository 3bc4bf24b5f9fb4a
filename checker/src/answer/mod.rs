//! Answers: the outcomes of all accesses of an object, shared by kernels that answer alike.
//!
//! The unit of work is not a kernel but a group of accesses against a distinct set of candidate types. A group is the
//! ordered accesses of one local root type (or of several, where an instruction carries accesses of each). So the
//! cost grows with how many ways a type was ever laid out, not with how many kernels there are.

mod by_aya;
mod classes;
mod groups;
mod needs;

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Endian, Kind, TypeId};
use corecheck_layouts::kernel::{Found, Kernel, Modules, find_all_by};

pub use self::needs::{needs, needs_by, needs_of};

pub(crate) use self::classes::classes;
use self::groups::{Group, Root, groups, roots};
use crate::access::Access;
use crate::loader::Loader;
use crate::loader::cilium::{self, Programs};
use crate::object::Object;
use crate::resolve::{Outcome, Question, Reason, Rules, STEPS_IN_ALL, State, resolve_some};

/// What all accesses of an object come to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Answer {
    /// One outcome per access, in their order. Answers share those that they have in common.
    pub outcomes: Vec<Arc<Outcome>>,
}

/// The distinct answers of an object, and which kernel gives which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The distinct answers, in the order of the first kernel that gives each.
    pub distinct: Vec<Answer>,
    /// For every kernel asked, in their order, the index of its answer.
    pub of_kernel: Vec<usize>,
}

/// Asks every kernel, under the rules of the newest libbpf.
pub fn answer(object: &Object, accesses: &[Access], kernels: &[&Kernel], modules: &Modules) -> Answers {
    answer_by(Loader::LIBBPF, object, accesses, kernels, modules)
}

/// Asks every kernel, under the rules of a loader.
pub fn answer_by(
    loader: Loader,
    object: &Object,
    accesses: &[Access],
    kernels: &[&Kernel],
    modules: &Modules,
) -> Answers {
    let Some(local) = object.btf.as_deref() else {
        let none = Answer { outcomes: Vec::new() };
        return Answers { distinct: vec![none], of_kernel: vec![0; kernels.len()] };
    };
    if loader == Loader::Aya {
        return by_aya::answer(object, local, accesses, kernels);
    }
    let roots = roots(local, accesses, loader);
    let names: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let found = find_all_by(loader.search(), kernels, &names, modules);
    let classes: Vec<Vec<u32>> = found.iter().map(|of_root| classes(of_root)).collect();
    let mut works: Vec<Work<'_>> = groups(accesses, &roots, loader).into_iter().map(Work::new).collect();
    let (programs, mut rules) = (Programs::of(object), Vec::new());
    let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut distinct: Vec<Answer> = Vec::new();
    let mut stopped: HashMap<Outcome, usize> = HashMap::new();
    let mut of_kernel = Vec::with_capacity(kernels.len());
    for (at, kernel) in kernels.iter().enumerate() {
        if let Some(stop) = loader.stops(object, kernel) {
            let index = *stopped.entry(stop).or_insert_with_key(|stop| {
                distinct.push(stopped_at_once(accesses, loader, stop));
                distinct.len() - 1
            });
            of_kernel.push(index);
            continue;
        }
        let case = Case {
            how: How::of(loader, kernel, &programs, &mut rules),
            local,
            endian: object.endian,
            roots: &roots,
            found: &found,
            classes: &classes,
            at,
            kernel,
        };
        // What one kernel may cost has a bound, however many groups there are.
        let mut steps = STEPS_IN_ALL;
        let results: Vec<usize> = works.iter_mut().map(|work| work.result(&case, &mut steps)).collect();
        let index = match known.get(&results) {
            Some(&index) => index,
            None => {
                distinct.push(combined(&works, &results, accesses.len()));
                known.insert(results, distinct.len() - 1);
                distinct.len() - 1
            }
        };
        of_kernel.push(index);
    }
    Answers { distinct, of_kernel }
}

/// What the accesses come to where the loader stops before it looks at any: the first says why.
fn stopped_at_once(accesses: &[Access], loader: Loader, stop: &Outcome) -> Answer {
    let mut first = Some(Arc::new(stop.clone()));
    let rest = Arc::new(Outcome::because(State::Unknown, Reason::NotReached));
    let outcome = |access: &Access| match access.skipped {
        Some(skipped) if !loader.looks_at(access) => {
            Arc::new(Outcome::because(State::Skipped, Reason::Skipped(skipped)))
        }
        _ => first.take().unwrap_or_else(|| Arc::clone(&rest)),
    };
    Answer { outcomes: accesses.iter().map(outcome).collect() }
}

/// How accesses are resolved on a kernel.
#[derive(Debug, Clone, Copy)]
enum How<'a> {
    /// By libbpf's algorithm with these parameters, which have this number.
    Rules(Rules, u32),
    /// By cilium/ebpf's.
    Cilium(&'a Programs),
}

impl<'a> How<'a> {
    fn of(loader: Loader, kernel: &Kernel, programs: &'a Programs, known: &mut Vec<Rules>) -> Self {
        let Some(rules) = loader.rules(kernel) else { return Self::Cilium(programs) };
        let number = known.iter().position(|&other| other == rules).unwrap_or_else(|| {
            known.push(rules);
            known.len() - 1
        });
        Self::Rules(rules, number as u32)
    }
}

/// The outcomes of all groups in the order of the accesses.
fn combined(works: &[Work<'_>], results: &[usize], count: usize) -> Answer {
    let mut outcomes: Vec<(usize, &Arc<Outcome>)> = Vec::with_capacity(count);
    for (work, &result) in works.iter().zip(results) {
        outcomes.extend(work.group.positions.iter().copied().zip(&work.distinct[result]));
    }
    outcomes.sort_unstable_by_key(|&(position, _)| position);
    Answer { outcomes: outcomes.into_iter().map(|(_, outcome)| Arc::clone(outcome)).collect() }
}

/// One kernel's part of the question.
struct Case<'a> {
    how: How<'a>,
    local: &'a Btf,
    endian: Endian,
    roots: &'a [Root],
    /// What was found, per root and kernel, and what is alike of it.
    found: &'a [Vec<Arc<Found>>],
    classes: &'a [Vec<u32>],
    /// The kernel's position, and itself.
    at: usize,
    kernel: &'a Kernel,
}

/// A group of accesses with what is known of it so far.
struct Work<'a> {
    group: Group<'a>,
    /// What was asked last, and what came of it: kernels that follow one another are often alike.
    last: Option<(Vec<u32>, Cost)>,
    /// What came of each set of candidates.
    known: HashMap<Vec<u32>, Cost>,
    /// The distinct results, one outcome per access of the group.
    distinct: Vec<Vec<Arc<Outcome>>>,
    by_outcomes: HashMap<Vec<Arc<Outcome>>, usize>,
    key: Vec<u32>,
}

/// The number of a distinct result, and how many comparisons it took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    result: usize,
    steps: u32,
}

impl<'a> Work<'a> {
    fn new(group: Group<'a>) -> Self {
        Self {
            group,
            last: None,
            known: HashMap::new(),
            distinct: Vec::new(),
            by_outcomes: HashMap::new(),
            key: Vec::new(),
        }
    }

    /// The number of the group's result on a kernel. Resolves it when no kernel before had the same candidates. Takes
    /// what that costs from `steps`, also when it was paid for before: an answer depends on no other kernel.
    fn result(&mut self, case: &Case<'_>, steps: &mut u32) -> usize {
        self.key.clear();
        self.key.extend(self.group.roots.iter().map(|&root| case.classes[root][case.at]));
        self.key.push(u32::from(self.group.asks_for_ids && case.kernel.has_kernel_ids));
        self.key.push(if let How::Rules(_, number) = case.how { number } else { 0 });
        let known = match &self.last {
            Some((key, cost)) if *key == self.key => Some(*cost),
            _ => self.known.get(&self.key).copied(),
        };
        let cost = match known.filter(|known| known.steps <= *steps) {
            Some(known) => known,
            None => self.resolve(case, *steps),
        };
        if self.last.as_ref().is_none_or(|(key, _)| *key != self.key) {
            // What was cut short is not known: it is so for those alone that have as little left.
            self.last = self.known.get(&self.key).map(|&cost| (self.key.clone(), cost));
        }
        *steps -= cost.steps;
        cost.result
    }

    fn resolve(&mut self, case: &Case<'_>, steps: u32) -> Cost {
        let found = |&root: &usize| (case.roots[root].id, Arc::clone(&case.found[root][case.at]));
        let roots: HashMap<TypeId, Arc<Found>> = self.group.roots.iter().map(found).collect();
        let has_kernel_ids = case.kernel.has_kernel_ids;
        let rules = if let How::Rules(rules, _) = case.how { rules } else { Rules::LIBBPF };
        let question =
            Question { local: case.local, endian: case.endian, roots: &roots, has_kernel_ids, rules };
        let resolved = match case.how {
            How::Rules(..) => resolve_some(&self.group.accesses, &question, steps),
            How::Cilium(programs) => cilium::resolve(&self.group.accesses, &question, programs, steps),
        };
        let outcomes: Vec<Arc<Outcome>> = resolved.outcomes.into_iter().map(Arc::new).collect();
        // Different candidates may still come to the same.
        let result = *self.by_outcomes.entry(outcomes).or_insert_with_key(|outcomes| {
            self.distinct.push(outcomes.clone());
            self.distinct.len() - 1
        });
        let cost = Cost { result, steps: resolved.steps };
        if !resolved.is_cut_short {
            self.known.insert(self.key.clone(), cost);
        }
        cost
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
        let store = Store::seed().expect("the data are sound");
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
