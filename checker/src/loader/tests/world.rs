//! An object with some accesses, and a kernel.

use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Endian, TypeId};
use corecheck_layouts::kernel::{Kernel, Modules, ShippedBtf};

use crate::access::{Access, RelocationKind, Slots, accesses};
use crate::answer::answer_by;
use crate::loader::Loader;
use crate::object::testing::{EXIT, Image, SLOT, Types, ext};
use crate::object::{Insn, Object};
use crate::resolve::{Outcome, Reason, State};
use crate::testing::{btf, kernel};

/// The instruction that an access is in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Put {
    /// `r1 = NUMBER`.
    Plain,
    /// `r1 = NUMBER ll`.
    Wide,
    /// `r1 = NUMBER ll`, with this number and not what it should hold.
    Number(u64),
    /// A load with this code.
    Load(u8),
}

/// An access.
pub(super) struct Ask {
    kind: RelocationKind,
    root: TypeId,
    spec: &'static str,
    put: Put,
}

impl Ask {
    pub(super) fn of(kind: RelocationKind, root: TypeId, spec: &'static str) -> Self {
        Self { kind, root, spec, put: Put::Plain }
    }

    pub(super) fn whole(kind: RelocationKind, root: TypeId) -> Self {
        Self::of(kind, root, "0")
    }

    pub(super) fn put(self, put: Put) -> Self {
        Self { put, ..self }
    }
}

/// An object with one program, and a kernel.
pub(super) struct World {
    pub(super) object: Object,
    pub(super) kernel: Kernel,
}

impl World {
    pub(super) fn new<T>(
        local: impl Fn(&mut Builder) -> Vec<Ask>,
        target: impl FnOnce(&mut Builder) -> T,
    ) -> Self {
        let (types, ()) = btf(Endian::Little, |types| {
            types.int("long", 8, 1);
            target(types);
        });
        let mut kernel = kernel("6.1", &types);
        kernel.facts.version = "6.1".to_owned();
        Self { object: object(local), kernel }
    }

    /// Adds a module; the kernel then ships just those that were added.
    pub(super) fn add_module(&mut self, name: &str, fill: impl FnOnce(&mut Builder) -> TypeId) {
        let base = self.kernel.vmlinux.as_ref().expect("it has types");
        let mut types = Builder::split(base);
        fill(&mut types);
        let bytes = types.finish().expect("the test's types can be written");
        let split = Btf::parse_split(bytes, Arc::clone(base)).expect("the test's types are sound");
        self.kernel.modules.insert(name.to_owned(), Arc::new(split));
        self.kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
        self.kernel.shipped_modules = Some(self.kernel.modules.keys().cloned().collect());
    }

    fn outcomes(&self, loader: Loader) -> Vec<Arc<Outcome>> {
        let accesses = accesses(&self.object);
        let mut answers = answer_by(loader, &self.object, &accesses, &[&self.kernel], &Modules::All);
        answers.distinct.remove(0).outcomes
    }

    /// What the accesses come to: a number, `P` for poison, `ERR`, `-` where it does not look, `?` where nothing is known.
    pub(super) fn ask(&self, loader: Loader) -> String {
        if !loader.refusals(&self.object).is_empty() {
            return "refused".to_owned();
        }
        let word = |outcome: &Arc<Outcome>| match (outcome.state, outcome.value) {
            (State::Resolved | State::Absent, Some(value)) => value.to_string(),
            (State::Poisoned, _) => "P".to_owned(),
            (State::Error, _) => "ERR".to_owned(),
            (State::Skipped, _) => "-".to_owned(),
            _ => "?".to_owned(),
        };
        self.outcomes(loader).iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The code of the first access's instruction as the loader leaves it.
    pub(super) fn code(&self, loader: Loader) -> u8 {
        self.outcomes(loader)[0].patched.expect("it is patched").first.code
    }

    /// Why the first access did not resolve.
    pub(super) fn reason(&self, loader: Loader) -> Option<Reason> {
        self.outcomes(loader)[0].reason.clone()
    }

    /// What the loader says of the first access.
    pub(super) fn why(&self, loader: Loader) -> String {
        match self.reason(loader) {
            Some(Reason::Loader(text)) => text,
            other => format!("{other:?}"),
        }
    }
}

fn object(fill: impl Fn(&mut Builder) -> Vec<Ask>) -> Object {
    let endian = Endian::Little;
    // Once to know what the accesses mean, and once with the strings that they need.
    let mut plain = Types::new(endian);
    fill(&mut plain.builder);
    let (bytes, _) = plain.finish([]);
    let btf = Btf::parse(bytes).expect("the test's types are sound");
    let mut types = Types::new(endian);
    let asks = fill(&mut types.builder);
    let mut insns = Vec::new();
    let mut offsets = Vec::new();
    for ask in &asks {
        offsets.push(insns.len() as u32 * 8);
        let asked = Access::of_types(&btf, endian, ask.root, ask.kind, ask.spec.as_bytes());
        let own = asked.local.as_ref().map_or(0, |local| local.value.number);
        let Slots { first, second } = slots(ask.put, own);
        insns.extend(std::iter::once(first).chain(second));
    }
    insns.push(EXIT);
    let count = insns.len() as u64;
    let mut image = Image::empty(endian);
    let section = image.code("raw_tp/x", &insns);
    image.function("reads", section, 0, count);
    let specs: Vec<&str> = asks.iter().map(|ask| ask.spec).collect();
    let mut strings = vec!["raw_tp/x"];
    strings.extend(&specs);
    let (btf, at) = finish(types, &strings);
    let records = asks.iter().zip(&offsets).zip(&at[1..]);
    let records = records.map(|((ask, &offset), &spec)| vec![offset, ask.root.0, spec, number(ask.kind)]);
    let ext = ext(endian, [(8, vec![]), (16, vec![]), (16, vec![(at[0], records.collect())])]);
    image.section(".BTF", 0, btf);
    image.section(".BTF.ext", 0, ext);
    image.section("license", 0, b"GPL\0".to_vec());
    image.read().expect("the test's object is sound")
}

/// The bytes, and the offset of each string.
fn finish(types: Types, strings: &[&str]) -> (Vec<u8>, Vec<u32>) {
    let bytes = types.with_strings(strings).builder.finish().expect("the test's types can be written");
    let first = 24 + Endian::Little.u32(&bytes, 16).expect("a header") as usize;
    let offset = |string: &&str| {
        let wanted = [b"\0", string.as_bytes(), b"\0"].concat();
        let at = memchr::memmem::find(&bytes[first..], &wanted).expect("it was added");
        at as u32 + 1
    };
    let offsets = strings.iter().map(offset).collect();
    (bytes, offsets)
}

fn number(kind: RelocationKind) -> u32 {
    RelocationKind::ALL.iter().position(|&other| other == kind).expect("it has a number") as u32
}

fn slots(put: Put, own: u64) -> Slots {
    let wide = |number: u64| Slots {
        first: Insn { code: Insn::LD_IMM64, dst: 1, imm: number as i32, ..Insn::default() },
        second: Some(Insn { imm: (number >> 32) as i32, ..SLOT }),
    };
    let one = |first| Slots { first, second: None };
    match put {
        Put::Plain => one(Insn { code: 0xb7, dst: 1, imm: own as i32, ..Insn::default() }),
        Put::Wide => wide(own),
        Put::Number(number) => wide(number),
        Put::Load(code) => one(Insn { code, dst: 1, src: 1, off: own as i16, ..Insn::default() }),
    }
}
