//! What was asked so far, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::subject::Asked;
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
}

/// The sums.
#[derive(Default)]
pub struct Tally {
    /// Every trap.
    pub rows: Vec<Row>,
    /// What went wrong.
    pub failures: Vec<String>,
    /// Objects on targets that libbpf relocated.
    prepared: usize,
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

    /// An object's traps on a target were asked about.
    pub fn asked(&mut self, object: &str, target: &str, all: &[Asked]) {
        self.prepared += 1;
        self.rows.extend(all.iter().map(|asked| Row {
            object: object.to_owned(),
            program: asked.program.clone(),
            function: asked.trap.function.clone(),
            section: asked.trap.section.clone(),
            insn: asked.trap.insn,
            kind: asked.trap.kind,
            target: target.to_owned(),
            truth: asked.truth.clone(),
        }));
    }

    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.failures.extend(other.failures);
        self.prepared += other.prepared;
        for (why, count) in other.refused {
            *self.refused.entry(why).or_default() += count;
        }
    }

    /// Prints the sums.
    pub fn print(&self) {
        for failure in &self.failures {
            println!("FAILED {failure}");
        }
        println!("{} objects on targets relocated by libbpf", self.prepared);
        for (why, count) in &self.refused {
            println!("refused by libbpf: {count} x {why}");
        }
        let mut truths: BTreeMap<&Truth, usize> = BTreeMap::new();
        for row in &self.rows {
            *truths.entry(&row.truth).or_default() += 1;
        }
        for (truth, count) in truths {
            println!("{count} x {truth:?}");
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, program, function, section, insn, kind, target, truth } = self;
        write!(f, "{object}\t{target}\t{program}\t{function}\t{section}\t{insn}\t{kind:?}\t{truth:?}")
    }
}
