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
    btf.ids().find_map(|id| {
        let (_, record) = btf.record(id).filter(|(_, record)| record.info.kind == Kind::Int)?;
        let is_long = || LONG.iter().any(|name| btf.is_string(record.name_offset, name.as_bytes()));
        (matches!(record.word, 4 | 8) && is_long()).then_some(record.word)
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

#[cfg(test)]
mod tests {
    use crate::btf::{Btf, Builder, Endian, TypeSpec};

    #[test]
    fn integers_with_one_huge_name_do_not_make_reading_slow() {
        // Each name would be searched for its end: 300000 times 8 MB. By hand, for a builder keeps every name.
        let strings = [&b"\0"[..], &b"long ".repeat(8 << 18), b"\0"].concat();
        let integer = [1, 1 << 24, 8, 64].map(u32::to_le_bytes).concat();
        let types = integer.repeat(300_000);
        let (types_len, strings_len) = (types.len() as u32, strings.len() as u32);
        let header = [0x0001_eb9f, 24, 0, types_len, types_len, strings_len].map(u32::to_le_bytes).concat();
        let btf = Btf::parse([header, types, strings].concat()).expect("sound BTF");
        assert_eq!(btf.type_count(), 300_001);
        assert_eq!(btf.pointer_size(), None);
    }

    #[test]
    fn a_long_is_known_by_its_whole_name() {
        for (name, size) in [("long", Some(8)), ("long int", Some(8)), ("long i", None), ("long long", None)]
        {
            let mut types = Builder::new(Endian::Big);
            types.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false });
            types.int(name, 8, 1);
            let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
            assert_eq!(btf.pointer_size(), size, "{name}");
        }
    }
}
