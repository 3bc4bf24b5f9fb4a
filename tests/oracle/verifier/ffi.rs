//! The only unsafe code: libbpf opens and relocates objects, and programs are given to the running kernel.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};

use anyhow::{Context, Result, ensure};
use libbpf_sys as sys;

/// An instruction of 8 bytes as it lies in memory; those of 16 bytes are two.
pub type Slot = [u8; 8];

/// How much the verifier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Errors, and a line of figures (`BPF_LOG_STATS`).
    Few,
    /// Also what it knows at each instruction.
    All,
}

/// The version of libbpf that is linked.
pub fn version() -> String {
    // SAFETY: returns a static string.
    unsafe { CStr::from_ptr(sys::libbpf_version_string()) }.to_string_lossy().into_owned()
}

thread_local! {
    static WARNING: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the first warning, without its arguments: those that follow say that something came of it.
unsafe extern "C" fn remember(
    level: sys::libbpf_print_level,
    format: *const c_char,
    _: *mut sys::__va_list_tag,
) -> c_int {
    if level == sys::LIBBPF_WARN {
        // SAFETY: libbpf passes a format string, which ends with a NUL.
        let text = unsafe { CStr::from_ptr(format) }.to_string_lossy();
        WARNING.with_borrow_mut(|warning| {
            if warning.is_empty() {
                text.trim_end().clone_into(warning);
            }
        });
    }
    0
}

/// Takes libbpf's messages instead of having them printed.
pub fn take_messages() {
    // SAFETY: the function lives as long as the program.
    unsafe { sys::libbpf_set_print(Some(remember)) };
}

/// An object that libbpf has relocated against some BTF, with its maps created in the running kernel.
pub struct Prepared {
    raw: NonNull<sys::bpf_object>,
}

/// Why there is none: libbpf's warning without its arguments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal(pub String);

/// A program as libbpf would give it to the kernel.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its function.
    pub name: String,
    /// Its section.
    pub section: String,
    /// `enum bpf_prog_type`.
    pub kind: u32,
    /// `enum bpf_attach_type`.
    pub attach: u32,
    /// Its instructions, and after them those of its subprograms.
    pub slots: Vec<Slot>,
    /// Where functions begin, counted in slots, and their names.
    pub functions: Vec<(usize, String)>,
    flags: u32,
    func_info: Vec<sys::bpf_func_info>,
    line_info: Vec<sys::bpf_line_info>,
    btf: c_int,
}

impl Prepared {
    /// Opens an object and relocates it against the BTF in this file.
    pub fn new(object: &[u8], btf: &Path) -> Result<Result<Self, Refusal>> {
        WARNING.take();
        let path = CString::new(btf.as_os_str().as_bytes()).context("a path with a NUL")?;
        let options = sys::bpf_object_open_opts {
            sz: size_of::<sys::bpf_object_open_opts>() as sys::size_t,
            btf_custom_path: path.as_ptr(),
            ..Default::default()
        };
        let size = object.len() as sys::size_t;
        // SAFETY: `object` has that many bytes, and libbpf copies them and the options.
        let raw = unsafe { sys::bpf_object__open_mem(object.as_ptr().cast(), size, &options) };
        let Some(raw) = NonNull::new(raw) else { return Ok(Err(Refusal(WARNING.take()))) };
        let prepared = Self { raw };
        prepared.give_sizes();
        // SAFETY: it is open.
        let code = unsafe { sys::bpf_object__prepare(raw.as_ptr()) };
        Ok(if code == 0 { Ok(prepared) } else { Err(Refusal(WARNING.take())) })
    }

