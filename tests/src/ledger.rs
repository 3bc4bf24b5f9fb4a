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
    /// What the kernel has of the function that its section names; nothing where it was attached or names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
    /// The last lines of what the loader said.
    pub log: Vec<String>,
}

/// A function of the kernel's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Whether it is among its symbols (`/proc/kallsyms`).
    pub is_symbol: bool,
    /// Whether the compiler made functions with other names of it (`NAME.isra.0`, `NAME.part.0`).
    pub is_renamed: bool,
    /// Whether its build lets it be traced (`available_filter_functions`).
    pub is_traceable: bool,
}

/// What `ebpf-probe --format json` prints (`corecheck.observation/1`), as far as the ledger reads it.
#[derive(Debug, Clone, Deserialize)]
pub struct Observation {
    /// The objects, in the order in which they were given.
    pub objects: Vec<ObservedObject>,
    /// How many accesses are as predicted.
    pub summary: Accesses,
}

/// How the instructions of accesses compare, as the kernel has them, with what the probe predicted in the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accesses {
    /// As predicted.
    pub confirmed: usize,
    /// Not as predicted.
    pub contradicted: usize,
    /// The machine does not show it: the program was not loaded, or its code is gone.
    pub not_read: usize,
}

/// An object that aya loaded, or not.
#[derive(Debug, Clone, Deserialize)]
pub struct ObservedObject {
    /// Its file.
    pub path: String,
    /// What became of it before its programs.
    pub observed: Observed,
    /// Its programs.
    pub programs: Vec<ObservedProgram>,
}

/// A program that aya loaded, or not.
#[derive(Debug, Clone, Deserialize)]
pub struct ObservedProgram {
    /// Its function.
    pub name: String,
    /// What became of it.
    pub observed: Observed,
}

/// What happened.
#[derive(Debug, Clone, Deserialize)]
pub struct Observed {
    /// `loaded`, `refused` or `not-tried`.
    pub state: String,
    /// When it was refused: `open`, `relocate` or `verify`.
    pub phase: Option<String>,
    /// Why it was refused.
    pub text: Option<String>,
    /// The end of the verifier's log.
    #[serde(default)]
    pub log: Vec<String>,
}
