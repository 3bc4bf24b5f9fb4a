//! `corecheck layouts`: values of `corecheck_layouts::history` to text for people and to JSON.
//!
//! Every JSON document has `schema` and `command`; offsets are in bits (`bit_offset`), sizes in bytes
//! (`size_bytes`), and what is not known is left out or null.

pub mod add;
mod changes;
pub mod diff;
pub mod health;
pub mod history;
pub mod keep;
pub mod list;
mod page;
pub mod show;

use std::io::{self, Write};

use serde_json::Value;

/// Version of the JSON documents.
pub const SCHEMA: &str = "corecheck.layouts/1";

/// Writes a document.
fn write_json(command: &str, mut document: Value, out: &mut dyn Write) -> io::Result<()> {
    if let Value::Object(fields) = &mut document {
        fields.insert("schema".to_owned(), SCHEMA.into());
        fields.insert("command".to_owned(), command.into());
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
