//! A part's report, read back.

use thiserror::Error;

use super::sound;
use crate::report::Report;
use crate::report::model::SCHEMA;

/// What cannot be put together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not JSON of this form.
    #[error("it is no report that check --shard wrote")]
    Form(#[from] serde_json::Error),
    /// It is of another version of the form.
    #[error("it is a {0:?}, and this program reads {SCHEMA:?}")]
    Schema(String),
    /// Another version of the program wrote it: it may mean something else with the same words.
    #[error("corecheck {0} wrote it, and this is {own}: let the version that wrote the parts put them together", own = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// It is about all objects.
    #[error("it is a report about everything that was asked, no part: check --shard writes parts")]
    Whole,
    /// It does not fit together.
    #[error("it is damaged: {0}")]
    Unsound(String),
}

/// Reads the report of a part.
///
/// # Errors
/// [`ReadError`] when it is none, of another version, or damaged: its numbers point only at what is there.
pub fn read(text: &[u8]) -> Result<Report, ReadError> {
    let report: Report = serde_json::from_slice(text)?;
    if report.schema != SCHEMA {
        return Err(ReadError::Schema(report.schema.to_owned()));
    }
    if report.tool.version != env!("CARGO_PKG_VERSION") {
        return Err(ReadError::Version(report.tool.version.to_owned()));
    }
    let Some(shard) = &report.shard else { return Err(ReadError::Whole) };
    sound::check(&report, shard).map_err(ReadError::Unsound)?;
    Ok(report)
}
