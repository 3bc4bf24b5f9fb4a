//! What becomes of requirements on many kernels. Kernels that have the same of what was looked up share the answer.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Found, Kernel, Modules, find_all};

use super::model::{Ask, ExternValue, Fate, Requirement};
use super::what::{self, Facts};
use crate::answer::classes;
use crate::object::Object;

/// What becomes of one requirement on a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Meeting {
    /// Whether it is met.
    pub fate: Fate,
    /// Of an extern, what programs see of it.
    pub value: Option<ExternValue>,
}

/// What becomes of all requirements of an object, and on which kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meetings {
    /// The distinct ones, in the order of the first kernel of each: one meeting per requirement, in their order.
    pub distinct: Vec<Vec<Arc<Meeting>>>,
    /// For every kernel, in their order, the index of its own.
    pub of_kernel: Vec<usize>,
    /// For every requirement, what the first kernel that knows its number calls it.
    pub names: Vec<Option<String>>,
}

impl Meetings {
    /// What becomes of the requirements on the kernel at this position.
    pub fn of(&self, kernel: usize) -> &[Arc<Meeting>] {
        let index = self.of_kernel.get(kernel).copied().unwrap_or(0);
        self.distinct.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What was looked up for one [`Ask`].
struct Answered {
    found: Vec<Arc<Found>>,
    classes: Vec<u32>,
}

/// Looks up each of these once; the kernels were looked up for them ([`super::add_needs`]), or are whole.
fn ask_all(asks: &[Ask], kernels: &[&Kernel], modules: &Modules) -> Vec<Answered> {
    let mut answered: Vec<Option<Answered>> = asks.iter().map(|_| None).collect();
    for (in_modules, modules) in [(true, modules), (false, &Modules::None)] {
        let places: Vec<usize> = (0..asks.len()).filter(|&at| asks[at].in_modules == in_modules).collect();
        let names: Vec<(&str, Kind)> =
            places.iter().map(|&at| (asks[at].name.as_str(), asks[at].kind)).collect();
        for (place, found) in places.into_iter().zip(find_all(kernels, &names, modules)) {
            let classes = classes(&found);
            answered[place] = Some(Answered { found, classes });
        }
    }
    answered.into_iter().flatten().collect()
}

/// Meets the requirements of an object with kernels, of which these modules are taken as loaded.
pub fn meet(
    object: &Object,
    requirements: &[Requirement],
    kernels: &[&Kernel],
    modules: &Modules,
) -> Meetings {
    let local = object.btf.as_deref();
    let mut asks: Vec<Ask> = Vec::new();
    let mut places: HashMap<(String, Kind, bool), usize> = HashMap::new();
    let mut works: Vec<Work<'_>> = Vec::new();
    for requirement in requirements {
        let own = what::asks(&requirement.what).into_iter().map(|ask| {
            let next = asks.len();
            let place = *places.entry((ask.name.clone(), ask.kind, ask.in_modules)).or_insert(next);
            if place == next {
                asks.push(ask);
            }
            place
        });
        works.push(Work { requirement, asks: own.collect(), known: HashMap::new() });
    }
    let answered = ask_all(&asks, kernels, modules);
    let mut results: Vec<Arc<Meeting>> = Vec::new();
    let mut numbers: HashMap<Arc<Meeting>, usize> = HashMap::new();
    let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut meetings = Meetings {
        distinct: Vec::new(),
        of_kernel: Vec::with_capacity(kernels.len()),
        names: vec![None; requirements.len()],
    };
    for (at, kernel) in kernels.iter().enumerate() {
        let all: Vec<usize> = works
            .iter_mut()
            .zip(&mut meetings.names)
            .map(|(work, name)| {
                let facts = Facts::of(&work.requirement.what, kernel);
                let key = (work.asks.iter().map(|&ask| answered[ask].classes[at]).collect(), facts);
                *work.known.entry(key).or_insert_with(|| {
                    let found: Vec<&Found> =
                        work.asks.iter().map(|&ask| answered[ask].found[at].as_ref()).collect();
                    if name.is_none() {
                        *name = what::name(&work.requirement.what, &found);
                    }
                    let meeting = Arc::new(what::meeting(local, work.requirement, &found, kernel));
                    *numbers.entry(Arc::clone(&meeting)).or_insert_with(|| {
                        results.push(meeting);
                        results.len() - 1
                    })
                })
            })
            .collect();
        let next = meetings.distinct.len();
        let index = *known.entry(all).or_insert_with_key(|all| {
            let own = all.iter().map(|&number| Arc::clone(&results[number])).collect();
            meetings.distinct.push(own);
            next
        });
        meetings.of_kernel.push(index);
    }
    meetings
}

/// A requirement with what is known of it so far: by what was found, and by what else of the kernel decides.
struct Work<'a> {
    requirement: &'a Requirement,
    /// Numbers of what is asked for it.
    asks: Vec<usize>,
    known: HashMap<(Vec<u32>, Facts<'a>), usize>,
}
