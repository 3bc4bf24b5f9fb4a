//! What differs between loaders that resolve by libbpf's algorithm.

use crate::access::{RelocationKind, Value};

/// The parameters of libbpf's algorithm: what versions of libbpf, and the kernel, do differently.
///
/// The default is the newest libbpf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Whether candidates that do not match are forgotten for the rest of the object (libbpf's list of candidates is one
    /// per local type; the kernel copies it for each relocation, `bpf_core_apply`).
    pub prunes: bool,
    /// How deep prototypes within prototypes, and members within members, are compared when whole types are.
    pub levels: usize,
    /// Whether `type_matches` is known. Else it is refused as any unknown kind is.
    pub knows_type_matches: bool,
    /// Whether numbers have 64 bits. Else 32: negative enumerators cannot be loaded with 64 bits, while unsigned ones above
    /// `INT_MAX` can be moved.
    pub wide_numbers: bool,
    /// Whether a load of an array's element is as wide as one element. Else as the whole array.
    pub element_width: bool,
    /// Whether the instruction of a type id must hold the object's own id: objects that were linked do not.
    pub checks_type_ids: bool,
}

impl Rules {
    /// The newest libbpf.
    pub const LIBBPF: Self = Self {
        prunes: true,
        levels: 32,
        knows_type_matches: true,
        wide_numbers: true,
        element_width: true,
        checks_type_ids: false,
    };
}

impl Rules {
    /// A number as these rules see it.
    pub(super) fn seen(self, value: Value, kind: RelocationKind) -> Value {
        let is_id = matches!(kind, RelocationKind::TypeIdLocal | RelocationKind::TypeIdTarget);
        Value {
            number: if self.wide_numbers { value.number } else { value.number & u64::from(u32::MAX) },
            field_size: if self.element_width { value.field_size } else { value.whole_size },
            validate: value.validate || is_id && self.checks_type_ids,
            ..value
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::LIBBPF
    }
}
