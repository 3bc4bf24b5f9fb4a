//! aya: not a copy of its rules but aya-obj itself, as it is linked into this program.
//!
//! aya-obj reads the object's file, and relocates it against BTF that is written out of what was found of the kernel. It changes
//! instructions in place and stops at the first error, and some accesses make it panic. So instructions are marked before: one
//! whose mark is still there afterwards was not come to.
//!
//! What it is given is what aya gives it: the object's own BTF is first changed to what the kernel's version can load, one BTF is
//! searched and no modules, and every function is relocated, also of programs that are never loaded.

pub mod quiet;
mod run;
mod target;

use std::collections::HashMap;
use std::sync::Arc;

use aya_obj::btf::BtfFeatures;
use corecheck_layouts::btf::{Btf, Endian, TypeId};
use corecheck_layouts::kernel::{Absence, Found, Kernel};

use self::run::{Place, Run};
use self::target::Target;
use super::Loader;
use crate::access::{Access, RelocationKind};
use crate::object::{Insn, Object};
use crate::resolve::{
    MatchError, Outcome, POISON, Question, Reason, Rules, STEPS_IN_ALL, State, poison, resolve_some,
};

/// The version of aya-obj that is linked.
pub const VERSION: &str = "0.3.0";
/// Objects with more bytes of variables are not given to aya-obj, which would allocate them.
const MOST_DATA: u64 = 1 << 28;

/// An object as aya-obj reads it.
pub(crate) enum Parsed {
    /// It reads it.
    Object(Box<aya_obj::Object>),
    /// It refuses it, or panics.
    Refused(String),
    /// It was not tried.
    NotTried(String),
}

impl Parsed {
    /// Has aya-obj read the object.
    pub(crate) fn new(object: &Object) -> Self {
        let data: u64 = object.data.iter().fold(0, |sum, data| sum.saturating_add(data.size));
        if data > MOST_DATA {
            return Self::NotTried(format!("aya-obj is not given objects with {data} bytes of variables"));
        }
        // What aya-obj reads as a whole record must begin where one may.
        match quiet::catch(|| aya_obj::Object::parse(object.file.bytes())) {
            Ok(Ok(parsed)) => Self::Object(Box::new(parsed)),
            Ok(Err(error)) => Self::Refused(in_words(&error)),
            Err(panic) => Self::Refused(format!("it panics: {panic}")),
        }
    }
}

/// Why aya does not read the object at all.
pub fn refusal(object: &Object) -> Option<String> {
    match Parsed::new(object) {
        Parsed::Refused(why) => Some(format!("aya-obj {VERSION} does not read the object: {why}")),
        Parsed::Object(_) | Parsed::NotTried(_) => None,
    }
}

/// An error with all that caused it.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}

/// What of a kernel decides besides its types: which kinds of types its BTF may have, which aya finds out by trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Features {
    is_like_host: bool,
    version: [bool; 7],
}

impl Features {
    /// Those of a kernel; one whose version is not known is taken for new.
    pub(crate) fn of(kernel: &Kernel, pointer_size: Option<u32>) -> Self {
        let version = super::kernel::version(kernel);
        let since = |major, minor| version.is_none_or(|version| version >= (major, minor));
        let is_like_host = kernel.endian().is_none_or(|endian| endian == Endian::Little)
            && pointer_size.is_none_or(|size| size == 8);
        let version =
            [since(5, 0), since(5, 6), since(5, 2), since(5, 13), since(5, 16), since(5, 17), since(6, 0)];
        Self { is_like_host, version }
    }

    fn as_aya(self) -> BtfFeatures {
        let [func, func_global, datasec, float, decl_tag, type_tag, enum64] = self.version;
        BtfFeatures::new(func, func_global, datasec, datasec, float, decl_tag, type_tag, enum64)
    }
}

