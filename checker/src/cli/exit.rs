//! Exit statuses.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing fails.
    Fine,
    /// 1: on a kernel that was asked about it fails.
    Fails,
    /// 2: the tool could not do its work, or every answer is unknown.
    NoAnswer,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Fails => 1,
            Exit::NoAnswer => 2,
        })
    }
}
