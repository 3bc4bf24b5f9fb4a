//! Which kernels first or last had something: along the releases of one distribution, architecture and flavour.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::kernel::{Absence, Kernel};

use super::{Case, Lost, Subject};
use crate::answer::answer_by;
use crate::attach::{Doubt, Fate, Lack, meet};
use crate::resolve::{Outcome, Reason, State};

/// Whether a kernel has what is missing elsewhere; `None` where that is not known or where it has it otherwise.
pub(super) type Presence = Option<bool>;

/// What kernels of one history have in common: distribution, architecture, flavour.
pub(super) type Line<'k> = (&'k str, &'k str, &'k str);

/// The kernels that came before or after something failed, in one history; full names. What is left out is not stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Whose kernels these are.
    pub distro: String,
    /// Their architecture.
    pub arch: String,
    /// Their flavour, empty when unknown.
    pub flavour: String,
    /// The last of the older ones that has it.
    pub last_with: Option<String>,
    /// The first after that without it.
    pub first_without: Option<String>,
    /// The last one without it before newer ones have it.
    pub last_without: Option<String>,
    /// The first of the newer ones that has it.
    pub first_with: Option<String>,
}

/// Kernels that lack something between others that have it: places in [`History::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Gap {
    pub(super) last_with: Option<usize>,
    pub(super) first_without: Option<usize>,
    pub(super) last_without: Option<usize>,
    pub(super) first_with: Option<usize>,
}

/// All kernels at hand: those that were judged, at their positions, and behind them those that were looked up besides.
pub(super) struct History<'k> {
    pub(super) all: Vec<&'k Kernel>,
    /// What orders them.
    ages: Vec<Age>,
    /// How many of them were judged.
    judged: usize,
    /// Kernels that were looked up again, for more of their types, by position.
    again: BTreeMap<usize, &'k Kernel>,
    lines: BTreeMap<Line<'k>, Vec<usize>>,
    /// The longest history of each architecture: see [`widest`].
    counts: BTreeMap<Line<'k>, usize>,
}

/// The history that a kernel belongs to.
pub(super) fn line_of(kernel: &Kernel) -> Line<'_> {
    (&kernel.name.distro, kernel.name.arch.as_str(), &kernel.facts.flavour)
}

/// What orders kernels of a history: version, then release; numbers by value, as far as there are any.
type Age = (Vec<u64>, Vec<u64>);

fn age(kernel: &Kernel) -> Age {
    (numbers(&kernel.facts.version), numbers(&kernel.name.release))
}

fn numbers(text: &str) -> Vec<u64> {
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

/// The history to look in for kernels that belong to none: of their architecture, where it is known, the one with most kernels.
pub(super) fn widest<'k>(lines: &BTreeMap<Line<'k>, usize>, arch: &str) -> Option<Line<'k>> {
    let of_arch = lines.iter().filter(|((_, own, _), _)| *own == arch);
    // Of equally long ones the first.
    of_arch.rev().max_by_key(|(_, count)| **count).map(|(line, _)| *line)
}

impl<'k> History<'k> {
    pub(super) fn new(kernels: &[&'k Kernel], more: &'k [Kernel]) -> Self {
        let mut all = kernels.to_vec();
        let places: BTreeMap<_, usize> =
            kernels.iter().enumerate().map(|(at, kernel)| (&kernel.name, at)).collect();
        let mut again = BTreeMap::new();
        for kernel in more {
            match places.get(&kernel.name) {
                Some(&at) => {
                    again.insert(at, kernel);
                }
                None => all.push(kernel),
            }
        }
        let mut lines: BTreeMap<Line<'k>, Vec<usize>> = BTreeMap::new();
        for (at, kernel) in all.iter().enumerate() {
            lines.entry(line_of(kernel)).or_default().push(at);
        }
        let ages: Vec<Age> = all.iter().map(|kernel| age(kernel)).collect();
        for line in lines.values_mut() {
            line.sort_by(|&one, &other| ages[one].cmp(&ages[other]));
        }
        let complete = |at: &&usize| all[**at].is_complete();
        let counts = lines.iter().map(|(line, of)| (*line, of.iter().filter(complete).count())).collect();
        Self { all, ages, judged: kernels.len(), again, lines, counts }
    }

    /// The kernel at this place, with all of its types that were looked up for help.
    pub(super) fn types(&self, at: usize) -> Option<&'k Kernel> {
        self.again.get(&at).or_else(|| self.all.get(at)).copied()
    }

