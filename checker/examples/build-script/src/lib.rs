//! A project whose BPF object is known to load on the kernels that it promises.

/// The object, for whoever loads it.
pub static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/states.bpf.o"));
