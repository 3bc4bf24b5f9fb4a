//! The only unsafe code: loads a program that calls one helper.

use std::ffi::{CStr, CString, c_char};
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd};

use libbpf_sys as sys;

use super::Sort;

/// What the verifier said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The program is loaded.
    Taken,
    /// The kernel has no helper of that number.
    NoSuchHelper,
    /// Programs of that sort may not call it.
    NotForThisType,
    /// It looked at the call, and at its arguments, which are none.
    Refused,
    /// Nothing that tells.
    Nothing,
}

/// How the verifier says that programs of a type may not call a helper: up to 6.1, after it, and in 7.
const NOT_FOR_THIS_TYPE: [&str; 3] =
    ["unknown func bpf_", "cannot use helper bpf_", "policy check failed for helper"];

/// Has libbpf say nothing.
pub fn be_quiet() {
    // SAFETY: no function is given.
    unsafe { sys::libbpf_set_print(None) };
}

fn insn(code: u8, imm: i32) -> sys::bpf_insn {
    // SAFETY: all zeros are an instruction's fields.
    let mut insn: sys::bpf_insn = unsafe { mem::zeroed() };
    insn.code = code;
    insn.imm = imm;
    insn
}

/// Loads a program that calls this helper, without arguments, or none, and closes it.
pub fn load(sort: &Sort, helper: Option<i32>) -> Said {
    let mut insns: Vec<sys::bpf_insn> = helper.map(|number| insn(0x85, number)).into_iter().collect();
    insns.extend([insn(0xb7, 0), insn(0x95, 0)]);
    let mut log = vec![0_u8; 1 << 16];
    // SAFETY: all zeros are valid; libbpf reads the size first. The log and the instructions outlive the call.
    let descriptor = unsafe {
        let mut options: sys::bpf_prog_load_opts = mem::zeroed();
        options.sz = size_of::<sys::bpf_prog_load_opts>() as sys::size_t;
        options.expected_attach_type = sort.attach;
        if let Some(target) = sort.target {
            let Ok(name) = CString::new(target) else { return Said::Nothing };
            let id = sys::libbpf_find_vmlinux_btf_id(name.as_ptr(), sort.attach);
            let Ok(id) = u32::try_from(id) else { return Said::Nothing };
            options.attach_btf_id = id;
        }
        options.log_level = 1;
        options.log_size = log.len() as u32;
        options.log_buf = log.as_mut_ptr().cast::<c_char>();
        let (name, license) = (c"helper", c"GPL");
        let number = insns.len() as sys::size_t;
        let insns = insns.as_ptr();
        sys::bpf_prog_load(sort.program, name.as_ptr(), license.as_ptr(), insns, number, &raw mut options)
    };
    if descriptor >= 0 {
        // SAFETY: it is ours.
        drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        return Said::Taken;
    }
    let text = CStr::from_bytes_until_nul(&log).map(CStr::to_string_lossy).unwrap_or_default();
    if text.contains("invalid func unknown#") {
        Said::NoSuchHelper
    } else if NOT_FOR_THIS_TYPE.iter().any(|said| text.contains(said)) {
        Said::NotForThisType
    } else if text.lines().any(|line| line.starts_with("processed ")) {
        Said::Refused
    } else {
        Said::Nothing
    }
}