    /// Which kernels have it.
    pub(super) fn presence(&self, case: &Case<'_>, subject: Subject, lost: Lost) -> Vec<Presence> {
        let (judged, more) = self.all.split_at(self.judged);
        match subject {
            Subject::Access(at) => {
                let answers = &case.judged.answers;
                let of_judged = (0..judged.len()).map(|kernel| {
                    let answer = answers.distinct.get(*answers.of_kernel.get(kernel)?)?;
                    has(answer.outcomes.get(at)?, lost)
                });
                let mut all: Vec<Presence> = of_judged.collect();
                if let Some(access) = case.accesses.get(at).filter(|_| !more.is_empty()) {
                    let access = std::slice::from_ref(access);
                    let answers = answer_by(case.loader, case.object, access, more, case.modules);
                    all.extend(
                        answers
                            .of_kernel
                            .iter()
                            .map(|&number| has(answers.distinct.get(number)?.outcomes.first()?, lost)),
                    );
                }
                all
            }
            Subject::Requirement(at) => {
                let meetings = &case.judged.meetings;
                let of_judged = (0..judged.len()).map(|kernel| is_met(&meetings.of(kernel).get(at)?.fate));
                let mut all: Vec<Presence> = of_judged.collect();
                if let Some(requirement) = case.requirements.get(at).filter(|_| !more.is_empty()) {
                    let needed = std::slice::from_ref(requirement);
                    let meetings = meet(case.object, needed, more, case.modules);
                    all.extend((0..more.len()).map(|kernel| is_met(&meetings.of(kernel).first()?.fate)));
                }
                all
            }
        }
    }

    /// The gaps that the failing kernels are in, each once; those of histories with most of them first.
    pub(super) fn gaps(&self, failing: &BTreeSet<usize>, presence: &[Presence]) -> Vec<Gap> {
        let mut gaps: BTreeMap<Gap, usize> = BTreeMap::new();
        let mut of_lines: BTreeMap<Line<'k>, BTreeSet<usize>> = BTreeMap::new();
        for &kernel in failing {
            if let Some(of) = self.all.get(kernel) {
                of_lines.entry(line_of(of)).or_default().insert(kernel);
            }
        }
        for (line, failing) in of_lines {
            let own = self.lines.get(&line).map(Vec::as_slice).unwrap_or_default();
            let line = match own.len() {
                // It stands alone.
                ..2 => {
                    let kernel = own.first().and_then(|&kernel| self.all.get(kernel));
                    let widest = kernel.and_then(|kernel| widest(&self.counts, known_arch(kernel)));
                    widest.and_then(|line| self.lines.get(&line)).map(Vec::as_slice).unwrap_or_default()
                }
                _ => own,
            };
            let marks = Marks::new(line, presence);
            for kernel in failing {
                if let Some(gap) = self.gap(line, &marks, kernel) {
                    *gaps.entry(gap).or_default() += 1;
                }
            }
        }
        let mut gaps: Vec<(Gap, usize)> = gaps.into_iter().collect();
        gaps.sort_by_key(|&(gap, count)| (std::cmp::Reverse(count), gap));
        gaps.into_iter().map(|(gap, _)| gap).collect()
    }

    /// Where a kernel stands in a history: between which that have it.
    fn gap(&self, line: &[usize], marks: &Marks, kernel: usize) -> Option<Gap> {
        let age = self.ages.get(kernel)?;
        let is_placed = line.len() > 1 && !age.0.is_empty();
        // One of which no version is known stands behind all.
        let here = match is_placed {
            true => line.partition_point(|&at| self.ages[at] < *age),
            false => line.len(),
        };
        let gap = marks.gap(here);
        (gap.last_with.is_some() || gap.first_with.is_some()).then_some(gap)
    }

    /// Kernels to compare, at most this many pairs: one that lacks it, and the nearest that has it, if one is at hand.
    pub(super) fn pairs(&self, failing: &BTreeSet<usize>, gaps: &[Gap]) -> Vec<(usize, Option<usize>)> {
        const MOST: usize = 4;
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        for gap in gaps {
            let before = gap.first_without.zip(gap.last_with);
            let after = gap.last_without.zip(gap.first_with);
            pairs.extend([before, after].into_iter().flatten().map(|(without, with)| (without, Some(with))));
        }
        if pairs.is_empty() {
            pairs.extend(failing.last().map(|&kernel| (kernel, None)));
        }
        pairs.truncate(MOST);
        pairs
    }
}

