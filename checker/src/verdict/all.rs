//! An object on many kernels: answers, what the verifier comes to, and what both mean.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use corecheck_layouts::kernel::{Kernel, Modules};

use super::chosen::judge_chosen;
use super::{Load, Needed, ObjectVerdict, judge};
use crate::access::Access;
use crate::answer::{Answer, Answers, answer_by};
use crate::attach::{Meeting, Meetings, Requirement, meet, values};
use crate::load::Group;
use crate::loader::Loader;
use crate::object::Object;
use crate::reach::{Known, Reach, Trap, reach_all};

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Whose rules.
    pub loader: Loader,
    /// The object.
    pub object: &'a Object,
    /// All of its accesses: a guard may ask about a type that nobody asked about here.
    pub accesses: &'a [Access],
    /// Positions of those that were asked about, ascending: only they count for verdicts.
    pub asked: &'a [usize],
    /// Its sections of variables as they are when it is loaded.
    pub data: &'a [Vec<u8>],
    /// What it needs besides its accesses.
    pub requirements: &'a [Requirement],
    /// Whether these count for verdicts; what they come to is known to programs in any case.
    pub judges_requirements: bool,
    /// Programs of which one set is loaded; no program is in two of these.
    pub alternatives: &'a [Group],
}

/// An object on kernels, in their order. Its accesses are those that were asked about.
#[derive(Debug)]
pub struct Judged {
    /// What the accesses come to. Answers that differ only in what the verifier comes to are told apart.
    pub answers: Answers,
    /// For each distinct answer, for each access: whether the verifier comes to it, if it is poisoned in a program that is
    /// loaded.
    pub reach: Vec<Vec<Option<Reach>>>,
    /// What becomes of what it needs besides.
    pub meetings: Meetings,
    /// What that means, per kernel.
    pub verdicts: Vec<ObjectVerdict>,
    /// Per kernel, the programs of alternatives that are loaded there; ascending within each group, in the groups' order.
    pub chosen: Vec<Vec<usize>>,
}

/// Judges an object on every kernel, with these modules taken as loaded; of alternatives with those that are best there.
pub fn judge_all(case: &Case<'_>, kernels: &[&Kernel], modules: &Modules) -> Judged {
    if case.alternatives.is_empty() {
        judge_load(case, kernels, modules)
    } else {
        judge_chosen(case, kernels, modules)
    }
}

/// Judges one load on every kernel: the object with the programs that it says are loaded.
pub(super) fn judge_load(case: &Case<'_>, kernels: &[&Kernel], modules: &Modules) -> Judged {
    let answers = answer_by(case.loader, case.object, case.accesses, kernels, modules);
    let meetings = meet(case.object, case.requirements, kernels, modules);
    let externs = values(case.object, case.requirements, &meetings);
    let missing: Vec<Vec<Trap>> = meetings.distinct.iter().map(|of| case.missing_helpers(of)).collect();
    let known =
        Known { externs: &externs, missing_helpers: (&missing, &meetings.of_kernel), data: case.data };
    let reaches = reach_all(case.object, case.accesses, &answers, kernels, &known);
    let accesses: Vec<Access> = case.asked.iter().map(|&at| case.accesses[at].clone()).collect();
    let mut judged = Judged {
        answers: Answers { distinct: Vec::new(), of_kernel: Vec::with_capacity(kernels.len()) },
        reach: Vec::new(),
        meetings,
        verdicts: Vec::with_capacity(kernels.len()),
        chosen: vec![Vec::new(); kernels.len()],
    };
    let is_refused = !case.loader.refusals(case.object).is_empty();
    let mut by_numbers: HashMap<(usize, usize), usize> = HashMap::new();
    let mut by_content: HashMap<(Answer, Vec<Option<Reach>>), usize> = HashMap::new();
    for (at, kernel) in kernels.iter().enumerate() {
        let numbers = (answers.of_kernel[at], reaches.of_kernel[at]);
        let reach = &reaches.distinct[numbers.1];
        let index = *by_numbers.entry(numbers).or_insert_with(|| {
            let all = &answers.distinct[numbers.0].outcomes;
            let answer =
                Answer { outcomes: case.asked.iter().filter_map(|&at| all.get(at)).cloned().collect() };
            let of_accesses: Vec<_> = accesses.iter().map(|access| reach.of_access(access.id)).collect();
            *by_content.entry((answer, of_accesses)).or_insert_with_key(|(answer, of_accesses)| {
                judged.answers.distinct.push(answer.clone());
                judged.reach.push(of_accesses.clone());
                judged.reach.len() - 1
            })
        });
        judged.answers.of_kernel.push(index);
        let answer = &judged.answers.distinct[index];
        let load = Load { object: case.object, loader: case.loader, is_refused };
        let mut verdict = judge(&load, &accesses, answer, reach, kernel);
        if case.judges_requirements {
            case.needed(judged.meetings.of(at)).add_to(&mut verdict, |program, (section, insn)| {
                let of_program = reach.programs.get(program).and_then(Option::as_deref);
                let reach = of_program.and_then(|of| of.missing_calls.get(&Trap { section, insn }));
                reach.copied().unwrap_or(Reach::MayBeReached)
            });
        }
        judged.verdicts.push(verdict);
    }
    judged
}

impl Case<'_> {
    fn needed<'a>(&'a self, meetings: &'a [Arc<Meeting>]) -> Needed<'a> {
        Needed { object: self.object, requirements: self.requirements, meetings }
    }

    /// Where something fails, ascending: calls of helpers that are missing, reads beyond what there is; what follows programs finds those of weak functions itself.
    fn missing_helpers(&self, meetings: &[Arc<Meeting>]) -> Vec<Trap> {
        let needed = self.needed(meetings);
        needed.places().into_iter().map(|(section, insn)| Trap { section, insn }).collect()
    }
}
