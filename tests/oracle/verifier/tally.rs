//! What was asked so far, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use corecheck::reach::Reach;
use corecheck_tests::counts::Counts;

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

    /// Prints the sums, and the line for the summary of `tests/run`.
    pub fn print(&self, kernels: usize) {
        println!("{} objects on targets relocated by libbpf", self.relocated);
        for (why, count) in &self.refused {
            println!("refused by libbpf: {count} x {why}");
        }
        let mut sums: BTreeMap<(&Truth, Reach), usize> = BTreeMap::new();
        for row in &self.rows {
            *sums.entry((&row.truth, row.predicted)).or_default() += 1;
        }
        for ((truth, predicted), count) in sums {
            println!("{count} x {truth}: {}", predicted.word());
        }
        for row in self.rows.iter().filter(|row| row.judgement() == Judgement::Differs) {
            println!("DIFFERS {row}");
        }
        for failure in &self.failures {
            println!("FAILED: {failure}");
        }
        let count = |judgement| self.rows.iter().filter(|row| row.judgement() == judgement).count();
        let differing: BTreeSet<(&str, &str)> = self
            .rows
            .iter()
            .filter(|row| row.judgement() == Judgement::Differs)
            .map(|row| (row.object.as_str(), row.target.as_str()))
            .collect();
        let counts = Counts {
            objects: self.relocated,
            kernels,
            accesses: self.rows.len(),
            agreeing: count(Judgement::Agrees),
            explained: count(Judgement::Unsure),
            unsaid: count(Judgement::Unsaid),
            failing: count(Judgement::Differs),
            passed: self.relocated - differing.len(),
            failed: differing.len() + self.failures.len(),
        };
        println!("{counts}");
    }

    /// Whether all is well.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.rows.iter().all(|row| row.judgement() != Judgement::Differs)
    }

    /// Prints what came of instructions that were made up, as one check. Of what no compiler writes (copies compared with each
    /// other, bounds of what was negated) corecheck knows more or less than the verifier now and then: one access in a
    /// thousand may differ. Fewer than `least` that the verifier decided are a failure.
    pub fn judge_made_up(&mut self, least: usize) -> bool {
        let count = |judgement| self.rows.iter().filter(|row| row.judgement() == judgement).count();
        let (agree, unsure, differ) =
            (count(Judgement::Agrees), count(Judgement::Unsure), count(Judgement::Differs));
        let decided = agree + unsure + differ;
        println!("made-up instructions: {agree} accesses agree, {unsure} may be reached, {differ} differ");
        if decided < least {
            self.failures.push(format!("{decided} accesses are decided, and at least {least} are expected"));
        }
        if differ * 1000 > decided {
            self.failures.push(format!("{differ} of {decided} differ: more than one in a thousand"));
            for row in self.rows.iter().filter(|row| row.judgement() == Judgement::Differs) {
                println!("DIFFERS {row}");
            }
        }
        for failure in &self.failures {
            println!("FAILED: {failure}");
        }
        let is_good = self.failures.is_empty();
        println!("counts: passed={} failed={}", usize::from(is_good), self.failures.len());
        is_good
    }

    /// Too few of something are a failure: nothing may pass by doing nothing. So are too many that are left open.
    pub fn require(&mut self, least: &Least) {
        let of = |truth: &Truth| self.rows.iter().filter(|row| row.truth == *truth).count();
        let (met, not_met) = (of(&Truth::Met), of(&Truth::NotMet));
        let unsure = self.rows.iter().filter(|row| row.judgement() == Judgement::Unsure).count();
        let objects: BTreeSet<&str> = self.rows.iter().map(|row| row.object.as_str()).collect();
        let required = [
            ("objects with poisoned accesses", objects.len(), least.objects),
            ("poisoned accesses that the verifier came to", met, least.met),
            ("poisoned accesses that it did not come to", not_met, least.not_met),
        ];
        for (what, found, least) in required {
            if found < least {
                self.failures.push(format!("{found} {what}, and at least {least} are expected"));
            }
        }
        // May be reached: under 2 percent of those that the verifier decided.
        if unsure * 50 > met + not_met {
            self.failures.push(format!("{unsure} of {} may be reached: over 2 percent", met + not_met));
        }
    }
}

/// The least that is expected.
#[derive(Debug, clap::Args)]
pub struct Least {
    /// Fewer objects with poisoned accesses than this are a failure.
    #[arg(long = "min-objects")]
    objects: usize,
    /// Fewer poisoned accesses than this to which the verifier came are a failure.
    #[arg(long = "min-met")]
    met: usize,
    /// Fewer poisoned accesses than this to which it did not come are a failure.
    #[arg(long = "min-not-met")]
    not_met: usize,
}

/// What corecheck's word is, given the verifier's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// The same.
    Agrees,
    /// It may be reached.
    Unsure,
    /// The contrary.
    Differs,
    /// The verifier does not say.
    Unsaid,
}

impl Row {
    fn judgement(&self) -> Judgement {
        match (&self.truth, self.predicted) {
            (Truth::Other(_) | Truth::NotLoadable(_), _) => Judgement::Unsaid,
            (_, Reach::MayBeReached) => Judgement::Unsure,
            (Truth::Met, Reach::Reached) | (Truth::NotMet, Reach::Guarded) => Judgement::Agrees,
            _ => Judgement::Differs,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, program, function, section, insn, kind, target, truth, predicted, is_cut_short } =
            self;
        let cut = if *is_cut_short { ", cut short" } else { "" };
        write!(f, "{object}\t{target}\t{program}\t{function}\t{section}\t{insn}\t{kind:?}\t{truth}\t")?;
        write!(f, "{}{cut}", predicted.word())
    }
}
