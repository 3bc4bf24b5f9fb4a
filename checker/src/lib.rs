//! On which kernels an eBPF object will load, on which not, and why.

#![forbid(unsafe_code)]

pub mod object;
