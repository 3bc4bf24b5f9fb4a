//! What pahole makes of BTF: all structures in C, with offsets and holes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// The structures and unions that pahole prints, sorted; pahole leaves out what has no name, and all but one of a name.
///
/// # Errors
///
/// When pahole fails or prints nothing that looks like a structure.
pub fn structures(btf: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("pahole");
    command.args(["-F", "btf"]).arg(btf).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    // It names each kind that it does not know on standard error, and goes on.
    ensure!(output.status.success(), "pahole cannot read {}", btf.display());
    let structures = split(&String::from_utf8_lossy(&output.stdout));
    ensure!(!structures.is_empty(), "pahole prints no structure of {}", btf.display());
    Ok(structures)
}

/// Each begins after the end of the one before, and ends with a bracket in the first column.
fn split(text: &str) -> Vec<String> {
    let mut structures = Vec::new();
    let mut one = String::new();
    for line in text.lines() {
        one.push_str(&without_attributes(line));
        one.push('\n');
        if line.starts_with('}') {
            structures.push(std::mem::take(&mut one));
        }
    }
    structures.sort();
    structures
}

/// BTF has no alignment: pahole guesses it, of what it has looked at already, so the order of types matters.
fn without_attributes(line: &str) -> String {
    let mut words = line.split(" __attribute__((");
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |line, attribute| line + attribute.split_once("))").map_or(attribute, |(_, rest)| rest))
}

/// Says how the second differs from the first, or nothing.
pub fn differs(one: &[String], other: &[String]) -> Option<String> {
    let lacking = |one: &[String], other: &[String]| {
        one.iter().find(|structure| other.binary_search(structure).is_err()).cloned()
    };
    match (lacking(one, other), lacking(other, one)) {
        (None, None) if one.len() == other.len() => None,
        (before, after) => Some(format!(
            "{} structures before, {} after; only before:\n{}only after:\n{}",
            one.len(),
            other.len(),
            before.unwrap_or_default(),
            after.unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "struct b {\n\tint x;\n};\nstruct a {\n\tstruct {\n\t\tint y;\n\t} in;\n} __attribute__((__packed__));\n";

    #[test]
    fn order_is_no_difference_and_members_are() {
        let (mut one, other) = (split(TEXT), split(TEXT));
        assert_eq!(one.len(), 2);
        assert!(one[0].starts_with("struct a") && one[0].ends_with("};\n"), "{one:?}");
        assert_eq!(differs(&one, &other), None);
        one[1] = one[1].replace("int x", "long x");
        assert!(differs(&one, &other).expect("they differ").contains("long x"));
        one.remove(1);
        assert!(differs(&one, &other).is_some());
    }
}
