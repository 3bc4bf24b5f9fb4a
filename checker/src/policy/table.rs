//! A table of a policy, read key by key: what nobody asked for is an error.

use std::cell::RefCell;

use corecheck_layouts::store::nearest;
use toml::{Table, Value};

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The key, with the tables that it is in.
    pub(super) place: String,
    pub(super) why: String,
}

/// A table, and which keys were asked for.
pub(super) struct Reading<'t> {
    place: String,
    table: &'t Table,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Reading<'t> {
    /// The whole file.
    pub(super) fn top(table: &'t Table) -> Self {
        Self { place: String::new(), table, asked: RefCell::default() }
    }

    /// Where a key of this table stands.
    pub(super) fn place(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    pub(super) fn wrong(&self, key: &str, why: impl Into<String>) -> Wrong {
        Wrong { place: self.place(key), why: why.into() }
    }

    pub(super) fn value(&self, key: &'static str) -> Option<&'t Value> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Keys and values, whatever the keys are.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'t String, &'t Value)> {
        self.table.iter()
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Option<&'t str>, Wrong> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "it must be a text in quotation marks")),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, key: &'static str) -> Result<&'t str, Wrong> {
        self.text(key)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| self.wrong(key, "it must be told"))
    }

    /// A text that is read further.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Wrong> {
        self.text(key)?.map(|text| read(text).map_err(|why| self.wrong(key, why))).transpose()
    }

    /// A list of texts; one alone may stand without brackets.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Wrong> {
        let of = |value: &Value| match value {
            Value::String(text) => read(text).map_err(|why| self.wrong(key, why)),
            _ => Err(self.wrong(key, "it must be a list of texts in quotation marks")),
        };
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(of).collect(),
            Some(value) => Ok(vec![of(value)?]),
        }
    }

    /// A table in this one.
    pub(super) fn table(&self, key: &'static str) -> Result<Option<Self>, Wrong> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Table(table)) => {
                Ok(Some(Self { place: self.place(key), table, asked: RefCell::default() }))
            }
            Some(_) => Err(self.wrong(key, format!("it must be a table: [{key}]"))),
        }
    }

    /// Tables of one name: `[[kernels]]`.
    pub(super) fn tables(&self, key: &'static str) -> Result<Vec<Self>, Wrong> {
        let why = || self.wrong(key, format!("each must be a table of its own: [[{key}]]"));
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let tables = value.as_array().ok_or_else(why)?.iter().enumerate();
        let table = |(number, value): (usize, &'t Value)| {
            let table = value.as_table().ok_or_else(why)?;
            let place = format!("{}[{}]", self.place(key), number + 1);
            Ok(Self { place, table, asked: RefCell::default() })
        };
        tables.map(table).collect()
    }

    /// Complains of a key that nobody asked for.
    pub(super) fn finish(self) -> Result<(), Wrong> {
        let asked = self.asked.borrow();
        let unknown = self.table.keys().find(|key| !asked.contains(&key.as_str()));
        match unknown {
            None => Ok(()),
            Some(key) => {
                let near = nearest(key, asked.iter().copied());
                let offer = near.first().map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
                Err(self.wrong(key, format!("there is no such key.{offer}")))
            }
        }
    }
}
