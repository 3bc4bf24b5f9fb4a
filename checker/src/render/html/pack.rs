//! What makes the page's data small: what is said often is said once.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

/// Values, each once, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Pool {
    values: Vec<Value>,
    by_text: HashMap<String, usize>,
}

impl Pool {
    /// The value's number.
    pub(super) fn number(&mut self, value: Value) -> usize {
        let text = value.to_string();
        if let Some(&known) = self.by_text.get(&text) {
            return known;
        }
        self.values.push(value);
        self.by_text.insert(text, self.values.len() - 1);
        self.values.len() - 1
    }

    /// All values by number, to look at.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// All values by number.
    pub(super) fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Numbers in rising order as pairs of first and last: 3 4 5 9 is `[3, 5, 9, 9]`.
pub(super) fn runs(numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut runs: Vec<usize> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(last) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.extend([number, number]),
        }
    }
    runs
}

/// A value as JSON; what cannot be written so is null, which no part of a report is.
pub(super) fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_pairs() {
        assert_eq!(runs([3, 4, 5, 9]), [3, 5, 9, 9]);
        assert_eq!(runs([]), [0; 0]);
    }

    #[test]
    fn what_is_said_twice_has_one_number() {
        let mut pool = Pool::default();
        let numbers = ["a", "b", "a"].map(|text| pool.number(Value::from(text)));
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(pool.into_values().len(), 2);
    }
}