    /// Gives a size to maps that have none: tools decide at run time how much they keep.
    fn give_sizes(&self) {
        const ENTRIES: u32 = 1024;
        /// Of `bpf_get_stackid`: 127 addresses.
        const STACK_LEN: u32 = 127 * 8;
        // SAFETY: the object is open, and not prepared yet; null gives its first map.
        unsafe {
            let mut map = sys::bpf_object__next_map(self.raw.as_ptr(), ptr::null());
            while !map.is_null() {
                let kind = sys::bpf_map__type(map);
                // libbpf itself gives this one a place for each processor.
                if sys::bpf_map__max_entries(map) == 0 && kind != sys::BPF_MAP_TYPE_PERF_EVENT_ARRAY {
                    sys::bpf_map__set_max_entries(map, ENTRIES);
                }
                if kind == sys::BPF_MAP_TYPE_STACK_TRACE && sys::bpf_map__value_size(map) == 0 {
                    sys::bpf_map__set_value_size(map, STACK_LEN);
                }
                map = sys::bpf_object__next_map(self.raw.as_ptr(), map);
            }
        }
    }

    /// The programs that are loaded when nobody says otherwise.
    pub fn programs(&self) -> Result<Vec<Program>> {
        let mut found = Vec::new();
        // SAFETY: the object is open; null gives its first program.
        let mut program = unsafe { sys::bpf_object__next_program(self.raw.as_ptr(), ptr::null_mut()) };
        while !program.is_null() {
            // SAFETY: a program of this object.
            if unsafe { sys::bpf_program__autoload(program) } {
                found.push(self.program(program)?);
            }
            // SAFETY: as above.
            program = unsafe { sys::bpf_object__next_program(self.raw.as_ptr(), program) };
        }
        Ok(found)
    }

    fn program(&self, raw: *const sys::bpf_program) -> Result<Program> {
        // SAFETY: a live program of this object, prepared; its arrays are null or as long as libbpf says, and copied.
        let mut program = unsafe {
            let slots = array(sys::bpf_program__insns(raw).cast::<Slot>(), sys::bpf_program__insn_cnt(raw));
            let functions = sys::bpf_program__func_info_cnt(raw).into();
            let lines = sys::bpf_program__line_info_cnt(raw).into();
            Program {
                name: text(sys::bpf_program__name(raw)),
                section: text(sys::bpf_program__section_name(raw)),
                kind: sys::bpf_program__type(raw),
                attach: sys::bpf_program__expected_attach_type(raw),
                slots,
                functions: Vec::new(),
                flags: sys::bpf_program__flags(raw),
                func_info: array(sys::bpf_program__func_info(raw), functions),
                line_info: array(sys::bpf_program__line_info(raw), lines),
                btf: sys::bpf_object__btf_fd(self.raw.as_ptr()),
            }
        };
        for record in &program.func_info {
            program.functions.push((record.insn_off as usize, self.type_name(record.type_id)?));
        }
        Ok(program)
    }

