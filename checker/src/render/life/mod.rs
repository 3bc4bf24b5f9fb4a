//! The picture of a struct's life: a column for each layout that it had, its fields to scale, and where they went.
//!
//! A row of a column is 8 bytes. What kernels say becomes columns (`lanes`), a layout becomes fields and gaps (`slots`), fields of which there
//! is nothing to tell are drawn together (`fold`), and so everything has its place (`place`; within it `scale`, `cell`, `bands`): all of it plain values (`picture`). Only `svg` writes.

mod bands;
mod cell;
mod fold;
mod lanes;
mod picture;
mod place;
mod scale;
mod slots;
pub mod svg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use corecheck_layouts::history::TypeName;
use corecheck_layouts::kernel::Kernel;
use thiserror::Error;

pub use picture::{Band, Cell, Column, Label, Lane, Picture, Text};

/// Which members of the type a program reads: the member's name, and what is said of each access.
pub type Marks = BTreeMap<String, Vec<String>>;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoPicture {
    /// No kernel at hand has it.
    #[error("{0} is on none of these kernels, so there is nothing to draw")]
    Nowhere(String),
    /// It is no struct or union.
    #[error(
        "{0} has no members: only structs and unions have a picture; `layouts history` prints the others"
    )]
    NoMembers(String),
    /// More members than a picture can show.
    #[error("{0} has more than {MAX_SLOTS} members on some kernel, which no picture can show")]
    TooLarge(String),
}

/// Columns with more fields than this are not drawn.
const MAX_SLOTS: usize = 4_000;

/// Draws the life of a type over kernels, with no more fields than `most` in all; what is left out the picture says.
///
/// # Errors
/// [`NoPicture`].
pub fn picture(
    name: &TypeName,
    kernels: &[&Kernel],
    marks: &Marks,
    most: usize,
) -> Result<Picture, NoPicture> {
    let drawn = lanes::lanes(name, kernels)?;
    Ok(place::place(&name.to_string(), &drawn, marks, most))
}
