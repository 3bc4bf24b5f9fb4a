//! The source line an access belongs to.

use crate::object::{CoreRelo, Object};

/// A place in the source of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The file as the compiler was told of it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 when the compiler did not know.
    pub column: u32,
    /// The line itself, without indentation; empty when the compiler left it out.
    pub text: String,
    /// How many bytes of indentation were taken off.
    pub indent: u32,
}

/// The source line of a relocation, if the object has line information.
pub(super) fn of(object: &Object, relo: &CoreRelo) -> Option<Source> {
    let line = object.source(relo)?;
    let text = line.text.trim_start();
    Some(Source {
        file: line.file.to_owned(),
        line: line.line,
        column: line.column,
        text: text.trim_end().to_owned(),
        indent: (line.text.len() - text.len()) as u32,
    })
}
