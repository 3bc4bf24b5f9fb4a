//! Reasons in words: a code that does not change, and a sentence for people.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::btf::Endian;
use corecheck_layouts::kernel::{Absence, Gap};

use super::model::{ConditionEntry, ReasonEntry};
use crate::access::{Access, Broken, Skipped};
use crate::resolve::{Change, ChangeCode, MismatchCode, Misread, PatchError, Place, Reason};
use crate::verdict::{Condition, Observed};

/// A reason of an outcome.
pub(super) fn reason(access: &Access, reason: &Reason) -> ReasonEntry {
    ReasonEntry { code: code(reason), text: text(access, reason) }
}

/// The code of a reason, which does not change.
pub(crate) fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::TypeAbsent(Absence::NotInBtf) => "type-missing",
        Reason::TypeAbsent(Absence::NotConfigured(_)) => "type-not-configured",
        Reason::TypeAbsent(Absence::ModuleWithoutBtf(_)) => "module-without-btf",
        Reason::TypeAbsent(Absence::ModuleNotLoaded(_)) => "module-not-loaded",
        Reason::NoMatch(explained) => match explained.code {
            MismatchCode::FieldMissing => "field-missing",
            MismatchCode::FieldKindChanged => "field-kind-changed",
            MismatchCode::ArrayTooShort => "array-too-short",
            MismatchCode::EnumeratorMissing => "enumerator-missing",
            MismatchCode::TypeChanged => "type-changed",
        },
        Reason::WidthChanged { .. } => "width-changed",
        Reason::Ambiguous(_) => "ambiguous",
        Reason::Match(_) => "cannot-compare",
        Reason::Value(_) => "cannot-compute",
        Reason::Patch(error) => match error {
            PatchError::UnexpectedValue { .. } => "unexpected-value",
            PatchError::OffsetTooLarge(_) => "offset-too-large",
            PatchError::NumberTooLarge(_) => "number-too-large",
            PatchError::UnexpectedWidth { .. } | PatchError::NoSuchWidth(_) => "unexpected-width",
            PatchError::UnexpectedInstruction(_) => "unexpected-instruction",
        },
        Reason::NotSearched(_) => "module-not-searched",
        Reason::Loader(_) => "loader-refuses",
        Reason::NotReached => "not-reached",
        Reason::Broken(Broken::AnonymousRoot) => "anonymous-root",
        Reason::Broken(_) => "broken-access",
        Reason::Skipped(Skipped::NotLoaded) => "program-not-loaded",
        Reason::Skipped(Skipped::Eliminated) => "function-eliminated",
        Reason::Skipped(Skipped::NotCalled) => "function-not-called",
        Reason::NotStored(Gap::ModuleNotStored(_)) => "module-not-stored",
        Reason::NotStored(Gap::ModulesNotStored) => "modules-not-stored",
        Reason::NotStored(Gap::ModulesBroken(_)) => "broken-btf",
        Reason::NotStored(Gap::TypeNotStored) => "type-not-stored",
    }
}

fn text(access: &Access, reason: &Reason) -> String {
    match reason {
        Reason::TypeAbsent(absence) => absent(absence),
        Reason::NotStored(gap) => not_stored(gap),
        Reason::NoMatch(explained) => explained.text.clone(),
        Reason::WidthChanged { local, target } => {
            let target = match target {
                (0, _) => "a bit-field".to_owned(),
                (size, name) => format!("`{name}` ({size} bytes)"),
            };
            format!("the instruction loads `{}` ({} bytes), but there it is {target}", local.1, local.0)
        }
        Reason::Ambiguous(ambiguity) => format!(
            "{} is ambiguous: two different types of that name match, and differ in {}",
            access.essential_type_name(),
            ambiguity.differs
        ),
        Reason::Match(error) => error.to_string(),
        Reason::Value(error) => error.to_string(),
        Reason::Patch(error) => error.to_string(),
        Reason::Broken(broken) => broken.to_string(),
        Reason::NotSearched(module) => {
            format!("not in vmlinux; in {module}.ko, whose BTF the loader does not search")
        }
        Reason::Loader(text) => text.clone(),
        Reason::NotReached => "the loader gives up before it comes to this access".to_owned(),
        Reason::Skipped(Skipped::NotCalled) => "no program reaches its function".to_owned(),
        Reason::Skipped(Skipped::NotLoaded) => "its program is not loaded automatically".to_owned(),
        Reason::Skipped(Skipped::Eliminated) => {
            "its code belongs to a weak function that linking replaced".to_owned()
        }
    }
}

/// Why a type is certainly not found.
pub(crate) fn absent(absence: &Absence) -> String {
    match absence {
        Absence::NotInBtf => "not in the kernel's BTF".to_owned(),
        Absence::NotConfigured(option) => {
            let feature = option.strip_prefix("CONFIG_").unwrap_or(option);
            format!("built without {feature} ({option}=n)")
        }
        Absence::ModuleWithoutBtf(module) => format!("not in vmlinux; in {module}.ko, which has no BTF"),
        Absence::ModuleNotLoaded(module) => {
            format!("not in vmlinux; in {module}.ko, which is taken as not loaded")
        }
    }
}

/// Why it cannot be said whether a type is found.
pub(crate) fn not_stored(gap: &Gap) -> String {
    match gap {
        Gap::ModuleNotStored(module) => format!("in {module}.ko, whose BTF is not stored"),
        Gap::ModulesNotStored => {
            "not in vmlinux; modules may have it, and their BTF is not stored".to_owned()
        }
        Gap::ModulesBroken(broken) => {
            format!("not in vmlinux; it may be in a module whose BTF is broken: {}", broken_modules(broken))
        }
        Gap::TypeNotStored => "not among what is stored of that kernel".to_owned(),
    }
}

