//! BTF, kernels and their stored type layouts.
//!
//! The stages, each of which knows only those before it:
//!
//! - [`source`]: from a file to raw BTF bytes and what the file says about the kernel they describe.

#![forbid(unsafe_code)]

pub mod source;
