//! What an access string says: the walk from a root type to a field, an enumerator, or the type itself.

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use thiserror::Error;

use super::RelocationKind;

/// Deepest walk that loaders follow, in steps (`BPF_CORE_SPEC_MAX_LEN`).
pub const MAX_DEPTH: usize = 64;

/// A turning point of a walk: a named member, or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accessor {
    /// The composite that has the member, the element type of the array, or the enumeration.
    pub of: TypeId,
    /// Index of the member, of the element or of the enumerator.
    pub index: u32,
    /// Name of the member or enumerator; `None` for elements of arrays.
    pub name: Option<Box<[u8]>>,
}

/// A walk through the types of one BTF (`struct bpf_core_spec`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The type it begins at.
    pub root: TypeId,
    /// What is asked at its end.
    pub kind: RelocationKind,
    /// Every step, those through anonymous members included.
    pub raw: Vec<u32>,
    /// The turning points.
    pub accessors: Vec<Accessor>,
    /// Offset of its end from its begin, in bits. Wraps at 32 bits, as in libbpf.
    pub bit_offset: u32,
}

/// An access string that does not fit the type it is for: libbpf refuses to load the object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum SpecError {
    /// Not numbers separated by colons.
    #[error("the access string {0:?} is not numbers separated by colons")]
    Syntax(String),
    /// Longer than loaders follow.
    #[error("the access string has more than 64 steps")]
    TooDeep,
    /// Type-based relocations have the string `0`.
    #[error("the access string of a relocation about a type is {0:?}, not \"0\"")]
    NotZero(String),
    /// The relocation's kind is not known.
    #[error("relocation kind {0} is not known")]
    UnknownKind(u32),
    /// A step leaves its type.
    #[error("step {step} of the access string has index {index}, but {what}")]
    OutOfRange {
        /// Which step, from 0.
        step: usize,
        /// The index it gives.
        index: u32,
        /// What it goes through.
        what: String,
    },
    /// The size of something on the way cannot be told.
    #[error("the size of {0} cannot be told")]
    NoSize(String),
}

impl Spec {
    /// Reads the access string `text` for a relocation of the type `root` (`bpf_core_parse_spec`).
    ///
    /// # Errors
    /// [`SpecError`], where libbpf fails with `-EINVAL` or `-E2BIG`.
    pub fn parse(btf: &Btf, root: TypeId, kind: RelocationKind, text: &[u8]) -> Result<Self, SpecError> {
        let shown = || String::from_utf8_lossy(text).into_owned();
        let mut spec = Self { root, kind, raw: Vec::new(), accessors: Vec::new(), bit_offset: 0 };
        if text.is_empty() || text[0] == b':' {
            return Err(SpecError::Syntax(shown()));
        }
        if kind.is_type_based() {
            return if text == b"0" { Ok(spec) } else { Err(SpecError::NotZero(shown())) };
        }
        spec.raw = parse_numbers(text)?;
        let first = spec.raw[0];
        let id = btf.skip_modifiers_and_typedefs(root);
        if kind.is_enumval_based() {
            let (Type::Enum(values) | Type::Enum64(values)) = btf.ty(id) else {
                return Err(out_of_range(0, first, format!("{} is not an enumeration", named(btf, id))));
            };
            let value = values.value(first as usize).filter(|_| spec.raw.len() == 1);
            let Some(value) = value else {
                let what = format!("{} has {} enumerators", named(btf, id), values.len());
                return Err(out_of_range(0, first, what));
            };
            spec.accessors.push(Accessor { of: id, index: first, name: Some(value.name_bytes().into()) });
            return Ok(spec);
        }
        if let RelocationKind::Unknown(number) = kind {
            return Err(SpecError::UnknownKind(number));
        }
        spec.accessors.push(Accessor { of: id, index: first, name: None });
        spec.bit_offset = element_offset(btf, id, first)?;
        spec.walk(btf, id)?;
        Ok(spec)
    }

    /// Follows the steps after the first, which only counts whole objects of the root's type.
    fn walk(&mut self, btf: &Btf, mut id: TypeId) -> Result<(), SpecError> {
        for step in 1..self.raw.len() {
            let index = self.raw[step];
            id = btf.skip_modifiers_and_typedefs(id);
            match btf.ty(id) {
                Type::Struct(composite) | Type::Union(composite) => {
                    let Some(member) = composite.member(index as usize) else {
                        let what = format!("{} has {} members", named(btf, id), composite.len());
                        return Err(out_of_range(step, index, what));
                    };
                    self.bit_offset = self.bit_offset.wrapping_add(member.bit_offset);
                    if !member.name_bytes().is_empty() {
                        let name = Some(member.name_bytes().into());
                        self.accessors.push(Accessor { of: id, index, name });
                    }
                    id = member.of;
                }
                Type::Array(array) => {
                    let element = btf.skip_modifiers_and_typedefs(array.element);
                    let is_flexible =
                        self.accessors.last().is_some_and(|last| is_flexible(btf, last, array.length));
                    if !is_flexible && index >= array.length {
                        let what = format!("the array has {} elements", array.length);
                        return Err(out_of_range(step, index, what));
                    }
                    self.accessors.push(Accessor { of: element, index, name: None });
                    self.bit_offset = self.bit_offset.wrapping_add(element_offset(btf, element, index)?);
                    id = element;
                }
                _ => {
                    let what = format!("{} has neither members nor elements", named(btf, id));
                    return Err(out_of_range(step, index, what));
                }
            }
        }
        Ok(())
    }

