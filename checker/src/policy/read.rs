//! A policy out of its file.

use std::collections::BTreeMap;

use corecheck_layouts::kernel::Modules;
use corecheck_layouts::store::nearest;
use thiserror::Error;
use toml::{Table, Value};

use super::Policy;
use super::kernels::{Pattern, Selector, Standing, Versions};
use super::table::{Reading, Wrong};
use super::waiver::{Date, Waiver};
use crate::load::{Constant, ConstantError};
use crate::loader::Loader;
use crate::rules::{self, Level};

/// A policy that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is not TOML.
    #[error("{file} is not TOML: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong, and where.
        why: String,
    },
    /// It is, but says what no policy does.
    #[error("{file}: {place}: {why}")]
    Wrong {
        /// The file.
        file: String,
        /// The key, with the tables that it is in.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads a policy; `file` is what errors call it.
///
/// # Errors
/// [`PolicyError`] for the first thing that is wrong, a key that is not known included.
pub fn read(file: &str, text: &str) -> Result<Policy, PolicyError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| PolicyError::Syntax {
        file: file.to_owned(),
        why: error.to_string().trim().to_owned(),
    })?;
    let policy = policy(Reading::top(&table));
    let policy =
        policy.map_err(|Wrong { place, why }| PolicyError::Wrong { file: file.to_owned(), place, why })?;
    Ok(Policy { file: file.to_owned(), ..policy })
}

fn policy(top: Reading<'_>) -> Result<Policy, Wrong> {
    let mut policy = Policy {
        loaders: top.list("loader", |text| text.parse::<Loader>())?,
        modules: modules(&top)?,
        unknown_passes: top.parsed("unknown", unknown)?.unwrap_or(false),
        baseline: top.text("baseline")?.map(str::to_owned),
        ..Policy::default()
    };
    for table in top.tables("kernels")? {
        policy.kernels.push(selector(table)?);
    }
    if let Some(table) = top.table("rules")? {
        policy.levels = levels(&table)?;
    }
    if let Some(table) = top.table("load")? {
        policy.alternatives = table.list("alternatives", str::parse)?;
        policy.programs = table.list("programs", |text| Ok(text.to_owned()))?;
        policy.no_autoload = table.list("no-autoload", |text| Ok(text.to_owned()))?;
        policy.attach = table.list("attach", str::parse)?;
        policy.constants = constants(&table)?;
        table.finish()?;
    }
    for table in top.tables("waivers")? {
        policy.waivers.push(waiver(table)?);
    }
    top.finish()?;
    Ok(policy)
}

fn unknown(text: &str) -> Result<bool, String> {
    match text {
        "passes" => Ok(true),
        "fails" => Ok(false),
        _ => Err(format!("{text:?} is neither \"passes\" nor \"fails\"")),
    }
}

fn modules(top: &Reading<'_>) -> Result<Option<Modules>, Wrong> {
    match top.value("modules") {
        None => Ok(None),
        Some(Value::String(text)) if text == "all" => Ok(Some(Modules::All)),
        Some(Value::String(text)) if text == "none" => Ok(Some(Modules::None)),
        Some(Value::Array(_)) => {
            let names = top.list("modules", |text| Ok(text.to_owned()))?;
            Ok(Some(Modules::Only(names.into_iter().collect())))
        }
        Some(_) => Err(top.wrong("modules", "it must be \"all\", \"none\" or a list of names")),
    }
}

fn selector(table: Reading<'_>) -> Result<Selector, Wrong> {
    let standing = |text: &str| {
        let all = [Standing::Required, Standing::Wanted, Standing::Ignored];
        let found = all.into_iter().find(|standing| standing.word() == text);
        found.ok_or_else(|| format!("{text:?} is none of \"required\", \"wanted\" and \"ignored\""))
    };
    let selector = Selector {
        standing: table.parsed("are", standing)?.ok_or_else(|| table.wrong("are", "it must be told"))?,
        name: table.parsed("name", Pattern::new)?,
        distro: table.parsed("distro", Pattern::new)?,
        arch: table.parsed("arch", Pattern::new)?,
        flavour: table.parsed("flavour", Pattern::new)?,
        version: table.parsed("version", Versions::new)?,
    };
    table.finish()?;
    Ok(selector)
}

fn levels(table: &Reading<'_>) -> Result<BTreeMap<&'static str, Option<Level>>, Wrong> {
    let mut levels = BTreeMap::new();
    for (id, value) in table.all() {
        let rule = rule(id).map_err(|why| table.wrong(id, why))?;
        let level = match value.as_str() {
            Some("off") => None,
            Some("note") => Some(Level::Note),
            Some("warning") => Some(Level::Warning),
            Some("error") => Some(Level::Error),
            _ => return Err(table.wrong(id, "it must be \"off\", \"note\", \"warning\" or \"error\"")),
        };
        levels.insert(rule, level);
    }
    Ok(levels)
}

fn rule(id: &str) -> Result<&'static str, String> {
    match rules::find(id) {
        Some(rule) => Ok(rule.id),
        None => {
            let near = nearest(id, rules::ALL.iter().map(|rule| rule.id));
            Err(format!("there is no rule {id:?}; near: {}", near.join(", ")))
        }
    }
}

fn constants(load: &Reading<'_>) -> Result<Vec<Constant>, Wrong> {
    let Some(table) = load.table("rodata")? else { return Ok(Vec::new()) };
    let constant = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Integer(number) => number.to_string(),
            Value::Boolean(value) => value.to_string(),
            Value::String(text) => format!("{text:?}"),
            _ => return Err(table.wrong(name, "it must be a number, true, false or a text")),
        };
        format!("{name}={text}").parse().map_err(|why: ConstantError| table.wrong(name, why.to_string()))
    };
    table.all().map(constant).collect()
}

fn waiver(table: Reading<'_>) -> Result<Waiver, Wrong> {
    let any = || Pattern::new("*").map_err(|why| table.wrong("about", why));
    let rule = rule(table.required("rule")?).map_err(|why| table.wrong("rule", why))?;
    let waiver = Waiver {
        rule,
        kernels: table.parsed("kernels", Pattern::new)?.map_or_else(any, Ok)?,
        about: table.parsed("about", Pattern::new)?.map_or_else(any, Ok)?,
        object: table.parsed("object", Pattern::new)?.map_or_else(any, Ok)?,
        reason: table.required("reason")?.to_owned(),
        expires: expires(&table)?,
    };
    table.finish()?;
    Ok(waiver)
}

fn expires(table: &Reading<'_>) -> Result<Date, Wrong> {
    let date = match table.value("expires") {
        Some(Value::Datetime(value)) => value.date,
        Some(Value::String(text)) => text.parse::<toml::value::Datetime>().ok().and_then(|value| value.date),
        _ => None,
    };
    let date = date.ok_or_else(|| table.wrong("expires", "it must be a day: 2027-03-31"))?;
    Ok(Date { year: date.year, month: date.month, day: date.day })
}

#[cfg(test)]
mod tests;
