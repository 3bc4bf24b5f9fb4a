//! Sound files to stand on: objects of this repository, and the stored kernels.

use std::sync::{Arc, OnceLock};

use corecheck::object::read_bytes;
use corecheck_layouts::btf::{Btf, Builder, Endian};
use corecheck_layouts::store::Store;

use super::kernel;

/// Objects that clang made; together they have every kind of type and of access.
pub(crate) const OBJECTS: [&[u8]; 4] = [
    include_bytes!("../../fixtures/objects/all_kinds.bpf.o"),
    include_bytes!("../../fixtures/objects/btf_kinds.bpf.o"),
    include_bytes!("../../fixtures/objects/bitfields_big_endian.bpf.o"),
    include_bytes!("../../fixtures/objects/source_lines_clang19.bpf.o"),
];

/// The types of [`OBJECTS`].
pub(crate) fn types() -> &'static [Arc<Btf>] {
    static TYPES: OnceLock<Vec<Arc<Btf>>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let read = |bytes: &[u8]| read_bytes("fixture", bytes).expect("the fixture is sound").remove(0);
        OBJECTS.iter().map(|bytes| read(bytes).btf.expect("the fixture has BTF")).collect()
    })
}

/// The types that were put together.
pub(crate) fn parsed(types: Builder) -> Arc<Btf> {
    Arc::new(Btf::parse(types.finish().expect("it can be written")).expect("sound BTF"))
}

/// The types that were put together on top of a base.
pub(crate) fn parsed_on(types: Builder, base: &Arc<Btf>) -> Arc<Btf> {
    let bytes = types.finish().expect("it can be written");
    Arc::new(Btf::parse_split(bytes, Arc::clone(base)).expect("sound BTF"))
}

/// The stored kernels.
pub(crate) fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| Store::embedded().expect("the stored kernels are sound"))
}

/// Makes all of it.
pub(crate) fn prepare() {
    types();
    store();
    kernel::warm();
}

/// A little-endian ELF64 file with the bytes of one section replaced: they are put at the end of the file.
pub(crate) fn with_section(file: &[u8], name: &str, bytes: &[u8]) -> Vec<u8> {
    let half = |at: usize| usize::from(Endian::Little.u16(file, at).expect("within the file"));
    let word = |at: usize| Endian::Little.u32(file, at).expect("within the file") as usize;
    let (table, count, names) = (word(40), half(60), half(62));
    let strings = word(table + names * 64 + 24);
    let header = (0..count)
        .map(|index| table + index * 64)
        .find(|&header| {
            let start = strings + word(header);
            file[start..].starts_with(name.as_bytes()) && file[start + name.len()] == 0
        })
        .expect("the file has that section");
    let mut changed = file.to_vec();
    changed.resize(changed.len().next_multiple_of(8), 0);
    let offset = changed.len() as u64;
    changed[header + 24..header + 32].copy_from_slice(&offset.to_le_bytes());
    changed[header + 32..header + 40].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    changed.extend(bytes);
    changed
}
