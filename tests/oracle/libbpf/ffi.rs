//! The only unsafe code: libbpf's functions, also those that its loader keeps to itself. They are hidden in a shared
//! libbpf, not in a static one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use anyhow::{Context, Result, ensure};
use libbpf_sys as sys;

use crate::layout::{Candidate, CandidateList, Spec};
pub use crate::layout::{Relo, Worth};

/// Room for a walk in words, wider than the 256 bytes that libbpf itself gives it.
const TEXT_LEN: usize = 1 << 14;

unsafe extern "C" {
    fn bpf_core_add_cands(
        local_cand: *mut Candidate,
        local_essent_len: usize,
        targ_btf: *const sys::btf,
        targ_btf_name: *const c_char,
        targ_start_id: c_int,
        cands: *mut CandidateList,
    ) -> c_int;
    fn bpf_core_essential_name_len(name: *const c_char) -> usize;
    fn bpf_core_calc_relo_insn(
        prog_name: *const c_char,
        relo: *const Relo,
        relo_idx: c_int,
        local_btf: *const sys::btf,
        cands: *mut CandidateList,
        specs_scratch: *mut Spec,
        targ_res: *mut Worth,
    ) -> c_int;
    fn bpf_core_patch_insn(
        prog_name: *const c_char,
        insn: *mut u64,
        insn_idx: c_int,
        relo: *const Relo,
        relo_idx: c_int,
        res: *const Worth,
    ) -> c_int;
    fn bpf_core_format_spec(buf: *mut c_char, buf_sz: usize, spec: *const Spec) -> c_int;
    fn free(memory: *mut c_void);
}

/// The version of libbpf that is linked.
pub fn version() -> String {
    // SAFETY: returns a static string.
    unsafe { CStr::from_ptr(sys::libbpf_version_string()) }.to_string_lossy().into_owned()
}

thread_local! {
    static WARNING: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the last warning, without its arguments: its words tell what went wrong.
unsafe extern "C" fn remember(
    level: sys::libbpf_print_level,
    format: *const c_char,
    _: *mut sys::__va_list_tag,
) -> c_int {
    if level == sys::LIBBPF_WARN {
        // SAFETY: libbpf passes a format string, which ends with a NUL.
        let text = unsafe { CStr::from_ptr(format) }.to_string_lossy().into_owned();
        WARNING.with_borrow_mut(|warning| *warning = text);
    }
    0
}

/// Takes libbpf's messages instead of having them printed.
pub fn take_messages() {
    // SAFETY: the function lives as long as the program.
    unsafe { sys::libbpf_set_print(Some(remember)) };
}

/// Takes the last warning since the last call.
fn last_warning() -> String {
    WARNING.take()
}

/// BTF as libbpf reads it, on top of a base or alone.
pub struct Types<'base> {
    raw: NonNull<sys::btf>,
    base: PhantomData<&'base Self>,
}

impl<'base> Types<'base> {
    /// Reads raw BTF.
    pub fn read(data: &[u8], base: Option<&'base Types<'base>>) -> Result<Self> {
        let size = u32::try_from(data.len()).context("BTF of more than 4 GiB")?;
        let base = base.map_or(ptr::null_mut(), |base| base.raw.as_ptr());
        // SAFETY: `data` has `size` bytes, which libbpf copies; the base outlives what is made, by the lifetime.
        let raw = unsafe { sys::btf__new_split(data.as_ptr().cast(), size, base) };
        let raw = NonNull::new(raw).with_context(|| {
            format!("libbpf cannot read this BTF: {} {}", std::io::Error::last_os_error(), last_warning())
        })?;
        Ok(Self { raw, base: PhantomData })
    }

    /// Fixes the size of a pointer, in bytes, as libbpf does for the BTF of an object.
    pub fn set_pointer_size(&mut self, bytes: usize) -> Result<()> {
        // SAFETY: `raw` is live; sizes that are none are refused.
        let error = unsafe { sys::btf__set_pointer_size(self.raw.as_ptr(), bytes as sys::size_t) };
        ensure!(error == 0, "libbpf refuses pointers of {bytes} bytes");
        Ok(())
    }

    /// How many types there are, `void` and the base's included.
    pub fn count(&self) -> u32 {
        // SAFETY: `raw` is live.
        unsafe { sys::btf__type_cnt(self.raw.as_ptr()) }
    }

