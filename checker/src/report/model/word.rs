//! Words of a report that is read back: outcomes, verdicts, rules. The program has them as constants, so each that is read is kept
//! once for as long as the program runs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// No word of ours has more bytes.
const LONGEST: usize = 64;
/// We have some 200. What is read keeps no more, whoever wrote it.
const MOST: usize = 2048;

/// A word. By another name, for serde would borrow a reference from what it reads.
pub type Word = &'static str;

static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Reads a word.
pub(super) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let text = String::deserialize(from)?;
    kept(&text).ok_or_else(|| D::Error::custom(format_args!("{text:.64?} is no word of a report")))
}

/// Reads a word that need not be there.
pub(super) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static str>, D::Error> {
    one(from).map(Some)
}

/// Reads some words.
pub(super) fn all<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<&'static str>, D::Error> {
    let all = Vec::<String>::deserialize(from)?;
    let word = |text: &String| {
        kept(text).ok_or_else(|| D::Error::custom(format_args!("{text:.64?} is no word of a report")))
    };
    all.iter().map(word).collect()
}

fn kept(text: &str) -> Option<&'static str> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+./".contains(&byte);
    if text.is_empty() || text.len() > LONGEST || !text.bytes().all(is_word) {
        return None;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = known.get(text) {
        return Some(word);
    }
    if known.len() == MOST {
        return None;
    }
    let word: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(word);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_once_and_nothing_else_is() {
        let word = kept("field-missing").expect("it is a word");
        assert!(std::ptr::eq(word, kept("field-missing").expect("it is one still")));
        for other in ["", "two words", "é", &"x".repeat(65)] {
            assert_eq!(kept(other), None, "{other}");
        }
    }
}
