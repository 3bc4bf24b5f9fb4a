//! Asks the running kernel which helpers programs of each sort may call: a line for each sort and helper that the kernel has, with
//! tabs: sort, number, `yes` or `no`.
//!
//! Runs inside the machines of `tests/vm`; `tests/helpers/run` makes the checker's table of what they say.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to a file")]

#[expect(unsafe_code, reason = "calls functions of a C library")]
mod ffi;

use anyhow::{Result, ensure};
use ffi::Said;
use libbpf_sys as sys;

/// A sort of program: the checker's word for it, its type, how it attaches, and to what function or tracepoint.
struct Sort {
    name: &'static str,
    program: sys::bpf_prog_type,
    attach: sys::bpf_attach_type,
    target: Option<&'static str>,
}

const fn plain(name: &'static str, program: sys::bpf_prog_type) -> Sort {
    Sort { name, program, attach: 0, target: None }
}

const fn traced(name: &'static str, attach: sys::bpf_attach_type, target: &'static str) -> Sort {
    Sort { name, program: sys::BPF_PROG_TYPE_TRACING, attach, target: Some(target) }
}

/// All whose helpers depend on nothing but this: hooks and iterators differ among themselves.
const SORTS: [Sort; 17] = [
    plain("kprobe", sys::BPF_PROG_TYPE_KPROBE),
    plain("tracepoint", sys::BPF_PROG_TYPE_TRACEPOINT),
    plain("raw_tp", sys::BPF_PROG_TYPE_RAW_TRACEPOINT),
    plain("perf_event", sys::BPF_PROG_TYPE_PERF_EVENT),
    traced("tp_btf", sys::BPF_TRACE_RAW_TP, "sched_switch"),
    traced("fentry", sys::BPF_TRACE_FENTRY, "vfs_read"),
    traced("fexit", sys::BPF_TRACE_FEXIT, "vfs_read"),
    traced("fmod_ret", sys::BPF_MODIFY_RETURN, "security_file_open"),
    plain("xdp", sys::BPF_PROG_TYPE_XDP),
    plain("tc", sys::BPF_PROG_TYPE_SCHED_CLS),
    plain("action", sys::BPF_PROG_TYPE_SCHED_ACT),
    plain("socket", sys::BPF_PROG_TYPE_SOCKET_FILTER),
    plain("cgroup_skb", sys::BPF_PROG_TYPE_CGROUP_SKB),
    Sort { attach: sys::BPF_CGROUP_SOCK_OPS, ..plain("sockops", sys::BPF_PROG_TYPE_SOCK_OPS) },
    plain("sk_skb", sys::BPF_PROG_TYPE_SK_SKB),
    plain("sk_msg", sys::BPF_PROG_TYPE_SK_MSG),
    plain("lwt_in", sys::BPF_PROG_TYPE_LWT_IN),
];

/// More than any kernel has.
const MOST: i32 = 1000;

fn main() -> Result<()> {
    ffi::be_quiet();
    let mut measured = 0;
    for sort in &SORTS {
        if ffi::load(sort, None) != Said::Taken {
            eprintln!("{}: not loaded", sort.name);
            continue;
        }
        measured += 1;
        for number in 1..MOST {
            let word = match ffi::load(sort, Some(number)) {
                Said::NoSuchHelper => break,
                Said::NotForThisType => "no",
                Said::Taken | Said::Refused => "yes",
                Said::Nothing => {
                    eprintln!("{}: helper {number}: the verifier said nothing", sort.name);
                    continue;
                }
            };
            println!("{}\t{number}\t{word}", sort.name);
        }
    }
    ensure!(measured > 0, "no program of any sort was loaded");
    Ok(())
}
