//! The only unsafe code: libbpf opens, prepares, loads and attaches an object in the running kernel.

use std::ffi::{CStr, CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use anyhow::{Context, Result};
use libbpf_sys as sys;

/// How far an object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// libbpf did not open it.
    Open,
    /// libbpf did not prepare it.
    Relocate,
    /// A program was not loaded.
    Verify,
    /// A program that can be attached here was not.
    Attach,
    /// It came through.
    Through,
}

/// The version of libbpf that is linked.
pub fn version() -> String {
    // SAFETY: returns a static string.
    unsafe { CStr::from_ptr(sys::libbpf_version_string()) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn quiet(
    _: sys::libbpf_print_level,
    _: *const c_char,
    _: *mut sys::__va_list_tag,
) -> c_int {
    0
}

/// Has nothing printed.
pub fn take_messages() {
    // SAFETY: the function lives as long as the program.
    unsafe { sys::libbpf_set_print(Some(quiet)) };
}

/// Whether the running kernel takes a program from us: `Err` is what `errno` says.
pub fn can_load() -> Result<(), i32> {
    // SAFETY: asks the kernel to load a program of two instructions, and closes it.
    match unsafe { sys::libbpf_probe_bpf_prog_type(sys::BPF_PROG_TYPE_RAW_TRACEPOINT, ptr::null()) } {
        1 => Ok(()),
        code => Err(-code),
    }
}

/// Opens, loads and attaches an object. Programs are attached whose section begins with one of `attached`.
pub fn load(path: &Path, attached: &[&str]) -> Result<Came> {
    let path = CString::new(path.as_os_str().as_bytes()).context("a path with a NUL")?;
    // SAFETY: the string ends with a NUL, and libbpf reads the file.
    let object = unsafe { sys::bpf_object__open_file(path.as_ptr(), ptr::null()) };
    if object.is_null() {
        return Ok(Came::Open);
    }
    // SAFETY: it is open, and closed here and nowhere else.
    unsafe {
        let came = steps(object, attached);
        sys::bpf_object__close(object);
        Ok(came)
    }
}

/// # Safety
///
/// An open object.
unsafe fn steps(object: *mut sys::bpf_object, attached: &[&str]) -> Came {
    // SAFETY: as promised; programs belong to the object, and their sections' names end with a NUL.
    unsafe {
        if sys::bpf_object__prepare(object) != 0 {
            return Came::Relocate;
        }
        if sys::bpf_object__load(object) != 0 {
            return Came::Verify;
        }
        let mut program = sys::bpf_object__next_program(object, ptr::null_mut());
        while !program.is_null() {
            let section = CStr::from_ptr(sys::bpf_program__section_name(program)).to_string_lossy();
            if sys::bpf_program__autoload(program) && attached.iter().any(|start| section.starts_with(start))
            {
                let link = sys::bpf_program__attach(program);
                if link.is_null() {
                    return Came::Attach;
                }
                sys::bpf_link__destroy(link);
            }
            program = sys::bpf_object__next_program(object, program);
        }
    }
    Came::Through
}
