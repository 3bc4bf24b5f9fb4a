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

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::{Endian, TypeId, TypeSpec};
    use object::elf as raw;

    use super::super::testing::*;

    #[test]
    fn sections_decide_what_a_program_is() {
        let mut image = Image::empty(Endian::Little);
        let text = image.code(".text", &[EXIT]);
        let on = image.code("tc", &[EXIT, EXIT]);
        let off = image.code("?kprobe/x", &[EXIT]);
        image.function("sub", text, 0, 1);
        image.function("on", on, 0, 1);
        image.function("off", off, 0, 1);
        image.symbol("hidden", info(raw::STB_LOCAL, raw::STT_FUNC), on, 8, 8);
        let object = image.read().expect("a sound object");
        let programs: Vec<(&str, &str, bool)> = object
            .programs
            .iter()
            .map(|p| (object.functions[p.function].name.as_str(), p.section_name.as_str(), p.autoload))
            .collect();
        assert_eq!(programs, [("on", "tc", true), ("off", "kprobe/x", false)]);
        assert!(object.program_of(0).is_none() && object.program_of(1).is_some());
        assert!(object.problems[0].to_string().contains("function hidden in section tc is static"));
    }

    #[test]
    fn struct_ops_programs_load_with_their_maps() {
        for (second_section, expected) in [("?.struct_ops", false), (".struct_ops.link", true)] {
            let mut image = Image::empty(Endian::Little);
            let code = image.code("struct_ops/a", &[EXIT, EXIT]);
            let used = image.function("used", code, 0, 1);
            image.function("unused", code, 1, 1);
            let object_symbol = info(raw::STB_GLOBAL, raw::STT_OBJECT);
            for (section, name) in [("?.struct_ops", "off_ops"), (second_section, "more_ops")] {
                let index = image.section(section, raw::SHF_ALLOC, vec![0; 32]);
                image.symbol(name, object_symbol, index, 8, 24);
                image.relocations(index, &[(16, used)]);
            }
            let object = image.read().expect("a sound object");
            assert_eq!(object.maps[0].functions, [(8, 0)]);
            let autoload: Vec<bool> = object.programs.iter().map(|program| program.autoload).collect();
            assert_eq!(autoload, [expected, true], "{second_section}");
        }
    }

    #[test]
    fn an_exception_callback_belongs_to_its_program() {
        let mut types = Types::new(Endian::Little);
        let proto = types.builder.add(TypeSpec::FuncProto { returns: TypeId(1), params: vec![] });
        let func = types.builder.add(TypeSpec::Func { name: "program".to_owned(), proto, linkage: 1 });
        let tag = "exception_callback:handler".to_owned();
        types.builder.add(TypeSpec::DeclTag { name: tag, on: func, component: -1, attribute: false });
        let (btf, []) = types.finish([]);
        let mut image = Image::empty(Endian::Little);
        let text = image.code(".text", &[EXIT]);
        let code = image.code("tc", &[EXIT]);
        image.function("handler", text, 0, 1);
        image.function("program", code, 0, 1);
        image.section(".BTF", 0, btf);
        assert_eq!(image.read().expect("a sound object").programs[0].functions, [0, 1]);
    }

    #[test]
    fn calls_in_a_circle_end() {
        let mut image = Image::empty(Endian::Little);
        let text = image.code(".text", &[call(0), call(-2), EXIT]);
        let code = image.code("tc", &[call(-1), EXIT]);
        let first = image.function("a", text, 0, 1);
        image.function("b", text, 1, 2);
        image.function("program", code, 0, 2);
        image.relocations(code, &[(0, first)]);
        assert_eq!(image.read().expect("a sound object").programs[0].functions, [0, 1, 2]);
    }

    #[test]
    fn many_programs_with_many_calls_are_bounded() {
        // 4096 programs, each of which reaches 4096 functions in a chain.
        let mut image = Image::empty(Endian::Little);
        let mut chain = vec![call(0); 4095];
        chain.push(EXIT);
        let text = image.code(".text", &chain);
        let code = image.code("tc", &vec![call(-1); 5000]);
        let first = image.function("f", text, 0, 1);
        for at in 1..4096 {
            image.function("f", text, at, 1);
        }
        for at in 0..5000 {
            image.function("p", code, at, 1);
        }
        let entries: Vec<(u64, u32)> = (0..5000).map(|at| (at * 8, first)).collect();
        image.relocations(code, &entries);
        assert!(image.error().contains("more than 16777216 calls"), "{}", image.error());
    }
}
