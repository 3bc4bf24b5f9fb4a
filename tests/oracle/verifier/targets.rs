//! What objects are relocated against: kernels other than the running one, BTF in which there is nothing, and variations of
//! the running kernel's, in which some of what an object asks for is missing.
//!
//! Real kernels lack little, and so say little about guards. In a variation what is there is where the running kernel has
//! it, so that the verifier has no other cause to refuse a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use corecheck_layouts::btf::{Btf, Builder, Endian, MemberSpec, TypeSpec};
use corecheck_layouts::kernel::{Kernel, KernelName};

/// BTF to relocate against.
pub struct Target {
    /// For messages.
    pub name: String,
    /// Raw BTF, for libbpf.
    pub file: PathBuf,
    /// The same, for corecheck.
    pub kernel: Kernel,
}

impl Target {
    fn read(name: &str, file: PathBuf) -> Result<Self> {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let btf = Btf::parse(bytes).with_context(|| format!("in {}", file.display()))?;
        let kernel = Kernel::of_vmlinux(KernelName::new("local", "0", "unknown"), Arc::new(btf));
        Ok(Self { name: name.to_owned(), file, kernel })
    }
}

/// Where the running kernel has its BTF.
pub const RUNNING: &str = "/sys/kernel/btf/vmlinux";

/// BTF with a `long`, which says how wide pointers are, and an `int`.
pub fn nothing(work: &Path) -> Result<Target> {
    let mut builder = Builder::new(Endian::Little);
    for (name, size) in [("long", 8), ("int", 4)] {
        builder.add(TypeSpec::Int {
            name: name.to_owned(),
            size,
            encoding: 1,
            offset: 0,
            bits: size as u8 * 8,
        });
    }
    write(work.join("nothing.btf"), "nothing", &builder.finish()?)
}

/// BTF with nothing but the `pid` of a `struct task_struct`.
pub fn little(work: &Path) -> Result<Target> {
    let mut builder = Builder::new(Endian::Little);
    builder.add(TypeSpec::Int { name: "long".to_owned(), size: 8, encoding: 1, offset: 0, bits: 64 });
    let int = TypeSpec::Int { name: "int".to_owned(), size: 4, encoding: 1, offset: 0, bits: 32 };
    let of = builder.add(int);
    let pid = MemberSpec { name: "pid".to_owned(), of, bit_offset: 64, bitfield_bits: 0 };
    let name = "task_struct".to_owned();
    builder.add(TypeSpec::Composite {
        is_union: false,
        name,
        size: 16,
        kind_flag: false,
        members: vec![pid],
    });
    write(work.join("little.btf"), "little", &builder.finish()?)
}

/// So many variations of what the running kernel has for an object. None if bpftool cannot tell what that is: it stops
/// at the first relocation that is an error.
pub fn variations(object: &Path, name: &str, count: u64, work: &Path) -> Result<Vec<Target>> {
    let least = work.join(format!("{name}.least.btf"));
    let output = Command::new("bpftool")
        .args(["gen", "min_core_btf", RUNNING])
        .args([&least, object])
        .output()
        .context("cannot run bpftool")?;
    if !output.status.success() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&least)?;
    let btf = Btf::parse(bytes).context("cannot read what bpftool made")?;
    let types: Option<Vec<TypeSpec>> = btf.ids().map(|id| TypeSpec::of(btf.ty(id))).collect();
    let types = types.context("bpftool made types of an unknown kind")?;
    (0..count)
        .map(|number| {
            let mut builder = Builder::new(Endian::Little);
            for spec in vary(types.clone(), number) {
                builder.add(spec);
            }
            let file = work.join(format!("{name}.{number}.btf"));
            write(file, &format!("variation {number}"), &builder.finish()?)
        })
        .collect()
}

/// Takes away members, enumerators and names of types: few in the first variation, more in those that follow.
fn vary(mut types: Vec<TypeSpec>, number: u64) -> Vec<TypeSpec> {
    let mut dice = Dice::new(number);
    let one_in = [12, 6, 3, 2][usize::try_from(number % 4).unwrap_or(0)];
    for spec in &mut types {
        match spec {
            TypeSpec::Composite { name, members, .. } => {
                members.retain(|member| member.name.is_empty() || !dice.once_in(one_in));
                rename(name, dice.once_in(one_in * 4));
            }
            TypeSpec::Enum { name, values, .. } => {
                values.retain(|_| !dice.once_in(one_in));
                rename(name, dice.once_in(one_in * 4));
            }
            TypeSpec::Typedef { name, .. } => rename(name, dice.once_in(one_in * 2)),
            _ => {}
        }
    }
    types
}

fn rename(name: &mut String, to_another: bool) {
    if to_another && !name.is_empty() {
        name.push_str("_gone");
    }
}

fn write(file: PathBuf, name: &str, bytes: &[u8]) -> Result<Target> {
    fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    Target::read(name, file)
}

/// A target from the command line: NAME=FILE.
pub fn named(argument: &str) -> Result<Target> {
    let (name, file) = argument.split_once('=').context("--target wants NAME=FILE")?;
    Target::read(name, file.into())
}

/// Numbers that look like chance (xorshift64*), the same in every run.
pub struct Dice(u64);

impl Dice {
    /// Dice of a number.
    pub fn new(number: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15_u64.wrapping_add(number << 20))
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % sides.max(1)
    }

    /// Whether one side of so many came up.
    pub fn once_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
