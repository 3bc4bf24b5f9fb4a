//! Rules: what a finding is called, how grave it is, and what to do about it. One rule a file.

mod alternatives;
mod ambiguous;
mod arguments;
mod array_changed;
mod array_too_short;
mod attach_target_missing;
mod baked_in_offsets;
mod bitfield_changed;
mod broken_btf;
mod byte_order;
mod cannot_relocate;
mod enumerator_missing;
mod enumerators_changed;
mod event_context;
mod field_kind_changed;
mod field_missing;
mod field_overlaid;
mod helper_missing;
mod helper_of_type;
mod instruction_set;
mod kconfig_missing;
mod kernel_without_btf;
mod kfunc_changed;
mod kfunc_missing;
mod ksym_changed;
mod ksym_missing;
mod map_type_missing;
mod module_not_loaded;
mod module_not_searched;
mod module_without_btf;
mod no_program;
mod object_refused;
mod page;
mod pointee_changed;
mod probe_target_doubtful;
mod program_type_missing;
mod read_length;
mod section_unknown;
mod size_or_sign_changed;
mod struct_changed;
mod struct_ops_member;
mod struct_ops_missing;
mod trampoline;
mod type_missing;
mod type_not_configured;
mod type_not_stored;
mod waiver_expired;
mod waiver_unused;
mod width_changed;

use crate::access::Access;
use crate::attach::{Doubt, Fate, Lack, What};
use crate::resolve::{ChangeCode, MismatchCode, Reason};
use corecheck_layouts::kernel::{Absence, Gap};

pub use page::Page;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// May fail, or cannot be said.
    Warning,
    /// Fails.
    Error,
}

impl Level {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id, which is also the name of its file.
    pub id: &'static str,
    /// Its level when it is certain that the load fails, or for rules about the object itself.
    pub level: Level,
    /// What it means, in one sentence.
    pub summary: &'static str,
    /// Its page, in Markdown, as [`Page::parse`] reads it: the file beside the rule's.
    pub page: &'static str,
    /// What to do, for one access; `None` for rules that are not about an access has the general help.
    pub help: fn(Option<(&Access, &Reason)>) -> String,
}

impl Rule {
    /// What `corecheck explain` says of it; `None` when its page is not written as it should be, which a test sees to.
    pub fn page(&self) -> Option<Page> {
        Page::parse(self.id, self.page)
    }
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// Every rule, by id.
pub static ALL: [&Rule; 48] = [
    &alternatives::RULE,
    &ambiguous::RULE,
    &arguments::RULE,
    &array_changed::RULE,
    &array_too_short::RULE,
    &attach_target_missing::RULE,
    &baked_in_offsets::RULE,
    &bitfield_changed::RULE,
    &broken_btf::RULE,
    &byte_order::RULE,
    &cannot_relocate::RULE,
    &enumerator_missing::RULE,
    &enumerators_changed::RULE,
    &event_context::RULE,
    &field_kind_changed::RULE,
    &field_missing::RULE,
    &field_overlaid::RULE,
    &helper_missing::RULE,
    &helper_of_type::RULE,
    &instruction_set::RULE,
    &kconfig_missing::RULE,
    &kernel_without_btf::RULE,
    &kfunc_changed::RULE,
    &kfunc_missing::RULE,
    &ksym_changed::RULE,
    &ksym_missing::RULE,
    &map_type_missing::RULE,
    &module_not_loaded::RULE,
    &module_not_searched::RULE,
    &module_without_btf::RULE,
    &no_program::RULE,
    &object_refused::RULE,
    &pointee_changed::RULE,
    &probe_target_doubtful::RULE,
    &program_type_missing::RULE,
    &read_length::RULE,
    &section_unknown::RULE,
    &size_or_sign_changed::RULE,
    &struct_changed::RULE,
    &struct_ops_member::RULE,
    &struct_ops_missing::RULE,
    &trampoline::RULE,
    &type_missing::RULE,
    &type_not_configured::RULE,
    &type_not_stored::RULE,
    &waiver_expired::RULE,
    &waiver_unused::RULE,
    &width_changed::RULE,
];

/// The rule for programs that look like alternatives.
pub static ALTERNATIVES: &Rule = &alternatives::RULE;
/// The rule for an object whose offsets are baked in.
pub static BAKED_IN_OFFSETS: &Rule = &baked_in_offsets::RULE;
/// The rule for modules whose BTF is broken.
pub static BROKEN_BTF: &Rule = &broken_btf::RULE;
/// The rule for an object without programs.
pub static NO_PROGRAM: &Rule = &no_program::RULE;
/// The rule for an object of another byte order.
pub static BYTE_ORDER: &Rule = &byte_order::RULE;
/// The rule for reads whose length does not fit the target's field.
pub static READ_LENGTH: &Rule = &read_length::RULE;
/// The rule for an object that loaders refuse.
pub static OBJECT_REFUSED: &Rule = &object_refused::RULE;

/// The rule for waivers that do not hold any more.
pub static WAIVER_EXPIRED: &Rule = &waiver_expired::RULE;
/// The rule for waivers that excuse nothing.
pub static WAIVER_UNUSED: &Rule = &waiver_unused::RULE;

/// The rule that a reason falls under; `None` for accesses that loaders skip.
pub fn rule_of(reason: &Reason) -> Option<&'static Rule> {
    Some(match reason {
        Reason::TypeAbsent(Absence::NotInBtf) => &type_missing::RULE,
        Reason::TypeAbsent(Absence::NotConfigured(_)) => &type_not_configured::RULE,
        Reason::TypeAbsent(Absence::ModuleWithoutBtf(_)) => &module_without_btf::RULE,
        Reason::TypeAbsent(Absence::ModuleNotLoaded(_)) => &module_not_loaded::RULE,
        Reason::NoMatch(explained) => match explained.code {
            MismatchCode::FieldMissing => &field_missing::RULE,
            MismatchCode::FieldKindChanged => &field_kind_changed::RULE,
            MismatchCode::ArrayTooShort => &array_too_short::RULE,
            MismatchCode::EnumeratorMissing => &enumerator_missing::RULE,
            MismatchCode::TypeChanged => &type_missing::RULE,
        },
        Reason::WidthChanged { .. } => &width_changed::RULE,
        Reason::Ambiguous(_) => &ambiguous::RULE,
        Reason::Match(_) | Reason::Value(_) | Reason::Patch(_) | Reason::Broken(_) => &cannot_relocate::RULE,
        Reason::NotStored(Gap::ModulesBroken(_)) => &broken_btf::RULE,
        Reason::NotStored(_) => &type_not_stored::RULE,
        Reason::NotSearched(_) => &module_not_searched::RULE,
        Reason::Loader(_) => &cannot_relocate::RULE,
        Reason::NotReached | Reason::Skipped(_) => return None,
    })
}

