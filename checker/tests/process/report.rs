//! The JSON report, asked by kernel.

use serde_json::Value;

use crate::run::{Run, corecheck};

/// A report.
pub struct Report(pub Value);

/// The report of `corecheck check --format json` with these further arguments.
#[track_caller]
pub fn check(status: i32, arguments: &[&str]) -> Report {
    let all = [&["check", "--format", "json"], arguments].concat();
    Report::of(&corecheck(&all).expect_status(status))
}

/// A text within a value.
#[track_caller]
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value:#}"))
}

/// A list within a value.
#[track_caller]
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is no list in {value:#}"))
}

/// The texts of a list within a value.
#[track_caller]
pub fn texts<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    list(value, key).iter().map(|item| item.as_str().expect("a text")).collect()
}

/// The codes of a list of reasons within a value.
#[track_caller]
pub fn codes<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    list(value, key).iter().map(|reason| text(reason, "code")).collect()
}

impl Report {
    #[track_caller]
    pub fn of(run: &Run) -> Self {
        let report = run.json();
        assert_eq!(report["schema"], "corecheck.report/1");
        Self(report)
    }

    /// The first alias of a kernel, or its full name when it has none.
    fn alias(&self, name: &str) -> String {
        let kernel = list(&self.0, "kernels").iter().find(|kernel| text(kernel, "name") == name);
        let kernel = kernel.unwrap_or_else(|| panic!("{name} is not among the kernels"));
        texts(kernel, "aliases").first().map_or(name, |alias| alias).to_owned()
    }

    /// The result of every kernel by its first alias, for a report about one object.
    #[track_caller]
    pub fn results(&self) -> Vec<(String, &Value)> {
        assert_eq!(list(&self.0, "objects").len(), 1);
        let results = list(&self.0, "results").iter();
        results.map(|result| (self.alias(text(result, "kernel")), result)).collect()
    }

    /// The result of one kernel, by its first alias.
    #[track_caller]
    pub fn result(&self, alias: &str) -> &Value {
        let found = self.results().into_iter().find(|(of, _)| of == alias);
        found.unwrap_or_else(|| panic!("no result for {alias}")).1
    }

    /// The verdicts in the report's order.
    #[track_caller]
    pub fn verdicts(&self) -> Vec<(String, String)> {
        let results = self.results().into_iter();
        results.map(|(alias, result)| (alias, text(result, "verdict").to_owned())).collect()
    }

    /// The outcomes on one kernel, one per access.
    #[track_caller]
    pub fn outcomes(&self, alias: &str) -> &[Value] {
        let answer = &self.result(alias)["answer"];
        let answers = list(&self.0, "answers").iter();
        let answer = answers.into_iter().find(|known| known["id"] == *answer);
        list(answer.expect("a result names an answer"), "outcomes")
    }

    /// The numbers patched in on one kernel; `None` where none is.
    #[track_caller]
    pub fn values(&self, alias: &str) -> Vec<Option<u64>> {
        self.outcomes(alias).iter().map(|outcome| outcome["value"].as_u64()).collect()
    }

    /// The findings of a rule.
    #[track_caller]
    pub fn findings(&self, rule: &str) -> Vec<&Value> {
        list(&self.0, "findings").iter().filter(|finding| text(finding, "rule") == rule).collect()
    }
}