    /// The string at this offset; empty when there is none.
    pub fn string(&self, offset: u32) -> &[u8] {
        // SAFETY: `raw` is live; what is returned is null or a string within it.
        let text = unsafe { sys::btf__str_by_offset(self.raw.as_ptr(), offset) };
        if text.is_null() {
            return &[];
        }
        // SAFETY: not null, ends with a NUL, and lives as long as `self`.
        unsafe { CStr::from_ptr(text) }.to_bytes()
    }

    /// The name of a type; empty when it has none.
    fn name(&self, id: u32) -> Option<*const c_char> {
        // SAFETY: `raw` is live; ids that do not exist give null.
        let record = unsafe { sys::btf__type_by_id(self.raw.as_ptr(), id) };
        // SAFETY: not null, so a type of `raw`.
        let offset = unsafe { record.as_ref() }?.name_off;
        // SAFETY: `raw` is live.
        let name = unsafe { sys::btf__str_by_offset(self.raw.as_ptr(), offset) };
        (!name.is_null()).then_some(name)
    }
}

impl Types<'_> {
    /// Distils the base of split BTF to what it needs: the bytes of the distilled base, and of the split BTF on top of it.
    pub fn distill(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        last_warning();
        let (mut base, mut split) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `raw` is live; both are filled when there is no error.
        let code = unsafe { sys::btf__distill_base(self.raw.as_ptr(), &mut base, &mut split) };
        ensure!(code == 0, "libbpf cannot distil it: error {code} {}", last_warning());
        let own = |raw| Some(Types { raw: NonNull::new(raw)?, base: PhantomData });
        // The split BTF refers to the base, and goes first.
        let base = own(base).context("no distilled base")?;
        let split = own(split).context("no split BTF")?;
        let bytes = (base.bytes()?, split.bytes()?);
        drop(split);
        Ok(bytes)
    }

    /// Moves split BTF from its distilled base onto another: its bytes then.
    pub fn relocate(self, base: &Types<'_>) -> Result<Result<Vec<u8>, Refusal>> {
        last_warning();
        // SAFETY: both are live, and `self` is gone before the base is.
        let code = unsafe { sys::btf__relocate(self.raw.as_ptr(), base.raw.as_ptr()) };
        if code != 0 {
            return Ok(Err(Refusal { code, warning: last_warning() }));
        }
        Ok(Ok(self.bytes()?))
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut size = 0;
        // SAFETY: `raw` is live; what is returned is null or `size` bytes that live as long as it is not changed.
        let data = unsafe { sys::btf__raw_data(self.raw.as_ptr(), &mut size) };
        ensure!(!data.is_null(), "libbpf cannot write this BTF");
        // SAFETY: as above.
        Ok(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size as usize) }.to_vec())
    }
}

impl Drop for Types<'_> {
    fn drop(&mut self) {
        // SAFETY: `raw` is live and never used again.
        unsafe { sys::btf__free(self.raw.as_ptr()) };
    }
}

/// Opens an object and says of each program, by name, whether it is loaded when nobody says otherwise. Nothing of the object
/// reaches the kernel.
pub fn autoload(object: &[u8]) -> Result<HashMap<String, bool>> {
    let mut found = HashMap::new();
    last_warning();
    // SAFETY: `object` has that many bytes, and outlives what is opened; every program is asked while it is open.
    unsafe {
        let size = object.len() as sys::size_t;
        let open = sys::bpf_object__open_mem(object.as_ptr().cast(), size, ptr::null());
        ensure!(!open.is_null(), "libbpf cannot open the object: {}", last_warning());
        let mut program = sys::bpf_object__next_program(open, ptr::null_mut());
        while !program.is_null() {
            let name = CStr::from_ptr(sys::bpf_program__name(program)).to_string_lossy().into_owned();
            found.insert(name, sys::bpf_program__autoload(program));
            program = sys::bpf_object__next_program(open, program);
        }
        sys::bpf_object__close(open);
    }
    Ok(found)
}

/// The candidates of one local type, in targets that outlive them.
pub struct Candidates<'t> {
    list: CandidateList,
    targets: PhantomData<&'t Types<'t>>,
}

impl<'t> Candidates<'t> {
    /// No candidates: for what needs none.
    pub fn none() -> Self {
        Self { list: CandidateList { cands: ptr::null_mut(), len: 0 }, targets: PhantomData }
    }

