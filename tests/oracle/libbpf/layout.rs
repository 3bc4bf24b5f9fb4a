//! libbpf's internal structures, field by field as `src/relo_core.h` of libbpf 1.7 has them.
//!
//! No header that libbpf installs has them, so the version of `libbpf-sys` is pinned in the workspace.

use std::ffi::{c_char, c_int};
use std::ptr;

use libbpf_sys as sys;

/// Longest walk (`BPF_CORE_SPEC_MAX_LEN`).
const MAX_LEN: usize = 64;
/// `struct bpf_core_cand`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) btf: *const sys::btf,
    pub(crate) id: u32,
}

/// `struct bpf_core_cand_list`.
#[repr(C)]
pub(crate) struct CandidateList {
    pub(crate) cands: *mut Candidate,
    pub(crate) len: c_int,
}

/// `struct bpf_core_accessor`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Accessor {
    pub(crate) type_id: u32,
    pub(crate) idx: u32,
    pub(crate) name: *const c_char,
}

/// `struct bpf_core_spec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) btf: *const sys::btf,
    pub(crate) spec: [Accessor; MAX_LEN],
    pub(crate) root_type_id: u32,
    pub(crate) relo_kind: u32,
    pub(crate) len: c_int,
    pub(crate) raw_spec: [c_int; MAX_LEN],
    pub(crate) raw_len: c_int,
    pub(crate) bit_offset: u32,
}

impl Spec {
    pub(crate) const EMPTY: Self = Self {
        btf: ptr::null(),
        spec: [Accessor { type_id: 0, idx: 0, name: ptr::null() }; MAX_LEN],
        root_type_id: 0,
        relo_kind: 0,
        len: 0,
        raw_spec: [0; MAX_LEN],
        raw_len: 0,
        bit_offset: 0,
    };
}

/// `struct bpf_core_relo_res`: what libbpf makes of one record.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worth {
    /// The number that the instruction must hold.
    pub orig_val: u64,
    /// The number that it gets.
    pub new_val: u64,
    /// Nothing matches: the instruction is replaced by one that the verifier refuses.
    pub poison: bool,
    /// Whether the instruction is held against `orig_val`.
    pub validate: bool,
    /// A load or store of that field cannot change its width: it is replaced too.
    pub fail_memsz_adjust: bool,
    /// Size in bytes of the local field, for offsets.
    pub orig_sz: u32,
    /// Its type.
    pub orig_type_id: u32,
    /// Size in bytes of the target field, for offsets.
    pub new_sz: u32,
    /// Its type.
    pub new_type_id: u32,
}

/// `struct bpf_core_relo`: a record.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relo {
    /// Offset in bytes of the instruction in its section.
    pub insn_off: u32,
    /// The root type.
    pub type_id: u32,
    /// String offset of the access string.
    pub access_str_off: u32,
    /// What is asked.
    pub kind: u32,
}

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};

    use super::*;

    #[test]
    fn the_structures_are_as_large_as_libbpfs() {
        assert!(crate::ffi::version().starts_with("v1.7"), "{}", crate::ffi::version());
        assert_eq!((size_of::<Candidate>(), size_of::<CandidateList>()), (16, 16));
        assert_eq!((size_of::<Accessor>(), size_of::<Spec>()), (16, 8 + 64 * 16 + 12 + 64 * 4 + 8 + 4));
        assert_eq!((offset_of!(Worth, fail_memsz_adjust), size_of::<Worth>()), (18, 40));
        assert_eq!(size_of::<Relo>(), 16);
    }
}
