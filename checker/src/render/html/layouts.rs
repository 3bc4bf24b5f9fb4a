//! Layouts for the page's cells: what a program was compiled for, and what kernels have in that place.
//!
//! Only the members around an access' path are kept, and what is the same is kept once: kernels that lay a type out alike share it, so
//! that the page grows with layouts and not with kernels.

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, Type, TypeId, cdecl};
use serde_json::{Value, json};

use super::pack::{Pool, runs};

/// Structs with no more members than these are shown whole.
const WHOLE: usize = 14;
/// Of larger ones so many members before and behind each that matters.
const AROUND: usize = 3;
/// So deep do paths and anonymous members go; longer ones are shown in part.
const DEEPEST: usize = 16;
/// So many members of one level are looked at.
const MOST: usize = 20_000;

/// One layout around one access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// What is laid out, or why nothing can be shown.
    title: String,
    /// Size in bytes, where there is a layout.
    size: Option<u32>,
    /// Its lines.
    lines: Vec<Line>,
    /// The step of the path that is not there.
    lacks: Option<String>,
    /// Per level of the path the names beside the accessed one, the nearest first.
    beside: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// A member: level, offset in bits from the outermost type, length in bits, declaration, and 1 if the access goes over it, 2 if it is
    /// near what is missing.
    Member(usize, u64, u64, String, u8),
    /// An enumerator and its value.
    Value(String, u64, u8),
    /// So many that are left out, at a level.
    More(usize, usize),
}

struct Field {
    name: String,
    declaration: String,
    bit: u64,
    bits: u64,
    of: TypeId,
}

impl View {
    /// Instead of a layout.
    pub fn says(text: String) -> Self {
        Self { title: text, ..Self::default() }
    }

    /// The type `id` around `path`, as an access writes it. `expected` is how the program has it.
    pub fn of(btf: &Btf, id: TypeId, path: &str, expected: Option<&Self>) -> Self {
        let steps: Vec<&str> = path
            .split('.')
            .map(|step| step.split('[').next().unwrap_or(step))
            .filter(|step| !step.is_empty())
            .collect();
        let id = btf.innermost_element(id);
        let mut view = Self { title: cdecl::type_name(btf, id), size: btf.size_of(id), ..Self::default() };
        if let Type::Enum(values) | Type::Enum64(values) = btf.ty(id) {
            let values: Vec<(String, u64)> =
                values.values().take(MOST).map(|it| (it.name().to_owned(), it.value)).collect();
            let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
            let marks = view.marks(&names, steps.first().copied(), 0, expected);
            view.window(&marks, 0, |view, at, mark| {
                if let Some((name, value)) = values.get(at) {
                    view.lines.push(Line::Value(name.clone(), *value, mark));
                }
            });
            return view;
        }
        view.level(btf, id, &steps, 0, 0, expected);
        view
    }

    /// Whether all of the path is there.
    pub fn is_found(&self) -> bool {
        self.lacks.is_none() && !self.lines.is_empty()
    }

    fn level(
        &mut self,
        btf: &Btf,
        id: TypeId,
        steps: &[&str],
        level: usize,
        base: u64,
        expected: Option<&Self>,
    ) {
        let mut fields = Vec::new();
        gather(btf, id, base, DEEPEST, &mut fields);
        if fields.is_empty() {
            self.lacks = self.lacks.take().or(steps.first().map(|step| (*step).to_owned()));
            return;
        }
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let marks = self.marks(&names, steps.first().copied(), level, expected);
        self.window(&marks, level, |view, at, mark| {
            let Some(field) = fields.get(at) else { return };
            view.lines.push(Line::Member(level, field.bit, field.bits, field.declaration.clone(), mark));
            if let (1, [_, rest @ ..]) = (mark, steps)
                && !rest.is_empty()
                && level < DEEPEST
            {
                view.level(btf, btf.innermost_element(field.of), rest, level + 1, field.bit, expected);
            }
        });
    }

    /// What each name is to the access: 1 the one it takes, 2 near one that is missing.
    fn marks(
        &mut self,
        names: &[&str],
        step: Option<&str>,
        level: usize,
        expected: Option<&Self>,
    ) -> Vec<u8> {
        let mut marks = vec![0; names.len()];
        let Some(step) = step else { return marks };
        if let Some(at) = names.iter().position(|name| *name == step) {
            if let Some(mark) = marks.get_mut(at) {
                *mark = 1;
            }
            let near = (1..=AROUND).flat_map(|by| [at.checked_sub(by), at.checked_add(by)]).flatten();
            self.beside.push(near.filter_map(|at| names.get(at)).map(|name| (*name).to_owned()).collect());
            return marks;
        }
        self.lacks = Some(step.to_owned());
        for (name, mark) in names.iter().zip(&mut marks) {
            let is_alike = name.len() > 2 && step.len() > 2 && (name.contains(step) || step.contains(name));
            if is_alike {
                *mark = 2;
            }
        }
        // Else what stood beside it tells where to look.
        if !marks.contains(&2) {
            let beside = expected.and_then(|view| view.beside.get(level)).map_or(&[][..], Vec::as_slice);
            if let Some(at) = beside.iter().find_map(|near| names.iter().position(|name| name == near))
                && let Some(mark) = marks.get_mut(at)
            {
                *mark = 2;
            }
        }
        marks
    }

