//! When nothing usable was found.

use super::super::error::SourceError;

/// Sources that give no kernel, and all that stood in the way.
#[derive(Debug, thiserror::Error)]
#[error("{}", words(.problems))]
pub struct GatherError {
    /// What is wrong, in the order in which it was seen; at least one.
    pub problems: Vec<SourceError>,
}

/// How many problems a message repeats.
const SHOWN: usize = 4;

fn words(problems: &[SourceError]) -> String {
    let mut text = problems.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if let Some(more) = problems.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
