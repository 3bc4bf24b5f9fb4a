//! What a loader in a machine says of its attempts: lines of JSON, written there and read on the host.

use serde::{Deserialize, Serialize};

/// How far an object came. Earlier steps are smaller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// The loader did not open it.
    #[default]
    Open,
    /// It was not prepared: relocations, externs, maps.
    Relocate,
    /// The kernel did not take a program.
    Verify,
    /// All programs were loaded.
    Through,
}

/// An attempt to load an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The object's file name.
    pub object: String,
    /// The only program that was to be loaded; without it those that load by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// How far it came.
    pub came: Came,
    /// The number of the error, 0 without one.
    pub errno: i32,
    /// The last lines of what the loader and the verifier said.
    pub log: Vec<String>,
    /// What became of each loaded program when it was to be attached.
    pub attached: Vec<Attached>,
}

/// An attempt to attach a program that is loaded, as its section says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The program.
    pub program: String,
    /// Its section.
    pub section: String,
    /// Whether it was attached.
    pub is_attached: bool,
    /// The number of the error, 0 without one.
    pub errno: i32,
    /// The last lines of what the loader said.
    pub log: Vec<String>,
}