    /// The path in C's words: `kref.refcount`, `cpus[2].flags`, the enumerator's name, or nothing for a type.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (position, accessor) in self.accessors.iter().enumerate() {
            match &accessor.name {
                Some(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&String::from_utf8_lossy(name));
                }
                None if position > 0 || accessor.index > 0 => path.push_str(&format!("[{}]", accessor.index)),
                None => {}
            }
        }
        path
    }

    /// The access string: `0:3:1`.
    pub fn raw_text(&self) -> String {
        if self.raw.is_empty() {
            return "0".to_owned();
        }
        self.raw.iter().map(u32::to_string).collect::<Vec<_>>().join(":")
    }

    /// The walk in libbpf's words, without relocation kind and type id (`bpf_core_format_spec`):
    /// `struct vfio_group.kref (0:0 @ offset 0)`, `enum pid_type::PIDTYPE_TGID = 1`, `struct task_struct`.
    pub fn describe(&self, btf: &Btf) -> String {
        let root = root_name(btf, self.root);
        if self.kind.is_type_based() {
            return root;
        }
        if self.kind.is_enumval_based() {
            let index = self.raw.first().copied().unwrap_or(0) as usize;
            let value = match btf.ty(btf.skip_modifiers_and_typedefs(self.root)) {
                Type::Enum(values) => values.value(index).map(|v| (v, values.is_signed, true)),
                Type::Enum64(values) => values.value(index).map(|v| (v, values.is_signed, false)),
                _ => None,
            };
            let Some((value, is_signed, is_32)) = value else { return root };
            let number = match (is_signed, is_32) {
                (true, _) => (value.value as i64).to_string(),
                (false, true) => (value.value as u32).to_string(),
                (false, false) => value.value.to_string(),
            };
            return format!("{root}::{} = {number}", value.name());
        }
        let path = self.path();
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        let (bytes, bits) = (self.bit_offset / 8, self.bit_offset % 8);
        let bits = if bits == 0 { String::new() } else { format!(".{bits}") };
        format!("{root}{dot}{path} ({} @ offset {bytes}{bits})", self.raw_text())
    }
}

/// `struct vfio_group`: the root as libbpf writes it, its kind as it stands.
pub fn root_name(btf: &Btf, root: TypeId) -> String {
    let name = btf.name(root);
    format!("{} {}", btf.kind(root).word(), if name.is_empty() { "<anon>" } else { name })
}

/// A zero-length array counts as flexible when it is the last named member of its parent, a union included
/// (`is_flex_arr`).
pub fn is_flexible(btf: &Btf, last: &Accessor, length: u32) -> bool {
    let (Type::Struct(parent) | Type::Union(parent)) = btf.ty(last.of) else { return false };
    last.name.is_some() && length == 0 && last.index as usize + 1 == parent.len()
}

/// Offset in bits of element `index`, wrapped as libbpf's 32-bit sum does.
pub fn element_offset(btf: &Btf, element: TypeId, index: u32) -> Result<u32, SpecError> {
    let size = btf.size_of(element).ok_or_else(|| SpecError::NoSize(named(btf, element)))?;
    Ok(index.wrapping_mul(size).wrapping_mul(8))
}

fn named(btf: &Btf, id: TypeId) -> String {
    match btf.kind(id) {
        Kind::Void => "void".to_owned(),
        _ => root_name(btf, id),
    }
}

fn out_of_range(step: usize, index: u32, what: String) -> SpecError {
    SpecError::OutOfRange { step, index, what }
}

/// `sscanf("%d")` between colons, negative and oversized numbers refused.
fn parse_numbers(text: &[u8]) -> Result<Vec<u32>, SpecError> {
    let syntax = || SpecError::Syntax(String::from_utf8_lossy(text).into_owned());
    let mut numbers = Vec::new();
    for part in text.split(|&byte| byte == b':') {
        if numbers.len() == MAX_DEPTH {
            return Err(SpecError::TooDeep);
        }
        let digits = std::str::from_utf8(part).ok().filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse::<i32>().ok()).ok_or_else(syntax)?;
        numbers.push(number.unsigned_abs());
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;
