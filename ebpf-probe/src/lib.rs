//! Proves on a live machine what corecheck predicts.
//!
//! - [`find`]: the kernel, its BTF, its vfio groups and who uses them, and what this user may do;
//! - [`mod@load`]: a program with aya, and what the kernel made of each of its instructions;
//! - [`confirm`]: prediction, kernel and truth side by side;
//! - [`report`], [`render`]: what is shown.
//!
//! And the sample BPF programs, as C sources (`bpf/`) and as committed objects ([`samples`]). The objects are built by `bpf/build`;
//! `bpf/verify` proves that they match their sources. Nothing here needs clang.
//!
//! Nothing is pinned, so that all that is loaded is gone when the process is, however it ends.

pub mod cli;
pub mod confirm;
pub mod find;
pub mod live;
pub mod load;
pub mod predict;
pub mod read;
pub mod render;
pub mod report;
pub mod samples;