    /// Goes over what is near a mark, and counts the rest.
    fn window(&mut self, marks: &[u8], level: usize, mut show: impl FnMut(&mut Self, usize, u8)) {
        let mut hidden = 0;
        let is_marked = marks.iter().any(|mark| *mark != 0);
        for (at, mark) in marks.iter().enumerate() {
            let near = marks.get(at.saturating_sub(AROUND)..marks.len().min(at + AROUND + 1));
            let is_near = near.is_some_and(|near| near.iter().any(|mark| *mark != 0));
            if marks.len() <= WHOLE || is_near || (!is_marked && at < WHOLE) {
                if hidden > 0 {
                    self.lines.push(Line::More(level, hidden));
                    hidden = 0;
                }
                show(self, at, *mark);
            } else {
                hidden += 1;
            }
        }
        if hidden > 0 {
            self.lines.push(Line::More(level, hidden));
        }
    }
}

/// Members that have a name, those of anonymous ones too, with offsets from `base`.
fn gather(btf: &Btf, id: TypeId, base: u64, depth: usize, fields: &mut Vec<Field>) {
    let (Type::Struct(composite) | Type::Union(composite)) = btf.ty(id) else { return };
    for member in composite.members() {
        if fields.len() >= MOST {
            return;
        }
        let bit = base.saturating_add(u64::from(member.bit_offset));
        if member.name().is_empty() {
            if depth > 0 {
                gather(btf, btf.skip_modifiers_and_typedefs(member.of), bit, depth - 1, fields);
            }
            continue;
        }
        let bits = match member.bitfield_bits {
            0 => u64::from(btf.size_of(member.of).unwrap_or(0)) * 8,
            width => u64::from(width),
        };
        let declaration = cdecl::member_declaration(btf, &member);
        fields.push(Field { name: member.name().to_owned(), declaration, bit, bits, of: member.of });
    }
}

/// All layouts of a page.
#[derive(Debug, Default)]
pub struct Layouts {
    texts: Pool,
    views: Pool,
    /// Per object and access the view's number.
    expected: Vec<Vec<Value>>,
    found: Vec<Value>,
}

impl Layouts {
    /// What an object was compiled for, one for each access.
    pub fn expect(&mut self, views: &[Option<View>]) {
        let numbers =
            views.iter().map(|view| view.as_ref().map_or(Value::from(-1), |view| self.number(view)));
        let numbers = numbers.collect();
        self.expected.push(numbers);
    }

    /// What kernels have for some accesses of an object: kernels by number, and one view for each access.
    pub fn find(&mut self, object: usize, accesses: &[usize], kernels: Vec<(usize, Vec<View>)>) {
        let mut groups: Vec<(Vec<Value>, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Vec<String>, usize> = HashMap::new();
        for (kernel, views) in kernels {
            let numbers: Vec<Value> = views.iter().map(|view| self.number(view)).collect();
            let key = numbers.iter().map(ToString::to_string).collect();
            let at = *known.entry(key).or_insert_with(|| {
                groups.push((numbers, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, members)) = groups.get_mut(at) {
                members.push(kernel);
            }
        }
        let groups: Vec<Value> = groups
            .into_iter()
            .map(|(views, members)| json!({ "kernels": runs(members), "views": views }))
            .collect();
        self.found.push(json!({ "object": object, "accesses": accesses, "groups": groups }));
    }

    fn number(&mut self, view: &View) -> Value {
        let mut lines = Vec::new();
        for line in &view.lines {
            lines.push(match line {
                Line::Member(level, bit, bits, text, mark) => {
                    json!([level, bit, bits, self.texts.number(text.as_str().into()), mark])
                }
                // Numbers of 64 bits are more than a script can count.
                Line::Value(name, value, mark) => {
                    let text = format!("{name} = {}", value.cast_signed());
                    json!([0, -1, 0, self.texts.number(text.into()), mark])
                }
                Line::More(level, number) => json!([level, number]),
            });
        }
        let mut value = json!({ "title": view.title, "lines": lines });
        if let Some(fields) = value.as_object_mut() {
            if let Some(size) = view.size {
                fields.insert("size".to_owned(), size.into());
            }
            if let Some(lacks) = &view.lacks {
                fields.insert("lacks".to_owned(), lacks.clone().into());
            }
        }
        self.views.number(value).into()
    }

    pub(super) fn document(&self) -> Value {
        json!({ "texts": self.texts.values(), "views": self.views.values(), "expected": self.expected, "found": self.found })
    }
}