    /// Searches one target, from a type on, as `bpf_core_find_cands` does; `None` when the local type has no name.
    pub fn add(
        &mut self,
        local: &Types<'_>,
        id: u32,
        target: &'t Types<'t>,
        first: u32,
    ) -> Result<Option<()>> {
        let Some(name) = local.name(id) else { return Ok(None) };
        // SAFETY: a string that ends with a NUL.
        let (is_empty, length) = unsafe { (name.read() == 0, bpf_core_essential_name_len(name)) };
        if is_empty {
            return Ok(None);
        }
        let mut wanted = Candidate { btf: local.raw.as_ptr(), id };
        let first = c_int::try_from(first).context("too many types")?;
        // SAFETY: the type exists; the list is libbpf's own or empty, and keeps pointers to `target`, which outlives it.
        let error = unsafe {
            let list = &mut self.list;
            bpf_core_add_cands(&mut wanted, length, target.raw.as_ptr(), c"target".as_ptr(), first, list)
        };
        ensure!(error == 0, "libbpf cannot list candidates: error {error}");
        Ok(Some(()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.list.len).unwrap_or(0)
    }

    /// Asks what a record is worth; candidates that do not match are dropped if others do.
    pub fn ask(&mut self, local: &Types<'_>, relo: &Relo) -> Asked {
        ask(&mut self.list, local, relo)
    }

    /// The same, with no candidate dropped.
    pub fn ask_only(&self, local: &Types<'_>, relo: &Relo) -> Asked {
        let mut copy: Vec<Candidate> = if self.list.cands.is_null() {
            Vec::new()
        } else {
            // SAFETY: libbpf's own array of that length.
            unsafe { std::slice::from_raw_parts(self.list.cands, self.len()) }.to_vec()
        };
        let mut list = CandidateList { cands: copy.as_mut_ptr(), len: self.list.len };
        ask(&mut list, local, relo)
    }
}

impl Drop for Candidates<'_> {
    fn drop(&mut self) {
        // SAFETY: null, or memory that libbpf took from malloc and that nobody uses any more.
        unsafe { free(self.list.cands.cast()) };
    }
}

/// libbpf's answer about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is worth, or the error.
    pub worth: Result<Worth, Refusal>,
    /// The local walk in words; empty after an error.
    pub local: String,
    /// The first matching target's walk in words.
    pub target: Option<String>,
}

/// An error of libbpf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The negative error number.
    pub code: i32,
    /// The last warning, without its arguments.
    pub warning: String,
}

/// The list is only read and shortened, never grown.
fn ask(list: &mut CandidateList, local: &Types<'_>, relo: &Relo) -> Asked {
    let mut specs = [Spec::EMPTY; 3];
    let mut worth = Worth::default();
    last_warning();
    // SAFETY: the type exists in `local` (checked by who read the record); the candidates' BTF is live; there are three
    // specs as libbpf wants, and it fills only them, `worth` and the list's own entries.
    let code = unsafe {
        let specs = specs.as_mut_ptr();
        bpf_core_calc_relo_insn(c"program".as_ptr(), relo, 0, local.raw.as_ptr(), list, specs, &mut worth)
    };
    if code != 0 {
        // The walks may be half filled.
        let worth = Err(Refusal { code, warning: last_warning() });
        return Asked { worth, local: String::new(), target: None };
    }
    let target = (!specs[2].btf.is_null()).then(|| words(&specs[2]));
    Asked { worth: Ok(worth), local: words(&specs[0]), target }
}

/// A walk in words.
fn words(spec: &Spec) -> String {
    let mut text = [0_u8; TEXT_LEN];
    // SAFETY: the walk was filled by libbpf and its BTF is live; the text ends with a NUL within its length.
    unsafe {
        bpf_core_format_spec(text.as_mut_ptr().cast(), text.len(), spec);
    }
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).into_owned()
}

/// Patches an instruction, given with the slot that follows it as they lie in memory.
pub fn patch(slots: &mut [u64; 2], relo: &Relo, worth: &Worth) -> Result<(), Refusal> {
    last_warning();
    // SAFETY: libbpf writes the first slot, and the second if the first is a 64-bit load of a constant.
    let code = unsafe { bpf_core_patch_insn(c"program".as_ptr(), slots.as_mut_ptr(), 0, relo, 0, worth) };
    if code == 0 { Ok(()) } else { Err(Refusal { code, warning: last_warning() }) }
}
