//! From what a log says to what of the object it means, and to the rule that explains it.

use corecheck_layouts::kernel::Absence;

use super::Context;
use super::model::{Cause, Told};
use crate::access::Access;
use crate::attach::{Requirement, What};
use crate::object::Object;
use crate::report::model::{ObjectEntry, RequirementEntry};
use crate::resolve::Reason;
use crate::rules;

/// The object, with all that it asks.
pub(super) struct World<'o> {
    pub(super) object: &'o Object,
    pub(super) accesses: &'o [Access],
    pub(super) needs: &'o [Requirement],
    pub(super) entry: &'o ObjectEntry,
}

/// What a line means: one cause, but several where the line does not tell which access it is about.
pub(super) fn causes(world: &World, told: &Told, context: &Context) -> Vec<Cause> {
    let program = world.program(context);
    let mut all = meant(world, told, program, context);
    // Where the log does not say which, and there is one only.
    for cause in all.iter_mut().filter(|cause| cause.program.is_none() && cause.access.is_some()) {
        cause.program = program.and_then(|at| world.name(at)).map(str::to_owned);
    }
    all
}

fn meant(world: &World, told: &Told, program: Option<usize>, context: &Context) -> Vec<Cause> {
    match told {
        Told::Unresolved { kind, root, spec } => {
            let fits = |access: &&Access| {
                access.kind.word() == kind
                    && (spec.is_empty() || access.spec_text == *spec)
                    && root.is_none_or(|root| access.root.0 == root)
            };
            let mut all: Vec<&Access> = world.accesses.iter().filter(fits).collect();
            narrow(&mut all, |access| world.is_in(access, program));
            narrow(&mut all, |access| world.is_at(access, program, context.insn));
            if all.is_empty() {
                let message =
                    "a CO-RE relocation that the object does not have: was the log made with another build?";
                return vec![cause("cannot-relocate", message.to_owned(), context)];
            }
            all.into_iter().map(|access| world.unresolved(access, context)).collect()
        }
        Told::UnresolvedAt { root, insn } => {
            let fits = |access: &&Access| access.root.0 == *root && access.insn == *insn;
            world.accesses.iter().filter(fits).map(|access| world.unresolved(access, context)).collect()
        }
        Told::Unfit { spec, name } => {
            let fits = |access: &&Access| access.spec_text == *spec && bare(&access.type_name) == name;
            world.accesses.iter().filter(fits).map(|access| world.unresolved(access, context)).collect()
        }
        Told::Map(name) => vec![world.map(name, context)],
        Told::Poisoned(insn) => {
            let at = |access: &&Access| world.is_at(access, program, Some(*insn));
            let mut all: Vec<&Access> = world.accesses.iter().filter(at).collect();
            // Functions that are called stand behind the program, in an order that the log does not tell.
            if all.is_empty() {
                all = world.accesses.iter().filter(|access| world.is_called(access, program)).collect();
            }
            all.into_iter().map(|access| world.unresolved(access, context)).collect()
        }
        Told::Ambiguous(number) => {
            let of = world.numbered(*number, program);
            of.map(|access| world.ambiguous(access, context)).into_iter().collect()
        }
        Told::Failed(number) => {
            let of = world.numbered(*number, program);
            of.map(|access| world.unresolved(access, context)).into_iter().collect()
        }
        Told::AmbiguousType(name) => {
            let of = |access: &&Access| bare(access.essential_type_name()) == bare(name);
            let first = world.accesses.iter().find(of);
            first.map(|access| world.ambiguous(access, context)).into_iter().collect()
        }
        Told::Missing(kinds, name) => vec![world.missing(kinds, name, context)],
        Told::Incompatible(kinds, name) => {
            let rule = if kinds.contains(&"kfunc") { "kfunc-changed" } else { "ksym-changed" };
            let message = format!("{name} is there, but is something else than the object declares");
            vec![Cause { requirement: world.need(kinds, name), ..cause(rule, message, context) }]
        }
        Told::Helper(number, name) => vec![world.helper(*number, name, context)],
        Told::NoKernelBtf => {
            let message = "the kernel's BTF was not found, and the object needs it".to_owned();
            vec![cause("kernel-without-btf", message, context)]
        }
        Told::NoOwnBtf => {
            let message =
                "the object's own BTF is missing or broken, and its maps or externs need it".to_owned();
            vec![cause("object-refused", message, context)]
        }
    }
}

/// Keeps what fits, if anything does.
fn narrow(all: &mut Vec<&Access>, fits: impl Fn(&Access) -> bool) {
    if all.iter().any(|access| fits(access)) {
        all.retain(|access| fits(access));
    }
}

fn bare(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or(name)
}

/// A cause that is about nothing that is known yet; line, text and speaker are the caller's.
fn cause(rule: &'static str, message: String, context: &Context) -> Cause {
    Cause {
        line: 0,
        text: String::new(),
        speaker: "",
        rule,
        program: context.program.clone(),
        access: None,
        requirement: None,
        suggested: None,
        message,
        help: rules::find(rule).map(|rule| (rule.help)(None)).unwrap_or_default(),
    }
}

