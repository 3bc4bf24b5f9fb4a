//! Two questions to the kernel that no library asks: what became of a program's instructions (`BPF_OBJ_GET_INFO_BY_FD`), and
//! what state a VFIO group is in (`VFIO_GROUP_GET_STATUS`). The only unsafe code of the program.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use aya_obj::generated::{bpf_attr, bpf_cmd, bpf_line_info, bpf_prog_info};

/// A program as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Its number, as in `bpftool prog`.
    pub id: u32,
    /// Its translated instructions, 8 bytes each. Empty when the kernel does not show them: to users without `CAP_BPF` or
    /// `CAP_SYS_ADMIN`, and of programs whose constants are blinded (`net.core.bpf_jit_harden`).
    pub insns: Vec<u8>,
    /// Its line records: translated instruction, and what stands in the place of line and column.
    pub lines: Vec<(u32, u32)>,
}

/// The most bytes that are read of a program: a million instructions, which is what the verifier looks at, expanded.
const MOST: usize = 64 << 20;

/// Asks what became of a program.
///
/// # Errors
/// What the kernel says.
pub fn read(program: BorrowedFd<'_>) -> io::Result<Raw> {
    let mut info = nothing();
    get_info(program, &mut info)?;
    let (size, count, id) = (info.xlated_prog_len as usize, info.nr_line_info as usize, info.id);
    if size > MOST || count > MOST / size_of::<bpf_line_info>() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the kernel tells of a program of absurd size",
        ));
    }
    let mut insns = vec![0u8; size];
    let empty = bpf_line_info { insn_off: 0, file_name_off: 0, line_off: 0, line_col: 0 };
    let mut lines = vec![empty; count];
    // Field by field: what lies between fields must stay zero, for the kernel refuses what it does not know.
    let mut info = nothing();
    info.xlated_prog_len = size as u32;
    info.xlated_prog_insns = insns.as_mut_ptr() as u64;
    info.nr_line_info = count as u32;
    info.line_info_rec_size = size_of::<bpf_line_info>() as u32;
    info.line_info = lines.as_mut_ptr() as u64;
    get_info(program, &mut info)?;
    // A null pointer says that it was not shown.
    if info.xlated_prog_insns == 0 {
        insns.clear();
    }
    insns.truncate(info.xlated_prog_len as usize);
    lines.truncate(info.nr_line_info as usize);
    let lines = lines.iter().map(|line| (line.insn_off, line.line_col)).collect();
    Ok(Raw { id, insns, lines })
}

#[expect(unsafe_code, reason = "the struct has no other way to be made empty")]
fn nothing() -> bpf_prog_info {
    // SAFETY: all of it is numbers, for which zero is a value.
    unsafe { std::mem::zeroed() }
}

#[expect(unsafe_code, reason = "bpf(2) takes addresses, and no library asks this question")]
fn get_info(program: BorrowedFd<'_>, info: &mut bpf_prog_info) -> io::Result<()> {
    // SAFETY: all of it is numbers, for which zero is a value.
    let mut attr: bpf_attr = unsafe { std::mem::zeroed() };
    attr.info.bpf_fd = program.as_raw_fd() as u32;
    attr.info.info = std::ptr::from_mut(info) as u64;
    attr.info.info_len = size_of::<bpf_prog_info>() as u32;
    // SAFETY: the command reads `attr`, and writes to `info` and to where `info` points; each is as long as is said there,
    // and lives until the call returns.
    let status = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            bpf_cmd::BPF_OBJ_GET_INFO_BY_FD as libc::c_long,
            std::ptr::from_mut(&mut attr),
            size_of::<bpf_attr>(),
        )
    };
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What the kernel says of a group that this process has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupStatus {
    /// Whether it is in a container.
    pub is_in_container: bool,
}

/// `struct vfio_group_status`.
#[repr(C)]
struct Status {
    size: u32,
    flags: u32,
}

/// `_IO(';', 100 + 3)`: the same number on all of Linux's machines with VFIO but powerpc.
const VFIO_GROUP_GET_STATUS: libc::c_ulong = 0x3b67;
const CONTAINER_SET: u32 = 1 << 1;

/// Asks for the state of an open group.
///
/// # Errors
/// What the kernel says.
#[expect(unsafe_code, reason = "ioctl(2) takes an address")]
pub fn group_status(group: BorrowedFd<'_>) -> io::Result<GroupStatus> {
    let mut status = Status { size: size_of::<Status>() as u32, flags: 0 };
    // SAFETY: the command reads and writes as many bytes of `status` as it says that it has.
    let result = unsafe {
        libc::ioctl(group.as_raw_fd(), VFIO_GROUP_GET_STATUS as _, std::ptr::from_mut(&mut status))
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(GroupStatus { is_in_container: status.flags & CONTAINER_SET != 0 })
}
