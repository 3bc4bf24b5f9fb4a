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
    // Kinds first: newer kernels sort their types, and have their first integer behind 90,000 others. Names are compared
    // without being read to their end, which need not be near.
    btf.ids().filter(|&id| btf.kind(id) == Kind::Int).find_map(|id| {
        let (_, record) = btf.record(id)?;
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
    use std::sync::Arc;

    use crate::btf::{Btf, Builder, Endian, Kind, TypeId, TypeSpec};

    #[test]
    fn integers_with_one_huge_name_do_not_make_reading_slow() {
        // Each name would be searched for its end: 300000 times 8 MB.
        let mut types = Builder::new(Endian::Little);
        types.int(&"long ".repeat(8 << 18), 8, 1);
        for _ in 1..300_000 {
            types.int("", 8, 1);
        }
        let mut bytes = types.finish().expect("it can be written");
        // All are called by the one string, which begins behind the empty one.
        for record in bytes[24..].chunks_exact_mut(16).take(300_000) {
            record[..4].copy_from_slice(&1_u32.to_le_bytes());
        }
        let btf = Btf::parse(bytes).expect("sound BTF");
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

    #[test]
    fn only_a_long_of_four_or_eight_bytes_tells_of_pointers() {
        for (sizes, expected) in
            [(&[2, 4, 8][..], Some(4)), (&[16, 8], Some(8)), (&[2, 16], None), (&[], None)]
        {
            let mut types = Builder::new(Endian::Little);
            let pointer = types.add(TypeSpec::Ptr { to: TypeId::VOID });
            for &size in sizes {
                types.int("unsigned long", size, 0);
            }
            let base = types.finish().and_then(Btf::parse).expect("sound BTF");
            assert_eq!((base.pointer_size(), base.size_of(pointer)), (expected, Some(expected.unwrap_or(8))));
            // The base's answer comes first, then that of the types on top of it.
            let mut types = Builder::split(&base);
            types.int("long", 4, 1);
            let split =
                types.finish().and_then(|bytes| Btf::parse_split(bytes, Arc::new(base))).expect("sound BTF");
            assert_eq!(split.pointer_size(), Some(expected.unwrap_or(4)));
        }
    }

    #[test]
    fn sizes_of_what_stands_for_something_else() {
        let mut types = Builder::new(Endian::Little);
        let int = types.int("int", 4, 1);
        let name = |name: &str| name.to_owned();
        let row = types.add(TypeSpec::Array { element: int, index: int, length: 3 });
        let constant = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: row });
        let grid = types.add(TypeSpec::Array { element: constant, index: int, length: 5 });
        let typedef = types.add(TypeSpec::Typedef { name: name("grid_t"), to: grid });
        let variable = types.add(TypeSpec::Var { name: name("v"), of: typedef, linkage: 1 });
        let tag =
            types.add(TypeSpec::DeclTag { name: name("tag"), on: typedef, component: -1, attribute: false });
        let section = types.add(TypeSpec::DataSec { name: name(".data"), size: 60, entries: Vec::new() });
        let float = types.add(TypeSpec::Float { name: name("double"), size: 8 });
        let enumeration = |is_64: bool| {
            let (name, values) = (name("e"), Vec::new());
            TypeSpec::Enum { name, size: if is_64 { 8 } else { 2 }, is_signed: false, is_64, values }
        };
        let (short, long) = (types.add(enumeration(false)), types.add(enumeration(true)));
        let huge = types.add(TypeSpec::Array { element: int, index: int, length: 1 << 30 });
        let large = types.add(TypeSpec::Array { element: int, index: int, length: (1 << 30) - 1 });
        let twice = types.add(TypeSpec::Array { element: huge, index: int, length: 4 });
        let proto = types.add(TypeSpec::FuncProto { returns: int, params: Vec::new() });
        let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
        for id in [grid, typedef, variable, tag, section] {
            assert_eq!(btf.size_of(id), Some(60), "{id:?}");
        }
        assert_eq!([float, short, long].map(|id| btf.size_of(id)), [Some(8), Some(2), Some(8)]);
        let sizes = [huge, large, twice, proto].map(|id| btf.size_of(id));
        assert_eq!(sizes, [None, Some(u32::MAX - 3), None, None]);
        assert_eq!(
            [int, row, typedef, section].map(|id| btf.innermost_element(id)),
            [int, int, int, section]
        );
    }
}
