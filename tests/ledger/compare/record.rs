//! One line of the ledger: what was said, what happened, and how the two compare.

use corecheck_tests::ledger::Came;
use serde::Serialize;

use super::cause::Cause;
use super::predict::Predicted;

/// How a prediction compares with what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It was said to go well, and failed because of what corecheck judges, or for no known cause.
    FalselyOk,
    /// It was said to fail, and went well.
    FalselyFailing,
    /// It was said to go well, and failed because of what no verdict speaks about.
    OtherCause,
    /// Nothing was said.
    Unknown,
    /// The loader did not try it.
    NotTried,
    /// As was said.
    Right,
}

impl Class {
    /// All, as the page has its columns.
    pub const ALL: [Self; 6] =
        [Self::Right, Self::FalselyOk, Self::FalselyFailing, Self::Unknown, Self::OtherCause, Self::NotTried];

    /// Its word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::FalselyOk => "falsely ok",
            Self::FalselyFailing => "falsely failing",
            Self::OtherCause => "other cause",
            Self::Unknown => "unknown",
            Self::NotTried => "not tried",
            Self::Right => "right",
        }
    }
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// To load it.
    Load,
    /// To attach it, when it was loaded.
    Attach,
}

/// A line. Equal ones of several machines are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Record {
    /// How it compares.
    pub class: Class,
    /// Who loaded.
    pub loader: &'static str,
    /// The object.
    pub object: String,
    /// The program; none where all were loaded that load by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What was tried.
    pub step: Step,
    /// The verdict's word.
    pub predicted: &'static str,
    /// Where it was said to fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_at: Option<Came>,
    /// Where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Came>,
    /// The number of its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
    /// Why it failed, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// Why it failed, as the loader or the verifier said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Where it failed as was said: whether what was said of why speaks of that cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_agrees: Option<bool>,
    /// Why it was said not to be ok.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// What happened: where it failed, with what number, because of what, as who said.
pub type Failure = Option<(Came, i32, Cause, String)>;

/// Compares.
pub fn class(predicted: &Predicted, failure: &Failure) -> Class {
    match (predicted.fails, failure) {
        (_, Some((_, _, Cause::NoTarget, _))) => Class::NotTried,
        (None, _) if predicted.is_unknown => Class::Unknown,
        (Some(_), Some(_)) | (None, None) => Class::Right,
        (Some(_), None) => Class::FalselyFailing,
        (None, Some((_, _, cause, _))) if cause.is_judged() => Class::FalselyOk,
        (None, Some(_)) => Class::OtherCause,
    }
}

/// Whether one of the reasons of a failure that was said is of a rule that speaks about the cause; `None` where it was not said, or
/// did not happen.
pub fn agrees(predicted: &Predicted, failure: &Failure) -> Option<bool> {
    let (Some(_), Some((_, _, cause, _))) = (predicted.fails, failure) else { return None };
    let is_told = |reason: &String| {
        let rule = reason.split(':').next().unwrap_or(reason);
        // What the loader cannot even read has no finding.
        cause.rules().contains(&rule)
            || *cause == Cause::Section && reason.contains("does not read the object")
    };
    Some(predicted.reasons.iter().any(is_told))
}

/// A line of the ledger.
pub fn record(
    loader: &'static str,
    object: &str,
    program: Option<&str>,
    step: Step,
    predicted: &Predicted,
    failure: Failure,
) -> Record {
    let class = class(predicted, &failure);
    let reason_agrees = agrees(predicted, &failure).filter(|_| class == Class::Right);
    let (failed_at, errno, cause, said) = match failure {
        Some((at, errno, cause, said)) => (Some(at), Some(errno), Some(cause.word()), Some(said)),
        None => (None, None, None, None),
    };
    let is_plain = predicted.fails.is_none() && !predicted.is_unknown;
    Record {
        class,
        loader,
        object: object.to_owned(),
        program: program.map(str::to_owned),
        step,
        predicted: predicted.verdict,
        fails_at: predicted.fails,
        failed_at,
        errno: errno.filter(|&errno| errno != 0),
        cause,
        said: said.filter(|said| !said.is_empty()),
        reason_agrees,
        reasons: if is_plain { Vec::new() } else { predicted.reasons.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_compared() {
        let said = |fails, is_unknown| Predicted { fails, is_unknown, verdict: "", reasons: Vec::new() };
        let failed = |cause| Some((Came::Verify, 22, cause, String::new()));
        let (ok, fails, unknown) = (said(None, false), said(Some(Came::Verify), false), said(None, true));
        assert_eq!(class(&ok, &None), Class::Right);
        assert_eq!(class(&ok, &failed(Cause::Core)), Class::FalselyOk);
        assert_eq!(class(&ok, &failed(Cause::Unexplained)), Class::FalselyOk);
        assert_eq!(class(&ok, &failed(Cause::Verifier)), Class::OtherCause);
        assert_eq!(class(&ok, &failed(Cause::NoTarget)), Class::NotTried);
        assert_eq!(class(&fails, &None), Class::FalselyFailing);
        assert_eq!(class(&fails, &failed(Cause::Verifier)), Class::Right);
        assert_eq!(class(&unknown, &None), Class::Unknown);
        assert_eq!(class(&unknown, &failed(Cause::Core)), Class::Unknown);
    }

    #[test]
    fn a_failure_may_have_another_reason() {
        let reasons = vec!["arguments: the program reads 2 values".to_owned()];
        let said = Predicted { fails: Some(Came::Verify), is_unknown: false, verdict: "fails", reasons };
        let failed = |cause| Some((Came::Verify, 22, cause, String::new()));
        assert_eq!(agrees(&said, &failed(Cause::Arguments)), Some(true));
        assert_eq!(agrees(&said, &failed(Cause::Core)), Some(false));
        assert_eq!(agrees(&said, &failed(Cause::Verifier)), Some(false));
        assert_eq!(agrees(&said, &None), None);
        assert_eq!(agrees(&Predicted { fails: None, ..said }, &failed(Cause::Core)), None);
    }
}
