//! On which kernels an eBPF object will load, on which not, and why.
//!
//! Data flows one way: [`object`] → [`access`] → [`resolve`] → answers → verdicts → findings → report.

#![forbid(unsafe_code)]

pub mod access;
pub mod answer;
pub mod object;
pub mod resolve;
pub mod verdict;
