//! A guard in C for an access that fails: a function that reads the field where it is, by its old name or its new one.
//!
//! Each access in it was resolved before it is shown: the question that guards gives 0 on kernels that lack the field and 1 on
//! one that has it, and so for the new name. What it asks holds for the very access, whatever lies between root and field.

use std::collections::BTreeSet;

use aya_obj::generated::BPF_LDX;
use corecheck_layouts::btf::{Btf, Type, essential_name};

use super::declare::{Shape, flavour, is_identifier, shape};
use super::history::{History, Presence};
use super::renamed::Renamed;
use super::tried::{found, rewritten, tried};
use super::{Case, Lost};
use crate::access::{Access, RelocationKind};
use crate::resolve::State;

/// A guard, and where it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The code, for a source that includes `bpf/bpf_helpers.h` and `bpf/bpf_core_read.h`.
    pub code: String,
    /// Kernels on which what it asks gives 0: full names.
    pub gives_0_on: Vec<String>,
    /// Kernels on which it gives 1.
    pub gives_1_on: Vec<String>,
}

/// On so many kernels of each sort it is tried.
const TRIED: usize = 3;

/// A guard for an access, if one can be written.
pub(super) fn guard(
    case: &Case<'_>,
    access: &Access,
    lost: Lost,
    history: &History<'_>,
    failing: &BTreeSet<usize>,
    presence: &[Presence],
    renamed: Option<&Renamed>,
) -> Option<Guard> {
    if access.kind.may_be_absent() {
        return None;
    }
    let asked = asked(access, lost, failing, presence)?;
    let with: Vec<usize> = (0..presence.len()).filter(|&at| presence[at] == Some(true)).take(TRIED).collect();
    let question = rewritten(case, access, asked, &[])?;
    let tries = |at: usize, question: &Access| {
        let kernel = history.types(at)?;
        let outcome = tried(case, question, &found(case, access, kernel)?)?;
        Some((kernel.name.to_string(), outcome.state, outcome.value))
    };
    let mut guard = Guard { code: String::new(), gives_0_on: Vec::new(), gives_1_on: Vec::new() };
    // The newest are what most want to know of.
    for &at in failing.iter().rev().take(TRIED) {
        match tries(at, &question)? {
            (name, State::Absent, Some(0)) => guard.gives_0_on.push(name),
            _ => return None,
        }
    }
    for at in with {
        match tries(at, &question)? {
            (name, State::Resolved, Some(1)) => guard.gives_1_on.push(name),
            _ => return None,
        }
    }
    let btf = case.object.btf.as_deref()?;
    let renamed = renamed.filter(|renamed| is_there(case, access, history, renamed).is_some());
    guard.code = match access.kind.is_enumval_based() {
        true => enumerator(access)?,
        false => field(btf, access, asked, renamed)?,
    };
    Some(guard)
}

/// What the guard asks: of a type that is missing whether it is there, if that is enough for the field.
fn asked(
    access: &Access,
    lost: Lost,
    failing: &BTreeSet<usize>,
    presence: &[Presence],
) -> Option<RelocationKind> {
    if access.kind.is_enumval_based() {
        return Some(RelocationKind::EnumvalExists);
    }
    let is_enough = || {
        let others = presence.iter().enumerate().filter(|(at, _)| !failing.contains(at));
        // Presence of a type is told of kernels that lack the field, too.
        others.filter(|(_, presence)| **presence == Some(true)).count() > 0
    };
    match lost {
        Lost::Type | Lost::Withheld if is_enough() => Some(RelocationKind::TypeExists),
        Lost::Type | Lost::Withheld | Lost::Member | Lost::Kind => Some(RelocationKind::FieldExists),
        Lost::Enumerator | Lost::Need => None,
    }
}

/// Whether what asks for the new name gives 1 where it was found.
fn is_there(case: &Case<'_>, access: &Access, history: &History<'_>, renamed: &Renamed) -> Option<()> {
    let names = [(renamed.at, renamed.member.as_str())];
    let question = rewritten(case, access, RelocationKind::FieldExists, &names)?;
    let at = history.all.iter().position(|kernel| kernel.name.to_string() == renamed.kernel)?;
    let outcome = tried(case, &question, &found(case, access, history.types(at)?)?)?;
    (outcome.state == State::Resolved && outcome.value == Some(1)).then_some(())
}

/// The root type as C names it: `struct inode`, `pid_t`.
fn root_in_c(access: &Access) -> Option<&str> {
    let name = access.type_name.as_str();
    let (keyword, bare) = name.split_once(' ')?;
    if !is_identifier(bare) {
        return None;
    }
    match keyword {
        "struct" | "union" | "enum" => Some(name),
        "enum64" | "typedef" => Some(bare),
        _ => None,
    }
}

