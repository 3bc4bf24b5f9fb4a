//! The bugs that no test can notice, or need not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Names of bugs with the reason of each, from lines `NAME | REASON`; empty lines and those with `#` are for people.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut listed = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        // A name may have `|` in it, when the operator is replaced.
        let Some((name, reason)) = line.rsplit_once(" | ").filter(|(_, reason)| !reason.trim().is_empty())
        else {
            bail!("line {number}: no reason is given");
        };
        if listed.insert(name.trim().to_owned(), reason.trim().to_owned()).is_some() {
            bail!("line {number}: listed twice");
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_line_has_a_reason_and_comes_once() {
        let listed = parse("# why\n\nf.rs: replace | with & in g | same bits\n").expect("a list");
        assert_eq!(
            listed.into_iter().collect::<Vec<_>>(),
            [("f.rs: replace | with & in g".to_owned(), "same bits".to_owned())]
        );
        for wrong in ["f.rs: replace", "f.rs: replace | ", "a | b\na | c"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