/// The rule that a silent change falls under.
pub fn rule_of_change(code: ChangeCode) -> &'static Rule {
    match code {
        ChangeCode::Array => &array_changed::RULE,
        ChangeCode::Bitfield => &bitfield_changed::RULE,
        ChangeCode::Enumerators => &enumerators_changed::RULE,
        ChangeCode::Overlaid => &field_overlaid::RULE,
        ChangeCode::Pointee => &pointee_changed::RULE,
        ChangeCode::Sign | ChangeCode::Size => &size_or_sign_changed::RULE,
        ChangeCode::Struct => &struct_changed::RULE,
    }
}

/// The rule that a requirement falls under that is not met; `None` where nothing is wrong.
pub fn rule_of_need(what: &What, fate: &Fate) -> Option<&'static Rule> {
    let lack = match fate {
        Fate::Missing(lack) => Some(lack),
        Fate::Unknown(_) => None,
        Fate::Met { .. } | Fate::NotJudged => return None,
    };
    Some(match (what, lack) {
        (_, Some(Lack::NoBtf)) => &kernel_without_btf::RULE,
        (What::TracedFunction(_), Some(Lack::Trampoline { .. } | Lack::NoTrampoline)) => &trampoline::RULE,
        (What::TracedFunction(_), None) if matches!(fate, Fate::Unknown(Doubt::Trampoline { .. })) => {
            &trampoline::RULE
        }
        (What::Arguments { .. }, _) => &arguments::RULE,
        (What::HelperOfType { .. }, _) => &helper_of_type::RULE,
        (What::InstructionSet(_), _) => &instruction_set::RULE,
        (What::ProbedFunction(_) | What::SystemCall(_) | What::ProbedPattern(_), _) => {
            &probe_target_doubtful::RULE
        }
        (What::TracedFunction(_) | What::TypedTracepoint(_) | What::RawTracepoint(_), _)
        | (What::TraceEvent { .. } | What::LsmHook(_) | What::Iterator(_) | What::Elsewhere(_), _) => {
            &attach_target_missing::RULE
        }
        (What::EventContext(_), _) => &event_context::RULE,
        (What::StructOps { .. }, Some(Lack::Member { .. })) => &struct_ops_member::RULE,
        (What::StructOps { .. }, _) => &struct_ops_missing::RULE,
        (What::Kfunc { .. }, Some(Lack::Incompatible { .. })) => &kfunc_changed::RULE,
        (What::Kfunc { .. }, _) => &kfunc_missing::RULE,
        (What::Variable { .. }, Some(Lack::Incompatible { .. })) => &ksym_changed::RULE,
        (What::Variable { .. } | What::Symbol(_), _) => &ksym_missing::RULE,
        (What::Option { .. }, _) => &kconfig_missing::RULE,
        (What::Helper(_), _) => &helper_missing::RULE,
        (What::MapType { .. }, _) => &map_type_missing::RULE,
        (What::ProgramType(_) | What::AttachType { .. }, _) => &program_type_missing::RULE,
        (What::KnownSection { .. }, _) => &section_unknown::RULE,
    })
}

/// The root type's name without keyword and flavour: what a new flavour is made of.
fn bare_type(access: &Access) -> &str {
    let name = access.essential_type_name();
    name.split_once(' ').map_or(name, |(_, bare)| bare)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn ids_are_unique_sorted_and_named_like_their_files() {
        let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        for rule in ALL {
            assert!(rule.page().is_some(), "{}: its page lacks a part", rule.id);
            assert!(rule.summary.ends_with('.') && !(rule.help)(None).is_empty(), "{}", rule.id);
        }
        let files = std::fs::read_dir(folder).expect("the folder is there");
        let names = files.map(|file| file.expect("it can be read").file_name().into_string());
        let mut names: Vec<String> = names.map(|name| name.expect("it is plain")).collect();
        names.sort_unstable();
        let mut expected = vec!["mod.rs".to_owned(), "page.rs".to_owned()];
        for rule in ALL {
            expected.extend(["md", "rs"].map(|ending| format!("{}.{ending}", rule.id.replace('-', "_"))));
        }
        expected.sort_unstable();
        assert_eq!(names, expected, "a rule is a file with its code and a file with its page");
    }
}
