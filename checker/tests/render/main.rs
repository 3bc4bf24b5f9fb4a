//! The renderers, over one set of sample reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so at once")]

mod accesses;
mod compare;
mod damaged;
mod formats;
mod html;
mod human;
mod samples;
mod sarif;
mod schema;
