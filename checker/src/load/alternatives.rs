//! Alternatives: programs of which a tool loads one, or one set, as it finds the kernel.
//!
//! A tool asks the kernel (`fentry_can_attach`, a look for a tracepoint) and turns the others off before the load
//! (`bpf_program__set_autoload`), so that neither the loader nor the verifier looks at them.

use std::fmt;
use std::str::FromStr;

use crate::object::Object;

/// `A+B,C`: A and B, or C. By names, which an object may have or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives {
    /// The sets in the order in which they are preferred; at least two, none empty.
    pub sets: Vec<Vec<String>>,
}

/// Alternatives of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The sets in the order in which they are preferred: indices in `Object::programs`.
    pub sets: Vec<Vec<usize>>,
}

impl FromStr for Alternatives {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let set = |set: &str| set.split('+').map(str::to_owned).collect::<Vec<_>>();
        let sets: Vec<Vec<String>> = text.split(',').map(set).collect();
        if sets.len() < 2 || sets.iter().flatten().any(String::is_empty) {
            return Err(
                "give the programs of which one is loaded: NAME,NAME, or sets of them: A+B,C+D".to_owned()
            );
        }
        Ok(Self { sets })
    }
}

/// As on the command line.
impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets: Vec<String> = self.sets.iter().map(|set| set.join("+")).collect();
        f.write_str(&sets.join(","))
    }
}

impl Alternatives {
    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().flatten().map(String::as_str)
    }

    /// What they are in an object; `None` unless it has all of them.
    pub fn of(&self, object: &Object) -> Option<Group> {
        let position = |name: &String| {
            let mut functions = object.programs.iter().map(|program| object.functions.get(program.function));
            functions.position(|function| function.is_some_and(|function| function.name == *name))
        };
        let sets = self.sets.iter().map(|set| set.iter().map(position).collect::<Option<Vec<usize>>>());
        let sets: Vec<Vec<usize>> = sets.collect::<Option<_>>()?;
        (!sets.is_empty()).then_some(Group { sets })
    }
}

impl Group {
    /// Every program of it; one of two sets twice.
    pub fn members(&self) -> impl Iterator<Item = usize> {
        self.sets.iter().flatten().copied()
    }

    /// By names.
    pub fn named(&self, object: &Object) -> Alternatives {
        let name = |&program: &usize| {
            let function =
                object.programs.get(program).and_then(|program| object.functions.get(program.function));
            function.map(|function| function.name.clone())
        };
        Alternatives { sets: self.sets.iter().map(|set| set.iter().filter_map(name).collect()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    #[test]
    fn sets_are_written_as_they_are_read() {
        for text in ["one,two", "a+b,c+d,e"] {
            let read: Alternatives = text.parse().expect("it is written as it should be");
            assert_eq!(read.to_string(), text);
        }
        for wrong in ["", "one", "one+two", "one,", ",one", "a+,b", "a,+b", "a++b,c"] {
            assert!(wrong.parse::<Alternatives>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_object_has_them_all_or_none() {
        let object = object("tests/fixtures/objects/programs.bpf.o");
        let of = |text: &str| text.parse::<Alternatives>().expect("sets").of(&object);
        let names: Vec<&str> =
            object.programs.iter().map(|program| object.functions[program.function].name.as_str()).collect();
        let group = of(&format!("{},{}", names[1], names[0])).expect("it has both");
        assert_eq!(group.sets, [[1], [0]]);
        assert_eq!(group.named(&object).to_string(), format!("{},{}", names[1], names[0]));
        assert_eq!(of(&format!("{},nobody", names[0])), None);
    }
}
