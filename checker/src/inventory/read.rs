//! The lines of an inventory.

use std::collections::BTreeMap;

use corecheck_layouts::source::gather::debian_arch;
use thiserror::Error;

/// A line that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// It is no release with a count.
    #[error(
        "line {line}: {text:?} is not what `uname -r` or `uname -rm` prints, with a count before or after it if there is one"
    )]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// More machines than can be counted.
    #[error("line {line}: there are too many machines to count")]
    Count {
        /// Which line, from 1.
        line: usize,
    },
    /// There is no line.
    #[error("it names no kernel: each line is what `uname -r` prints")]
    Empty,
}

/// One kernel of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What `uname -r` prints there.
    pub release: String,
    /// The architecture in Debian's words, if it was told.
    pub arch: Option<String>,
    /// How many machines run it.
    pub machines: u64,
}

/// A fleet's kernels, each once, in the order in which they were first named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Its kernels.
    pub lines: Vec<Line>,
    /// How many machines there are.
    pub machines: u64,
}

/// Reads an inventory: on each line what `uname -r` prints; on it, too, may stand the architecture (`uname -rm`) and a count, as
/// `uniq -c` writes it. What is named several times is added up. `#` begins a comment.
///
/// # Errors
/// [`InventoryError`] for the first line that is something else.
pub fn read(text: &str) -> Result<Inventory, InventoryError> {
    let mut inventory = Inventory::default();
    let mut known: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for (at, whole) in text.lines().enumerate() {
        let line = at + 1;
        let told = whole.split('#').next().unwrap_or_default();
        if told.trim().is_empty() {
            continue;
        }
        let wrong = || InventoryError::Line { line, text: whole.trim().chars().take(80).collect() };
        let (mut release, mut arch, mut count) = (None, None, None);
        for word in told.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            let place = match (word.parse::<u64>(), debian_arch(word)) {
                (Ok(number), _) if count.is_none() => {
                    count = Some(number);
                    continue;
                }
                (_, Some(name)) if arch.is_none() => {
                    arch = Some(name);
                    continue;
                }
                _ => &mut release,
            };
            if place.is_some() || !is_release(word) {
                return Err(wrong());
            }
            *place = Some(word.to_owned());
        }
        let release = release.ok_or_else(wrong)?;
        let machines = count.unwrap_or(1);
        inventory.machines =
            inventory.machines.checked_add(machines).ok_or(InventoryError::Count { line })?;
        match known.get(&(release.clone(), arch.clone())) {
            Some(&at) => inventory.lines[at].machines += machines,
            None => {
                known.insert((release.clone(), arch.clone()), inventory.lines.len());
                inventory.lines.push(Line { release, arch, machines });
            }
        }
    }
    if inventory.lines.is_empty() { Err(InventoryError::Empty) } else { Ok(inventory) }
}

/// Every release begins with a version: `6.1`, and what builders make of it.
fn is_release(word: &str) -> bool {
    let mut numbers = word.split('.');
    let starts = |part: Option<&str>| part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    let is_printable = word.chars().all(|c| c.is_ascii_graphic() && c != '/');
    starts(numbers.next()) && starts(numbers.next()) && is_printable && word.len() <= 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, Option<String>, u64)> {
        let inventory = read(text).expect("an inventory");
        assert_eq!(inventory.machines, inventory.lines.iter().map(|line| line.machines).sum::<u64>());
        inventory.lines.into_iter().map(|line| (line.release, line.arch, line.machines)).collect()
    }

    #[test]
    fn counts_and_architectures_stand_where_tools_put_them() {
        let line = |release: &str, arch: Option<&str>, machines| {
            (release.to_owned(), arch.map(str::to_owned), machines)
        };
        let text = "\
            # the fleet\n\
            \x20   312 6.1.0-56-amd64\n\
            5.15.0-25-generic x86_64\n\
            \n\
            5.15.0-25-generic aarch64 7   # Graviton\n\
            6.1.0-56-amd64,3\r\n\
            6.1.0-56-amd64\n\
            5.4.0-26-generic\tppc64le\t0\n";
        let expected = [
            line("6.1.0-56-amd64", None, 316),
            line("5.15.0-25-generic", Some("amd64"), 1),
            line("5.15.0-25-generic", Some("arm64"), 7),
            line("5.4.0-26-generic", Some("ppc64el"), 0),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn what_is_no_release_is_named_with_its_line() {
        for (text, line) in [
            ("6.1.0-56-amd64\nLinux host 6.1", 2),
            ("12", 1),
            ("x86_64 3", 1),
            ("6.1.0 5.15.0", 1),
            ("6.1.0 3 4", 1),
            ("ubuntu/5.15.0-25-generic/amd64", 1),
            ("\n\n-1 6.1.0", 3),
            ("6", 1),
        ] {
            match read(text) {
                Err(InventoryError::Line { line: at, .. }) => assert_eq!(at, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(read("# nothing\n\n"), Err(InventoryError::Empty));
        let many = format!("{} 6.1.0\n1 6.2.0", u64::MAX);
        assert_eq!(read(&many), Err(InventoryError::Count { line: 2 }));
    }
}
