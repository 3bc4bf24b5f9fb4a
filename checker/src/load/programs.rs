//! Which programs are loaded, and what they are attached to: what tools decide at run time.
//!
//! As libbpf's `bpf_program__set_autoload` and `bpf_program__set_attach_target` do before the load. Without anything said,
//! those load whose section has no leading `?`.

use std::str::FromStr;

use super::alternatives::Alternatives;
use crate::object::Object;

/// What is decided about programs, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only these are loaded; as the sections say when empty.
    pub only: Vec<String>,
    /// These are not.
    pub without: Vec<String>,
    /// These are attached to something else than their sections say.
    pub targets: Vec<AttachTarget>,
    /// Of each of these one set is loaded, whatever is said of all.
    pub alternatives: Vec<Alternatives>,
}

/// `PROGRAM=TARGET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachTarget {
    /// The program's name.
    pub program: String,
    /// What takes the place of what follows the `/` in its section's name.
    pub target: String,
}

impl FromStr for AttachTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((program, target)) if !program.is_empty() && !target.is_empty() => {
                Ok(Self { program: program.to_owned(), target: target.to_owned() })
            }
            _ => Err("give PROGRAM=TARGET, such as trace=do_exit".to_owned()),
        }
    }
}

impl Choice {
    /// The names that are decided about.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let targets = self.targets.iter().map(|one| &one.program);
        let alternatives = self.alternatives.iter().flat_map(Alternatives::names);
        self.only.iter().chain(&self.without).chain(targets).map(String::as_str).chain(alternatives)
    }

    /// A program that is to be chosen twice, or chosen and left out: in two groups of alternatives, or in one and not to be
    /// loaded.
    pub fn contradiction(&self) -> Option<&str> {
        self.alternatives.iter().enumerate().find_map(|(index, group)| {
            let others = self.alternatives.get(index + 1..).unwrap_or_default();
            group.names().find(|&name| {
                let is_left_out = self.without.iter().any(|without| without == name);
                is_left_out || others.iter().flat_map(Alternatives::names).any(|other| other == name)
            })
        })
    }

    /// Changes an object as it is loaded.
    pub fn apply(&self, object: &mut Object) {
        let groups: Vec<_> = self.alternatives.iter().filter_map(|group| group.of(object)).collect();
        for (index, program) in object.programs.iter_mut().enumerate() {
            let Some(function) = object.functions.get(program.function) else { continue };
            let is_named = |names: &[String]| names.contains(&function.name);
            if !self.only.is_empty() {
                program.autoload = is_named(&self.only);
            }
            if is_named(&self.without) {
                program.autoload = false;
            }
            if groups.iter().any(|group| group.members().any(|member| member == index)) {
                program.autoload = true;
            }
            if let Some(one) = self.targets.iter().find(|one| one.program == function.name) {
                let kind = program.section_name.split('/').next().unwrap_or_default();
                program.section_name = format!("{kind}/{}", one.target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    fn told(choice: &Choice) -> Vec<(String, bool, String)> {
        let mut object = object("tests/fixtures/objects/section_names.bpf.o");
        choice.apply(&mut object);
        let name = |function: usize| object.functions[function].name.clone();
        let programs = object.programs.iter();
        programs.map(|of| (name(of.function), of.autoload, of.section_name.clone())).collect()
    }

    fn loaded(choice: &Choice) -> Vec<String> {
        told(choice).into_iter().filter(|(_, autoload, _)| *autoload).map(|(name, ..)| name).collect()
    }

    #[test]
    fn named_programs_are_loaded_or_not() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let plain = loaded(&Choice::default());
        assert!(!plain.contains(&"optional".to_owned()) && plain.contains(&"bare".to_owned()));
        assert_eq!(loaded(&Choice { only: names(&["optional"]), ..Choice::default() }), ["optional"]);
        let without = loaded(&Choice { without: names(&["bare"]), ..Choice::default() });
        assert_eq!(without, plain.into_iter().filter(|name| name != "bare").collect::<Vec<_>>());
    }

    #[test]
    fn alternatives_are_loaded_unless_they_contradict() {
        let choice = |only: &[&str], without: &[&str], alternatives: &[&str]| Choice {
            only: only.iter().map(|&name| name.to_owned()).collect(),
            without: without.iter().map(|&name| name.to_owned()).collect(),
            alternatives: alternatives.iter().map(|one| one.parse().expect("sets")).collect(),
            targets: Vec::new(),
        };
        assert_eq!(loaded(&choice(&["spaced"], &[], &["optional,bare"])), ["optional", "spaced", "bare"]);
        assert_eq!(loaded(&choice(&["spaced"], &[], &["optional,nobody"])), ["spaced"], "it lacks one");
        let contradicts = |without: &[&str], alternatives: &[&str]| {
            choice(&[], without, alternatives).contradiction().map(str::to_owned)
        };
        assert_eq!(contradicts(&["spaced"], &["optional,bare"]), None);
        assert_eq!(contradicts(&["bare"], &["optional,bare"]), Some("bare".to_owned()));
        assert_eq!(contradicts(&[], &["a,b", "c,d+a"]), Some("a".to_owned()));
        assert_eq!(contradicts(&[], &["a+x,b+x", "c,d"]), None, "in both sets of one group");
    }

    #[test]
    fn a_target_takes_the_place_of_the_sections() {
        let targets = vec!["optional=vfs_read".parse().expect("it is written as it should be")];
        let told = told(&Choice { targets, ..Choice::default() });
        assert!(told.iter().any(|(name, _, section)| name == "optional" && section == "kprobe/vfs_read"));
        for wrong in ["", "=x", "x=", "x"] {
            assert!(wrong.parse::<AttachTarget>().is_err(), "{wrong}");
        }
    }
}