/// Resolves all accesses of an object. `roots` says where the types are, by local type id.
pub(crate) fn resolve(
    parsed: &Parsed,
    object: &Object,
    local: &Btf,
    accesses: &[Access],
    roots: &HashMap<TypeId, Arc<Found>>,
    (features, has_kernel_ids): (Features, bool),
) -> Vec<Outcome> {
    let none =
        |reason: Reason| accesses.iter().map(|_| Outcome::because(State::Unknown, reason.clone())).collect();
    let parsed = match parsed {
        Parsed::Object(parsed) => parsed,
        Parsed::Refused(_) => return none(Reason::NotReached),
        Parsed::NotTried(why) => return none(Reason::Loader(why.clone())),
    };
    if !features.is_like_host || object.endian != Endian::Little || cfg!(target_endian = "big") {
        let why = "aya-obj computes for the machine that it runs on, and this kernel's is another";
        return none(Reason::Loader(why.to_owned()));
    }
    // libbpf's rules on the same types: types that cannot be compared within our bounds are not given to aya-obj, which has
    // none, and where both come to the same, these tell the place.
    let all: Vec<Access> = accesses.iter().map(|access| Access { skipped: None, ..access.clone() }).collect();
    let all: Vec<&Access> = all.iter().collect();
    let question = Question { local, endian: object.endian, roots, has_kernel_ids, rules: Rules::LIBBPF };
    let like = resolve_some(&all, &question, STEPS_IN_ALL).outcomes;
    if like.iter().any(|outcome| outcome.reason == Some(Reason::Match(MatchError::TooComplex))) {
        return none(Reason::Match(MatchError::TooComplex));
    }
    let target = match Target::new(parsed, local, roots) {
        Ok(target) => target,
        Err(why) => return none(Reason::Loader(why)),
    };
    let places: Vec<Option<Place>> =
        accesses.iter().map(|access| Place::of(parsed, object, access)).collect();
    let run = run::relocate(parsed, &target.btf, &places, || features.as_aya());
    let outcome = |(at, access): (usize, &Access)| {
        if let Some(Found::Unknown(gap)) = roots.get(&access.root).map(Arc::as_ref) {
            return Outcome::because(State::Unknown, Reason::NotStored(gap.clone()));
        }
        of_access(access, at, &run, &like[at], &target, has_kernel_ids)
    };
    accesses.iter().enumerate().map(outcome).collect()
}

/// What became of one access.
fn of_access(
    access: &Access,
    at: usize,
    run: &Run,
    like: &Outcome,
    target: &Target,
    has_kernel_ids: bool,
) -> Outcome {
    match &run.stop {
        Some((stop, why)) if *stop == at => {
            return Outcome::because(State::Error, Reason::Loader(format!("aya-obj {VERSION}: {why}")));
        }
        Some((stop, _)) if *stop < at => return Outcome::because(State::Unknown, Reason::NotReached),
        _ => {}
    }
    let Some(slots) = run.left.get(at).copied().flatten() else {
        return Outcome::because(State::Unknown, Reason::NotReached);
    };
    let why = || match &like.reason {
        Some(Reason::TypeAbsent(Absence::ModuleNotLoaded(module))) => Reason::NotSearched(module.clone()),
        Some(reason @ (Reason::TypeAbsent(_) | Reason::NoMatch(_))) => reason.clone(),
        _ => Reason::Loader(format!("aya-obj {VERSION} finds nothing that matches")),
    };
    if slots.first.code == Insn::CALL && slots.first.imm == POISON {
        let patched = Some(poison(access.slots));
        return Outcome { patched, ..Outcome::because(State::Poisoned, why()) };
    }
    let number = run::number(slots);
    let is_existence = matches!(
        access.kind,
        RelocationKind::FieldExists | RelocationKind::TypeExists | RelocationKind::EnumvalExists
    );
    if is_existence && number == 0 {
        return Outcome { value: Some(0), patched: Some(slots), ..Outcome::because(State::Absent, why()) };
    }
    let value = match access.kind {
        RelocationKind::TypeIdTarget if !has_kernel_ids => None,
        RelocationKind::TypeIdTarget => target.kernel_id(number),
        _ => Some(number),
    };
    let slots = match value {
        Some(value) if value != number => run::with_number(slots, value),
        _ => slots,
    };
    let outcome = Outcome {
        state: State::Resolved,
        value,
        target: None,
        reason: None,
        changes: Vec::new(),
        extent: None,
        patched: Some(slots),
    };
    if like.state == State::Resolved && like.value == Some(number) {
        let (target, changes) = (like.target.clone(), like.changes.clone());
        return Outcome { target, changes, extent: like.extent, ..outcome };
    }
    outcome
}

/// The name by which aya looks for a type.
pub(crate) fn name_of(local: &Btf, root: TypeId) -> &[u8] {
    Loader::Aya.essential(local.name_bytes(root))
}
