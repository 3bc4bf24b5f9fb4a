//! Tracepoints of programs without a BTF type: `raw_tp/NAME`, `tp/CATEGORY/NAME`.
//!
//! Every event that programs can attach to (`TRACE_EVENT` and its like) leaves a typedef `btf_trace_NAME` in BTF, from
//! kernel 5.5 on (`include/trace/bpf_probe.h`). So its absence is proof where other such typedefs are. Events on system calls
//! are made at start-up, others at run time: of those BTF knows nothing. A missing one fails when it is attached.

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Found, Gap, Kernel};

use super::ksym::essential;
use super::model::{Ask, Doubt, Fate, Lack};
use super::{syscall, trace};

/// A tracepoint that every kernel has: where its typedef is missing, so are all.
const SENTINEL: &str = "btf_trace_sched_switch";
/// Categories of events that come and go.
const DYNAMIC: [&str; 4] = ["kprobes", "uprobes", "synthetic", "eprobes"];
/// The category of system calls, and how its events begin.
const SYSCALLS: &str = "syscalls";
const SYSCALL_EVENTS: [&str; 2] = ["sys_enter_", "sys_exit_"];
/// System calls that kernels define for machines that number them, and that others have, too, without a number: an event is
/// made only of what has one (`init_syscall_trace`). On amd64 these have none, as booted kernels from 5.10 to 7.3 show. The
/// newer names of some, with a number, are `newstat`, `newuname`, `sendfile64` and the like.
const NOT_ALWAYS_NUMBERED: [&str; 53] = [
    "adjtimex_time32",
    "bdflush",
    "clock_adjtime32",
    "clock_getres_time32",
    "clock_gettime32",
    "clock_nanosleep_time32",
    "clock_settime32",
    "fadvise64_64",
    "fstat",
    "fstatfs64",
    "futex_time32",
    "futimesat_time32",
    "get_thread_area",
    "gethostname",
    "io_getevents_time32",
    "io_pgetevents_time32",
    "ipc",
    "llseek",
    "lookup_dcookie",
    "lstat",
    "mq_timedreceive_time32",
    "mq_timedsend_time32",
    "nanosleep_time32",
    "nice",
    "old_readdir",
    "olduname",
    "oldumount",
    "ppoll_time32",
    "pselect6_time32",
    "recv",
    "recvmmsg_time32",
    "rt_sigtimedwait_time32",
    "sched_rr_get_interval_time32",
    "semtimedop_time32",
    "send",
    "sendfile",
    "set_thread_area",
    "sgetmask",
    "signal",
    "sigpending",
    "sigprocmask",
    "sigsuspend",
    "socketcall",
    "ssetmask",
    "stat",
    "statfs64",
    "stime",
    "sync_file_range2",
    "uname",
    "uselib",
    "utime32",
    "utimes_time32",
    "waitpid",
];

/// What must be looked up for a tracepoint.
pub(super) fn asks(name: &str) -> Vec<Ask> {
    vec![
        Ask::named(essential(&trace::typedef(name)), Kind::Typedef),
        Ask::named(SENTINEL, Kind::Typedef).in_vmlinux(),
    ]
}

/// The system call that an event is about.
fn system_call<'n>(category: &str, name: &'n str) -> Option<&'n str> {
    (category == SYSCALLS).then_some(())?;
    SYSCALL_EVENTS.iter().find_map(|start| name.strip_prefix(start))
}

/// What must be looked up for an event.
pub(super) fn event_asks(category: &str, name: &str) -> Vec<Ask> {
    match system_call(category, name) {
        Some(call) => syscall::asks(call),
        None => asks(name),
    }
}

/// What becomes of a tracepoint.
pub(super) fn fate(name: &str, found: &[&Found]) -> Fate {
    let [own, sentinel] = found else { return Fate::NotJudged };
    let fate = trace::named(&trace::typedef(name), own);
    let is_absent = match &fate {
        Fate::Missing(Lack::Absent(_)) => true,
        Fate::Unknown(Doubt::NotStored(gap)) => *gap != Gap::TypeNotStored,
        _ => false,
    };
    if is_absent && !matches!(sentinel, Found::In(_)) { Fate::Unknown(Doubt::NoTracepoints) } else { fate }
}

/// What becomes of an event.
pub(super) fn event_fate(category: &str, name: &str, found: &[&Found], kernel: &Kernel) -> Fate {
    if let Some(call) = system_call(category, name) {
        return match syscall::fate(found, kernel) {
            Fate::Unknown(Doubt::NotInBtf) => Fate::Unknown(Doubt::Dynamic),
            Fate::Met { .. } if NOT_ALWAYS_NUMBERED.contains(&call) => Fate::Unknown(Doubt::Dynamic),
            fate => fate,
        };
    }
    match fate(name, found) {
        Fate::Missing(_) if DYNAMIC.contains(&category) => Fate::Unknown(Doubt::Dynamic),
        fate => fate,
    }
}
