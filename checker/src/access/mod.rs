//! Accesses: CO-RE relocations with their meaning.

mod asks;
mod kind;
mod source;
mod spec;
mod value;

use std::collections::HashMap;

use corecheck_layouts::btf::{Btf, Endian, TypeId};

pub use asks::Asks;
pub use kind::RelocationKind;
pub use source::Source;
pub use spec::{Accessor, MAX_DEPTH, Spec, SpecError, element_offset, is_flexible, root_name};
use thiserror::Error;
pub use value::{Value, ValueError, value_of};

use crate::object::{CoreRelo, Insn, Object};

/// One or two instruction slots: two for 64-bit loads of a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slots {
    /// The instruction.
    pub first: Insn,
    /// The second slot of a 64-bit load of a constant.
    pub second: Option<Insn>,
}

/// What makes an access fail on every kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum Broken {
    /// Its access string does not fit its own type.
    #[error(transparent)]
    Spec(SpecError),
    /// Its own field has no such value.
    #[error(transparent)]
    Value(ValueError),
    /// The object's accesses name more text than is kept.
    #[error("the names in the object's accesses together have more than 256 MiB")]
    TooMuchText,
    /// The root type has no name, and loaders search by name.
    #[error("the root type has no name, and loaders look types up by name")]
    AnonymousRoot,
}

/// Why loaders do not look at an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skipped {
    /// Its program is not loaded automatically (`SEC("?…")`).
    NotLoaded,
    /// No program reaches its function, and the loader relocates programs with what they reach (cilium/ebpf).
    NotCalled,
    /// Its code belongs to a weak function that another one replaced when objects were linked.
    Eliminated,
}

/// One CO-RE relocation with its meaning.
#[derive(Debug, Clone)]
pub struct Access {
    /// Its number within the object, from 0, in the order in which loaders resolve.
    pub id: usize,
    /// What it is about, in a form that survives recompiling: function, kind, root, path and ordinal.
    pub key: String,
    /// Name of the function, empty when it belongs to none.
    pub function: String,
    /// Index of the function in the object.
    pub function_index: Option<usize>,
    /// Name of the section.
    pub section: String,
    /// Index of the section in the object.
    pub section_index: usize,
    /// The instruction, counted from the start of the section.
    pub insn: u32,
    /// What is asked.
    pub kind: RelocationKind,
    /// The root type in the object's BTF.
    pub root: TypeId,
    /// The root type in C's words: `struct vfio_group`.
    pub type_name: String,
    /// The path from there: `kref.refcount`; the enumerator; empty for types.
    pub path: String,
    /// The access string as the compiler wrote it: `0:3:1`.
    pub spec_text: String,
    /// The instruction as compiled.
    pub slots: Slots,
    /// What it means by the object's own types, or what is wrong with it.
    pub local: Result<Local, Broken>,
    /// What else its function asks about the same field.
    pub asks: Asks,
    /// Why loaders do not look at it.
    pub skipped: Option<Skipped>,
    /// Where it stands in the source.
    pub source: Option<Source>,
}

/// The most bytes of names and source lines that all accesses of an object may hold together: 256 MiB. Real ones hold
/// some kilobytes; a crafted one can name a string of a megabyte in every record of 16 bytes.
const MOST_TEXT_BYTES: usize = 0x1000_0000;

impl Access {
    /// How many bytes its own copies of names and lines have.
    fn text_bytes(&self) -> usize {
        let local = self.local.iter().flat_map(|local| &local.spec.accessors);
        let names = local.filter_map(|accessor| accessor.name.as_deref()).map(<[u8]>::len);
        let source = self.source.iter().flat_map(|source| [source.file.len(), source.text.len()]);
        // The key is copied once more, for its ordinal.
        let own = [
            &self.key,
            &self.key,
            &self.type_name,
            &self.path,
            &self.spec_text,
            &self.section,
            &self.function,
        ];
        own.map(String::len).into_iter().chain(names).chain(source).sum()
    }

    /// The same access, broken for want of room, so that nothing is said of it that is not known.
    fn without_text(self) -> Self {
        let (key, type_name, path, spec_text) = Default::default();
        Self { key, type_name, path, spec_text, source: None, local: Err(Broken::TooMuchText), ..self }
    }

