//! Which module of a kernel another is most like: modules repeat the same core types over and over.

use std::collections::HashMap;

use super::UnitNumber;

/// One definition in so many is compared.
const ONE_IN: u32 = 8;
/// With fewer definitions, all are compared.
const FEW: usize = 64;
/// Of the modules that have a definition, so many are remembered: the last.
const HOLDERS: usize = 12;
/// So many units at most stand one on the other: whoever reads a unit asks them all.
const DEPTH: u32 = 12;

/// The modules that came before.
#[derive(Debug, Default)]
pub(super) struct Similar {
    holders: HashMap<u32, Vec<UnitNumber>>,
    depth: HashMap<UnitNumber, u32>,
}

impl Similar {
    /// The module that has the most of these definitions, if any has half of them.
    pub(super) fn nearest(&self, definitions: &[u32]) -> Option<UnitNumber> {
        let mut votes: HashMap<UnitNumber, usize> = HashMap::new();
        let mut asked = 0;
        for definition in sample(definitions) {
            asked += 1;
            for &holder in self.holders.get(&definition).into_iter().flatten() {
                *votes.entry(holder).or_default() += 1;
            }
        }
        let (unit, votes) = votes.into_iter().max_by_key(|&(unit, votes)| (votes, unit))?;
        (votes * 2 > asked).then_some(unit)
    }

    /// Remembers a module and what it is compared with.
    pub(super) fn add(&mut self, unit: UnitNumber, parent: Option<UnitNumber>, definitions: &[u32]) {
        let depth = parent.and_then(|parent| self.depth.get(&parent)).map_or(0, |depth| depth + 1);
        if depth >= DEPTH {
            return;
        }
        self.depth.insert(unit, depth);
        for definition in sample(definitions) {
            let holders = self.holders.entry(definition).or_default();
            if holders.len() == HOLDERS {
                holders.remove(0);
            }
            holders.push(unit);
        }
    }
}

fn sample(definitions: &[u32]) -> impl Iterator<Item = u32> {
    let all = definitions.len() < FEW;
    // Numbers are handed out in the order of names; multiplying scatters them.
    definitions
        .iter()
        .copied()
        .filter(move |number| all || number.wrapping_mul(0x9e37_79b1).is_multiple_of(ONE_IN))
}
