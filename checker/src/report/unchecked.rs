//! What no verdict covers: said with every result, so that nobody takes ok for more than it is.

use std::sync::Arc;

use super::checked::Checked;
use super::model::ReasonEntry;
use crate::attach::{By, Fate, Meeting, Requirement, What};
use crate::loader::Loader;
use crate::object::ExternKind;
use crate::verdict::Needed;

/// What is not covered of an object, where its requirements come to this.
pub(super) fn unchecked(checked: &Checked, meetings: &[Arc<Meeting>]) -> Vec<ReasonEntry> {
    let object = &checked.object;
    let mut unchecked = Vec::new();
    let mut add = |code: &'static str, text: String| unchecked.push(ReasonEntry { code, text });
    if object.relos.is_empty() && !object.programs.is_empty() {
        add(
            "baked-in-offsets",
            "the object has no CO-RE access; offsets baked into it are not judged".to_owned(),
        );
    }
    if checked.left_out > 0 {
        add("other-types", format!("{} accesses on types that were not asked about", checked.left_out));
    }
    let open = Open { checked, meetings };
    for (code, what, names) in [
        ("attach-points", "whether what the programs attach to exists", open.sections(is_target)),
        ("ksyms", "whether kernel symbols and kfuncs exist", open.externs(false)),
        ("kconfig", "what the kernel's configuration says of", open.externs(true)),
    ] {
        if !names.is_empty() {
            add(code, format!("{what}: {}", names.join(", ")));
        }
    }
    if checked.loader == Loader::Cilium {
        add("other-modules", "types of the same name in modules whose BTF is not stored".to_owned());
    }
    if open.any(|what| {
        matches!(
            what,
            What::Helper(_) | What::MapType { .. } | What::ProgramType(_) | What::AttachType { .. }
        )
    }) {
        add("helpers", "whether the kernel has the helpers, map types and program types".to_owned());
    }
    if open.any(|what| matches!(what, What::StructOps { .. })) {
        add("struct-ops", "whether struct_ops maps fit the kernel's structs".to_owned());
    }
    let elsewhere = open.elsewhere();
    if !elsewhere.is_empty() {
        let text = format!("what is no part of the kernel, or told at run time: {}", elsewhere.join(", "));
        add("elsewhere", text);
    }
    add("verifier", "whether the verifier accepts the programs' logic".to_owned());
    unchecked
}

/// What was left open.
struct Open<'a> {
    checked: &'a Checked,
    meetings: &'a [Arc<Meeting>],
}

/// Whether it is something that a program attaches to.
fn is_target(what: &What) -> bool {
    !matches!(what, What::ProgramType(_) | What::AttachType { .. } | What::Elsewhere(_))
}

impl Open<'_> {
    /// Requirements of which nothing was said.
    fn all(&self) -> impl Iterator<Item = &Requirement> {
        let met = self.checked.requirements.iter().zip(self.meetings);
        let is_open = |fate: &Fate| match fate {
            Fate::Unknown(doubt) => !Needed::decides(doubt),
            Fate::NotJudged => true,
            Fate::Met { .. } | Fate::Missing(_) => false,
        };
        met.filter(move |(_, meeting)| !self.checked.judges_requirements || is_open(&meeting.fate))
            .map(|(requirement, _)| requirement)
    }

    fn any(&self, is_it: impl Fn(&What) -> bool) -> bool {
        self.all().any(|requirement| is_it(&requirement.what))
    }

    /// The sections of programs with such requirements, each once.
    fn sections(&self, is_it: impl Fn(&What) -> bool) -> Vec<String> {
        let object = &self.checked.object;
        let sections = self.all().filter(|requirement| is_it(&requirement.what)).filter_map(|requirement| {
            let program = requirement.by.program()?;
            object.programs.get(program).map(|of| of.section_name.clone())
        });
        sorted(sections.collect())
    }

    /// The names of externs, of the configuration or others.
    fn externs(&self, of_config: bool) -> Vec<String> {
        let object = &self.checked.object;
        let externs = self.all().filter_map(|requirement| match requirement.by {
            By::Extern(index) => object.externs.get(index),
            _ => None,
        });
        let wanted = externs.filter(|symbol| (symbol.kind == ExternKind::Kconfig) == of_config);
        sorted(wanted.map(|symbol| symbol.name.clone()).collect())
    }

    /// The sections of programs that attach to what is not the kernel's, or is not told.
    fn elsewhere(&self) -> Vec<String> {
        self.sections(|what| matches!(what, What::Elsewhere(_)))
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}