/// For every place in a history, and for its end: what is nearest before it, and from it on.
struct Marks {
    before: Vec<Nearest>,
    after: Vec<Nearest>,
}

/// What is nearest on one side of a place, as places in [`History::all`].
#[derive(Debug, Clone, Copy, Default)]
struct Nearest {
    /// The nearest kernel that has it.
    with: Option<usize>,
    /// Of those without it up to there, the one next to that kernel.
    next_to_with: Option<usize>,
    /// And the one next to the place.
    next_to_here: Option<usize>,
}

impl Marks {
    fn new(line: &[usize], presence: &[Presence]) -> Self {
        let before = Self::along(line.iter(), presence);
        let mut after = Self::along(line.iter().rev(), presence);
        after.reverse();
        Self { before, after }
    }

    fn along<'l>(line: impl Iterator<Item = &'l usize>, presence: &[Presence]) -> Vec<Nearest> {
        let mut now = Nearest::default();
        let mut all = vec![now];
        for &at in line {
            match presence.get(at).copied().flatten() {
                Some(true) => now = Nearest { with: Some(at), ..Nearest::default() },
                Some(false) => {
                    now.next_to_with = now.next_to_with.or(Some(at));
                    now.next_to_here = Some(at);
                }
                None => {}
            }
            all.push(now);
        }
        all
    }

    /// What surrounds a place.
    fn gap(&self, here: usize) -> Gap {
        let of = |side: &[Nearest]| side.get(here).copied().unwrap_or_default();
        let (before, after) = (of(&self.before), of(&self.after));
        Gap {
            last_with: before.with,
            first_without: before.with.and(before.next_to_with.or(after.next_to_here)),
            last_without: after.with.and(after.next_to_with.or(before.next_to_here)),
            first_with: after.with,
        }
    }
}

/// The architecture of a kernel; one that is unknown is taken for the most common.
pub(super) fn known_arch(kernel: &Kernel) -> &str {
    match kernel.name.arch.as_str() {
        "unknown" => "amd64",
        arch => arch,
    }
}

impl Gap {
    pub(super) fn span(&self, history: &History<'_>) -> Span {
        let name = |at: Option<usize>| Some(history.all.get(at?)?.name.to_string());
        let one = self.last_with.or(self.first_with).and_then(|at| history.all.get(at));
        let (distro, arch, flavour) = one.map(|kernel| line_of(kernel)).unwrap_or_default();
        Span {
            distro: distro.to_owned(),
            arch: arch.to_owned(),
            flavour: flavour.to_owned(),
            last_with: name(self.last_with),
            first_without: name(self.first_without),
            last_without: name(self.last_without),
            first_with: name(self.first_with),
        }
    }
}

/// Whether an outcome says that the kernel has what others lack.
fn has(outcome: &Outcome, lost: Lost) -> Presence {
    let is_there = matches!(
        (&outcome.state, &outcome.reason),
        (State::Resolved, _) | (_, Some(Reason::WidthChanged { .. } | Reason::Ambiguous(_)))
    );
    match (&outcome.reason, lost) {
        _ if is_there => Some(true),
        (Some(Reason::TypeAbsent(Absence::NotInBtf | Absence::NotConfigured(_))), _) => Some(false),
        (Some(Reason::NoMatch(_)), Lost::Type | Lost::Withheld) => {
            match outcome.reason.as_ref().and_then(Lost::of) {
                Some(Lost::Type) => Some(false),
                _ => Some(true),
            }
        }
        (Some(Reason::NoMatch(_)), _) => Some(false),
        _ => None,
    }
}

fn is_met(fate: &Fate) -> Presence {
    match fate {
        Fate::Met { .. } => Some(true),
        Fate::Missing(Lack::Absent(Absence::NotInBtf | Absence::NotConfigured(_)))
        | Fate::Missing(Lack::NoEnumerator)
        | Fate::Missing(Lack::Member { .. })
        | Fate::Missing(Lack::Incompatible { .. })
        | Fate::Missing(Lack::NotSet)
        | Fate::Unknown(Doubt::NotInBtf) => Some(false),
        _ => None,
    }
}
