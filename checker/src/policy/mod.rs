//! What a team demands: which kernels must be fine, what is known and excused. A file, `corecheck.toml`, and what it makes of a
//! report.
//!
//! A policy changes no verdict: what loads where is not up to it. It says which kernels decide, how grave a rule's findings
//! are, and which are excused; [`apply`] says what comes of it.

mod baseline;
mod excuse;
mod gate;
mod kernels;
mod read;
mod table;
mod waiver;

pub use baseline::{Baseline, BaselineError};
pub use gate::{Terms, apply};
pub use kernels::{Selector, Standing, Traits};
pub use read::{PolicyError, read};
pub use waiver::{Date, Waiver};

use std::collections::BTreeMap;

use crate::load::{Alternatives, AttachTarget, Choice, Constant};
use crate::loader::Loader;
use crate::object::Object;
use crate::rules::Level;
use corecheck_layouts::kernel::{Kernel, Modules};

/// What is demanded.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The file that it came from, as it was given; empty for none.
    pub file: String,
    /// Whose rules; empty leaves the default.
    pub loaders: Vec<Loader>,
    /// Which modules are taken as loaded.
    pub modules: Option<Modules>,
    /// Whether a required kernel of which the verdict is unknown is let through.
    pub unknown_passes: bool,
    /// Which kernels decide: the first selector that a kernel matches.
    pub kernels: Vec<Selector>,
    /// Levels other than the rules' own; `None` switches a rule off.
    pub levels: BTreeMap<&'static str, Option<Level>>,
    /// Programs of which one set is loaded.
    pub alternatives: Vec<Alternatives>,
    /// The only programs that are loaded, if any are named.
    pub programs: Vec<String>,
    /// Programs that are not loaded.
    pub no_autoload: Vec<String>,
    /// Programs that attach to something else than their section says.
    pub attach: Vec<AttachTarget>,
    /// Constants that are set before the load.
    pub constants: Vec<Constant>,
    /// What is excused.
    pub waivers: Vec<Waiver>,
    /// The file of what was there before, relative to the policy's folder.
    pub baseline: Option<String>,
}

impl Policy {
    /// What becomes of a kernel. Where a policy requires some kernels, those that no selector fits are wanted; where it requires
    /// none by name, they are required: to ignore some must not let all others pass.
    pub fn standing(&self, kernel: &Kernel) -> Standing {
        self.first(|selector| selector.matches(kernel))
    }

    /// What becomes of a kernel of which no more is known than this.
    pub fn standing_of(&self, kernel: &Traits<'_>) -> Standing {
        self.first(|selector| selector.fits(kernel))
    }

    fn first(&self, means: impl Fn(&Selector) -> bool) -> Standing {
        let named = self.kernels.iter().find(|selector| means(selector));
        let other = if self.requires_some() { Standing::Wanted } else { Standing::Required };
        named.map_or(other, |selector| selector.standing)
    }

    /// Whether it says of some kernels that they are required.
    pub fn requires_some(&self) -> bool {
        self.kernels.iter().any(|selector| selector.standing == Standing::Required)
    }

    /// Adds what it decides about the load of these objects. It may speak of programs that other objects have.
    pub fn choose(&self, choice: &mut Choice, objects: &[Object]) {
        let has = |name: &String| objects.iter().any(|object| has_program(object, name));
        let known = |names: &[String]| names.iter().filter(|name| has(name)).cloned().collect::<Vec<_>>();
        choice.only.extend(known(&self.programs));
        choice.without.extend(known(&self.no_autoload));
        choice.targets.extend(self.attach.iter().filter(|target| has(&target.program)).cloned());
        let fits = |group: &&Alternatives| objects.iter().any(|object| group.of(object).is_some());
        choice.alternatives.extend(self.alternatives.iter().filter(fits).cloned());
    }

    /// The constants that some of these objects have: a policy may speak of others, too.
    pub fn constants_of(&self, objects: &[Object]) -> Vec<Constant> {
        let is_there = |constant: &&Constant| objects.iter().any(|object| constant.find(object).is_some());
        self.constants.iter().filter(is_there).cloned().collect()
    }

    /// The selectors of required kernels that none of these is of: a gate that asks for nothing is no gate.
    pub fn unmatched<'p>(&'p self, kernels: &[&Kernel]) -> Vec<&'p Selector> {
        let is_unmatched = |selector: &&Selector| {
            selector.standing == Standing::Required && !kernels.iter().any(|kernel| selector.matches(kernel))
        };
        self.kernels.iter().filter(is_unmatched).collect()
    }
}

fn has_program(object: &Object, name: &str) -> bool {
    let functions = object.programs.iter().filter_map(|program| object.functions.get(program.function));
    functions.map(|function| &function.name).any(|own| own == name)
}
