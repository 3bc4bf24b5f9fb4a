//! What two kernels say of one name, definitions matched with definitions.

use std::collections::HashSet;

use super::diff::{TypeDiff, diff, members};
use super::lookup::{Definition, Status};

/// Above this many combinations, definitions are matched by their order alone.
const MAX_COMBINATIONS: usize = 10_000;

/// Two definitions of a name, compared.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The old kernel's.
    pub old: Definition,
    /// The new kernel's.
    pub new: Definition,
    /// How they differ.
    pub diff: TypeDiff,
}

/// The definitions of one name on two kernels. Both sides empty: neither has it.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Definitions that answer each other, in the old kernel's order. A name rarely has more than one.
    pub pairs: Vec<Pair>,
    /// Definitions of the old kernel that none of the new one answers.
    pub gone: Vec<Definition>,
    /// Definitions of the new kernel that answer none of the old one.
    pub come: Vec<Definition>,
}

impl Comparison {
    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.come.is_empty() && self.pairs.iter().all(|pair| pair.diff.is_empty())
    }
}

/// Compares the definitions of a name on two kernels.
pub fn compare(old: &Status, new: &Status) -> Comparison {
    let (old, new) = (old.definitions(), new.definitions());
    let partners = partners(old, new);
    let mut comparison = Comparison::default();
    for (definition, partner) in old.iter().zip(&partners) {
        match partner.and_then(|index| new.get(index)) {
            None => comparison.gone.push(definition.clone()),
            Some(partner) => comparison.pairs.push(Pair {
                old: definition.clone(),
                new: partner.clone(),
                diff: diff((&definition.btf, definition.id), (&partner.btf, partner.id)),
            }),
        }
    }
    let unmatched = (0..new.len()).filter(|index| !partners.contains(&Some(*index)));
    comparison.come = unmatched.filter_map(|index| new.get(index)).cloned().collect();
    comparison
}

/// For each old definition the new one of the same kind that shares most members with it; in doubt the first.
fn partners(old: &[Definition], new: &[Definition]) -> Vec<Option<usize>> {
    if old.len().saturating_mul(new.len()) > MAX_COMBINATIONS {
        return (0..old.len()).map(|index| (index < new.len()).then_some(index)).collect();
    }
    let new_names: Vec<HashSet<String>> = new.iter().map(member_names).collect();
    let mut taken = vec![false; new.len()];
    let mut partners = Vec::new();
    for definition in old {
        let names = member_names(definition);
        let free = (0..new.len()).filter(|&index| {
            let kind = new[index].btf.kind(new[index].id);
            !taken[index] && crate::kernel::is_compatible(kind, definition.btf.kind(definition.id))
        });
        // `max_by_key` takes the last of equals, hence the reversed order.
        let best = free.rev().max_by_key(|&index| names.intersection(&new_names[index]).count());
        if let Some(index) = best {
            taken[index] = true;
        }
        partners.push(best);
    }
    partners
}

fn member_names(definition: &Definition) -> HashSet<String> {
    let members = members((&definition.btf, definition.id), false);
    members.list.iter().map(|flat| flat.member.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::btf::Kind;
    use crate::history::testing::table;

    fn status(rows: &str) -> Status {
        let btf = Arc::new(table(rows));
        let ids = btf.find_exact("x", |kind| kind == Kind::Struct);
        let definition = |id| Definition { unit: "vmlinux".to_owned(), btf: Arc::clone(&btf), id };
        Status::Present(ids.into_iter().map(definition).collect())
    }

    const BIG: &str = "struct~x 8 a 0 0 int -\nstruct~x 8 b 32 0 int -\n";
    const SMALL: &str = "struct~x#2 4 c 0 0 int -\n";

    #[test]
    fn definitions_are_matched_by_their_members() {
        let swapped = format!("{}{}", SMALL.replace("x#2", "x"), BIG.replace("~x ", "~x#2 "));
        let comparison = compare(&status(&format!("{BIG}{SMALL}")), &status(&swapped));
        assert_eq!(comparison.pairs.len(), 2);
        assert!(comparison.is_empty(), "{comparison:?}");
    }

    #[test]
    fn definitions_without_an_answer_are_gone_or_come() {
        let (both, one) = (status(&format!("{BIG}{SMALL}")), status(BIG));
        let gone = compare(&both, &one);
        assert_eq!((gone.pairs.len(), gone.gone.len(), gone.come.len()), (1, 1, 0));
        assert!(gone.pairs[0].diff.is_empty() && !gone.is_empty());
        let come = compare(&one, &both);
        assert_eq!((come.pairs.len(), come.gone.len(), come.come.len()), (1, 0, 1));
        let neither = Status::Unknown(crate::kernel::Gap::TypeNotStored);
        assert_eq!(compare(&neither, &both).come.len(), 2);
    }
}
