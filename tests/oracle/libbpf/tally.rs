//! What was compared so far, and how it came out.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use corecheck_tests::counts::Counts;

use crate::compare::{Judgement, compare};
use crate::libbpf::Said;
use crate::subject::Subject;
use crate::target::Kernel;

/// The sums.
#[derive(Default)]
pub struct Tally {
    /// For the summary.
    pub counts: Counts,
    /// How often each reason explained a difference.
    pub reasons: BTreeMap<&'static str, usize>,
    /// How often each outcome was compared.
    pub states: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Compares one object against one target and counts; an object on a target is one check. Returns what libbpf said,
    /// where it could be asked.
    pub fn run(&mut self, subject: &Subject, target: &str, kernel: &Kernel) -> Option<Vec<Said>> {
        self.counts.objects += 1;
        match self.compare(subject, target, kernel) {
            Ok((said, agrees)) => {
                if agrees {
                    self.counts.passed += 1;
                } else {
                    self.counts.failed += 1;
                }
                Some(said)
            }
            Err(error) => {
                self.counts.failed += 1;
                println!("FAILED {} on {target}: {error:#}", subject.name);
                None
            }
        }
    }

    /// Too few of something are a failure.
    pub fn require(&mut self, what: &str, found: usize, least: usize) {
        if found < least {
            self.counts.failed += 1;
            println!("FAILED: {found} {what}, and at least {least} are expected");
        }
    }

    /// Every outcome must have been met: else a whole side of the resolver was not compared.
    pub fn require_outcomes(&mut self, words: &[&str]) {
        for word in words {
            let found = self.states.get(word).copied().unwrap_or(0);
            self.require(&format!("accesses {word}"), found, 1);
        }
    }

    fn compare(&mut self, subject: &Subject, target: &str, kernel: &Kernel) -> Result<(Vec<Said>, bool)> {
        let said = subject.said(kernel)?;
        let outcomes = subject.outcomes(kernel)?;
        let local = subject.object.btf.as_deref().context("corecheck finds no BTF")?;
        ensure!(said.len() == outcomes.len(), "{} records have {} outcomes", said.len(), outcomes.len());
        let mut agrees = true;
        for (index, (said, outcome)) in said.iter().zip(&outcomes).enumerate() {
            let (record, access) = (&subject.records.all[index], &subject.accesses[index]);
            self.counts.accesses += 1;
            *self.states.entry(outcome.state.word()).or_default() += 1;
            match compare(record, said, local, access, outcome) {
                Judgement::Agrees => self.counts.agreeing += 1,
                Judgement::Explained(why) => {
                    self.counts.explained += 1;
                    *self.reasons.entry(why).or_default() += 1;
                }
                Judgement::Differs(how) => {
                    self.counts.failing += 1;
                    agrees = false;
                    println!("DIFFERS on {target}: {}: {how}", subject.name);
                    println!("  access    {}", access.key);
                    println!("  corecheck {outcome:?}");
                    println!("  libbpf    {said:?}");
                }
            }
        }
        Ok((said, agrees))
    }
}
