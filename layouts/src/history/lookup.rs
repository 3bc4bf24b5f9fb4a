//! Where a kernel has a type that a person names.

use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::btf::{Btf, Kind, TypeId};
use crate::kernel::{Absence, Found, Gap, Kernel, Modules, Need, Root};

/// A type as people name it: `struct vfio_group`, or `vfio_group` for whatever has that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Its name, without keyword.
    pub name: String,
    /// What it must be, `None` for anything.
    pub kind: Option<Kind>,
}

/// Text that names no type.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not the name of a type: write `NAME`, or `struct`, `union`, `enum` or `typedef` and a name"
)]
pub struct TypeNameError(String);

const KEYWORDS: [(&str, Kind); 4] =
    [("struct", Kind::Struct), ("union", Kind::Union), ("enum", Kind::Enum), ("typedef", Kind::Typedef)];

impl FromStr for TypeName {
    type Err = TypeNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let keyword =
            |word: &str| KEYWORDS.iter().find(|(keyword, _)| *keyword == word).map(|(_, kind)| *kind);
        match words.as_slice() {
            [] => Err(TypeNameError(text.to_owned())),
            [only] if keyword(only).is_some() => Err(TypeNameError(text.to_owned())),
            [first, name] if keyword(first).is_some() => {
                Ok(Self { name: (*name).to_owned(), kind: keyword(first) })
            }
            [first, _, ..] if keyword(first).is_some() => Err(TypeNameError(text.to_owned())),
            // Integers have names of several words.
            words => Ok(Self { name: words.join(" "), kind: None }),
        }
    }
}

impl std::fmt::Display for TypeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{} {}", kind.word(), self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl TypeName {
    /// Definitions first; a declaration counts where nothing is defined.
    fn kinds(&self) -> Vec<Kind> {
        match self.kind {
            Some(kind) => vec![kind],
            None => vec![Kind::Struct, Kind::Union, Kind::Enum, Kind::Typedef, Kind::Int, Kind::Float],
        }
    }
}

impl TypeName {
    /// What a store must be asked for, so that [`lookup`] finds the name.
    pub fn roots(&self) -> Vec<Root> {
        let kinds = self.kinds().into_iter().chain([Kind::Fwd]);
        kinds.map(|kind| Root { name: self.name.clone(), kind, need: Need::All, everywhere: false }).collect()
    }
}

/// One definition of a name in one kernel.
#[derive(Debug, Clone)]
pub struct Definition {
    /// `vmlinux` or the module that has it.
    pub unit: String,
    /// The unit's BTF.
    pub btf: Arc<Btf>,
    /// The type in it.
    pub id: TypeId,
}

/// What a kernel says of a name.
#[derive(Debug, Clone)]
pub enum Status {
    /// It has these definitions, in the order in which a loader sees them; at least one.
    Present(Vec<Definition>),
    /// It certainly has none.
    Absent(Absence),
    /// It cannot be said.
    Unknown(Gap),
}

impl Status {
    /// The definitions, none if there are none or none is known.
    pub fn definitions(&self) -> &[Definition] {
        match self {
            Self::Present(definitions) => definitions,
            Self::Absent(_) | Self::Unknown(_) => &[],
        }
    }

    /// Whether the kernel's vmlinux certainly lacks the name, whatever its modules have.
    pub fn is_not_in_vmlinux(&self) -> bool {
        match self {
            Self::Present(definitions) => definitions.iter().all(|definition| definition.unit != "vmlinux"),
            Self::Absent(_)
            | Self::Unknown(Gap::ModuleNotStored(_) | Gap::ModulesNotStored | Gap::ModulesBroken(_)) => true,
            Self::Unknown(Gap::TypeNotStored) => false,
        }
    }
}

/// Looks a name up in a kernel, all modules that it ships taken as loaded.
pub fn lookup(kernel: &Kernel, name: &TypeName) -> Status {
    let found = find(kernel, name, &name.kinds());
    if !matches!(found, Status::Absent(_)) || !matches!(name.kind, None | Some(Kind::Struct | Kind::Union)) {
        return found;
    }
    match find(kernel, name, &[Kind::Fwd]) {
        declared @ Status::Present(_) => declared,
        _ => found,
    }
}

fn find(kernel: &Kernel, name: &TypeName, kinds: &[Kind]) -> Status {
    // Roots are looked for by essential name; people mean the name itself.
    let essential = String::from_utf8_lossy(crate::btf::essential_name(name.name.as_bytes())).into_owned();
    let roots: Vec<(&str, Kind)> = kinds.iter().map(|&kind| (essential.as_str(), kind)).collect();
    let mut definitions = Vec::new();
    let mut reason = Status::Absent(Absence::NotInBtf);
    for found in kernel.find(&roots, &Modules::All) {
        match found {
            Found::In(candidates) => {
                definitions.extend(candidates.into_iter().flat_map(|unit| {
                    let own = |id: &TypeId| unit.btf.name(*id) == name.name;
                    let ids: Vec<TypeId> = unit.ids.iter().copied().filter(own).collect();
                    ids.into_iter().map(move |id| Definition {
                        unit: unit.unit.clone(),
                        btf: Arc::clone(&unit.btf),
                        id,
                    })
                }));
            }
            Found::Absent(absence) => reason = Status::Absent(absence),
            Found::Unknown(gap) => reason = Status::Unknown(gap),
        }
    }
    if definitions.is_empty() { reason } else { Status::Present(definitions) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn name(text: &str) -> TypeName {
        text.parse().expect("it names a type")
    }

    fn status(alias: &str, of: &str) -> Status {
        let store = Store::seed().expect("the data are well formed");
        let kernel = store.select(&[alias.to_owned()]).expect("the seed has it")[0];
        lookup(kernel, &name(of))
    }

    #[test]
    fn names_are_read_with_and_without_keyword() {
        assert_eq!(name("vfio_group"), TypeName { name: "vfio_group".to_owned(), kind: None });
        assert_eq!(name(" struct  x").kind, Some(Kind::Struct));
        assert_eq!(name("unsigned int").name, "unsigned int");
        assert_eq!(name("typedef x").to_string(), "typedef x");
        for wrong in ["", "struct", "enum a b"] {
            assert_eq!(wrong.parse::<TypeName>(), Err(TypeNameError(wrong.to_owned())));
        }
    }

    #[test]
    fn each_status_has_its_reason() {
        assert_eq!(status("5.4", "vfio_group").definitions().len(), 2);
        assert_eq!(status("5.15", "struct vfio_group").definitions().len(), 1);
        let absent = |alias| match status(alias, "vfio_group") {
            Status::Absent(absence) => absence,
            other => panic!("{other:?}"),
        };
        assert_eq!(absent("4.4"), Absence::ModuleWithoutBtf("vfio".to_owned()));
        assert_eq!(absent("riscv64"), Absence::NotConfigured("CONFIG_VFIO".to_owned()));
        let gap = |alias, of| match status(alias, of) {
            Status::Unknown(gap) => gap,
            other => panic!("{other:?}"),
        };
        assert_eq!(gap("6.8", "vfio_group"), Gap::ModuleNotStored("vfio".to_owned()));
        assert_eq!(gap("5.4", "list_head"), Gap::TypeNotStored);
        assert!(matches!(status("5.4", "union vfio_group"), Status::Absent(Absence::NotInBtf)));
        assert!(status("6.8", "vfio_group").is_not_in_vmlinux());
        assert!(!status("5.4", "list_head").is_not_in_vmlinux());
        assert!(!status("5.4", "vfio_group").is_not_in_vmlinux());
    }
}
