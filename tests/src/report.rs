//! corecheck's JSON report, as far as the oracles need it.
//!
//! Only the fields that are compared are read; the published schema describes the rest, and another test holds the
//! schema and the report together.

use serde::Deserialize;
use serde_json::Value;

/// One report: the document that `corecheck check --format json` prints.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// The version of the format.
    pub schema: String,
    /// The objects that were checked, in the order of the command line.
    pub objects: Vec<Object>,
    /// Distinct answers.
    pub answers: Vec<Answer>,
    /// Which answer holds for which object on which kernel.
    pub results: Vec<ResultRow>,
}

/// A BPF object.
#[derive(Debug, Deserialize)]
pub struct Object {
    /// Its name: the path, and for an embedded object its place.
    pub path: String,
    /// The executable that holds it.
    pub embedded_in: Option<String>,
    /// Its accesses, in the order of their records.
    pub accesses: Vec<Access>,
}

/// An access: what one CO-RE relocation asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Access {
    /// What outcomes call it.
    pub id: Value,
    /// The section of its instruction.
    pub section: String,
    /// The instruction's number in its section.
    pub insn: u64,
    /// The relocation's kind in libbpf's words.
    pub kind: String,
    /// The root type.
    #[serde(rename = "type")]
    pub root: String,
    /// The raw access string, such as `0:3:1`.
    pub spec: String,
}

/// The outcomes of all accesses of one object.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// What results call it.
    pub id: Value,
    /// The object that it is about.
    pub object: Value,
    /// One outcome for each access.
    pub outcomes: Vec<Outcome>,
}

/// What becomes of one access.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// The access.
    pub access: Value,
    /// `resolved`, `absent`, `poisoned`, `error`, `skipped` or `unknown`.
    pub outcome: String,
    /// The number that the loader would patch in.
    pub value: Option<Value>,
    /// Why.
    pub reason: Option<Reason>,
    /// The matched target in libbpf's words.
    pub target: Option<String>,
}

/// Why an outcome is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reason {
    /// A word for machines.
    pub code: String,
    /// A sentence for people.
    pub text: String,
}

/// One object on one kernel.
#[derive(Debug, Deserialize)]
pub struct ResultRow {
    /// The object.
    pub object: Value,
    /// The answer that holds.
    pub answer: Value,
}

/// What is wrong with a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is not JSON, or a field that is needed is missing or of another type.
    #[error("the report cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It is in another version of the format.
    #[error("the report's schema is {0}, not corecheck.report/1")]
    Schema(String),
    /// It does not hold exactly one result for the object.
    #[error("the report has {0} results for one object on one kernel")]
    Results(usize),
    /// A result names an answer that is not there.
    #[error("the report names the answer {0}, which is not there")]
    NoAnswer(Value),
    /// The answer has not exactly one outcome for each access.
    #[error("the access {access} has {count} outcomes")]
    Outcomes {
        /// The access.
        access: Value,
        /// How many outcomes name it.
        count: usize,
    },
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// [`ReportError::Json`] and [`ReportError::Schema`].
    pub fn read(json: &str) -> Result<Self, ReportError> {
        let report: Self = serde_json::from_str(json)?;
        if report.schema != "corecheck.report/1" {
            return Err(ReportError::Schema(report.schema));
        }
        Ok(report)
    }

    /// The accesses of the object number `index`, each with its outcome, for a report about one kernel under one loader.
    ///
    /// # Errors
    ///
    /// When the report is not about one kernel, or its parts do not fit together.
    ///
    /// # Panics
    ///
    /// When there is no object of that number.
    pub fn outcomes(&self, index: usize) -> Result<Vec<(&Access, &Outcome)>, ReportError> {
        let object = &self.objects[index];
        let is_it =
            |named: &Value| named == &Value::from(index) || named == &Value::from(object.path.as_str());
        let rows: Vec<_> = self.results.iter().filter(|row| is_it(&row.object)).collect();
        let [row] = rows[..] else { return Err(ReportError::Results(rows.len())) };
        let answer = self
            .answers
            .iter()
            .find(|answer| answer.id == row.answer && is_it(&answer.object))
            .ok_or_else(|| ReportError::NoAnswer(row.answer.clone()))?;
        object
            .accesses
            .iter()
            .map(|access| {
                let outcomes: Vec<_> = answer.outcomes.iter().filter(|one| one.access == access.id).collect();
                match outcomes[..] {
                    [outcome] => Ok((access, outcome)),
                    _ => Err(ReportError::Outcomes { access: access.id.clone(), count: outcomes.len() }),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "schema": "corecheck.report/1",
        "tool": {"name": "corecheck", "version": "0.1.0"},
        "objects": [{"path": "a.bpf.o", "programs": [], "accesses": [
            {"id": 0, "key": "k0", "function": "f", "section": "kprobe/x", "insn": 3, "kind": "byte_off",
             "type": "struct task_struct", "path": "pid", "spec": "0:58", "local_value": 2336},
            {"id": 1, "key": "k1", "function": "f", "section": "kprobe/x", "insn": 9, "kind": "field_exists",
             "type": "struct task_struct", "path": "state", "spec": "0:1", "local_value": 1}]}],
        "kernels": [],
        "answers": [{"id": 0, "object": 0, "loader": "libbpf", "outcomes": [
            {"access": 0, "outcome": "resolved", "value": 2488, "unit": "vmlinux",
             "target": "struct task_struct.pid (0:75 @ offset 2488)"},
            {"access": 1, "outcome": "absent", "value": 0, "reason": {"code": "no-field", "text": "..."}}]}],
        "results": [{"object": 0, "kernel": "local/x", "loader": "libbpf", "answer": 0, "verdict": "ok"}],
        "findings": []
    }"#;

    #[test]
    fn joins_accesses_with_their_outcomes() {
        let report = Report::read(REPORT).expect("a report");
        let outcomes = report.outcomes(0).expect("outcomes");
        let seen: Vec<_> = outcomes.iter().map(|(access, one)| (access.insn, one.outcome.as_str())).collect();
        assert_eq!(seen, [(3, "resolved"), (9, "absent")]);
    }

    #[test]
    fn objects_may_be_named_by_their_path() {
        let named = REPORT.replace(r#""object": 0"#, r#""object": "a.bpf.o""#);
        assert_eq!(Report::read(&named).expect("a report").outcomes(0).expect("outcomes").len(), 2);
    }

    #[test]
    fn an_access_without_outcome_is_an_error() {
        let broken = REPORT.replace(r#"{"access": 1, "outcome""#, r#"{"access": 0, "outcome""#);
        assert!(matches!(
            Report::read(&broken).expect("a report").outcomes(0),
            Err(ReportError::Outcomes { count: 2, .. })
        ));
    }

    #[test]
    fn another_schema_is_refused() {
        let other = REPORT.replace("corecheck.report/1", "corecheck.report/2");
        assert!(matches!(Report::read(&other), Err(ReportError::Schema(_))));
    }
}
