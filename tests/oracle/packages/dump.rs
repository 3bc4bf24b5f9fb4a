//! What `bpftool -j btf dump file` prints, as a graph: of each type what it says itself, and the types that it names.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::flags::{self, Record};

/// The types of a file.
#[derive(Debug, Default)]
pub struct Dump {
    /// In the order of their ids; of split BTF without those of its base.
    pub types: Vec<Type>,
    /// How many types its base has.
    pub base: usize,
}

/// One type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// What it says itself, with a `?` in each place of a reference.
    pub label: String,
    /// Whether it has a name. A type tag has not: its name is what it says of the type that it is on.
    pub is_named: bool,
    /// What it refers to, in the order of the places: ids less one, so that those from [`Dump::base`] on are indices into
    /// [`Dump::types`]; nothing is `void`.
    pub refers: Vec<Option<usize>>,
}

#[derive(Deserialize)]
struct Printed {
    types: Vec<Map<String, Value>>,
}

/// Fields that hold an id.
const REFERENCES: [&str; 3] = ["type_id", "index_type_id", "ret_type_id"];

impl Dump {
    /// Asks bpftool about a raw BTF file; with a base, of so many types, it is split BTF on top of that.
    ///
    /// # Errors
    ///
    /// When bpftool cannot be run or cannot read the file, or when what it says does not fit the file's bytes.
    pub fn of(btf: &Path, base: Option<(&Path, usize)>) -> Result<Self> {
        let mut command = Command::new("bpftool");
        command.arg("-j").stdin(Stdio::null());
        if let Some((base, _)) = base {
            command.arg("-B").arg(base);
        }
        let output = command.args(["btf", "dump", "file"]).arg(btf).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "bpftool cannot read {}: {said}", btf.display());
        let printed: Printed = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("bpftool's output on {}", btf.display()))?;
        let bytes = std::fs::read(btf).with_context(|| btf.display().to_string())?;
        let records = flags::records(&bytes).with_context(|| btf.display().to_string())?;
        Self::read(printed.types, &records, base.map_or(0, |(_, types)| types))
    }

    fn read(printed: Vec<Map<String, Value>>, records: &[Record], base: usize) -> Result<Self> {
        let mut dump = Self { types: Vec::new(), base };
        ensure!(
            printed.len() == records.len(),
            "bpftool prints {} types of {}",
            printed.len(),
            records.len()
        );
        for (index, (mut fields, record)) in printed.into_iter().zip(records).enumerate() {
            let id = fields.remove("id").and_then(|id| id.as_u64()).unwrap_or_default();
            ensure!(id == (dump.base + index + 1) as u64, "type {id} is not at its place");
            let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
            ensure!(kind == record.kind, "bpftool calls a {} {kind}", record.kind);
            let counted = ["members", "values", "params", "vars"].iter().find_map(|list| fields.get(*list));
            if let Some(counted) = counted.and_then(Value::as_array) {
                ensure!(counted.len() == record.count as usize, "bpftool prints not all of {fields:?}");
            }
            let is_named = kind != "TYPE_TAG" && fields.get("name").is_some_and(|name| name != "(anon)");
            fields.insert("flag".to_owned(), Value::Bool(record.flag));
            let mut refers = Vec::new();
            let mut value = Value::Object(fields);
            take_references(&mut value, &mut refers)?;
            dump.types.push(Type { label: value.to_string(), is_named, refers });
        }
        let end = dump.base + dump.types.len();
        let within = |one: &Type| one.refers.iter().flatten().all(|&index| index < end);
        ensure!(dump.types.iter().all(within), "a type refers to none");
        Ok(dump)
    }
}

/// Takes the ids out, and leaves the places.
fn take_references(value: &mut Value, refers: &mut Vec<Option<usize>>) -> Result<()> {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if REFERENCES.contains(&name.as_str()) {
                    let id = field.as_u64().context("an id is no number")?;
                    refers.push(usize::try_from(id)?.checked_sub(1));
                    *field = Value::String("?".to_owned());
                } else if name.ends_with("type_id") {
                    bail!("{name} is a field that is not known");
                } else {
                    take_references(field, refers)?;
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                take_references(value, refers)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: &str) -> Vec<Map<String, Value>> {
        serde_json::from_str::<Printed>(json).expect("it is JSON").types
    }

    const STRUCT: &str = r#"{"types":[{"id":1,"kind":"INT","name":"int","size":4},{"id":2,"kind":"STRUCT",
        "name":"s","size":8,"vlen":2,"members":[{"name":"a","type_id":1,"bits_offset":0},{"name":"b","type_id":0,"bits_offset":32}]}]}"#;

    #[test]
    fn references_are_apart_from_what_a_type_says() {
        let records =
            [Record { kind: "INT", count: 0, flag: false }, Record { kind: "STRUCT", count: 2, flag: false }];
        let dump = Dump::read(printed(STRUCT), &records, 0).expect("it fits");
        assert_eq!(dump.types[1].refers, [Some(0), None]);
        assert!(dump.types[1].is_named);
        assert!(!dump.types[1].label.contains("\"id\""));
        assert!(dump.types[1].label.contains(r#""type_id":"?""#));
        let split = r#"{"types":[{"id":3,"kind":"PTR","name":"(anon)","type_id":2}]}"#;
        let records = [Record { kind: "PTR", count: 0, flag: false }];
        let dump = Dump::read(printed(split), &records, 2).expect("it fits");
        assert_eq!(dump.types[0].refers, [Some(1)]);
        assert!(!dump.types[0].is_named);
        assert!(Dump::read(printed(split), &records, 1).is_err());
    }

    #[test]
    fn a_dump_that_does_not_fit_the_bytes_is_an_error() {
        let int = Record { kind: "INT", count: 0, flag: false };
        for records in [
            vec![int],
            vec![int, Record { kind: "UNION", count: 2, flag: false }],
            vec![int, Record { kind: "STRUCT", count: 3, flag: false }],
        ] {
            assert!(Dump::read(printed(STRUCT), &records, 0).is_err(), "{records:?}");
        }
    }
}