    /// What a relocation of the type `root` of `btf` with this kind and access string asks, for a machine of this byte
    /// order. It belongs to no function, section or line, has number 0, and its instruction is all zeros: for
    /// questions about types alone.
    pub fn of_types(btf: &Btf, endian: Endian, root: TypeId, kind: RelocationKind, spec: &[u8]) -> Self {
        let spec_text = String::from_utf8_lossy(spec).into_owned();
        let spec = Spec::parse(btf, root, kind, spec);
        let path = spec.as_ref().map(Spec::path).unwrap_or_default();
        let type_name = root_name(btf, root);
        let local = match spec {
            Err(error) => Err(Broken::Spec(error)),
            Ok(spec) => match value_of(&spec, btf, endian) {
                Err(error) => Err(Broken::Value(error)),
                Ok(value) => Ok(Local { spec, value }),
            },
        };
        let is_anonymous = btf.name(root).is_empty() && kind != RelocationKind::TypeIdLocal;
        Self {
            id: 0,
            key: format!("/{}/{type_name}/{path}", kind.word()),
            function: String::new(),
            function_index: None,
            section: String::new(),
            section_index: 0,
            insn: 0,
            kind,
            root,
            type_name,
            path,
            spec_text,
            slots: Slots { first: Insn::default(), second: None },
            local: if is_anonymous { local.and(Err(Broken::AnonymousRoot)) } else { local },
            asks: Asks::default(),
            skipped: None,
            source: None,
        }
    }

    /// The root type without its flavour: `struct vfio_group` for `struct vfio_group___old`.
    pub fn essential_type_name(&self) -> &str {
        let essential = corecheck_layouts::btf::essential_name(self.type_name.as_bytes());
        std::str::from_utf8(essential).unwrap_or(&self.type_name)
    }
}

/// The meaning of an access by the object's own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The walk.
    pub spec: Spec,
    /// What it is worth there: what the compiler has put into the instruction.
    pub value: Value,
}

/// How many bytes of names and source lines may still be kept.
struct Room(usize);

impl Room {
    /// The access as it is while there is room; without its text from the first one on for which there is none.
    fn take(&mut self, access: Access) -> Access {
        let left = self.0.checked_sub(access.text_bytes());
        self.0 = left.unwrap_or(0);
        if left.is_some() { access } else { access.without_text() }
    }
}

/// The accesses of an object in the order of its relocation records.
pub fn accesses(object: &Object) -> Vec<Access> {
    let Some(btf) = object.btf.as_deref() else { return Vec::new() };
    let mut ordinals: HashMap<String, usize> = HashMap::new();
    let mut room = Room(MOST_TEXT_BYTES);
    let mut all: Vec<Access> = object
        .relos
        .iter()
        .enumerate()
        .map(|(id, relo)| {
            let mut access = room.take(access(object, btf, id, relo));
            let ordinal = ordinals.entry(access.key.clone()).or_default();
            *ordinal += 1;
            access.key = format!("{}#{ordinal}", access.key);
            access
        })
        .collect();
    asks::tell(&mut all);
    all
}

fn access(object: &Object, btf: &Btf, id: usize, relo: &CoreRelo) -> Access {
    let kind = RelocationKind::from_number(relo.kind);
    let section = &object.sections[relo.section];
    let insn = relo.insn as usize;
    let first = section.insns.get(insn).copied().unwrap_or_default();
    let second = section.insns.get(insn + 1).copied().filter(|_| first.is_ld_imm64());
    let function = relo.function.map_or("", |index| &object.functions[index].name);
    let skipped = match relo.function {
        None => Some(Skipped::Eliminated),
        Some(_) if !object.is_relocated(relo) => Some(Skipped::NotLoaded),
        Some(_) => None,
    };
    let asked = Access::of_types(btf, object.endian, relo.type_id, kind, btf.string(relo.access_str_off));
    Access {
        id,
        key: format!("{function}{}", asked.key),
        function: function.to_owned(),
        function_index: relo.function,
        section: section.name.clone(),
        section_index: relo.section,
        insn: relo.insn,
        slots: Slots { first, second },
        skipped,
        source: source::of(object, relo),
        ..asked
    }
}

#[cfg(test)]
mod tests;
