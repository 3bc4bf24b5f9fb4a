//! What a sound object asks for that libbpf does not do.

use std::fmt;

/// Something in an object that a loader stumbles over, though the object itself is not broken.
///
/// The checker reports it; reading goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A static function outside `.text`: libbpf refuses to open the object.
    StaticFunction {
        /// Index in `Object::functions`.
        function: usize,
        /// Its name.
        name: String,
        /// The section it stands in.
        section: String,
    },
    /// Maps in a section `maps`: libbpf refuses to open the object since 1.0.
    LegacyMaps,
    /// An undefined symbol that BTF does not declare: libbpf refuses to open the object.
    ExternWithoutBtf {
        /// Index in `Object::externs`.
        index: usize,
        /// Its name.
        name: String,
        /// Why BTF does not help.
        why: &'static str,
    },
    /// `.BTF.ext` without `.BTF`: its names and types cannot be looked up, so its records are left out, as libbpf does.
    BtfExtWithoutBtf,
    /// `.BTF.ext` has records for a section that the object does not hold: they are left out, as libbpf does.
    RecordsWithoutSection {
        /// What they are: `func_info`, `line_info`, `core_relo`.
        table: &'static str,
        /// The section they name.
        section: String,
        /// How many they are.
        count: u32,
    },
    /// A relocation or call that libbpf refuses when it loads the object.
    Reference {
        /// Name of the section.
        section: String,
        /// The instruction, counted from the start of the section.
        insn: u32,
        /// What is wrong.
        what: String,
    },
    /// There are more than this program keeps.
    More {
        /// How many were left out.
        count: usize,
    },
}

/// A list of problems of bounded length.
#[derive(Default)]
pub(super) struct Problems {
    kept: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    /// How many are kept.
    const MOST: usize = 256;

    pub(super) fn add(&mut self, problem: Problem) {
        if self.kept.len() < Self::MOST {
            self.kept.push(problem);
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn into_vec(mut self) -> Vec<Problem> {
        if self.left_out > 0 {
            self.kept.push(Problem::More { count: self.left_out });
        }
        self.kept
    }
}

impl Problem {
    /// Whether libbpf refuses the whole object for it, at open or at load.
    pub fn libbpf_refuses(&self) -> bool {
        !matches!(self, Self::BtfExtWithoutBtf | Self::RecordsWithoutSection { .. } | Self::More { .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaticFunction { name, section, .. } => write!(
                f,
                "function {name} in section {section} is static: libbpf does not open an object with a static \
                 function outside .text"
            ),
            Self::LegacyMaps => f.write_str(
                "the section maps holds map definitions of the old form, which libbpf 1.0 and later refuse",
            ),
            Self::ExternWithoutBtf { name, why, .. } => {
                write!(f, "the undefined symbol {name} {why}: libbpf does not open the object")
            }
            Self::BtfExtWithoutBtf => {
                f.write_str("the object has .BTF.ext but no .BTF, so loaders leave its accesses as they are")
            }
            Self::RecordsWithoutSection { table, section, count } => write!(
                f,
                "{count} {table} records of .BTF.ext are for section {section:?}, which is not among the object's code"
            ),
            Self::Reference { section, insn, what } => {
                write!(f, "section {section}, instruction {insn}: {what}: libbpf does not load the object")
            }
            Self::More { count } => write!(f, "{count} more of this sort"),
        }
    }
}
