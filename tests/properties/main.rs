//! Properties: what must hold of every BTF and every access, tried on random ones.
//!
//! [`model`] makes random well-formed types, [`walks`] random accesses on them; each other module is one property. A
//! case that fails is written to `regressions/`, to be committed: it is tried first from then on.
//!
//! `CORECHECK_PROPERTIES=100 cargo test -p corecheck-tests --test properties` tries a hundred times as many cases.

#![forbid(unsafe_code)]

mod groups;
mod model;
mod order;
mod own;
mod share;
mod stored;
mod unrelated;
mod walks;
mod world;
mod write_read;

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestRunner};

/// Tries `property` on this many cases, times `CORECHECK_PROPERTIES`; `regressions` is the file of its failures.
///
/// The macro of proptest does the same, but gives no way to count over all cases how often a property said anything.
fn try_all<S>(
    cases: u32,
    regressions: &'static str,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S: Strategy,
    S::Value: Debug,
{
    let times = std::env::var("CORECHECK_PROPERTIES").map_or(1, |times| times.parse().expect("a number"));
    let config = ProptestConfig {
        cases: cases * times,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    if let Err(error) = TestRunner::new(config).run(strategy, property) {
        panic!("{error}");
    }
}

/// The file of a property's failures.
macro_rules! regressions {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/properties/regressions/", $name, ".txt")
    };
}
use regressions;
