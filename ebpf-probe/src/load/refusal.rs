//! Why something was not loaded, in words that others can count.

use std::io;

use aya::EbpfError;
use aya::programs::ProgramError;
use serde::Serialize;

/// When a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The loader reads the file.
    Open,
    /// The loader relocates, makes maps, looks up what programs attach to.
    Relocate,
    /// The kernel checks a program.
    Verify,
}

impl Phase {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Relocate => "relocate",
            Self::Verify => "verify",
        }
    }
}

/// What is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The loader does not read the file.
    File,
    /// The kernel or the loader refuses the object's own types.
    Btf,
    /// The loader cannot relocate an access.
    Relocation,
    /// The verifier came to a poisoned access.
    PoisonedAccess,
    /// A map cannot be made.
    Map,
    /// The kernel does not have a helper, or not for this type of program.
    Helper,
    /// What a program attaches to is not there.
    AttachTarget,
    /// The kernel does not know the type of program or attachment, or else refuses to look at the program.
    ProgramRefused,
    /// Not allowed.
    Permission,
    /// Not enough memory.
    Memory,
    /// The verifier does not accept what the program does.
    Verifier,
    /// The loader panicked.
    Panic,
    /// Anything else.
    Other,
}

impl Cause {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Btf => "btf",
            Self::Relocation => "relocation",
            Self::PoisonedAccess => "poisoned-access",
            Self::Map => "map",
            Self::Helper => "helper",
            Self::AttachTarget => "attach-target",
            Self::ProgramRefused => "program-refused",
            Self::Permission => "permission",
            Self::Memory => "memory",
            Self::Verifier => "verifier",
            Self::Panic => "panic",
            Self::Other => "other",
        }
    }

    /// Whether a verdict speaks of such causes: types, attach points, helpers. `ok` does not say that the verifier accepts a
    /// program's logic, nor that there is memory.
    pub fn is_judged(self) -> bool {
        !matches!(
            self,
            Self::Permission | Self::Memory | Self::Verifier | Self::Map | Self::ProgramRefused | Self::Other
        )
    }
}

/// Something was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When it ended.
    pub phase: Phase,
    /// What is to blame.
    pub cause: Cause,
    /// Why, in a sentence.
    pub text: String,
    /// The end of the verifier's log.
    pub log: Vec<String>,
    /// The instruction that the verifier did not accept, counted from the start of the program, where it is a poisoned access.
    pub poison: Option<u32>,
}

/// How many lines of the verifier's log are kept.
const LINES: usize = 12;

impl Refusal {
    /// Of the whole object, by aya.
    pub fn of_object(error: &EbpfError) -> Self {
        let (phase, cause) = match error {
            EbpfError::ParseError(_) | EbpfError::FileError { .. } | EbpfError::NoBTF => {
                (Phase::Open, Cause::File)
            }
            EbpfError::BtfError(_) => (Phase::Open, Cause::Btf),
            EbpfError::RelocationError(_) | EbpfError::BtfRelocationError(_) => {
                (Phase::Relocate, Cause::Relocation)
            }
            EbpfError::MapError(_) | EbpfError::UnexpectedPinningType { .. } => (Phase::Relocate, Cause::Map),
            EbpfError::ProgramError(error) => return Self::of_program(error),
        };
        let cause = if is_permission(error) { Cause::Permission } else { cause };
        Self { phase, cause, text: in_words(error), log: Vec::new(), poison: None }
    }

    /// Of one program, by aya or the kernel.
    pub fn of_program(error: &ProgramError) -> Self {
        let (io_error, log) = match error {
            ProgramError::LoadError { io_error, verifier_log } => (io_error, verifier_log.to_string()),
            ProgramError::Btf(_) => {
                return Self {
                    phase: Phase::Verify,
                    cause: Cause::AttachTarget,
                    text: in_words(error),
                    log: Vec::new(),
                    poison: None,
                };
            }
            _ => {
                return Self {
                    phase: Phase::Verify,
                    cause: Cause::Other,
                    text: in_words(error),
                    log: Vec::new(),
                    poison: None,
                };
            }
        };
        let lines = telling(&log);
        let cause = cause(io_error, &log);
        let text = lines.last().map_or_else(|| io_error.to_string(), |last| format!("{last} ({io_error})"));
        let poison = lines.iter().rev().find_map(|line| poison_in(line));
        Self { phase: Phase::Verify, cause, text, log: lines, poison }
    }

