//! What of a store would help: the other kernels of the histories in which something is missing, and what missing members
//! may be called.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::kernel::{Kernel, Need, Root};

use super::history::{History, Line, known_arch, line_of, widest};
use super::renamed::names_to_look_up;
use super::tried::found;
use super::{Case, Lost, Subject, failing::failing};
use crate::answer::needs_of;
use crate::attach::add_needs_of;

/// What to look up.
#[derive(Debug, Default)]
pub struct Wanted<'k> {
    /// Kernels of the store.
    pub kernels: Vec<&'k Kernel>,
    /// What of them.
    pub roots: Vec<Root>,
}

/// What to look up in a store with these kernels, to help with what fails of objects that were judged on `kernels`.
pub fn wanted<'k>(cases: &[Case<'_>], kernels: &[&Kernel], stored: &'k [Kernel]) -> Wanted<'k> {
    let mut wanted = Wanted::default();
    let judged: BTreeSet<_> = kernels.iter().map(|kernel| &kernel.name).collect();
    // What was not judged, by history.
    let mut unjudged: BTreeMap<Line<'k>, Vec<&'k Kernel>> = BTreeMap::new();
    let mut names: BTreeSet<_> = BTreeSet::new();
    let mut lines: BTreeMap<Line<'k>, usize> = BTreeMap::new();
    for kernel in stored {
        *lines.entry(line_of(kernel)).or_default() += usize::from(kernel.is_complete());
        if !judged.contains(&kernel.name) {
            unjudged.entry(line_of(kernel)).or_default().push(kernel);
        }
    }
    for case in cases {
        let failing = failing(case);
        if failing.is_empty() {
            continue;
        }
        let history = History::new(kernels, &[]);
        for ((subject, lost), failing) in failing {
            let of_lines = failing_lines(&failing, kernels, &lines);
            let others = of_lines.iter().filter_map(|line| unjudged.get(line)).flatten();
            let others: Vec<&Kernel> = others.copied().collect();
            let is_at_hand = others.is_empty();
            let mut roots = Vec::new();
            let mut again = BTreeSet::new();
            match subject {
                Subject::Requirement(at) => add_needs_of(case.requirements.get(at), &mut roots),
                Subject::Access(at) => {
                    let (Some(access), Some(btf)) = (case.accesses.get(at), case.object.btf.as_deref())
                    else {
                        continue;
                    };
                    roots = needs_of(btf, std::slice::from_ref(access));
                    if lost == Lost::Member {
                        // Where all are at hand, it is known which to compare.
                        let compared: BTreeSet<usize> = if is_at_hand {
                            let presence = history.presence(case, subject, lost);
                            let pairs = history.pairs(&failing, &history.gaps(&failing, &presence));
                            pairs
                                .iter()
                                .flat_map(|&(without, with)| [Some(without), with])
                                .flatten()
                                .collect()
                        } else {
                            failing.clone()
                        };
                        let lacking = compared.intersection(&failing).filter_map(|&at| kernels.get(at));
                        let alike: BTreeSet<Vec<u8>> = lacking
                            .filter_map(|kernel| found(case, access, kernel))
                            .flat_map(|found| names_to_look_up(case, access, &found))
                            .map(String::into_bytes)
                            .collect();
                        if !alike.is_empty() {
                            for root in &mut roots {
                                let need = std::mem::replace(&mut root.need, Need::Kind);
                                root.need = need.with(Need::Members(alike.clone()));
                            }
                            again = compared;
                        }
                    }
                }
            }
            // Those that are whole need not be read again.
            let again =
                again.iter().filter_map(|&at| kernels.get(at)).filter(|kernel| kernel.stored.is_some());
            let again: BTreeSet<_> = again.map(|kernel| &kernel.name).collect();
            names.extend(others.iter().map(|kernel| kernel.name.clone()));
            names.extend(again.into_iter().cloned());
            // What is looked up again takes the place of what was known: it serves all.
            roots.into_iter().for_each(|root| wanted.add(root));
        }
    }
    if names.is_empty() {
        return Wanted::default();
    }
    wanted.kernels = stored.iter().filter(|kernel| names.contains(&kernel.name)).collect();
    wanted
}

/// The histories to look in: those of the failing kernels, and where one stands alone the widest of its architecture.
fn failing_lines<'k>(
    failing: &BTreeSet<usize>,
    kernels: &[&'k Kernel],
    lines: &BTreeMap<Line<'k>, usize>,
) -> BTreeSet<Line<'k>> {
    let of_failing = failing.iter().filter_map(|&at| kernels.get(at));
    let mut all = BTreeSet::new();
    for kernel in of_failing {
        let own = line_of(kernel);
        match lines.get(&own) {
            Some(_) => all.insert(own),
            None => widest(lines, known_arch(kernel)).is_some_and(|line| all.insert(line)),
        };
    }
    all
}

impl Wanted<'_> {
    fn add(&mut self, root: Root) {
        let known = self.roots.iter_mut().find(|known| known.name == root.name && known.kind == root.kind);
        match known {
            Some(known) => known.need = std::mem::replace(&mut known.need, Need::Kind).with(root.need),
            None => self.roots.push(root),
        }
    }
}
