//! What unit tests share: types, kernels and objects made for them.

use std::path::Path;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Endian, MemberSpec, TypeId, TypeSpec};
use corecheck_layouts::kernel::{Kernel, KernelName, ShippedBtf};

use crate::object::{Object, read_file};

/// A member at an offset in bits.
pub(crate) fn member(name: &str, of: TypeId, bit_offset: u32) -> MemberSpec {
    MemberSpec { name: name.to_owned(), of, bit_offset, bitfield_bits: 0 }
}

/// A bit-field at an offset in bits.
pub(crate) fn bitfield(name: &str, of: TypeId, bit_offset: u32, bits: u8) -> MemberSpec {
    MemberSpec { bitfield_bits: bits, ..member(name, of, bit_offset) }
}

/// A struct of this size in bytes.
pub(crate) fn record(name: &str, size: u32, members: Vec<MemberSpec>) -> TypeSpec {
    let kind_flag = members.iter().any(|member| member.bitfield_bits != 0);
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag, members }
}

/// A union of this size in bytes.
pub(crate) fn union(name: &str, size: u32, members: Vec<MemberSpec>) -> TypeSpec {
    TypeSpec::Composite { is_union: true, name: name.to_owned(), size, kind_flag: false, members }
}

/// BTF of this byte order with what `fill` adds, and what it returns.
pub(crate) fn btf<T>(endian: Endian, fill: impl FnOnce(&mut Builder) -> T) -> (Arc<Btf>, T) {
    let mut builder = Builder::new(endian);
    let filled = fill(&mut builder);
    let bytes = builder.finish().expect("the test's types can be written");
    (Arc::new(Btf::parse(bytes).expect("the test's types are sound")), filled)
}

/// A kernel with these types and no module BTF, `test/NAME/amd64`.
pub(crate) fn kernel(name: &str, vmlinux: &Arc<Btf>) -> Kernel {
    Kernel::of_vmlinux(KernelName::new("test", name, "amd64"), Arc::clone(vmlinux))
}

/// A complete kernel without a `struct thing` in vmlinux, and with one in each of these modules, which are all that it
/// ships: the module, and as for [`kernel_of_things`] the bytes before the members and what is left out.
pub(crate) fn kernel_of_modules(name: &str, modules: &[(&str, u32, &[&str])]) -> Kernel {
    let (base, ()) = btf(Endian::Little, |types| {
        types.int("long", 8, 1);
    });
    let mut kernel = kernel(name, &base);
    kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
    kernel.shipped_modules = Some(modules.iter().map(|(module, ..)| (*module).to_owned()).collect());
    for (module, before, without) in modules {
        let mut types = Builder::split(&base);
        add_thing(&mut types, *before, without);
        let bytes = types.finish().expect("the test's types can be written");
        let split = Btf::parse_split(bytes, Arc::clone(&base)).expect("the test's types are sound");
        kernel.modules.insert((*module).to_owned(), Arc::new(split));
    }
    kernel
}

/// A kernel whose `struct thing` is that of `tests/fixtures/objects/programs.bpf.c`, seven integers, with some of them
/// left out and as many bytes before them.
pub(crate) fn kernel_of_things(name: &str, before: u32, without: &[&str]) -> Kernel {
    let (types, ()) = btf(Endian::Little, |types| add_thing(types, before, without));
    kernel(name, &types)
}

fn add_thing(types: &mut Builder, before: u32, without: &[&str]) {
    let int = types.int("int", 4, 1);
    let names = ["one", "two", "three", "four", "five", "six", "seven"];
    let at = |index: usize| (before + 4 * index as u32) * 8;
    let members = names.iter().enumerate().filter(|(_, name)| !without.contains(name));
    let members = members.map(|(index, name)| member(name, int, at(index))).collect();
    types.add(record("thing", before + 28, members));
}

/// A fixture object or a sample, by its path within the repository.
pub(crate) fn object(path: &str) -> Object {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let mut objects = read_file(&path).expect("the object is sound");
    assert_eq!(objects.len(), 1, "it is one object");
    objects.remove(0)
}

/// The fixture with three programs and four subprograms, one access in each.
pub(crate) fn programs() -> Object {
    object("tests/fixtures/objects/programs.bpf.o")
}
