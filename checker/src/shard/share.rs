//! Which objects a part has.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// More parts are a mistake.
const MOST: usize = 10_000;

/// One of several parts: `3/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Which part, from 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// How many parts there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// The positions of the objects that this part has, ascending. `work` says how much each object is to do: one after the other,
    /// the largest first, goes to the part that has least so far.
    pub fn positions(self, work: &[usize]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..work.len()).collect();
        order.sort_by_key(|&at| Reverse(work[at]));
        let mut loads = vec![0_usize; self.of];
        let mut own = Vec::new();
        for at in order {
            let least = (0..self.of).min_by_key(|&part| loads[part]).unwrap_or(0);
            // An object without accesses is read and judged, too.
            loads[least] = loads[least].saturating_add(work[at].saturating_add(1));
            if least + 1 == self.number {
                own.push(at);
            }
        }
        own.sort_unstable();
        own
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(one, all)| Some((one.parse().ok()?, all.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) && of <= MOST => Ok(Self { number, of }),
            _ => Err(format!("give a part and how many there are, such as 3/8; {MOST} at most")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_them() {
        assert_eq!("3/8".parse(), Ok(Shard { number: 3, of: 8 }));
        for other in ["", "3", "0/8", "9/8", "3/8/1", "-1/8", "a/b", "1/10001", "1/0"] {
            let why = other.parse::<Shard>().expect_err(other);
            assert!(why.contains("3/8"), "{why}");
        }
    }

    #[test]
    fn every_object_is_in_one_part() {
        let work = [5, 0, 700, 3, 3, 90, 0, 1];
        for of in 1..12 {
            let mut all: Vec<usize> =
                (1..=of).flat_map(|number| Shard { number, of }.positions(&work)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..work.len()).collect::<Vec<_>>(), "{of}");
        }
    }

    #[test]
    fn the_work_is_shared_out_and_not_the_objects() {
        let large = |number| Shard { number, of: 2 }.positions(&[100, 50, 50, 1]);
        assert_eq!((large(1), large(2)), (vec![0, 3], vec![1, 2]));
    }
}
