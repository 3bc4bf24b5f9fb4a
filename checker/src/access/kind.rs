//! The thirteen kinds of CO-RE relocations.

use aya_obj::generated::bpf_core_relo_kind as number;

/// What a CO-RE relocation asks of the target (`enum bpf_core_relo_kind`, include/uapi/linux/bpf.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelocationKind {
    /// Offset of a field in bytes.
    FieldByteOffset,
    /// Size of a field in bytes.
    FieldByteSize,
    /// Whether a field exists.
    FieldExists,
    /// Whether a field is signed.
    FieldSigned,
    /// Left shift, in bits, that brings a bit-field to the top of 64 bits.
    FieldLshiftU64,
    /// Right shift, in bits, that brings it down again.
    FieldRshiftU64,
    /// Type id in the object's own BTF.
    TypeIdLocal,
    /// Type id in the target's BTF.
    TypeIdTarget,
    /// Whether a type exists.
    TypeExists,
    /// Size of a type in bytes.
    TypeSize,
    /// Whether an enumerator exists.
    EnumvalExists,
    /// Value of an enumerator.
    EnumvalValue,
    /// Whether a type matches in full.
    TypeMatches,
    /// A number that no loader knows.
    Unknown(u32),
}

impl RelocationKind {
    /// The number of [`RelocationKind::TypeMatches`].
    pub const TYPE_MATCHES: u32 = number::BPF_CORE_TYPE_MATCHES;

    /// All thirteen, by their numbers.
    pub const ALL: [Self; 13] = [
        Self::FieldByteOffset,
        Self::FieldByteSize,
        Self::FieldExists,
        Self::FieldSigned,
        Self::FieldLshiftU64,
        Self::FieldRshiftU64,
        Self::TypeIdLocal,
        Self::TypeIdTarget,
        Self::TypeExists,
        Self::TypeSize,
        Self::EnumvalExists,
        Self::EnumvalValue,
        Self::TypeMatches,
    ];

    /// The kind with this number in `struct bpf_core_relo`.
    pub fn from_number(kind: u32) -> Self {
        match kind {
            number::BPF_CORE_FIELD_BYTE_OFFSET => Self::FieldByteOffset,
            number::BPF_CORE_FIELD_BYTE_SIZE => Self::FieldByteSize,
            number::BPF_CORE_FIELD_EXISTS => Self::FieldExists,
            number::BPF_CORE_FIELD_SIGNED => Self::FieldSigned,
            number::BPF_CORE_FIELD_LSHIFT_U64 => Self::FieldLshiftU64,
            number::BPF_CORE_FIELD_RSHIFT_U64 => Self::FieldRshiftU64,
            number::BPF_CORE_TYPE_ID_LOCAL => Self::TypeIdLocal,
            number::BPF_CORE_TYPE_ID_TARGET => Self::TypeIdTarget,
            number::BPF_CORE_TYPE_EXISTS => Self::TypeExists,
            number::BPF_CORE_TYPE_SIZE => Self::TypeSize,
            number::BPF_CORE_ENUMVAL_EXISTS => Self::EnumvalExists,
            number::BPF_CORE_ENUMVAL_VALUE => Self::EnumvalValue,
            number::BPF_CORE_TYPE_MATCHES => Self::TypeMatches,
            unknown => Self::Unknown(unknown),
        }
    }

    /// libbpf's word (`core_relo_kind_str`).
    pub fn word(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "byte_off",
            Self::FieldByteSize => "byte_sz",
            Self::FieldExists => "field_exists",
            Self::FieldSigned => "signed",
            Self::FieldLshiftU64 => "lshift_u64",
            Self::FieldRshiftU64 => "rshift_u64",
            Self::TypeIdLocal => "local_type_id",
            Self::TypeIdTarget => "target_type_id",
            Self::TypeExists => "type_exists",
            Self::TypeSize => "type_size",
            Self::EnumvalExists => "enumval_exists",
            Self::EnumvalValue => "enumval_value",
            Self::TypeMatches => "type_matches",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Asks about a field (`core_relo_is_field_based`).
    pub fn is_field_based(self) -> bool {
        matches!(
            self,
            Self::FieldByteOffset
                | Self::FieldByteSize
                | Self::FieldExists
                | Self::FieldSigned
                | Self::FieldLshiftU64
                | Self::FieldRshiftU64
        )
    }

    /// Asks about a type as a whole (`core_relo_is_type_based`).
    pub fn is_type_based(self) -> bool {
        matches!(
            self,
            Self::TypeIdLocal | Self::TypeIdTarget | Self::TypeExists | Self::TypeSize | Self::TypeMatches
        )
    }

    /// Asks about an enumerator (`core_relo_is_enumval_based`).
    pub fn is_enumval_based(self) -> bool {
        matches!(self, Self::EnumvalExists | Self::EnumvalValue)
    }

    /// Answers 0, and is not poisoned, where nothing matches.
    pub fn may_be_absent(self) -> bool {
        matches!(
            self,
            Self::FieldExists
                | Self::TypeExists
                | Self::EnumvalExists
                | Self::TypeMatches
                | Self::TypeSize
                | Self::TypeIdTarget
        )
    }

    /// Puts a number into the program on which a branch can depend: such a program may guard its accesses.
    ///
    /// Offsets and shifts are left out: they are added to or shifted by, never compared.
    pub fn can_guard(self) -> bool {
        self.may_be_absent() || matches!(self, Self::FieldByteSize | Self::FieldSigned | Self::EnumvalValue)
    }
}

#[cfg(test)]
mod tests {
    use super::RelocationKind;

    #[test]
    fn numbers_and_families_are_those_of_the_kernel() {
        for (index, kind) in RelocationKind::ALL.into_iter().enumerate() {
            assert_eq!(RelocationKind::from_number(index as u32), kind);
            let families = [kind.is_field_based(), kind.is_type_based(), kind.is_enumval_based()];
            assert_eq!(families.into_iter().filter(|&is| is).count(), 1, "{kind:?}");
        }
        assert_eq!(RelocationKind::from_number(13), RelocationKind::Unknown(13));
    }

    #[test]
    fn which_may_be_absent_and_which_can_guard() {
        let those = |is: fn(RelocationKind) -> bool| {
            RelocationKind::ALL
                .into_iter()
                .filter(|&kind| is(kind))
                .map(RelocationKind::word)
                .collect::<Vec<_>>()
        };
        let neither = ["byte_off", "lshift_u64", "rshift_u64", "local_type_id"];
        let guards_only = ["byte_sz", "signed", "enumval_value"];
        assert_eq!(those(|kind| !kind.can_guard()), neither);
        assert_eq!(those(|kind| kind.can_guard() && !kind.may_be_absent()), guards_only);
        assert_eq!(those(RelocationKind::may_be_absent).len(), 6);
    }
}
