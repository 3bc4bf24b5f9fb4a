//! Random edits that make the types of a kernel those of a patch release that might follow.
//!
//! An edit is of a kind that patches make: a member comes, goes or gets another name; an enumerator comes; a function takes a
//! parameter more or less; functions and structs come and go. Which definition is edited is chance alone, all
//! being equally likely.

use std::fmt::Write as _;

use corecheck_layouts::btf::{Btf, Builder, Endian, TypeId, TypeSpec};

use crate::chance::Chance;
use crate::rates::Rates;

/// The types of a kernel, to be edited.
pub struct Kernel {
    endian: Endian,
    /// By id, without `void`.
    types: Vec<TypeSpec>,
    /// New names get a number each.
    named: usize,
}

/// Types and functions: what has a rate of its own.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Type,
    Function,
}

impl Kernel {
    /// The types of a real kernel.
    pub fn of(btf: &Btf) -> Self {
        let types = btf.ids().filter_map(|id| TypeSpec::of(btf.ty(id))).collect();
        Self { endian: btf.endian(), types, named: 0 }
    }

    /// The types as BTF.
    pub fn write(&self) -> anyhow::Result<Btf> {
        let mut builder = Builder::new(self.endian);
        for spec in &self.types {
            builder.add(spec.clone());
        }
        Ok(Btf::parse(builder.finish()?)?)
    }

    /// Makes the next patch release of it; says in `log` what was edited, a line for each edit.
    pub fn edit(&mut self, rates: &Rates, chance: &mut Chance, log: &mut String) {
        for (sort, rates) in [(Sort::Type, &rates.types), (Sort::Function, &rates.functions)] {
            let all = self.of_sort(sort);
            // Of types those that can be edited stand for all.
            let number = |share: f64| all.0 as f64 * share;
            for _ in 0..chance.about(number(rates.share(rates.changed))) {
                let at = all.1[chance.below(all.1.len())];
                self.change(at, chance, log);
            }
            for _ in 0..chance.about(number(rates.share(rates.added))) {
                let like = all.1[chance.below(all.1.len())];
                self.add(like, chance, log);
            }
            let count = chance.about(number(rates.share(rates.removed)));
            self.remove(sort, count, chance, log);
        }
    }

    /// How many definitions there are, and where those that can be edited stand.
    fn of_sort(&self, sort: Sort) -> (usize, Vec<usize>) {
        let mut count = 0;
        let mut editable = Vec::new();
        for (at, spec) in self.types.iter().enumerate() {
            let Some(name) = name(spec).filter(|name| !name.is_empty()) else { continue };
            let is_function = matches!(spec, TypeSpec::Func { .. } | TypeSpec::Var { .. });
            if name.is_empty() || is_function != (sort == Sort::Function) {
                continue;
            }
            count += 1;
            let can_change = match spec {
                TypeSpec::Composite { members, .. } => !members.is_empty(),
                TypeSpec::Enum { values, .. } => !values.is_empty(),
                TypeSpec::Func { .. } => true,
                _ => false,
            };
            if can_change {
                editable.push(at);
            }
        }
        (count, editable)
    }

