//! Looking things up in a report, and the short names of kernels.

use foldhash::{HashMap, HashMapExt};

use crate::render::text::clean;
use crate::report::Report;
use crate::report::model::{AccessEntry, AnswerEntry, KernelEntry};

/// A report's kernels by full name, its answers and accesses by number.
pub(super) struct Index<'a> {
    kernels: HashMap<&'a str, (usize, &'a KernelEntry)>,
    short_names: HashMap<&'a str, String>,
    answers: HashMap<usize, &'a AnswerEntry>,
    accesses: HashMap<(usize, usize), &'a AccessEntry>,
    number_of_loaders: usize,
}

impl<'a> Index<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let kernels = &report.kernels;
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for alias in kernels.iter().filter_map(|kernel| kernel.aliases.first()) {
            *uses.entry(alias).or_default() += 1;
        }
        let short = |kernel: &'a KernelEntry| match kernel.aliases.first() {
            Some(alias) if uses[alias.as_str()] == 1 => clean(alias),
            _ => clean(&kernel.name),
        };
        Self {
            kernels: kernels
                .iter()
                .enumerate()
                .map(|(at, kernel)| (kernel.name.as_str(), (at, kernel)))
                .collect(),
            short_names: kernels.iter().map(|kernel| (kernel.name.as_str(), short(kernel))).collect(),
            accesses: report
                .objects
                .iter()
                .enumerate()
                .flat_map(|(at, object)| object.accesses.iter().map(move |access| ((at, access.id), access)))
                .collect(),
            number_of_loaders: report.loaders.len(),
            answers: report.answers.iter().map(|answer| (answer.id, answer)).collect(),
        }
    }

    /// Whether the report tells what several loaders do.
    pub(super) fn has_several_loaders(&self) -> bool {
        self.number_of_loaders > 1
    }

    /// How many kernels the report is about.
    pub(super) fn number_of_kernels(&self) -> usize {
        self.kernels.len()
    }

    /// The heading a kernel stands under.
    pub(super) fn group(&self, kernel: &str) -> &'a str {
        self.kernels.get(kernel).map_or("", |(_, entry)| entry.group.as_str())
    }

    /// The place of a kernel in the report's order.
    pub(super) fn position(&self, kernel: &str) -> usize {
        self.kernels.get(kernel).map_or(usize::MAX, |(at, _)| *at)
    }

    /// A kernel's first alias, or else its full name.
    pub(super) fn short_name(&self, kernel: &'a str) -> &str {
        self.short_names.get(kernel).map_or(kernel, String::as_str)
    }

    /// The answer of that number.
    pub(super) fn answer(&self, id: usize) -> Option<&'a AnswerEntry> {
        self.answers.get(&id).copied()
    }

    /// The access of that number of an object.
    pub(super) fn access(&self, object: usize, id: usize) -> Option<&'a AccessEntry> {
        self.accesses.get(&(object, id)).copied()
    }
}
