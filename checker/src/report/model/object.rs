//! Objects: programs, accesses, and what else they need.

use serde::{Deserialize, Serialize};

use super::word::Word;

/// An object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Its file, or `file@symbol` or `file@0xoffset` inside an executable. Unique within a report.
    pub path: String,
    /// The executable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded_in: Option<String>,
    /// Its programs.
    pub programs: Vec<ProgramEntry>,
    /// Its accesses, in the order in which loaders resolve them.
    pub accesses: Vec<AccessEntry>,
    /// What else it needs of a kernel.
    pub requirements: Vec<RequirementEntry>,
}

/// A program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgramEntry {
    /// Its function's name.
    pub name: String,
    /// Its section, without a leading `?`.
    pub section: String,
    /// Whether loaders load it without being told to.
    pub autoload: bool,
}

/// An access.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessEntry {
    /// Its number within the object, from 0.
    pub id: usize,
    /// What it is about, in a form that survives recompiling.
    pub key: String,
    /// Its function, empty for code that linking eliminated.
    pub function: String,
    /// Its section.
    pub section: String,
    /// Its instruction, counted from the start of the section.
    pub insn: u32,
    /// libbpf's word for what it asks.
    #[serde(deserialize_with = "super::word::one")]
    pub kind: Word,
    /// The root type: `struct vfio_group`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The path from there: `kref.refcount`.
    pub path: String,
    /// The access string: `0:3:1`.
    pub spec: String,
    /// What the compiler put into the instruction; null when the access is broken.
    pub local_value: Option<u64>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceEntry>,
}

/// Something that an object needs besides its accesses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequirementEntry {
    /// Its number within the object, from 0.
    pub id: usize,
    /// What sort of thing it is: `traced-function`, `kfunc`, `helper` and others.
    #[serde(deserialize_with = "super::word::one")]
    pub kind: Word,
    /// Its name; a number where no kernel at hand knows its name; empty where it has none.
    pub name: String,
    /// The program that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The extern that it is.
    #[serde(rename = "extern", default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The map that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// The functions that call it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Whether the object is loaded without it.
    pub optional: bool,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The file as the compiler was told of it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 when unknown.
    pub column: u32,
    /// The line itself, without indentation.
    pub text: String,
    /// Bytes of indentation that were taken off `text`.
    pub indent: u32,
}
