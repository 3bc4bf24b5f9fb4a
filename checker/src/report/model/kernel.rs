//! Kernels: those that were checked, those that were left out, and those that stand for others.

use serde::{Deserialize, Serialize};

use super::word::Word;

/// A kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelEntry {
    /// Its full name.
    pub name: String,
    /// Other names it answers to.
    pub aliases: Vec<String>,
    /// Who built it.
    pub distro: String,
    /// What `uname -r` prints.
    pub release: String,
    /// Upstream version, empty when unknown.
    pub version: String,
    /// Flavour, empty when unknown.
    pub flavour: String,
    /// Architecture in Debian's words, `unknown` when the source does not say.
    pub arch: String,
    /// `regular`, `arch`, `flavour` (the seed's), or who built it.
    pub group: String,
    /// `none`, `vmlinux` or `vmlinux+modules`.
    #[serde(deserialize_with = "super::word::one")]
    pub btf: Word,
    /// Whether every type of its vmlinux is stored.
    pub complete: bool,
    /// What the policy demands of it: `required` or `wanted`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::word::some")]
    pub standing: Option<Word>,
}

/// Why a kernel that nobody named is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// No object is of its byte order.
    ByteOrder,
    /// It is stored in part, and in that part is no type that an object asks about.
    NothingStored,
    /// The policy does not want to know.
    Ignored,
}

impl LeftOut {
    /// The word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::ByteOrder => "byte-order",
            Self::NothingStored => "type-not-stored",
            Self::Ignored => "ignored",
        }
    }
}

/// A kernel that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutEntry {
    /// Its full name.
    pub kernel: String,
    /// Why, in a word for machines.
    #[serde(deserialize_with = "super::word::one")]
    pub code: Word,
    /// Why, for people.
    pub text: String,
}

/// A kernel that stands for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RepresentativeEntry {
    /// Its full name.
    pub kernel: String,
    /// The answers that it was chosen for: those that no kernel before it in this list gives.
    pub answers: Vec<usize>,
    /// Full names of the kernels that give one of these answers, itself included, in the report's order.
    pub kernels: Vec<String>,
}
