//! `--format FORMAT[=FILE]`.

use std::path::PathBuf;
use std::str::FromStr;

/// A form of output that every command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// A form that a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// For people.
    Human,
    /// For machines.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Annotations for GitHub Actions, and a step's summary.
    Github,
    /// For pull requests.
    Markdown,
    /// A page that people look at.
    Html,
}

/// A form that a type's history has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryForm {
    /// For people.
    Human,
    /// For machines.
    Json,
    /// A picture.
    Svg,
}

/// A form that people read, wherever they read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadForm {
    /// For people.
    Human,
    /// For machines.
    Json,
    /// For pull requests and pages.
    Markdown,
}

/// What is printed when nothing is said, and which names there are.
pub trait Forms: Copy + 'static {
    /// The form without which nothing is printed.
    const DEFAULT: Self;
    /// All, with their names.
    const ALL: &'static [(&'static str, Self)];
}

impl Forms for Form {
    const DEFAULT: Self = Self::Human;
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("json", Self::Json)];
}

impl Forms for HistoryForm {
    const DEFAULT: Self = Self::Human;
    const ALL: &'static [(&'static str, Self)] =
        &[("human", Self::Human), ("json", Self::Json), ("svg", Self::Svg)];
}

impl Forms for ReadForm {
    const DEFAULT: Self = Self::Human;
    const ALL: &'static [(&'static str, Self)] =
        &[("human", Self::Human), ("json", Self::Json), ("markdown", Self::Markdown)];
}

impl Forms for ReportForm {
    const DEFAULT: Self = Self::Human;
    const ALL: &'static [(&'static str, Self)] = &[
        ("human", Self::Human),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("junit", Self::Junit),
        ("github", Self::Github),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
    ];
}

/// A form, and where it goes; standard output without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format<F = Form> {
    /// The form.
    pub form: F,
    /// The file.
    pub file: Option<PathBuf>,
}

impl<F: Forms> Format<F> {
    /// What is printed when nothing is said.
    pub const DEFAULT: Self = Self { form: F::DEFAULT, file: None };
}

impl<F: Forms> FromStr for Format<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file name after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let form = F::ALL.iter().find(|(known, _)| *known == name).map(|&(_, form)| form);
        let names: Vec<&str> = F::ALL.iter().map(|&(name, _)| name).collect();
        let (last, others) = names.split_last().unwrap_or((&"", &[]));
        let form = form.ok_or_else(|| {
            format!("the formats are {} and {last}, each with =FILE to write to a file", others.join(", "))
        })?;
        Ok(Self { form, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_follow() {
        assert_eq!("human".parse(), Ok(Format::<Form>::DEFAULT));
        let file = Some(PathBuf::from("a=b.json"));
        assert_eq!("json=a=b.json".parse(), Ok(Format { form: Form::Json, file }));
        assert!("json=".parse::<Format>().is_err() && "yaml".parse::<Format>().is_err());
        assert!("junit".parse::<Format>().is_err() && "junit=x.xml".parse::<Format<ReportForm>>().is_ok());
        let why = "x".parse::<Format<ReportForm>>().expect_err("there is none");
        assert!(
            why.starts_with("the formats are human, json, sarif, junit, github, markdown and html"),
            "{why}"
        );
    }
}
