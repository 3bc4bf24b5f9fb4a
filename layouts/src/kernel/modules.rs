//! Which of a kernel's modules are taken as loaded.

use std::collections::BTreeSet;

/// Which modules are taken as loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Modules {
    /// Every module that the kernel ships.
    #[default]
    All,
    /// Every module that the kernel ships, but not these.
    Except(BTreeSet<String>),
    /// These.
    Only(BTreeSet<String>),
    /// None.
    None,
}

impl Modules {
    /// Whether this module is taken as loaded. The kernel writes `_` where files have `-`.
    pub fn has(&self, module: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => is_among(names, module),
            Self::Except(names) => !is_among(names, module),
        }
    }

    /// The same, but without this module.
    pub fn without(&self, module: &str) -> Self {
        match self {
            Self::All => Self::Except(BTreeSet::from([module.to_owned()])),
            Self::Except(names) => Self::Except(names.iter().cloned().chain([module.to_owned()]).collect()),
            Self::Only(names) => {
                Self::Only(names.iter().filter(|name| !is_same_module(name, module)).cloned().collect())
            }
            Self::None => Self::None,
        }
    }
}

/// Whether two names are of one module: `snd-pcm` and `snd_pcm` are.
pub fn is_same_module(one: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
    one.len() == other.len() && one.bytes().map(plain).eq(other.bytes().map(plain))
}

fn is_among(names: &BTreeSet<String>, module: &str) -> bool {
    names.contains(module) || names.iter().any(|name| is_same_module(name, module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_module_all_others_stay() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let all = Modules::All.without("snd_pcm");
        assert!(!all.has("snd-pcm") && all.has("vfio"));
        let fewer = all.without("vfio");
        assert!(!fewer.has("snd_pcm") && !fewer.has("vfio") && fewer.has("kvm"));
        let some = Modules::Only(names(&["snd-pcm", "vfio"])).without("snd_pcm");
        assert_eq!(some, Modules::Only(names(&["vfio"])));
        assert_eq!(Modules::None.without("vfio"), Modules::None);
    }
}
