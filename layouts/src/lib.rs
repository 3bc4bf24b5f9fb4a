//! BTF, kernels and their stored type layouts: everything corecheck knows about targets.

#![forbid(unsafe_code)]

pub mod btf;
pub mod kernel;
pub mod source;
pub mod store;