impl World<'_> {
    fn name(&self, program: usize) -> Option<&str> {
        let function = self.object.programs.get(program)?.function;
        self.object.functions.get(function).map(|function| function.name.as_str())
    }

    /// The program that is being loaded: the one that the log names, else the only one.
    fn program(&self, context: &Context) -> Option<usize> {
        let mut all = 0..self.object.programs.len();
        match &context.program {
            Some(wanted) => all.find(|&at| self.name(at) == Some(wanted)),
            None => (all.len() == 1).then_some(0),
        }
    }

    fn is_in(&self, access: &Access, program: Option<usize>) -> bool {
        let program = program.and_then(|at| self.object.programs.get(at));
        program.is_some_and(|of| access.function_index.is_some_and(|at| of.functions.contains(&at)))
    }

    /// Whether it is in a function that the program calls, not in its own.
    fn is_called(&self, access: &Access, program: Option<usize>) -> bool {
        let own = program.and_then(|at| self.object.programs.get(at)).map(|of| of.function);
        self.is_in(access, program) && access.function_index != own
    }

    /// Whether it is at this instruction of the program's own function.
    fn is_at(&self, access: &Access, program: Option<usize>, insn: Option<u32>) -> bool {
        let function = program.and_then(|at| self.object.programs.get(at)).map(|of| of.function);
        let start = function.and_then(|at| self.object.functions.get(at)).map(|of| of.insn_off);
        access.function_index.is_some()
            && access.function_index == function
            && start.zip(insn).is_some_and(|(start, insn)| start.checked_add(insn) == Some(access.insn))
    }

    /// libbpf counts the relocations of a section.
    fn numbered(&self, number: usize, program: Option<usize>) -> Option<&Access> {
        let function = self.object.functions.get(self.object.programs.get(program?)?.function)?;
        self.accesses.iter().filter(|access| access.section_index == function.section).nth(number)
    }

    fn unresolved(&self, access: &Access, context: &Context) -> Cause {
        let root = access.essential_type_name();
        let (id, message) = match (access.kind.word(), access.path.as_str()) {
            (kind, path) if kind.starts_with("enumval") => (
                "enumerator-missing",
                format!("the kernel's {root} has no `{path}`, or there is no such enumeration"),
            ),
            (_, "") => ("type-missing", format!("the kernel has no {root} that fits")),
            (_, path) => (
                "field-missing",
                format!("the kernel's {root} has no `{path}` that fits, or there is no {root}"),
            ),
        };
        self.about(access, id, message, context)
    }

    fn ambiguous(&self, access: &Access, context: &Context) -> Cause {
        let root = access.essential_type_name();
        self.about(access, "ambiguous", format!("several types called {root} fit, and differ"), context)
    }

    fn about(&self, access: &Access, rule: &'static str, message: String, context: &Context) -> Cause {
        let reason = Reason::TypeAbsent(Absence::NotInBtf);
        let help = rules::find(rule).map(|rule| (rule.help)(Some((access, &reason)))).unwrap_or_default();
        let shown = self.entry.accesses.iter().find(|entry| entry.id == access.id).cloned();
        Cause { access: shown, help, ..cause(rule, message, context) }
    }

    fn need(&self, kinds: &[&str], name: &str) -> Option<RequirementEntry> {
        let wanted = name.rsplit(':').next().unwrap_or(name);
        let is_it = |of: &&RequirementEntry| {
            kinds.contains(&of.kind) && (of.name == name || of.name.rsplit([':', '/']).next() == Some(wanted))
        };
        self.entry.requirements.iter().find(is_it).cloned()
    }

    fn missing(&self, kinds: &[&str], name: &str, context: &Context) -> Cause {
        let need = self.need(kinds, name);
        let (rule, what) =
            match need.as_ref().map_or(kinds.first().copied().unwrap_or_default(), |of| of.kind) {
                "kfunc" => ("kfunc-missing", "kernel function"),
                "variable" | "symbol" => ("ksym-missing", "kernel symbol"),
                "kconfig" => ("kconfig-missing", "configuration"),
                "probed-function" => ("probe-target-doubtful", "function"),
                "system-call" => ("probe-target-doubtful", "system call"),
                "typed-tracepoint" | "raw-tracepoint" => ("attach-target-missing", "tracepoint"),
                "trace-event" => ("attach-target-missing", "trace event"),
                "lsm-hook" => ("attach-target-missing", "security hook"),
                "iterator" => ("attach-target-missing", "iterator"),
                _ => ("attach-target-missing", "function"),
            };
        let mut found = cause(rule, format!("{what} {name}: the kernel does not have it"), context);
        if need.as_ref().is_some_and(|of| of.program.is_some()) {
            found.program = need.as_ref().and_then(|of| of.program.clone());
        }
        Cause { requirement: need, ..found }
    }

    fn map(&self, name: &str, context: &Context) -> Cause {
        let is_it = |of: &&RequirementEntry| of.kind == "map-type" && of.map.as_deref() == Some(name);
        let need = self.entry.requirements.iter().find(is_it).cloned();
        // Types have names in the kernel only.
        let what = need.as_ref().map(|of| format!(" (number {})", of.name)).unwrap_or_default();
        let message = format!(
            "map {name} could not be created: the kernel does not know its type{what} or its flags, or its sizes are not allowed"
        );
        Cause { requirement: need, ..cause("map-type-missing", message, context) }
    }

    fn helper(&self, number: i32, name: &str, context: &Context) -> Cause {
        let at = self.needs.iter().position(|need| need.what == What::Helper(number));
        let mut need = at.and_then(|at| self.entry.requirements.get(at)).cloned();
        let known =
            if name == "unknown" { format!("helper number {number}") } else { format!("helper {name}") };
        if let Some(need) = need.as_mut().filter(|_| name != "unknown") {
            need.name = name.to_owned();
        }
        let message = format!("{known}: the kernel does not have it, or not for programs of this sort");
        Cause { requirement: need, ..cause("helper-missing", message, context) }
    }
}
