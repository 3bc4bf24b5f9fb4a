//! Help for what fails: what a missing field may be called, which kernels first or last had it, and a guard in C.
//!
//! Nothing is invented. A name is proposed only where a kernel's own types have it in the place of the missing one, and each
//! access that a guard makes was resolved before it is shown; both say by which kernel.
//!
//! Whoever asks about few kernels hears of the others too: [`wanted`] says what of a store would help, and whoever has a
//! store looks it up. So this stage stays pure, and what fails nowhere costs nothing.

mod alike;
mod declare;
mod failing;
mod guard;
mod history;
mod members;
mod renamed;
#[cfg(test)]
mod tests;
mod tried;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::kernel::{Kernel, Modules};

pub use failing::{Lost, Subject};
pub use guard::Guard;
pub use history::Span;
pub use renamed::Renamed;
pub use wanted::{Wanted, wanted};

use self::failing::failing;
use self::history::{History, Presence};
use crate::access::Access;
use crate::attach::Requirement;
use crate::loader::Loader;
use crate::object::Object;
use crate::verdict::Judged;

/// An object under one loader's rules, as it was judged on some kernels.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Whose rules.
    pub loader: Loader,
    /// The object.
    pub object: &'a Object,
    /// Those of its accesses that were asked about.
    pub accesses: &'a [Access],
    /// Which modules were taken as loaded.
    pub modules: &'a Modules,
    /// What it needs besides.
    pub requirements: &'a [Requirement],
    /// What became of it.
    pub judged: &'a Judged,
}

/// What helps with one thing that is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help {
    /// Which kernels first or last had it: one for each history and gap in it, the histories with most failing kernels first.
    pub history: Vec<Span>,
    /// What it may be called where it is missing.
    pub renamed: Option<Renamed>,
    /// A guard for the access.
    pub guard: Option<Guard>,
}

/// Whether anything is missing to an object.
pub fn is_needed(case: &Case<'_>) -> bool {
    !failing(case).is_empty()
}

/// What helps with everything that is missing to an object; `more` are kernels that were looked up because they were
/// [`wanted`].
pub fn help(case: &Case<'_>, kernels: &[&Kernel], more: &[Kernel]) -> BTreeMap<(Subject, Lost), Help> {
    let failing = failing(case);
    if failing.is_empty() {
        return BTreeMap::new();
    }
    let history = History::new(kernels, more);
    let helped = failing.into_iter().map(|((subject, lost), failing)| {
        let presence = history.presence(case, subject, lost);
        let help = of_subject(case, &history, subject, lost, &failing, &presence);
        ((subject, lost), help)
    });
    helped.collect()
}

fn of_subject(
    case: &Case<'_>,
    history: &History<'_>,
    subject: Subject,
    lost: Lost,
    failing: &BTreeSet<usize>,
    presence: &[Presence],
) -> Help {
    let gaps = history.gaps(failing, presence);
    let told = if lost == Lost::Withheld { &[][..] } else { &gaps };
    let history_told = told.iter().map(|gap| gap.span(history)).collect();
    let Subject::Access(at) = subject else { return Help { history: history_told, ..Help::default() } };
    let Some(access) = case.accesses.get(at) else { return Help::default() };
    let renamed = match lost {
        Lost::Member => renamed::renamed(case, access, history, &history.pairs(failing, &gaps)),
        _ => None,
    };
    let guard = guard::guard(case, access, lost, history, failing, presence, renamed.as_ref());
    Help { history: history_told, renamed, guard }
}