fn enumerator(access: &Access) -> Option<String> {
    let root = root_in_c(access)?;
    let root = if access.type_name.starts_with("enum64 ") { format!("enum {root}") } else { root.to_owned() };
    let name = access.path.as_str();
    if !is_identifier(name) {
        return None;
    }
    Some(format!(
        "static __always_inline __u64 value_of_{name}(void)\n\
         {{\n\
         \tif (bpf_core_enum_value_exists({root}, {name}))\n\
         \t\treturn bpf_core_enum_value({root}, {name});\n\
         \treturn 0; /* kernels without it */\n\
         }}\n"
    ))
}

fn field(btf: &Btf, access: &Access, asked: RelocationKind, renamed: Option<&Renamed>) -> Option<String> {
    let walk = &access.local.as_ref().ok()?.spec.accessors;
    let (first, last) = (walk.first()?, walk.last()?);
    let path = access.path.as_str();
    let names = walk.iter().filter_map(|accessor| accessor.name.as_deref());
    let is_plain = |name: &[u8]| std::str::from_utf8(name).is_ok_and(is_identifier);
    if first.index != 0 || walk.len() < 2 || !names.clone().all(is_plain) {
        return None;
    }
    let root = root_in_c(access)?;
    let shape = shape(btf, last)?;
    let is_load = u32::from(access.slots.first.code) & 0x07 == BPF_LDX;
    let read = |of: &str, path: &str| match &shape {
        Shape::Value(_) if is_load => format!("{of}->{path}"),
        Shape::Value(_) => format!("BPF_CORE_READ({of}, {path})"),
        Shape::Bits => format!("BPF_CORE_READ_BITFIELD_PROBED({of}, {path})"),
        Shape::Bytes => format!("bpf_core_read(to, size, &{of}->{path})"),
    };
    let bare = root.split_once(' ').map_or(root, |(_, bare)| bare);
    let essential = std::str::from_utf8(essential_name(bare.as_bytes())).ok()?;
    let function: Vec<&str> = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let function: Vec<&str> = function.into_iter().filter(|part| !part.is_empty()).collect();
    let function = format!("read_{essential}_{}", function.join("_"));
    let (head, otherwise) = match &shape {
        Shape::Value(of) => {
            (format!("{}{function}({root} *of)", before_name(of)), "0; /* kernels without it */")
        }
        Shape::Bits => (format!("__u64 {function}({root} *of)"), "0; /* kernels without it */"),
        Shape::Bytes => (
            format!("long {function}(void *to, __u32 size, {root} *of)"),
            "-2; /* -ENOENT: kernels without it */",
        ),
    };
    let exists = match asked {
        RelocationKind::TypeExists => format!("bpf_core_type_exists({root})"),
        _ => format!("bpf_core_field_exists(of->{path})"),
    };
    let mut declared = String::new();
    let (mut other, mut instead) = (String::new(), String::new());
    if let Some(renamed) = renamed.filter(|renamed| is_identifier(&renamed.member)) {
        let flavoured = free_name(btf, essential, &renamed.member)?;
        if let Some(text) = flavour(btf, walk, renamed, root, &flavoured) {
            let with_keyword = match root.split_once(' ') {
                Some((keyword, _)) => format!("{keyword} {flavoured}"),
                None => flavoured,
            };
            declared = text + "\n";
            other = format!("\t{with_keyword} *other = (void *)of;\n\n");
            instead = format!(
                "\tif (bpf_core_field_exists(other->{0}))\n\t\treturn {1};\n",
                renamed.path,
                read("other", &renamed.path)
            );
        }
    }
    Some(format!(
        "{declared}static __always_inline {head}\n{{\n{other}\tif ({exists})\n\t\treturn {};\n{instead}\treturn {otherwise}\n}}\n",
        read("of", path)
    ))
}

/// A type before a name: `long `, `struct file *`.
fn before_name(of: &str) -> String {
    if of.ends_with('*') { of.to_owned() } else { format!("{of} ") }
}

/// A flavour of a type that the object does not have yet, called by the member that it is for: several may stand in one source.
fn free_name(btf: &Btf, essential: &str, member: &str) -> Option<String> {
    let is_taken = |name: &str| {
        btf.own_ids().any(|id| {
            btf.name(id) == name
                && matches!(btf.ty(id), Type::Struct(_) | Type::Union(_) | Type::Typedef { .. })
        })
    };
    // Three underscores within it would be where the flavour begins; those in front go behind, for `state` is not `__state`.
    let bare = member.trim_start_matches('_');
    let behind = "_".repeat(member.len() - bare.len());
    let own =
        if bare.is_empty() || bare.contains("___") { "new".to_owned() } else { format!("{bare}{behind}") };
    let numbered = (2..10).map(|number| format!("{essential}___{own}{number}"));
    std::iter::once(format!("{essential}___{own}")).chain(numbered).find(|name| !is_taken(name))
}
