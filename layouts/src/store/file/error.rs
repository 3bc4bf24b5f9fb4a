//! What keeps the store from its work.

use std::path::PathBuf;

use thiserror::Error;

use super::super::bytes::Damage;
use super::super::content::EncodeError;
use crate::btf::BtfError;

/// The store could not do its work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be read or written, or is no file of SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A file of the embedded store, but not ours, or of another version.
    #[error(
        "{what}; this version reads {expected:?}. Layouts can be added again to a new file: corecheck layouts add"
    )]
    Format {
        /// What was found.
        what: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A journal beside the file is not of a store: it names a file that would be deleted.
    #[error("{}: this journal is not of a store: it names another file. Move it away; the store beside it is as it is", path.display())]
    ForeignJournal {
        /// The journal.
        path: PathBuf,
    },
    /// What is in the file is not what was written.
    #[error("{place}: {damage}")]
    Damaged {
        /// Which part of the store.
        place: String,
        /// What is wrong.
        #[source]
        damage: Damage,
    },
    /// The pages of the file do not hang together as SQLite's do.
    #[error("its pages are damaged: {says}")]
    Pages {
        /// What SQLite says of it.
        says: String,
    },
    /// A unit that cannot be stored.
    #[error("the BTF of {unit} cannot be stored: {error}")]
    Unit {
        /// `vmlinux` or the module.
        unit: String,
        /// Why.
        #[source]
        error: EncodeError,
    },
    /// What is stored does not make BTF.
    #[error("the BTF of {unit} cannot be written: {error}")]
    Btf {
        /// `vmlinux` or the module.
        unit: String,
        /// Why.
        #[source]
        error: BtfError,
    },
    /// The file cannot be made where it should be.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

impl StoreError {
    pub(super) fn foreign() -> Self {
        Self::Format { what: "it is not a store of corecheck".to_owned(), expected: super::FORMAT }
    }

    pub(super) fn damaged(place: impl Into<String>) -> impl FnOnce(Damage) -> Self {
        let place = place.into();
        move |damage| Self::Damaged { place, damage }
    }
}
