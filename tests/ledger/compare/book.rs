//! The ledger as a whole: equal lines of several machines are one, and counts.

use std::collections::BTreeMap;

use corecheck_tests::ledger::Accesses;
use serde::Serialize;

use super::machine::Machine;
use super::record::{Class, Record};

/// Version of the form.
pub const SCHEMA: &str = "corecheck.ledger/1";

/// The ledger.
#[derive(Debug, Serialize)]
pub struct Book {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The day when it was made.
    pub date: String,
    /// corecheck's version.
    pub corecheck: String,
    /// Who loaded, with version.
    pub loaders: Vec<String>,
    /// The objects.
    pub objects: Vec<String>,
    /// The machines.
    pub machines: Vec<Machine>,
    /// How many of each class, over all machines.
    pub counts: BTreeMap<Class, usize>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line, of one machine or several.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What is the same.
    #[serde(flatten)]
    pub record: Record,
    /// The machines' names.
    pub machines: Vec<String>,
}

/// Brings equal lines together, the gravest first.
pub fn lines(records: Vec<(String, Record)>) -> Vec<Line> {
    let mut found: BTreeMap<Record, Vec<String>> = BTreeMap::new();
    for (machine, record) in records {
        found.entry(record).or_default().push(machine);
    }
    found.into_iter().map(|(record, machines)| Line { record, machines }).collect()
}

/// How many of each class.
pub fn counts<'a>(lines: impl Iterator<Item = (&'a Record, usize)>) -> BTreeMap<Class, usize> {
    let mut counts: BTreeMap<Class, usize> = Class::ALL.into_iter().map(|class| (class, 0)).collect();
    for (record, number) in lines {
        *counts.entry(record.class).or_default() += number;
    }
    counts
}

impl Book {
    /// How the accesses of all machines compare.
    pub fn accesses(&self) -> Accesses {
        self.machines.iter().map(|machine| machine.accesses).fold(Accesses::default(), |sum, of| Accesses {
            confirmed: sum.confirmed + of.confirmed,
            contradicted: sum.contradicted + of.contradicted,
            not_read: sum.not_read + of.not_read,
        })
    }

    /// How many verdicts and accesses were wrong.
    pub fn wrong(&self) -> usize {
        let of = |class| self.counts.get(&class).copied().unwrap_or(0);
        of(Class::FalselyOk) + of(Class::FalselyFailing) + self.accesses().contradicted
    }
}
