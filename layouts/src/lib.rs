//! BTF, kernels and their stored type layouts: everything corecheck knows about targets.
//!
//! The stages, each of which knows only those before it:
//!
//! - [`btf`]: the format itself, read, asked and written;
//! - [`source`]: from a file to raw BTF bytes and what the file says about the kernel they describe;
//! - [`kernel`]: what is known of a kernel, and where in its BTF a root type is found;
//! - [`store`]: the stored kernels, and which of them a pattern names;
//! - [`history`]: a type's layout, how it differs between kernels, and its life over all of them.

#![forbid(unsafe_code)]

pub mod btf;
pub mod history;
pub mod kernel;
pub mod source;
pub mod store;
