//! What the running kernel's verifier says of one trap: the program is loaded with all its other traps made harmless.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::ffi::{self, Prepared, Program, Rejection, Words};
use crate::trap::{Code, Trap};

/// Whether the verifier came to a trap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It did, and refused the program for it.
    Met,
    /// It did not, and took the program.
    NotMet,
    /// It refused the program for something else, which it came to before: in these words, without numbers.
    Other(String),
    /// It never looked at the program: why.
    NotLoadable(String),
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Met => write!(f, "met"),
            Self::NotMet => write!(f, "not met"),
            Self::Other(why) => write!(f, "refused before: {why}"),
            Self::NotLoadable(why) => write!(f, "not verified: {why}"),
        }
    }
}

/// Ids of what programs attach to, each looked up once: that takes a reading of the whole BTF.
#[derive(Default)]
pub struct AttachIds(Mutex<HashMap<(String, u32), Option<u32>>>);

impl AttachIds {
    /// The id for a program: 0 if its type wants none; or why there is none.
    fn of(&self, program: &Program) -> Result<u32, String> {
        if !ffi::wants_attach_id(program) {
            return Ok(0);
        }
        let (_, name) = program.section.split_once('/').ok_or("it does not say what it attaches to")?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *known
            .entry((name.to_owned(), program.attach))
            .or_insert_with(|| ffi::attach_id(name, program.attach));
        id.ok_or_else(|| "the running kernel lacks what it attaches to".to_owned())
    }
}

/// A prepared object, with what asking about it takes.
pub struct Question<'q> {
    /// The object.
    pub prepared: &'q Prepared,
    /// Its code.
    pub code: &'q Code,
    /// What programs attach to.
    pub ids: &'q AttachIds,
    /// A program of it.
    pub program: &'q Program,
    /// The traps of that program.
    pub traps: &'q [Trap],
}

impl Question<'_> {
    /// Asks about one of the traps.
    pub fn ask(&self, asked: usize) -> Truth {
        match self.load(asked, Words::Few) {
            Ok(loaded) => judge(loaded, self.traps[asked].number),
            Err(why) => Truth::NotLoadable(why),
        }
    }

    /// All that the verifier says on its way.
    pub fn log(&self, asked: usize) -> String {
        match self.load(asked, Words::All) {
            Ok(Ok(log) | Err(Rejection { log, .. })) | Err(log) => log,
        }
    }

    fn load(&self, asked: usize, words: Words) -> Result<Result<String, Rejection>, String> {
        const EINTR: i32 = 4;
        const EAGAIN: i32 = 11;
        let attach_to = self.ids.of(self.program)?;
        let mut slots = self.program.slots.clone();
        for (index, trap) in self.traps.iter().enumerate() {
            if index != asked {
                slots[trap.at.clone()].copy_from_slice(&trap.harmless);
            }
        }
        let license = &self.code.license;
        let once = || ffi::load(self.prepared, self.program, &slots, license, attach_to, words);
        // The verifier may be interrupted.
        let mut loaded = once();
        for _ in 0..5 {
            match &loaded {
                Err(rejection) if matches!(rejection.errno, EAGAIN | EINTR) => loaded = once(),
                _ => break,
            }
        }
        Ok(loaded)
    }
}

fn judge(loaded: Result<String, Rejection>, number: i32) -> Truth {
    let Err(Rejection { errno, log }) = loaded else { return Truth::NotMet };
    if log.contains(&format!("invalid func unknown#{number}\n")) {
        return Truth::Met;
    }
    let errors: Vec<&str> = log.lines().filter(|line| !is_figure(line)).collect();
    // The verifier speaks of how far it came only if it began.
    if errors.len() == log.lines().count() {
        let words = errors.first().map_or_else(String::new, |line| format!(": {}", without_numbers(line)));
        return Truth::NotLoadable(format!("error {errno}{words}"));
    }
    Truth::Other(errors.last().map_or_else(|| format!("error {errno}"), |line| without_numbers(line)))
}

/// Lines of figures that end what the verifier says.
fn is_figure(line: &str) -> bool {
    ["processed ", "verification time ", "stack depth "].iter().any(|start| line.starts_with(start))
}

/// The same words for the same sort of error.
fn without_numbers(line: &str) -> String {
    let mut words = String::new();
    for character in line.chars() {
        if !character.is_ascii_digit() {
            words.push(character);
        } else if !words.ends_with('N') {
            words.push('N');
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(log: &str) -> Truth {
        judge(Err(Rejection { errno: 22, log: log.to_owned() }), 195_896_080)
    }

    #[test]
    fn only_its_own_trap_counts() {
        let end = "processed 3 insns (limit 1000000) max_states_per_insn 0\n";
        assert_eq!(judge(Ok(String::new()), 1), Truth::NotMet);
        assert_eq!(refused(&format!("invalid func unknown#195896080\n{end}")), Truth::Met);
        let other = Truth::Other("invalid func unknown#N".to_owned());
        assert_eq!(refused(&format!("invalid func unknown#1958960801\n{end}")), other);
        let stack = Truth::Other("invalid read from stack RN off -N+N size N".to_owned());
        assert_eq!(refused(&format!("invalid read from stack R1 off -16+0 size 8\n{end}")), stack);
    }

    #[test]
    fn what_was_never_verified_says_nothing() {
        assert_eq!(refused(""), Truth::NotLoadable("error 22".to_owned()));
        let named = Truth::NotLoadable("error 22: Tracing programs must provide btf_id".to_owned());
        assert_eq!(refused("Tracing programs must provide btf_id\n"), named);
    }
}
