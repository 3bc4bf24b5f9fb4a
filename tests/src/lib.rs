//! What the tests that cross package boundaries share.
//!
//! The oracles compare what corecheck says with what another program says about the same object and the same kernel. So
//! that a mistake cannot hide on both sides, nothing here uses corecheck's own reading of files: [`carve`] finds BPF
//! objects inside executables by itself, and [`report`] reads corecheck's published JSON report as any other program
//! would.

#![forbid(unsafe_code)]

pub mod carve;
pub mod counts;
pub mod ledger;
pub mod report;
