//! An enumeration whose numbers mean something else.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::btf::essential_name;
use corecheck_layouts::btf::types::Enumeration;

use super::{ChangeCode, Comparison};
use crate::resolve::MatchError;

/// Enumerators that are named; more are counted.
const SHOWN: usize = 3;

impl Comparison<'_> {
    /// Compares the numbers of two enumerations that the field is one of.
    ///
    /// A number keeps its meaning while one of its enumerators keeps it. Enumerators that moved to other numbers are reported,
    /// but for one that is the last of both and called as one that counts the others. One that is gone was perhaps renamed: nothing is said.
    pub(super) fn enumerators(
        &mut self,
        local: &Enumeration<'_>,
        target: &Enumeration<'_>,
    ) -> Result<(), MatchError> {
        let is_32 = local.size.min(target.size) <= 4;
        let from = self.by_name(local, is_32)?;
        let to = self.by_name(target, is_32)?;
        let highest = |values: &BTreeMap<&[u8], u64>| values.values().copied().max();
        let (last, target_last) = (highest(&from), highest(&to));
        let kept: BTreeSet<u64> = from
            .iter()
            .filter(|&(name, value)| to.get(name) == Some(value))
            .map(|(_, &value)| value)
            .collect();
        let mut moved: Vec<(u64, &[u8], u64)> = Vec::new();
        for (&name, &value) in &from {
            let Some(&now) = to.get(name) else { continue };
            let is_count = Some(value) == last && Some(now) == target_last && counts(name);
            if now != value && !kept.contains(&value) && !is_count {
                moved.push((value, name, now));
            }
        }
        if moved.is_empty() {
            return Ok(());
        }
        moved.sort_unstable();
        let list = |is_target: bool| {
            let mut parts: Vec<String> = moved
                .iter()
                .take(SHOWN)
                .map(|&(was, name, now)| {
                    let name = String::from_utf8_lossy(name);
                    let number = if is_target { now } else { was };
                    if is_32 {
                        format!("{name} = {}", number as u32 as i32)
                    } else {
                        format!("{name} = {}", number as i64)
                    }
                })
                .collect();
            if moved.len() > SHOWN {
                parts.push(format!("and {} more", moved.len() - SHOWN));
            }
            parts.join(", ")
        };
        let (was, is) = (list(false), list(true));
        self.add(ChangeCode::Enumerators, was, is)
    }

    /// The enumerators by their essential names; numbers of 32 bits where one of the two has no more.
    fn by_name<'b>(
        &mut self,
        of: &Enumeration<'b>,
        is_32: bool,
    ) -> Result<BTreeMap<&'b [u8], u64>, MatchError> {
        let mut found = BTreeMap::new();
        for value in of.values() {
            self.budget.spend_on(value.name_bytes())?;
            let number = if is_32 { value.value & u64::from(u32::MAX) } else { value.value };
            found.entry(essential_name(value.name_bytes())).or_insert(number);
        }
        Ok(found)
    }
}

/// Words in the names of enumerators that are no value but count the others.
const COUNTS: [&[u8]; 11] =
    [b"MAX", b"NR", b"NUM", b"LAST", b"COUNT", b"CNT", b"END", b"TYPES", b"TOTAL", b"LIMIT", b"SIZE"];

/// Whether a name is that of a count: `NR_CPUS_TYPES`, `__BPF_REG_TYPE_MAX`.
fn counts(name: &[u8]) -> bool {
    name.starts_with(b"__")
        || name
            .split(|&byte| byte == b'_')
            .any(|word| COUNTS.iter().any(|count| word.eq_ignore_ascii_case(count)))
}
