//! Why there is no answer.

use std::path::PathBuf;

use corecheck_layouts::source::SourceError;
use corecheck_layouts::source::gather::GatherError;
use corecheck_layouts::store::file::StoreError;
use corecheck_layouts::store::{EmbeddedError, GivenError, QueryError};
use thiserror::Error;

use crate::load::ConstantError;
use crate::object::ObjectError;
use crate::policy::{BaselineError, PolicyError};

/// A question that has no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GateError {
    /// No object is asked about.
    #[error("no object is asked about")]
    NoObject,
    /// A file holds no BPF object, or a broken one.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The policy ignores or merely wants every kernel that is asked about.
    #[error("no kernel that is asked about is required")]
    NothingRequired,
    /// The policy requires kernels that nobody has.
    #[error("{policy}: required kernels with {kernels}: none is stored; corecheck layouts add stores some")]
    NotStored {
        /// The policy's file.
        policy: String,
        /// Which kernels.
        kernels: String,
    },
    /// The policy has a program chosen twice, or chosen and left out.
    #[error("alternatives: {program} is in two groups, or not loaded in any case")]
    Contradiction {
        /// Its name.
        program: String,
    },
    /// A pattern names no kernel.
    #[error(transparent)]
    Kernel(#[from] QueryError),
    /// A source gives no kernel.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// One of several sources gives none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A kernel's types are broken.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// A store cannot be read.
    #[error("the store of kernels: {0}")]
    Store(#[from] StoreError),
    /// What corecheck carries is damaged.
    #[error("the layouts inside corecheck are damaged: {0}")]
    Embedded(#[from] EmbeddedError),
    /// A constant of the policy does not fit.
    #[error(transparent)]
    Constant(#[from] ConstantError),
    /// The policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The policy's baseline is wrong.
    #[error("{}: {error}", file.display())]
    Baseline {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        error: BaselineError,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}