    fn type_name(&self, id: u32) -> Result<String> {
        // SAFETY: the object is open; what has no BTF gives null, which is not asked.
        unsafe {
            let btf = sys::bpf_object__btf(self.raw.as_ptr());
            ensure!(!btf.is_null(), "the object has no BTF");
            let record = sys::btf__type_by_id(btf, id);
            ensure!(!record.is_null(), "there is no type {id}");
            let name = sys::btf__str_by_offset(btf, (*record).name_off);
            ensure!(!name.is_null(), "type {id} has no name");
            Ok(text(name))
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: it is open and never used again.
        unsafe { sys::bpf_object__close(self.raw.as_ptr()) };
    }
}

/// # Safety
///
/// A string that ends with a NUL.
unsafe fn text(raw: *const c_char) -> String {
    // SAFETY: as promised.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

/// # Safety
///
/// Null, or so many.
unsafe fn array<T: Copy>(raw: *const T, count: sys::size_t) -> Vec<T> {
    let count = usize::try_from(count).unwrap_or(0);
    if raw.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: as promised.
    unsafe { std::slice::from_raw_parts(raw, count) }.to_vec()
}

/// What the kernel said of a program that it did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The number of the error.
    pub errno: i32,
    /// The verifier's words; empty when it was not asked.
    pub log: String,
}

/// Gives a program with these instructions to the running kernel, and takes it back at once. The object must be alive.
pub fn load(
    _alive: &Prepared,
    program: &Program,
    slots: &[Slot],
    license: &CStr,
    attach_to: u32,
    words: Words,
) -> Result<String, Rejection> {
    let (log_level, log_len) = match words {
        Words::Few => (4, 1_u32 << 18),
        Words::All => (2 | 4, 1 << 26),
    };
    let mut log = vec![0_u8; log_len as usize];
    let has_btf = program.btf >= 0;
    let (functions, lines) =
        if has_btf { (&program.func_info[..], &program.line_info[..]) } else { (&[][..], &[][..]) };
    let mut options = sys::bpf_prog_load_opts {
        sz: size_of::<sys::bpf_prog_load_opts>() as sys::size_t,
        expected_attach_type: program.attach,
        prog_btf_fd: if has_btf { program.btf.cast_unsigned() } else { 0 },
        prog_flags: program.flags | sleepable(&program.section),
        attach_btf_id: attach_to,
        func_info: functions.as_ptr().cast(),
        func_info_cnt: functions.len() as u32,
        func_info_rec_size: size_of::<sys::bpf_func_info>() as u32,
        line_info: lines.as_ptr().cast(),
        line_info_cnt: lines.len() as u32,
        line_info_rec_size: size_of::<sys::bpf_line_info>() as u32,
        log_level,
        log_size: log_len,
        log_buf: log.as_mut_ptr().cast(),
        ..Default::default()
    };
    let name = CString::new(program.name.as_str()).unwrap_or_default();
    // SAFETY: all that the options name lives until the call returns, in the lengths that they say; what is returned is an
    // error or a file of this process, which is closed.
    let code = unsafe {
        let code = sys::bpf_prog_load(
            program.kind,
            name.as_ptr(),
            license.as_ptr(),
            slots.as_ptr().cast(),
            slots.len() as sys::size_t,
            &mut options,
        );
        if code >= 0 {
            close(code);
        }
        code
    };
    let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
    let log = String::from_utf8_lossy(&log[..end]).into_owned();
    if code >= 0 { Ok(log) } else { Err(Rejection { errno: -code, log }) }
}

unsafe extern "C" {
    fn close(file: c_int) -> c_int;
}

/// The flag that libbpf sets for sections that say so: `lsm.s/…`, `iter.s/…`.
fn sleepable(section: &str) -> u32 {
    let kind = section.split('/').next().unwrap_or(section);
    if kind.ends_with(".s") || kind == "syscall" { sys::BPF_F_SLEEPABLE } else { 0 }
}

/// The id of what a program attaches to, in the BTF of the running kernel; none when that has no such thing.
pub fn attach_id(name: &str, attach: u32) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends with a NUL.
    let id = unsafe { sys::libbpf_find_vmlinux_btf_id(name.as_ptr(), attach) };
    u32::try_from(id).ok().filter(|&id| id > 0)
}

/// Whether the running kernel takes the least of programs from us: `r0 = 0; exit`.
pub fn can_load() -> Result<(), i32> {
    let slots: [Slot; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];
    // SAFETY: two instructions, no options; what is returned is an error or a file of this process.
    unsafe {
        let kind = sys::BPF_PROG_TYPE_RAW_TRACEPOINT;
        let (license, none) = (c"GPL".as_ptr(), ptr::null_mut());
        let code = sys::bpf_prog_load(kind, ptr::null(), license, slots.as_ptr().cast(), 2, none);
        if code < 0 {
            return Err(-code);
        }
        close(code);
    }
    Ok(())
}

/// Programs whose type wants something of the kernel to attach to when they are loaded.
pub fn wants_attach_id(program: &Program) -> bool {
    matches!(program.kind, sys::BPF_PROG_TYPE_TRACING | sys::BPF_PROG_TYPE_LSM)
}
