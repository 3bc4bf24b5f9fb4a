//! What it means when a requirement is not met: what fails, and when.

use corecheck_layouts::kernel::Absence;

use super::arguments::{Traced, beyond};
use super::model::{By, Fate, Lack, Requirement, What};
use super::what;

/// When something that is missing makes itself felt. libbpf does these one after the other, in `bpf_object__load` and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// While libbpf prepares the object, before it loads any program: it resolves externs, fits `struct_ops` to the kernel,
    /// relocates, and creates maps (`bpf_object_prepare`).
    Prepare,
    /// When the program is loaded: libbpf looks up what it is to be attached to, and the kernel checks it.
    Load,
    /// When the program is attached; until then all goes well.
    Attach,
}

/// What is not met, if it is certain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing fails.
    None,
    /// The whole object fails.
    Object(When),
    /// This program fails.
    Program(usize, When),
    /// The verifier refuses these instructions if it comes to them.
    Calls(Vec<(usize, u32)>),
    /// This program fails if the verifier comes to these instructions of it.
    Reached {
        /// The program.
        program: usize,
        /// Indices of sections, and instructions counted from the start of each, ascending.
        places: Vec<(usize, u32)>,
        /// Then.
        when: When,
    },
}

impl Requirement {
    /// What fails when this is missing for such a reason. `calls`: the instructions that call an extern.
    pub fn effect(&self, lack: &Lack, calls: impl Fn(usize) -> Vec<(usize, u32)>) -> Effect {
        match (&self.by, &self.what, lack) {
            // Without BTF libbpf loads nothing of an object that has one such extern or map, weak or not
            // (`obj_needs_vmlinux_btf`).
            (_, What::Kfunc { .. } | What::Variable { .. } | What::StructOps { .. }, Lack::NoBtf) => {
                Effect::Object(When::Prepare)
            }
            // A variable of another type, and a value that does not fit, are errors even where none would be fine.
            (By::Extern(_), What::Variable { .. }, Lack::Incompatible { .. })
            | (By::Extern(_), What::Kfunc { must_fit: true, .. }, Lack::Incompatible { .. })
            | (By::Extern(_), What::Option { .. }, Lack::Unfit(_)) => Effect::Object(When::Prepare),
            (By::Extern(index), What::Kfunc { .. }, _) if self.optional => Effect::Calls(calls(*index)),
            (By::Calls(places), ..) => Effect::Calls(places.clone()),
            _ if self.optional => Effect::None,
            (By::Reads { program, reads }, what, Lack::Arguments { has, .. }) => {
                Effect::Reached { program: *program, places: beyond(reads, *has), when: when(what, lack) }
            }
            (
                By::Instructions { program, places },
                what,
                Lack::Instructions { anywhere: false, .. } | Lack::HelperOfType,
            ) => Effect::Reached { program: *program, places: places.clone(), when: when(what, lack) },
            (By::Reads { program, .. } | By::Instructions { program, .. }, what, _) => {
                Effect::Program(*program, when(what, lack))
            }
            (By::Extern(_) | By::Map(_), ..) => Effect::Object(When::Prepare),
            (By::Program(_), _, Lack::NoBtf) => Effect::Object(When::Prepare),
            (By::Program(program), what, _) => Effect::Program(*program, when(what, lack)),
        }
    }

    /// What may fail when it cannot be said whether this is there.
    pub fn doubtful(&self) -> Effect {
        self.effect(&Lack::Absent(Absence::NotInBtf), |_| Vec::new())
    }

    /// Whether the kernel's own BTF is needed for it.
    pub fn needs_own_btf(&self) -> bool {
        what::needs_own_btf(&self.what)
    }
}

/// When the lack of something that a program needs is felt.
fn when(what: &What, lack: &Lack) -> When {
    match what {
        What::TracedFunction(_) if matches!(lack, Lack::Trampoline { .. } | Lack::NoTrampoline) => {
            When::Attach
        }
        What::Arguments { traced: Traced::RawTracepoint, .. } => When::Attach,
        What::RawTracepoint(_)
        | What::TraceEvent { .. }
        | What::EventContext(_)
        | What::ProbedFunction(_)
        | What::ProbedPattern(_)
        | What::SystemCall(_)
        | What::AttachType { at_load: false, .. } => When::Attach,
        _ => When::Load,
    }
}

impl Fate {
    /// Why it is missing, if it certainly is.
    pub fn lack(&self) -> Option<&Lack> {
        match self {
            Self::Missing(lack) => Some(lack),
            _ => None,
        }
    }
}
