//! An object on many kernels: answers, what the verifier comes to, and what both mean.

use std::collections::HashMap;

use corecheck_layouts::kernel::{Kernel, Modules};

use super::{Load, ObjectVerdict, judge};
use crate::access::Access;
use crate::answer::{Answer, Answers, answer_by};
use crate::attach::externs;
use crate::loader::Loader;
use crate::object::Object;
use crate::reach::{Known, Reach, reach_all};

/// What is judged.
#[derive(Debug)]
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
}

/// An object on kernels, in their order. Its accesses are those that were asked about.
#[derive(Debug)]
pub struct Judged {
    /// What the accesses come to. Answers that differ only in what the verifier comes to are told apart.
    pub answers: Answers,
    /// For each distinct answer, for each access: whether the verifier comes to it, if it is poisoned in a program that is
    /// loaded.
    pub reach: Vec<Vec<Option<Reach>>>,
    /// What that means, per kernel.
    pub verdicts: Vec<ObjectVerdict>,
}

/// Judges an object on every kernel, with these modules taken as loaded.
pub fn judge_all(case: &Case<'_>, kernels: &[&Kernel], modules: &Modules) -> Judged {
    let answers = answer_by(case.loader, case.object, case.accesses, kernels, modules);
    let externs = externs(case.object, kernels, modules);
    let known = Known { externs: &externs, missing_helpers: (&[], &[]), data: case.data };
    let reaches = reach_all(case.object, case.accesses, &answers, kernels, &known);
    let accesses: Vec<Access> = case.asked.iter().map(|&at| case.accesses[at].clone()).collect();
    let mut judged = Judged {
        answers: Answers { distinct: Vec::new(), of_kernel: Vec::with_capacity(kernels.len()) },
        reach: Vec::new(),
        verdicts: Vec::with_capacity(kernels.len()),
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
        judged.verdicts.push(judge(&load, &accesses, answer, reach, kernel));
    }
    judged
}
