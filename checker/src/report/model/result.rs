//! The verdict of an object on a kernel.

use serde::{Deserialize, Serialize};

use super::word::Word;

/// A reason, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReasonEntry {
    /// A word that does not change.
    #[serde(deserialize_with = "super::word::one")]
    pub code: Word,
    /// A sentence.
    pub text: String,
}

/// What a verdict holds under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionEntry {
    /// A word that does not change: `module-loaded`, `modules-readable` or `btf-brought-along`.
    #[serde(deserialize_with = "super::word::one")]
    pub code: Word,
    /// A clause that follows "if".
    pub text: String,
    /// The module it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// What the object's verdict is otherwise; told of conditions about modules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<WithoutEntry>,
}

/// A verdict without a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutEntry {
    /// As of a result.
    #[serde(deserialize_with = "super::word::one")]
    pub verdict: Word,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
}

/// The result of an object on a kernel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResultEntry {
    /// Index of the object.
    pub object: usize,
    /// Full name of the kernel.
    pub kernel: String,
    /// Whose rules.
    pub loader: String,
    /// The answer it rests on.
    pub answer: usize,
    /// What becomes of the object's requirements there: an index in the report's `needs`.
    pub needs: usize,
    /// `ok`, `degraded`, `risky`, `unknown` or `fails`.
    #[serde(deserialize_with = "super::word::one")]
    pub verdict: Word,
    /// What the verdict holds under.
    pub conditions: Vec<ConditionEntry>,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
    /// What could not be judged.
    pub unchecked: Vec<ReasonEntry>,
    /// Of alternatives, the programs that are loaded there; left out where none were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The programs.
    pub programs: Vec<ProgramResult>,
}

/// The result of a program on a kernel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgramResult {
    /// Its function's name.
    pub name: String,
    /// As of an object; `skipped` for a program that is not loaded.
    #[serde(deserialize_with = "super::word::one")]
    pub verdict: Word,
    /// When it fails: `open`, `relocate`, `verify` or `attach`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::word::some")]
    pub phase: Option<Word>,
    /// What its own accesses need, without what would be otherwise: the result tells that.
    pub conditions: Vec<ConditionEntry>,
}
