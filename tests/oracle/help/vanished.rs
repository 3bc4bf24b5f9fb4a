//! Members that are gone from one kernel of the store to the next, as accesses of an object that has the older one's types.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Result, ensure};
use corecheck::access::{Access, RelocationKind};
use corecheck::answer::answer;
use corecheck::attach::Meetings;
use corecheck::help::{Case, Subject, help};
use corecheck::loader::Loader;
use corecheck::object::{Insn, Object};
use corecheck::verdict::{Cause, Judged, ObjectVerdict, Verdict};
use corecheck_layouts::btf::{Btf, Type, TypeId};
use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::store::Store;

use super::{Unit, whole};
use crate::source::Snippet;

/// One unit for every pair of kernels that follow one another.
pub(crate) fn units(store: &Store, every: usize, min_renamed: usize) -> Result<Vec<Unit>> {
    let is_wanted = |kernel: &&Kernel| {
        let is_generic = kernel.facts.flavour == "generic" && kernel.name.arch.as_str() == "amd64";
        kernel.is_complete() && is_generic
    };
    let kernels: Vec<&Kernel> = store.kernels().iter().filter(is_wanted).collect();
    let (mut units, mut renamed, mut gone) = (Vec::new(), 0, 0);
    for pair in kernels.windows(2) {
        let [old, new] = [whole(store, pair[0])?, whole(store, pair[1])?];
        let named = |kernel: &Kernel, btf: &Arc<Btf>| Kernel {
            facts: kernel.facts.clone(),
            ..Kernel::of_vmlinux(kernel.name.clone(), Arc::clone(btf))
        };
        let both = [named(pair[0], &old), named(pair[1], &new)];
        let accesses = vanished(&old, &new);
        gone += accesses.len();
        let object = object(&old);
        let both: Vec<&Kernel> = both.iter().collect();
        let answers = answer(&object, &accesses, &both, &Modules::None);
        let meetings = Meetings { distinct: vec![Vec::new()], of_kernel: vec![0, 0], names: Vec::new() };
        let verdict =
            |verdict, causes| ObjectVerdict { verdict, conditions: Vec::new(), causes, programs: Vec::new() };
        let failing = Cause::Failing((0..accesses.len()).collect());
        let judged = Judged {
            reach: Vec::new(),
            meetings,
            verdicts: vec![verdict(Verdict::Ok, Vec::new()), verdict(Verdict::Fails, vec![failing])],
            chosen: Vec::new(),
            answers,
        };
        let case = Case {
            loader: Loader::LIBBPF,
            object: &object,
            accesses: &accesses,
            modules: &Modules::None,
            requirements: &[],
            judged: &judged,
        };
        let mut snippets: BTreeMap<String, Snippet> = BTreeMap::new();
        for (number, ((subject, _), help)) in help(&case, &both, &[]).into_iter().enumerate() {
            let Subject::Access(at) = subject else { continue };
            let Some(guard) = help.guard else { continue };
            if let Some(new) = &help.renamed {
                renamed += 1;
                let access = &accesses[at];
                println!(
                    "{}: {} {} -> {} ({})",
                    pair[1].name, access.type_name, access.path, new.path, new.place.spec
                );
            }
            if help.renamed.is_some() || number % every == 0 {
                let snippet = Snippet::new(&guard.code, pair.iter().map(|kernel| kernel.name.to_string()))?;
                snippets.entry(snippet.function.clone()).or_insert(snippet);
            }
        }
        let snippets: Vec<Snippet> = snippets.into_values().collect();
        if !snippets.is_empty() {
            units.push(Unit { name: pair[1].name.to_string(), types: old.bytes().to_vec(), snippets });
        }
    }
    println!("{gone} members are gone, for {renamed} of them a new name is proposed");
    ensure!(renamed >= min_renamed, "{min_renamed} new names at least are expected");
    Ok(units)
}

/// Accesses to the members that a struct of the older kernel has and the newer one's does not. Structs of which there are several
/// by one name are left out: no loader can tell them apart.
fn vanished(old: &Btf, new: &Btf) -> Vec<Access> {
    let (old_structs, new_structs) = (structs(old), structs(new));
    let mut accesses = Vec::new();
    for (name, ids) in &old_structs {
        let (&[from], Some(&[to])) = (ids.as_slice(), new_structs.get(name).map(Vec::as_slice)) else {
            continue;
        };
        let mut there = Vec::new();
        members(new, to, "0", 0, &mut there);
        let there: BTreeSet<&str> = there.iter().map(|(name, _)| *name).collect();
        let mut own = Vec::new();
        members(old, from, "0", 0, &mut own);
        for (_, spec) in own.iter().filter(|(member, _)| !there.contains(member)) {
            let kind = RelocationKind::FieldByteOffset;
            let mut access = Access::of_types(old, old.endian(), from, kind, spec.as_bytes());
            // Each has an instruction of its own: of one, loaders find what the access before has left.
            access.insn = accesses.len() as u32 * 2;
            // The offset as a 64-bit constant, as an address is made of it.
            let offset = access.local.as_ref().map_or(0, |local| local.value.number);
            access.slots.first = Insn { code: Insn::LD_IMM64, imm: offset as u32 as i32, ..Insn::default() };
            access.slots.second = Some(Insn { imm: (offset >> 32) as u32 as i32, ..Insn::default() });
            accesses.push(access);
        }
    }
    accesses
}

fn structs(btf: &Btf) -> BTreeMap<&str, Vec<TypeId>> {
    let mut all: BTreeMap<&str, Vec<TypeId>> = BTreeMap::new();
    for id in btf.own_ids() {
        if let Type::Struct(of) = btf.ty(id)
            && !of.name.is_empty()
        {
            all.entry(of.name).or_default().push(id);
        }
    }
    all
}

/// Named members with their access strings.
fn members<'b>(btf: &'b Btf, id: TypeId, before: &str, depth: usize, found: &mut Vec<(&'b str, String)>) {
    let (Type::Struct(of) | Type::Union(of)) = btf.ty(btf.skip_modifiers_and_typedefs(id)) else { return };
    for (index, member) in of.members().enumerate() {
        let spec = format!("{before}:{index}");
        if !member.name_bytes().is_empty() {
            found.push((member.name(), spec));
        } else if depth < 16 {
            members(btf, member.of, &spec, depth + 1, found);
        }
    }
}

fn object(btf: &Arc<Btf>) -> Object {
    Object {
        path: "vanished".to_owned(),
        embedded_in: None,
        endian: btf.endian(),
        btf: Some(Arc::clone(btf)),
        has_btf_ext: true,
        sections: Vec::new(),
        functions: Vec::new(),
        programs: Vec::new(),
        relos: Vec::new(),
        references: Vec::new(),
        externs: Vec::new(),
        maps: Vec::new(),
        data: Vec::new(),
        license: None,
        problems: Vec::new(),
        file: Arc::default(),
    }
}
