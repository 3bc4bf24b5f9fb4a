//! On which kernels an eBPF object will load, on which not, and why.
//!
//! Data flows one way: [`object`] → [`access`] → [`resolve`] → answers → verdicts → findings → report.
//! Build scripts and tests ask by [`gate`].

#![forbid(unsafe_code)]

pub mod access;
pub mod answer;
pub mod attach;
pub mod check;
pub mod cli;
pub mod compare;
pub mod gate;
pub mod help;
pub mod inventory;
pub mod load;
pub mod loader;
pub mod log;
pub mod object;
pub mod policy;
pub mod reach;
pub mod render;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod shard;
#[cfg(test)]
mod testing;
pub mod verdict;
