//! The only unsafe code: libbpf opens, prepares, loads and attaches an object in the running kernel.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use corecheck_tests::ledger::{Attached, Attempt, Came};
use libbpf_sys as sys;

/// Bytes of a message; the verifier's log is one, of which libbpf asks for up to 16 MiB, and the end is what matters.
const MESSAGE: usize = 17 << 20;
/// Lines that are kept of all messages, from the end: there it says why.
const LINES: usize = 30;

thread_local! {
    static MESSAGE_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; MESSAGE]);
    static MESSAGES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" {
    fn vsnprintf(
        into: *mut c_char,
        size: usize,
        format: *const c_char,
        arguments: *mut sys::__va_list_tag,
    ) -> c_int;
}

/// Keeps warnings, with their arguments.
unsafe extern "C" fn remember(
    level: sys::libbpf_print_level,
    format: *const c_char,
    arguments: *mut sys::__va_list_tag,
) -> c_int {
    if level != sys::LIBBPF_WARN {
        return 0;
    }
    MESSAGE_BUFFER.with_borrow_mut(|text| {
        // SAFETY: libbpf passes a format and its arguments; no more than the size is written, and a NUL after it.
        unsafe { vsnprintf(text.as_mut_ptr().cast(), text.len(), format, arguments) };
        let text = CStr::from_bytes_until_nul(text).map(CStr::to_bytes).unwrap_or_default();
        MESSAGES.with_borrow_mut(|messages| messages.extend_from_slice(text));
    });
    0
}

/// Takes libbpf's messages instead of having them printed.
pub fn take_messages() {
    // SAFETY: the function lives as long as the program.
    unsafe { sys::libbpf_set_print(Some(remember)) };
}

/// The last lines of what was said since the last call.
fn messages() -> Vec<String> {
    let text = MESSAGES.take();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|&line| line.to_owned()).collect()
}

/// The names of an object's programs; none when libbpf does not open it.
pub fn programs(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    with_open(bytes, |object| {
        // SAFETY: it is open.
        unsafe { each_program(object, |program| names.push(text(sys::bpf_program__name(program)))) };
        Attempt::default()
    });
    messages();
    names
}

/// Opens, prepares, loads and attaches an object, with all programs that load by themselves or only this one.
pub fn attempt(bytes: &[u8], only: Option<&str>) -> Attempt {
    messages();
    // SAFETY: it is open.
    with_open(bytes, |object| unsafe { steps(object, only) })
}

/// Opens an object, has something done with it, and closes it.
fn with_open(bytes: &[u8], work: impl FnOnce(*mut sys::bpf_object) -> Attempt) -> Attempt {
    // SAFETY: libbpf copies the bytes; what is open is closed here and nowhere else.
    unsafe {
        let object =
            sys::bpf_object__open_mem(bytes.as_ptr().cast(), bytes.len() as sys::size_t, ptr::null());
        if object.is_null() {
            return failed(Came::Open, errno());
        }
        let attempt = work(object);
        sys::bpf_object__close(object);
        attempt
    }
}

fn failed(came: Came, errno: i32) -> Attempt {
    Attempt { came, errno, log: messages(), ..Attempt::default() }
}

/// What the last call of libbpf's that gave no object failed of.
fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// # Safety
///
/// An open object.
unsafe fn steps(object: *mut sys::bpf_object, only: Option<&str>) -> Attempt {
    // SAFETY: as promised; programs belong to the object.
    unsafe {
        give_sizes(object);
        if let Some(only) = only {
            each_program(object, |program| {
                sys::bpf_program__set_autoload(program, text(sys::bpf_program__name(program)) == only);
            });
        }
        let code = sys::bpf_object__prepare(object);
        if code != 0 {
            return failed(Came::Relocate, -code);
        }
        let code = sys::bpf_object__load(object);
        if code != 0 {
            return failed(Came::Verify, -code);
        }
        let mut attached = Vec::new();
        each_program(object, |program| {
            if sys::bpf_program__autoload(program) {
                messages();
                let link = sys::bpf_program__attach(program);
                // Of what it cannot attach by itself libbpf says so, or gives nothing without an error.
                let errno = if link.is_null() { errno() } else { 0 };
                attached.push(Attached {
                    program: text(sys::bpf_program__name(program)),
                    section: text(sys::bpf_program__section_name(program)),
                    is_attached: !link.is_null(),
                    errno,
                    function: None,
                    log: messages(),
                });
                sys::bpf_link__destroy(link);
            }
        });
        Attempt { came: Came::Through, attached, ..Attempt::default() }
    }
}

/// Gives a size to maps that have none: tools decide at run time how much they keep.
///
/// # Safety
///
/// An open object that is not prepared.
unsafe fn give_sizes(object: *mut sys::bpf_object) {
    const ENTRIES: u32 = 1024;
    /// Of `bpf_get_stackid`: 127 addresses.
    const STACK_LEN: u32 = 127 * 8;
    // SAFETY: as promised; null gives the first map.
    unsafe {
        let mut map = sys::bpf_object__next_map(object, ptr::null());
        while !map.is_null() {
            let kind = sys::bpf_map__type(map);
            // libbpf itself gives this one a place for each processor; maps of local storage have none.
            let has_size = matches!(
                kind,
                sys::BPF_MAP_TYPE_PERF_EVENT_ARRAY
                    | sys::BPF_MAP_TYPE_TASK_STORAGE
                    | sys::BPF_MAP_TYPE_SK_STORAGE
                    | sys::BPF_MAP_TYPE_INODE_STORAGE
                    | sys::BPF_MAP_TYPE_CGRP_STORAGE
                    | sys::BPF_MAP_TYPE_STRUCT_OPS
            );
            if sys::bpf_map__max_entries(map) == 0 && !has_size {
                sys::bpf_map__set_max_entries(map, ENTRIES);
            }
            if kind == sys::BPF_MAP_TYPE_STACK_TRACE && sys::bpf_map__value_size(map) == 0 {
                sys::bpf_map__set_value_size(map, STACK_LEN);
            }
            map = sys::bpf_object__next_map(object, map);
        }
    }
}

/// # Safety
///
/// An open object.
unsafe fn each_program(object: *mut sys::bpf_object, mut work: impl FnMut(*mut sys::bpf_program)) {
    // SAFETY: as promised; null gives the first program.
    unsafe {
        let mut program = sys::bpf_object__next_program(object, ptr::null_mut());
        while !program.is_null() {
            work(program);
            program = sys::bpf_object__next_program(object, program);
        }
    }
}

/// # Safety
///
/// A string that ends with a NUL.
unsafe fn text(raw: *const c_char) -> String {
    // SAFETY: as promised.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}
