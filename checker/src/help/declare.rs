//! Types of an object in C, as far as its author can write them: by name.

use corecheck_layouts::btf::cdecl::declaration;
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};

use super::renamed::Renamed;
use crate::access::Accessor;

/// How a field is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// As a value of this type.
    Value(String),
    /// As a bit-field, which fits into 64 bits.
    Bits,
    /// By copying its bytes.
    Bytes,
}

/// The field that a walk ends at.
pub(super) fn shape(btf: &Btf, last: &Accessor) -> Option<Shape> {
    let of = match (&last.name, btf.ty(last.of)) {
        (None, _) => last.of,
        (Some(_), Type::Struct(parent) | Type::Union(parent)) => {
            let member = parent.member(last.index as usize)?;
            if member.bitfield_bits != 0 {
                return Some(Shape::Bits);
            }
            member.of
        }
        _ => return None,
    };
    // There is nothing to read of what has no size, and clang 19 falls over the question whether it is there.
    btf.size_of(of).filter(|&size| size > 0)?;
    Some(value(btf, of).map_or(Shape::Bytes, Shape::Value))
}

/// The name of a type whose values a function can return and assign; `None` where it has none.
fn value(btf: &Btf, mut id: TypeId) -> Option<String> {
    // Qualifiers of the field itself are none of a value's; but nothing is written to what is `const`.
    while let Type::Qualifier { kind, to } = btf.ty(id) {
        if kind == Kind::Const {
            return None;
        }
        id = to;
    }
    let (mut base, mut steps) = (id, 0);
    while let Type::Typedef { to, .. } | Type::Qualifier { to, .. } | Type::TypeTag { to, .. } = btf.ty(base)
    {
        let is_const = btf.kind(base) == Kind::Const;
        steps += 1;
        if is_const || steps > 32 {
            return None;
        }
        base = to;
    }
    if !matches!(btf.kind(base), Kind::Int | Kind::Ptr | Kind::Enum | Kind::Enum64) {
        return None;
    }
    // `int (*)(void)` cannot be written before a name.
    spelled(btf, id, "").filter(|text| !text.contains('('))
}

/// A declaration, if everything in it has a name that C can write.
pub(super) fn spelled(btf: &Btf, id: TypeId, name: &str) -> Option<String> {
    let text = declaration(btf, id, name);
    text.chars().all(|c| c.is_ascii_alphanumeric() || "_ *[](),".contains(c)).then_some(text)
}

/// Whether C can write this as a name.
pub(super) fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A second declaration of the root type, with as much in it as leads to the member by its new name.
pub(super) fn flavour(
    btf: &Btf,
    walk: &[Accessor],
    renamed: &Renamed,
    root: &str,
    name: &str,
) -> Option<String> {
    let missing = walk.get(renamed.at)?;
    let (Type::Struct(parent) | Type::Union(parent)) = btf.ty(missing.of) else { return None };
    let own = parent.member(missing.index as usize)?;
    let mut member = match &renamed.number {
        Some(number) => format!("{number} {}", renamed.member),
        None => spelled(btf, own.of, &renamed.member)?,
    };
    if own.bitfield_bits != 0 {
        member.push_str(&format!(":{}", own.bitfield_bits));
    }
    let mut lines = vec![format!("{member};")];
    let mut indices: Vec<u32> = Vec::new();
    for accessor in walk.get(1..renamed.at)?.iter().rev() {
        let Some(name) = &accessor.name else {
            indices.push(accessor.index);
            continue;
        };
        let name = std::str::from_utf8(name).ok().filter(|name| is_identifier(name))?;
        let dimensions = indices.drain(..).rev().map(|index| format!("[{}]", u64::from(index) + 1));
        let dimensions: String = dimensions.collect();
        lines = std::iter::once("struct {".to_owned())
            .chain(lines.into_iter().map(|line| format!("\t{line}")))
            .chain([format!("}} {name}{dimensions};")])
            .collect();
    }
    if !indices.is_empty() {
        return None;
    }
    let attribute = "__attribute__((preserve_access_index))";
    let (first, last) = match root.split_once(' ') {
        Some((keyword, _)) => (format!("{keyword} {name} {{"), format!("}} {attribute};")),
        None => ("typedef struct {".to_owned(), format!("}} {attribute} {name};")),
    };
    let body = lines.into_iter().map(|line| format!("\t{line}\n"));
    Some(format!("{first}\n{}{last}\n", body.collect::<String>()))
}
