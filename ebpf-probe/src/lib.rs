//! Sample BPF programs that read `struct vfio_group`, as C sources (`bpf/`) and as committed objects.
//!
//! The objects are built by `bpf/build`; `bpf/verify` proves that they match their sources. Nothing here needs clang.

#![forbid(unsafe_code)]

pub mod samples;
