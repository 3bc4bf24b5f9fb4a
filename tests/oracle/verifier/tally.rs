//! What was asked so far, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use corecheck::reach::Reach;

use crate::predict::Predicted;
use crate::subject::Trapped;
use crate::trap;
use crate::verdict::Truth;

/// One trap, with what the verifier said.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    object: String,
    program: String,
    function: String,
    section: String,
    insn: usize,
    kind: trap::Kind,
    target: String,
    truth: Truth,
    predicted: Reach,
    is_cut_short: bool,
}

/// The sums.
#[derive(Default)]
pub struct Tally {
    /// Every trap.
    pub rows: Vec<Row>,
    /// What went wrong.
    pub failures: Vec<String>,
    /// Objects on targets that libbpf relocated.
    relocated: usize,
    /// Those that it refused, by its words.
    refused: BTreeMap<String, usize>,
}

impl Tally {
    /// Something went wrong.
    pub fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// libbpf refused an object on a target.
    pub fn refused(&mut self, why: String) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// An object was relocated against a target.
    pub fn relocated(&mut self) {
        self.relocated += 1;
    }

    /// A program's traps were asked about, and corecheck said this of them.
    pub fn asked(&mut self, object: &str, target: &str, of: &Trapped, predicted: &[Predicted]) {
        self.rows.extend(of.asked.iter().zip(predicted).map(|(asked, predicted)| Row {
            object: object.to_owned(),
            program: of.program.clone(),
            function: asked.trap.function.clone(),
            section: asked.trap.section.clone(),
            insn: asked.trap.insn,
            kind: asked.trap.kind,
            target: target.to_owned(),
            truth: asked.truth.clone(),
            predicted: predicted.reach,
            is_cut_short: predicted.is_cut_short,
        }));
    }

    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.failures.extend(other.failures);
        self.relocated += other.relocated;
        for (why, count) in other.refused {
            *self.refused.entry(why).or_default() += count;
        }
    }

    /// Prints the sums.
    pub fn print(&self) {
        for failure in &self.failures {
            println!("FAILED {failure}");
        }
        println!("{} objects on targets relocated by libbpf", self.relocated);
        for (why, count) in &self.refused {
            println!("refused by libbpf: {count} x {why}");
        }
        let mut sums: BTreeMap<(&Truth, Reach), usize> = BTreeMap::new();
        for row in &self.rows {
            *sums.entry((&row.truth, row.predicted)).or_default() += 1;
        }
        for ((truth, predicted), count) in sums {
            println!("{count} x {truth:?}, {}", predicted.word());
        }
        for row in self.rows.iter().filter(|row| row.is_wrong()) {
            println!("DIFFERS {row}");
        }
    }
}

impl Row {
    /// Whether corecheck says the contrary of the verifier.
    fn is_wrong(&self) -> bool {
        matches!(
            (&self.truth, self.predicted),
            (Truth::Met, Reach::Guarded) | (Truth::NotMet, Reach::Reached)
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, program, function, section, insn, kind, target, truth, predicted, is_cut_short } =
            self;
        write!(
            f,
            "{object}\t{target}\t{program}\t{function}\t{section}\t{insn}\t{kind:?}\t{truth:?}\t{}{}",
            predicted.word(),
            if *is_cut_short { " cut" } else { "" }
        )
    }
}