    /// The loader panicked.
    pub fn of_panic(message: &str) -> Self {
        Self {
            phase: Phase::Relocate,
            cause: Cause::Panic,
            text: format!("aya panics: {message}"),
            log: Vec::new(),
            poison: None,
        }
    }
}

/// What the kernel blames: by its own words, where it has any.
fn cause(error: &io::Error, log: &str) -> Cause {
    let says = |text: &str| log.contains(text);
    if says("unknown#195896080") || says("invalid func 195896080") {
        Cause::PoisonedAccess
    } else if says("unknown func ") || says("invalid func ") || says("cannot use helper") {
        Cause::Helper
    } else if error.raw_os_error() == Some(libc::ENOMEM) {
        Cause::Memory
    } else if telling(log).is_empty() {
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Cause::Permission,
            Some(libc::ESRCH | libc::ENOENT) => Cause::AttachTarget,
            _ => Cause::ProgramRefused,
        }
    } else if says("is not attachable")
        || says("attach_btf_id")
        || says("cannot attach")
        || says("is not modifiable")
    {
        Cause::AttachTarget
    } else {
        Cause::Verifier
    }
}

/// The last lines of the log that tell anything: not the source, whose lines are ours, and not the statistics.
fn telling(log: &str) -> Vec<String> {
    let is_statistics = |line: &str| {
        ["processed ", "verification time ", "stack depth ", "insns processed "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(';') && !is_statistics(line));
    let all: Vec<&str> = lines.collect();
    all[all.len().saturating_sub(LINES)..].iter().map(|&line| line.to_owned()).collect()
}

/// `20: (85) call unknown#195896080`
fn poison_in(line: &str) -> Option<u32> {
    let (number, rest) = line.split_once(": (85) call ")?;
    if rest.starts_with("unknown#195896080") { number.parse().ok() } else { None }
}

fn is_permission(error: &EbpfError) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if kind == Some(io::ErrorKind::PermissionDenied) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An error with all that caused it, on one line.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(errno: i32, log: &str) -> Cause {
        cause(&io::Error::from_raw_os_error(errno), log)
    }

    #[test]
    fn causes_are_told_by_the_kernels_own_words() {
        let statistics = "processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0";
        for (errno, log, wanted) in [
            (
                libc::EINVAL,
                "0: (85) call unknown#195896080\ninvalid func unknown#195896080",
                Cause::PoisonedAccess,
            ),
            (libc::EINVAL, "program of this type cannot use helper bpf_x#9", Cause::Helper),
            (libc::EINVAL, "unknown func bpf_probe_read_kernel#113", Cause::Helper),
            (libc::EPERM, "", Cause::Permission),
            (libc::EINVAL, statistics, Cause::ProgramRefused),
            (libc::EACCES, "R1 invalid mem access 'inv'", Cause::Verifier),
            (libc::ENOMEM, "", Cause::Memory),
        ] {
            assert_eq!(of(errno, log), wanted, "{log}");
        }
    }

    #[test]
    fn the_log_without_what_says_nothing() {
        let log = "; int x = 1; @ a.c:1\n0: (b7) r0 = 1\nR0 is bad\nprocessed 1 insns (limit 1)\n\n";
        assert_eq!(telling(log), ["0: (b7) r0 = 1", "R0 is bad"]);
        assert_eq!(poison_in("20: (85) call unknown#195896080"), Some(20));
        assert_eq!(poison_in("20: (85) call bpf_map_lookup_elem#1"), None);
    }
}
