//! Findings that a team knows of and lets pass for a while.

use std::fmt;

use super::kernels::Pattern;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
}

impl Date {
    /// This day, by UTC: a waiver ends everywhere at once. For those who make [`super::Terms`]; what a policy comes to is a function
    /// of the day that it is told.
    pub fn today() -> Self {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Self {
            year: today.year().unsigned_abs(),
            month: today.month().unsigned_abs(),
            day: today.day().unsigned_abs(),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// What is excused, why, and how long.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The rule, by id.
    pub rule: &'static str,
    /// The kernels, by name.
    pub(super) kernels: Pattern,
    /// What the finding is about: the key of an access, or the name of what else is needed.
    pub(super) about: Pattern,
    /// The object, by its file's name.
    pub(super) object: Pattern,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
}

impl Waiver {
    /// Whether it does not hold any more.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires < today
    }
}

/// As people find it in the policy.
impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} for {} in {}", self.rule, self.kernels, self.about, self.object)
    }
}
