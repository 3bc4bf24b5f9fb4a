//! Sizes of types, and what stands behind qualifiers and typedefs.

use super::{Btf, Kind, Type, TypeId};

/// libbpf gives up after this many steps (`MAX_RESOLVE_DEPTH`).
const MAX_DEPTH: usize = 32;

/// Names under which compilers write the `long` types (`determine_ptr_size` in libbpf's btf.c).
const LONG: [&str; 11] = [
    "long",
    "long int",
    "int long",
    "unsigned long",
    "long unsigned",
    "unsigned long int",
    "unsigned int long",
    "long unsigned int",
    "long int unsigned",
    "int unsigned long",
    "int long unsigned",
];

/// The size of the first `long` of 4 or 8 bytes, the base's answer first.
pub(super) fn find_pointer_size(btf: &Btf) -> Option<u32> {
    if let Some(size) = btf.base.as_ref().and_then(|base| base.pointer_size) {
        return Some(size);
    }
    // Kinds first: newer kernels sort their types, and have their first integer behind 90,000 others.
    btf.ids().filter(|&id| btf.kind(id) == Kind::Int).find_map(|id| match btf.ty(id) {
        Type::Int(int) if matches!(int.size, 4 | 8) && LONG.contains(&int.name) => Some(int.size),
        _ => None,
    })
}

impl Btf {
    /// Size of a pointer in bytes, told by the first `long`; `None` when there is none.
    /// libbpf then takes the host's (`btf_ptr_sz`).
    pub fn pointer_size(&self) -> Option<u32> {
        self.pointer_size
    }

    /// Size of a pointer as libbpf would take it on a 64-bit host: see [`Btf::pointer_size`].
    pub fn pointer_size_or_default(&self) -> u32 {
        self.pointer_size.unwrap_or(8)
    }

    /// What stands behind qualifiers, type tags and typedefs (`skip_mods_and_typedefs`).
    pub fn skip_modifiers_and_typedefs(&self, mut id: TypeId) -> TypeId {
        // Ends, because no type holds itself by value.
        loop {
            match self.ty(id) {
                Type::Qualifier { to, .. } | Type::TypeTag { to, .. } | Type::Typedef { to, .. } => id = to,
                _ => return id,
            }
        }
    }

    /// Size of a type in bytes, arrays multiplied out (`btf__resolve_size`).
    ///
    /// `None` where libbpf has an error: `void`, functions, forward declarations, chains of 32 and more, and
    /// sizes beyond 32 bits.
    pub fn size_of(&self, mut id: TypeId) -> Option<u32> {
        let mut length: u32 = 1;
        for _ in 0..MAX_DEPTH {
            let size = match self.ty(id) {
                Type::Int(int) => int.size,
                Type::Struct(composite) | Type::Union(composite) => composite.size,
                Type::Enum(values) | Type::Enum64(values) => values.size,
                Type::DataSec(section) => section.size,
                Type::Float { size, .. } => size,
                Type::Ptr { .. } => self.pointer_size_or_default(),
                Type::Typedef { to, .. }
                | Type::Qualifier { to, .. }
                | Type::TypeTag { to, .. }
                | Type::Var { of: to, .. }
                | Type::DeclTag { on: to, .. } => {
                    id = to;
                    continue;
                }
                Type::Array(array) => {
                    length = length.checked_mul(array.length)?;
                    id = array.element;
                    continue;
                }
                _ => return None,
            };
            return length.checked_mul(size);
        }
        None
    }

    /// Type behind all dimensions of an array, typedefs and qualifiers skipped; the type itself if it is none.
    pub fn innermost_element(&self, id: TypeId) -> TypeId {
        let mut id = self.skip_modifiers_and_typedefs(id);
        while let Type::Array(array) = self.ty(id) {
            id = self.skip_modifiers_and_typedefs(array.element);
        }
        id
    }
}
