//! Which functions are programs, whether libbpf loads them, and what they reach.
//!
//! Source: `prog_is_subprog` (functions in `.text` are subprograms, all others programs), `bpf_object__init_prog` (`?`),
//! `bpf_object_adjust_struct_ops_autoload`, `bpf_object__reloc_code` and `bpf_prog_assign_exc_cb`.

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, Kind, Type};

use super::code::Code;
use super::error::broken;
use super::model::{Binding, Function, Map, MapKind, Program};
use super::problem::Problems;
use super::{ErrorKind, Problem};

/// How many calls all programs together may be followed through. Real objects have a few thousand.
const MOST_STEPS: usize = 1 << 24;
/// The declaration tag that names a program's exception callback.
const CALLBACK_TAG: &[u8] = b"exception_callback:";

/// Finds the programs, in the order of the functions.
pub(super) fn read(
    code: &Code,
    functions: &[Function],
    maps: &[Map],
    btf: Option<&Btf>,
    problems: &mut Problems,
) -> Result<Vec<Program>, ErrorKind> {
    let struct_ops = struct_ops_autoload(maps);
    let callbacks = btf.map(|btf| exception_callbacks(code, functions, btf)).unwrap_or_default();
    let mut walk = Walk { functions, seen_by: vec![0; functions.len()], steps: 0 };
    let mut programs = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        let (Some(section), false) =
            (code.sections.get(function.section), code.text == Some(function.section))
        else {
            continue;
        };
        if function.binding == Binding::Local {
            problems.add(Problem::StaticFunction {
                function: index,
                name: function.name.clone(),
                section: section.name.clone(),
            });
            continue;
        }
        let section_name = section.name.strip_prefix('?').unwrap_or(&section.name).to_owned();
        let mut autoload = !section.name.starts_with('?');
        if let (Some(&used), true) = (struct_ops.get(&index), is_struct_ops(&section_name)) {
            autoload = used;
        }
        let callback = callbacks.get(function.name.as_bytes()).copied();
        let functions = walk.reach(programs.len() + 1, index, callback)?;
        programs.push(Program { function: index, section_name, autoload, functions });
    }
    Ok(programs)
}

/// Whether libbpf takes the section's programs for `struct_ops` programs.
fn is_struct_ops(section_name: &str) -> bool {
    let after = ["struct_ops", "struct_ops.s"].into_iter().filter_map(|name| section_name.strip_prefix(name));
    after.into_iter().any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// For each function that `struct_ops` maps use, whether one of these maps is created.
fn struct_ops_autoload(maps: &[Map]) -> HashMap<usize, bool> {
    let mut found = HashMap::new();
    for map in maps.iter().filter(|map| map.kind == MapKind::StructOps) {
        for &(_, function) in &map.functions {
            *found.entry(function).or_insert(false) |= map.autocreate;
        }
    }
    found
}

/// The exception callbacks of programs, by the name of the program.
fn exception_callbacks<'b>(code: &Code, functions: &[Function], btf: &'b Btf) -> HashMap<&'b [u8], usize> {
    let mut tags = Vec::new();
    for id in btf.ids().filter(|&id| btf.kind(id) == Kind::DeclTag) {
        if let (Some(callback), Type::DeclTag { on, component: -1, .. }) =
            (btf.name_bytes(id).strip_prefix(CALLBACK_TAG), btf.ty(id))
        {
            tags.push((btf.name_bytes(on), callback));
        }
    }
    if tags.is_empty() {
        return HashMap::new();
    }
    let subprograms: HashMap<&[u8], usize> = functions
        .iter()
        .enumerate()
        .filter(|(_, function)| code.text == Some(function.section) && function.binding != Binding::Local)
        .map(|(index, function)| (function.name.as_bytes(), index))
        .collect();
    tags.into_iter().filter_map(|(program, callback)| Some((program, *subprograms.get(callback)?))).collect()
}

/// Follows calls from one program after the other.
struct Walk<'a> {
    functions: &'a [Function],
    /// The last program that reached each function, counted from 1.
    seen_by: Vec<usize>,
    steps: usize,
}

impl Walk<'_> {
    /// The functions that a program reaches, itself included, ascending.
    fn reach(&mut self, program: usize, from: usize, also: Option<usize>) -> Result<Vec<usize>, ErrorKind> {
        let mut reached = Vec::new();
        let mut open: Vec<usize> = [Some(from), also].into_iter().flatten().collect();
        while let Some(index) = open.pop() {
            let Some(seen) = self.seen_by.get_mut(index) else { continue };
            if *seen == program {
                continue;
            }
            *seen = program;
            reached.push(index);
            let calls = self.functions.get(index).map_or(&[][..], |function| &function.calls);
            self.steps += calls.len() + 1;
            if self.steps > MOST_STEPS {
                return Err(broken(
                    "section table",
                    format!("its programs together make more than {MOST_STEPS} calls"),
                    "split the object",
                ));
            }
            open.extend(calls);
        }
        reached.sort_unstable();
        Ok(reached)
    }
}
