//! Where things are: files of the source and objects, and what lies in an object.

use std::fmt::Write;

use super::form::{Artifact, Location, Logical, Physical, Place, Region, TextOnly};
use crate::render::text::clean;
use crate::report::model::{AccessEntry, ObjectEntry, SourceEntry};

/// What relative names of files begin at: where the tool ran, and where the compiler did.
pub(super) const ROOT: &str = "%SRCROOT%";

/// The run's lists, each place once.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) artifacts: Vec<Artifact>,
    pub(super) logical: Vec<Logical>,
}

impl Places {
    /// A file. `None` for standard input, which has no place.
    pub(super) fn file(&mut self, path: &str, role: Option<&'static str>) -> Option<Place> {
        if path.is_empty() || path == "-" {
            return None;
        }
        let mut place = Place { uri: Some(uri(path)), ..Place::default() };
        if !path.starts_with('/') {
            place.uri_base_id = Some(ROOT);
        }
        let known = self.artifacts.iter().position(|artifact| artifact.location == place);
        let index = known.unwrap_or_else(|| {
            let roles = role.into_iter().collect();
            self.artifacts.push(Artifact { location: place.clone(), roles });
            self.artifacts.len() - 1
        });
        Some(Place { index: Some(index), ..place })
    }

    /// An object's own file: the executable, where it is embedded in one.
    pub(super) fn object(&mut self, object: &ObjectEntry) -> Option<Place> {
        self.file(object.embedded_in.as_deref().unwrap_or(&object.path), Some("analysisTarget"))
    }

    /// An access: its line in the source, else the object's file; and its instruction.
    pub(super) fn access(&mut self, object: &ObjectEntry, access: &AccessEntry) -> Location {
        let instruction = self.instruction(object, access);
        let physical = match &access.source {
            Some(source) => self.line(source),
            None => self.object(object).map(whole),
        };
        Location { physical_location: physical, logical_locations: vec![instruction] }
    }

    /// An object as such, or its programs of these names.
    pub(super) fn programs(&mut self, object: &ObjectEntry, names: &[&str]) -> Location {
        let physical = self.object(object).map(whole);
        let own = |name: &&str| object.programs.iter().find(|program| program.name == **name);
        let programs: Vec<_> = names.iter().filter_map(own).collect();
        let mut logical: Vec<Logical> = programs
            .iter()
            .map(|program| {
                let section = self.section(object, &program.section);
                self.within(section, &program.name, "function")
            })
            .map(|(logical, _)| logical)
            .collect();
        if logical.is_empty() {
            logical.push(self.top(object).0);
        }
        Location { physical_location: physical, logical_locations: logical }
    }

    fn line(&mut self, source: &SourceEntry) -> Option<Physical> {
        let artifact_location = self.file(&source.file, None)?;
        let snippet = (!source.text.is_empty()).then(|| TextOnly { text: clean(&source.text) });
        let region = |start_column, snippet| {
            (source.line > 0).then_some(Region { start_line: source.line, start_column, snippet })
        };
        // With a column the region is the rest of the line, and the line what is around it.
        Some(match source.column {
            0 => Physical { artifact_location, region: region(None, snippet), context_region: None },
            column => Physical {
                artifact_location,
                region: region(Some(column), None),
                context_region: region(None, snippet),
            },
        })
    }

    fn instruction(&mut self, object: &ObjectEntry, access: &AccessEntry) -> Logical {
        let mut parent = self.section(object, &access.section);
        if !access.function.is_empty() {
            parent = self.within(parent, &access.function, "function").1;
        }
        self.within(parent, &format!("insn {}", access.insn), "instruction").0
    }

    fn section(&mut self, object: &ObjectEntry, name: &str) -> usize {
        let (_, top) = self.top(object);
        self.within(top, name, "section").1
    }

    fn top(&mut self, object: &ObjectEntry) -> (Logical, usize) {
        self.known(None, clean(&object.path), clean(&object.path), "module")
    }

    fn within(&mut self, parent: usize, name: &str, kind: &'static str) -> (Logical, usize) {
        let name = clean(name);
        let above = self.logical.get(parent).map_or("", |of| of.fully_qualified_name.as_str());
        let full = format!("{above}::{name}");
        self.known(Some(parent), name, full, kind)
    }

    /// A place in its list, and as a result refers to it.
    fn known(
        &mut self,
        parent_index: Option<usize>,
        name: String,
        fully_qualified_name: String,
        kind: &'static str,
    ) -> (Logical, usize) {
        let mut own = Logical { name, fully_qualified_name, kind, parent_index, index: None };
        let index = self.logical.iter().position(|known| *known == own).unwrap_or_else(|| {
            self.logical.push(own.clone());
            self.logical.len() - 1
        });
        own.index = Some(index);
        (own, index)
    }
}

fn whole(artifact_location: Place) -> Physical {
    Physical { artifact_location, region: None, context_region: None }
}

/// The URI of a path, relative for a relative one: what may not stand in the path of a URI is written as `%` and two digits.
fn uri(path: &str) -> String {
    let mut text = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    // A colon in the first part would make what is before it a scheme.
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'@' => {
                text.push(char::from(byte));
            }
            byte => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    // Two slashes at the start would name a host.
    match text.strip_prefix("file:////") {
        Some(rest) => format!("file:///{}", rest.trim_start_matches('/')),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("src/a b.bpf.c"), "src/a%20b.bpf.c");
        assert_eq!(uri("../x:y%.o"), "../x%3Ay%25.o");
        assert_eq!(uri("/usr/sbin/bpf-ö"), "file:///usr/sbin/bpf-%C3%B6");
        assert_eq!(uri("//host/x"), "file:///host/x");
    }
}
