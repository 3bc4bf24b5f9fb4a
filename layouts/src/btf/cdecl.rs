//! Types and declarations in C's words: `struct list_head *next`, `int (*fn)(void *)`.

use super::{Btf, Kind, Type, TypeId};

/// Beyond this many steps a declaration is cut with `…`: no real type comes near it.
const MAX_STEPS: usize = 32;
/// And beyond this many in all: a prototype whose parameters are pointers to it would be spelled out exponentially.
const MAX_STEPS_IN_ALL: usize = 512;

/// The type alone: `const char *`, `atomic_t`, `u8[6]`.
pub fn type_name(btf: &Btf, id: TypeId) -> String {
    declaration(btf, id, "")
}

/// The declaration of something called `name`.
pub fn declaration(btf: &Btf, id: TypeId, name: &str) -> String {
    Speller { btf, left: MAX_STEPS_IN_ALL }.declare(id, name.to_owned(), MAX_STEPS)
}

/// A member's declaration, its bit-field width included: `unsigned int state:3`.
pub fn member_declaration(btf: &Btf, member: &super::types::Member<'_>) -> String {
    let mut text = declaration(btf, member.of, member.name());
    if member.bitfield_bits != 0 {
        text.push_str(&format!(":{}", member.bitfield_bits));
    }
    text
}

/// What a type record is called: `struct vfio_group`, `typedef atomic_t`, `enum (anonymous)`.
pub fn definition_name(btf: &Btf, id: TypeId) -> String {
    let name = btf.name(id);
    let name = if name.is_empty() { "(anonymous)" } else { name };
    match btf.kind(id) {
        Kind::Fwd => match btf.ty(id) {
            Type::Fwd { is_union: true, .. } => format!("union {name} (declared only)"),
            _ => format!("struct {name} (declared only)"),
        },
        Kind::Enum64 => format!("enum {name}"),
        Kind::Int | Kind::Float => name.to_owned(),
        kind => format!("{} {name}", kind.word()),
    }
}

/// Spells a type out.
struct Speller<'b> {
    btf: &'b Btf,
    /// How many steps may still be made in all.
    left: usize,
}

impl Speller<'_> {
    /// Wraps `inner`, a declarator built from the inside out, in the type `id`.
    fn declare(&mut self, id: TypeId, inner: String, steps: usize) -> String {
        let btf = self.btf;
        let (Some(steps), Some(left)) = (steps.checked_sub(1), self.left.checked_sub(1)) else {
            return base("…", &inner);
        };
        self.left = left;
        match btf.ty(id) {
            Type::Ptr { to } => {
                let inner = format!("*{inner}");
                let binds_tighter = matches!(btf.kind(to), Kind::Array | Kind::FuncProto);
                self.declare(to, if binds_tighter { format!("({inner})") } else { inner }, steps)
            }
            Type::Array(array) => self.declare(array.element, format!("{inner}[{}]", array.length), steps),
            Type::FuncProto(proto) => {
                let params: Vec<String> = proto
                    .params()
                    .map(|param| match btf.kind(param.of) {
                        Kind::Void if param.name.is_empty() => "...".to_owned(),
                        _ => self.declare(param.of, String::new(), steps),
                    })
                    .collect();
                let params = if params.is_empty() { "void".to_owned() } else { params.join(", ") };
                self.declare(proto.returns, format!("{inner}({params})"), steps)
            }
            Type::Qualifier { kind, to } => {
                let word = kind.word();
                if let Type::Ptr { to: pointee } = btf.ty(to) {
                    let space = if inner.is_empty() { "" } else { " " };
                    return self.declare(pointee, format!("*{word}{space}{inner}"), steps);
                }
                format!("{word} {}", self.declare(to, inner, steps))
            }
            Type::TypeTag { to, .. } => self.declare(to, inner, steps),
            Type::Void => base("void", &inner),
            Type::Struct(composite) => base(&tagged("struct", composite.name), &inner),
            Type::Union(composite) => base(&tagged("union", composite.name), &inner),
            Type::Enum(values) | Type::Enum64(values) => base(&tagged("enum", values.name), &inner),
            Type::Fwd { name, is_union } => {
                base(&tagged(if is_union { "union" } else { "struct" }, name), &inner)
            }
            _ => base(btf.name(id), &inner),
        }
    }
}

fn tagged(tag: &str, name: &str) -> String {
    if name.is_empty() { format!("{tag} {{…}}") } else { format!("{tag} {name}") }
}

fn base(name: &str, inner: &str) -> String {
    if inner.is_empty() {
        name.to_owned()
    } else if inner.starts_with('[') || inner.starts_with('(') && !inner.starts_with("(*") {
        format!("{name}{inner}")
    } else {
        format!("{name} {inner}")
    }
}

#[cfg(test)]
mod tests;