    fn change(&mut self, at: usize, chance: &mut Chance, log: &mut String) {
        let named = self.named;
        self.named += 1;
        let next = TypeId(self.types.len() as u32 + 1);
        let spec = &mut self.types[at];
        let what = format!("{} {}", word(spec), name(spec).unwrap_or_default());
        let mut new = None;
        let edit = match spec {
            TypeSpec::Composite { is_union, size, members, .. } => {
                let place = chance.below(members.len());
                match chance.below(3) {
                    0 => {
                        let grown = if *is_union { 0 } else { 8 };
                        let mut member = members[place].clone();
                        member.name = format!("{}_{named}", member.name);
                        member.bitfield_bits = 0;
                        *size = size.saturating_add(grown);
                        for moved in &mut members[place..] {
                            moved.bit_offset = moved.bit_offset.saturating_add(grown * 8);
                        }
                        members.insert(place, member);
                        "a member comes"
                    }
                    1 if members.len() > 1 => {
                        members.remove(place);
                        "a member goes"
                    }
                    _ => {
                        let _ = write!(members[place].name, "_{named}");
                        "a member gets another name"
                    }
                }
            }
            TypeSpec::Enum { values, .. } => {
                let place = chance.below(values.len());
                let (like, value) = values[place].clone();
                for (_, later) in &mut values[place..] {
                    *later = later.wrapping_add(1);
                }
                values.insert(place, (format!("{like}_{named}"), value));
                "an enumerator comes"
            }
            TypeSpec::Func { proto, .. } => {
                let before = proto.0;
                *proto = next;
                new = Some(before);
                "a parameter comes or goes"
            }
            _ => return,
        };
        if let Some(before) = new
            && let Some(TypeSpec::FuncProto { returns, params }) = self.types.get(before as usize - 1)
        {
            let (returns, mut params) = (*returns, params.clone());
            if params.len() > 1 && chance.is(0.5) {
                params.remove(chance.below(params.len()));
            } else {
                params.push((format!("flags_{named}"), TypeId(1)));
            }
            self.types.push(TypeSpec::FuncProto { returns, params });
        }
        let _ = writeln!(log, "{what}: {edit}");
    }

    fn add(&mut self, like: usize, chance: &mut Chance, log: &mut String) {
        let mut new = self.types[like].clone();
        if let Some(name) = name_mut(&mut new) {
            let _ = write!(name, "_{}", self.named);
            let _ = writeln!(log, "{name}: comes");
        }
        self.types.push(new);
        self.change(self.types.len() - 1, chance, log);
    }

    /// Removes definitions that nothing refers to, and what tags them.
    fn remove(&mut self, sort: Sort, count: usize, chance: &mut Chance, log: &mut String) {
        let mut is_used = vec![false; self.types.len() + 1];
        for spec in &mut self.types {
            if !matches!(spec, TypeSpec::DeclTag { .. }) {
                spec.map_ids(|id| {
                    is_used[id.0 as usize] = true;
                    id
                });
            }
        }
        let candidates: Vec<usize> =
            self.of_sort(sort).1.into_iter().filter(|&at| !is_used[at + 1]).collect();
        let mut is_gone = vec![false; self.types.len() + 1];
        for _ in 0..count.min(candidates.len()) {
            let at = candidates[chance.below(candidates.len())];
            is_gone[at + 1] = true;
            let _ = writeln!(log, "{}: goes", name(&self.types[at]).unwrap_or_default());
        }
        for (at, spec) in self.types.iter().enumerate() {
            if let TypeSpec::DeclTag { on, .. } = spec
                && is_gone[on.0 as usize]
            {
                is_gone[at + 1] = true;
            }
        }
        let mut next = 0;
        let ids: Vec<TypeId> = is_gone
            .iter()
            .map(|&gone| {
                next += u32::from(!gone);
                TypeId(next - 1)
            })
            .collect();
        let mut at = 0;
        self.types.retain(|_| {
            at += 1;
            !is_gone[at]
        });
        self.types.iter_mut().for_each(|spec| spec.map_ids(|id| ids[id.0 as usize]));
    }
}

fn word(spec: &TypeSpec) -> &'static str {
    match spec {
        TypeSpec::Composite { is_union: true, .. } => "union",
        TypeSpec::Composite { .. } => "struct",
        TypeSpec::Enum { .. } => "enum",
        TypeSpec::Func { .. } => "function",
        _ => "type",
    }
}

fn name(spec: &TypeSpec) -> Option<&str> {
    match spec {
        TypeSpec::Int { name, .. }
        | TypeSpec::Composite { name, .. }
        | TypeSpec::Enum { name, .. }
        | TypeSpec::Fwd { name, .. }
        | TypeSpec::Typedef { name, .. }
        | TypeSpec::Func { name, .. }
        | TypeSpec::Var { name, .. }
        | TypeSpec::DataSec { name, .. }
        | TypeSpec::Float { name, .. } => Some(name),
        _ => None,
    }
}

fn name_mut(spec: &mut TypeSpec) -> Option<&mut String> {
    match spec {
        TypeSpec::Composite { name, .. } | TypeSpec::Enum { name, .. } | TypeSpec::Func { name, .. } => {
            Some(name)
        }
        _ => None,
    }
}
