//! The verdict of an object on a kernel.

use serde::Serialize;

/// A reason, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ReasonEntry {
    /// A word that does not change.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

/// What a verdict holds under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionEntry {
    /// A word that does not change: `module-loaded`, `modules-readable` or `btf-brought-along`.
    pub code: &'static str,
    /// A clause that follows "if".
    pub text: String,
    /// The module it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// What the object's verdict is otherwise; told of conditions about modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<WithoutEntry>,
}

/// A verdict without a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutEntry {
    /// As of a result.
    pub verdict: &'static str,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
}

/// The result of an object on a kernel.
#[derive(Debug, Clone, Serialize)]
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
    pub verdict: &'static str,
    /// What the verdict holds under.
    pub conditions: Vec<ConditionEntry>,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
    /// What could not be judged.
    pub unchecked: Vec<ReasonEntry>,
    /// Of alternatives, the programs that are loaded there; left out where none were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The programs.
    pub programs: Vec<ProgramResult>,
}

/// The result of a program on a kernel.
#[derive(Debug, Clone, Serialize)]
pub struct ProgramResult {
    /// Its function's name.
    pub name: String,
    /// As of an object; `skipped` for a program that is not loaded.
    pub verdict: &'static str,
    /// When it fails: `open`, `relocate`, `verify` or `attach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// What its own accesses need, without what would be otherwise: the result tells that.
    pub conditions: Vec<ConditionEntry>,
}
