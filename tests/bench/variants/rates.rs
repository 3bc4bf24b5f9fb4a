//! How patch releases differ from those before them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::store::content::Definitions;

use crate::table::Row;

/// Differences in one kind of definition.
#[derive(Debug, Clone, Copy, Default)]
pub struct Differences {
    /// Definitions of the older kernel.
    pub all: usize,
    /// How many are others in the newer one.
    pub changed: usize,
    /// How many the newer one has besides.
    pub added: usize,
    /// How many it has no longer.
    pub removed: usize,
}

/// The differences between two kernels, or the sum of several.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// Which kernels.
    pub of: String,
    /// In types.
    pub types: Differences,
    /// In functions, variables and the like.
    pub functions: Differences,
}

impl Differences {
    /// The share of the older kernel's definitions that `count` is.
    pub fn share(&self, count: usize) -> f64 {
        count as f64 / self.all.max(1) as f64
    }

    fn add(&mut self, other: &Self) {
        self.all += other.all;
        self.changed += other.changed;
        self.added += other.added;
        self.removed += other.removed;
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count| self.share(count) * 100.0;
        write!(
            f,
            "{:.3} % changed, {:.3} % added, {:.3} % removed",
            of(self.changed),
            of(self.added),
            of(self.removed)
        )
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: types {}; functions {}", self.of, self.types, self.functions)
    }
}

/// The differences between each patch release and the one before it.
pub fn of_pairs(rows: &[Row]) -> Result<Vec<Rates>> {
    let mut series: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        series.entry(row.series()).or_default().push(row);
    }
    let mut all = Vec::new();
    for mut rows in series.into_values() {
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        for pair in rows.windows(2).filter(|pair| pair[0].version != pair[1].version) {
            let of = format!("{} to {}", pair[0].release, pair[1].release);
            all.push(between(of, &open(pair[0])?, &open(pair[1])?)?);
        }
    }
    Ok(all)
}

/// All of them together.
pub fn mean(pairs: &[Rates]) -> Result<Rates> {
    ensure!(!pairs.is_empty(), "there are no two patch releases of one minor version");
    let mut sum = Rates { of: format!("mean of {} patch releases", pairs.len()), ..Rates::default() };
    for pair in pairs {
        sum.types.add(&pair.types);
        sum.functions.add(&pair.functions);
    }
    Ok(sum)
}

/// The BTF of a real kernel.
pub fn open(row: &Row) -> Result<Btf> {
    let bytes = fs::read(&row.btf).with_context(|| row.btf.display().to_string())?;
    Btf::parse(bytes).with_context(|| row.btf.display().to_string())
}

/// The differences between two kernels.
fn between(of: String, old: &Btf, new: &Btf) -> Result<Rates> {
    let mut rates = Rates { of, ..Rates::default() };
    let (old, new) = (by_key(old)?, by_key(new)?);
    let add = |is_type: bool, rates: &mut Rates, difference: Differences| {
        if is_type { rates.types.add(&difference) } else { rates.functions.add(&difference) }
    };
    for (key, contents) in &old {
        // Definitions of one name have no order that means anything: what one has and the other has not is counted.
        let mut come: Vec<&Vec<u8>> = new.get(key).into_iter().flatten().collect();
        let mut gone = 0;
        for content in contents {
            match come.iter().position(|new| *new == content) {
                Some(at) => drop(come.swap_remove(at)),
                None => gone += 1,
            }
        }
        let changed = gone.min(come.len());
        let difference = Differences {
            all: contents.len(),
            changed,
            added: come.len() - changed,
            removed: gone - changed,
        };
        add(key.0, &mut rates, difference);
    }
    for (key, contents) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        add(key.0, &mut rates, Differences { added: contents.len(), ..Differences::default() });
    }
    Ok(rates)
}

type ByKey = BTreeMap<(bool, u8, Vec<u8>), Vec<Vec<u8>>>;

fn by_key(btf: &Btf) -> Result<ByKey> {
    let definitions = Definitions::of(btf)?;
    let mut all = ByKey::new();
    for definition in definitions.iter() {
        let key = definition.key;
        let contents = all.entry((key.class.is_type(), key.class as u8, key.name.to_vec())).or_default();
        contents.push(definitions.content(definition).to_vec());
    }
    Ok(all)
}
