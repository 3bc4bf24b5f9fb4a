//! Which kernels a pattern names.

use std::collections::BTreeSet;

use globset::GlobBuilder;
use thiserror::Error;

use super::Store;
use crate::kernel::Kernel;

/// How many near names an error offers.
const NEAREST: usize = 3;

/// A pattern that names no kernel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// It is not a glob.
    #[error("{pattern:?} is not a pattern: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// No kernel has such a name.
    #[error("no stored kernel is called {pattern:?}; {}", offer(nearest))]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// The names and aliases nearest to it, the nearest first.
        nearest: Vec<String>,
    },
}

fn offer(nearest: &[String]) -> String {
    if nearest.is_empty() { "the store is empty".to_owned() } else { format!("near: {}", nearest.join(", ")) }
}

impl Store {
    /// The kernels that the patterns name, each once, in the store's order; without a pattern all of them.
    ///
    /// A pattern is an alias, exactly, or a glob that fits the whole of a full name `distro/release/arch`. There `*`
    /// stands for any text, `/` included, so that `ubuntu/5.4*` names every architecture and `*-azure*` every azure;
    /// `?`, `[…]` and `{a,b}` work as in a shell.
    ///
    /// # Errors
    /// [`QueryError`] for the first pattern that names no kernel.
    pub fn select(&self, patterns: &[String]) -> Result<Vec<&Kernel>, QueryError> {
        if patterns.is_empty() {
            return Ok(self.kernels.iter().collect());
        }
        let mut chosen = BTreeSet::new();
        for pattern in patterns {
            let found = self.matching(pattern)?;
            if found.is_empty() {
                return Err(QueryError::NoMatch { pattern: pattern.clone(), nearest: self.nearest(pattern) });
            }
            chosen.extend(found);
        }
        Ok(chosen.into_iter().filter_map(|index| self.kernels.get(index)).collect())
    }

    /// The names of types that some kernel can be asked about, sorted: those that partial kernels list, and all of
    /// complete ones.
    pub fn type_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for kernel in &self.kernels {
            names.extend(kernel.type_names());
        }
        names
    }

    fn matching(&self, pattern: &str) -> Result<Vec<usize>, QueryError> {
        let which = |test: &dyn Fn(&Kernel) -> bool| -> Vec<usize> {
            let kernels = self.kernels.iter().enumerate();
            kernels.filter(|(_, kernel)| test(kernel)).map(|(index, _)| index).collect()
        };
        let by_alias = which(&|kernel| kernel.aliases.iter().any(|alias| alias == pattern));
        if !by_alias.is_empty() {
            return Ok(by_alias);
        }
        let glob = GlobBuilder::new(pattern).literal_separator(false).build();
        let glob = glob.map_err(|err| QueryError::BadPattern {
            pattern: pattern.to_owned(),
            why: err.kind().to_string(),
        })?;
        let glob = glob.compile_matcher();
        Ok(which(&|kernel| glob.is_match(kernel.name.to_string())))
    }

    /// Aliases and full names most like the pattern. A release alone is compared too, and answered by the full name.
    fn nearest(&self, pattern: &str) -> Vec<String> {
        let mut names: Vec<(f64, String)> = Vec::new();
        for kernel in &self.kernels {
            let full = kernel.name.to_string();
            let likeness = |name: &str| strsim::jaro_winkler(pattern, name);
            names.push((likeness(&full).max(likeness(&kernel.name.release)), full));
            names.extend(kernel.aliases.iter().map(|alias| (likeness(alias), alias.clone())));
        }
        // Equally near ones stay in the store's order.
        names.sort_by(|a, b| b.0.total_cmp(&a.0));
        names.into_iter().take(NEAREST).map(|(_, name)| name).collect()
    }
}

/// The names most like `wanted`, the nearest first; equally near ones stay in their order.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<(f64, &str)> = names.map(|name| (strsim::jaro_winkler(wanted, name), name)).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    names.into_iter().take(NEAREST).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(patterns: &[&str]) -> Result<Vec<String>, QueryError> {
        let store = Store::seed().expect("the data are well formed");
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Ok(store.select(&patterns)?.into_iter().map(|kernel| kernel.aliases[0].clone()).collect())
    }

    #[test]
    fn aliases_are_exact() {
        assert_eq!(select(&["5.1"]).map_err(|err| matches!(err, QueryError::NoMatch { .. })), Err(true));
        assert_eq!(select(&["5.15"]), Ok(vec!["5.15".to_owned()]));
        assert_eq!(select(&["amd64"]), Ok(vec!["5.4".to_owned()]));
    }

    #[test]
    fn types_that_can_be_asked_about_have_names() {
        let store = Store::seed().expect("the data are well formed");
        assert_eq!(store.type_names(), BTreeSet::from(["vfio_group".to_owned()]));
        let mut complete = store.kernels()[8].clone();
        complete.coverage = crate::kernel::Coverage::Complete;
        let names = Store::of(vec![complete]).type_names();
        assert!(["vfio_group", "atomic_t", "list_head"].iter().all(|name| names.contains(*name)));
        // Not a type of its own: nothing, an integer, a declaration.
        assert!(["", "int", "kvm"].iter().all(|name| !names.contains(*name)));
    }

    #[test]
    fn globs_fit_whole_names_across_slashes() {
        let all_5_4 = ["5.4", "arm64", "armhf", "ppc64el", "riscv64", "aws", "azure", "gcp", "lowlatency"];
        assert_eq!(select(&["ubuntu/5.4*"]), Ok(all_5_4.map(str::to_owned).to_vec()));
        assert_eq!(select(&["*/arm{64,hf}"]), Ok(vec!["arm64".to_owned(), "armhf".to_owned()]));
        assert_eq!(select(&["ubuntu/6.?.0*"]), Ok(["6.2", "6.5", "6.8"].map(str::to_owned).to_vec()));
        assert_eq!(select(&["*"]).map(|all| all.len()), Ok(25));
        assert_eq!(select(&[]).map(|all| all.len()), Ok(25));
        // Not the whole name.
        assert!(select(&["5.4.0-26-generic"]).is_err());
        assert!(select(&["debian/*"]).is_err());
    }

    #[test]
    fn the_answer_is_in_the_stores_order_without_repetition() {
        assert_eq!(select(&["6.8", "ubuntu/6.8*", "4.4"]), Ok(vec!["4.4".to_owned(), "6.8".to_owned()]));
    }

    #[test]
    fn errors_name_what_is_near() {
        let near = |pattern: &str| match select(&[pattern]) {
            Err(QueryError::NoMatch { nearest, .. }) => nearest,
            other => panic!("{pattern}: {other:?}"),
        };
        assert!(near("5.51").contains(&"5.15".to_owned()), "{:?}", near("5.51"));
        assert_eq!(near("lowlatncy")[0], "lowlatency");
        assert_eq!(near("5.15.0-25-generic")[0], "ubuntu/5.15.0-25-generic/amd64");
        assert_eq!(near("ubuntu/5.4.0-26-generic/arm46")[0], "ubuntu/5.4.0-26-generic/arm64");
        let bad = select(&["ubuntu/[5"]).expect_err("the bracket is open").to_string();
        assert_eq!(bad, "\"ubuntu/[5\" is not a pattern: unclosed character class; missing ']'");
        let empty = Store::of(Vec::new()).select(&["x".to_owned()]).expect_err("nothing is stored");
        assert_eq!(empty.to_string(), "no stored kernel is called \"x\"; the store is empty");
    }
}