/// More modules than these are counted.
const NAMED_MODULES: usize = 3;

/// `vfio.ko (it ends early), kvm.ko (…) and 2 more`.
pub(super) fn broken_modules(broken: &BTreeMap<String, String>) -> String {
    let shown = if broken.len() > NAMED_MODULES { NAMED_MODULES - 1 } else { broken.len() };
    let named: Vec<String> =
        broken.iter().take(shown).map(|(module, why)| format!("{module}.ko ({why})")).collect();
    match broken.len() - shown {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A place in a target, with the module if it is in one.
pub(super) fn shown(place: &Place) -> String {
    match place.unit.as_str() {
        "vmlinux" => place.spec.clone(),
        module => format!("{} [{module}]", place.spec),
    }
}

/// Lines that show where the target differs.
pub(super) fn details(reason: &Reason) -> Vec<String> {
    match reason {
        Reason::NoMatch(explained) => explained.nearest.iter().map(shown).collect(),
        Reason::Ambiguous(ambiguity) => ambiguity
            .candidates
            .iter()
            .zip(&ambiguity.sizes)
            .map(|(place, size)| match size {
                Some(size) => format!("{}, of a type of {size} bytes", shown(place)),
                None => shown(place),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A reason of an outcome as it is without a condition about modules.
pub(super) fn reason_without(access: &Access, reason: &Reason) -> ReasonEntry {
    let name = access.essential_type_name();
    let text = match reason {
        Reason::TypeAbsent(Absence::NotInBtf | Absence::ModuleNotLoaded(_)) => {
            format!("{name} is not in vmlinux")
        }
        Reason::TypeAbsent(_) | Reason::NotStored(_) => format!("{name}: {}", text(access, reason)),
        _ => text(access, reason),
    };
    ReasonEntry { code: code(reason), text }
}

/// A condition of a verdict.
pub(super) fn condition(condition: &Condition) -> ConditionEntry {
    let (code, text, module) = match condition {
        Condition::BtfBroughtAlong => {
            let text = "the kernel ships no BTF: holds for a BTF of its vmlinux brought along";
            ("btf-brought-along", text.to_owned(), None)
        }
        Condition::ModuleLoaded(module) => {
            ("module-loaded", format!("module {module} is loaded"), Some(module.clone()))
        }
        Condition::ModulesReadable => {
            let text = "the loader may read BTF of modules (CAP_SYS_ADMIN)";
            ("modules-readable", text.to_owned(), None)
        }
    };
    ConditionEntry { code, text, module, without: None }
}

/// Something about the object for which the loader refuses it.
pub(super) fn refused(why: &str) -> ReasonEntry {
    ReasonEntry { code: "object-refused", text: why.to_owned() }
}

/// Object and kernel of different byte orders.
pub(super) fn byte_order(object: Endian, kernel: Option<Endian>) -> ReasonEntry {
    let kernel = kernel.map_or_else(|| "of another byte order".to_owned(), |kernel| kernel.to_string());
    ReasonEntry { code: "byte-order", text: format!("the object is {object}, the kernel {kernel}") }
}

/// Poisoned accesses in a program that may guard them.
pub(super) fn may_be_reached(count: usize) -> ReasonEntry {
    let accesses = if count == 1 { "access" } else { "accesses" };
    let text = format!("{count} unresolved {accesses}, which the verifier may come to");
    ReasonEntry { code: "may-be-reached", text }
}

/// Why a verdict is risky.
pub(super) fn changed(changed: &[(usize, Observed)]) -> ReasonEntry {
    let accesses: BTreeSet<usize> = changed.iter().map(|&(access, _)| access).collect();
    let text = match accesses.len() {
        1 => "1 field is something else than the program was compiled for".to_owned(),
        count => format!("{count} reads of fields that are something else than the program was compiled for"),
    };
    ReasonEntry { code: "changed", text }
}

/// What an access reads that is something else than the program was compiled for.
pub(super) fn observed(access: &Access, observed: &Observed) -> String {
    let root = access.essential_type_name();
    let field = match access.path.as_str() {
        "" => root.to_owned(),
        path => format!("`{path}` of {root}"),
    };
    match observed {
        Observed::Change(Change { code, was, is }) => match code {
            ChangeCode::Enumerators => {
                format!("numbers of {field} mean something else there: {is}, not {was}")
            }
            ChangeCode::Overlaid => format!("{field} is {is} there, and had {was}"),
            _ => format!("{field} is {is} there, not {was}"),
        },
        Observed::Misread { bytes, how, local, target } => {
            let read =
                if *bytes == 1 { "1 byte is read".to_owned() } else { format!("{bytes} bytes are read") };
            match how {
                Misread::Part => format!("{read} of {field}, which has {target} there, not {local}"),
                Misread::Beyond => {
                    format!("{read} of {field}, which has only {target} there: what follows is read with it")
                }
                Misread::Moved => format!("{read} of {field}, of which members lie elsewhere there"),
            }
        }
    }
}

/// Why a verdict is degraded.
pub(super) fn unreplaced(count: usize) -> ReasonEntry {
    let accesses = if count == 1 { "access" } else { "accesses" };
    let text = format!("{count} guarded {accesses} unresolved, and nothing is read instead");
    ReasonEntry { code: "fallback", text }
}
