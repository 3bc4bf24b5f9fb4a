//! Debian's kernels, from the file that `layouts/data/debian/build` makes of their packages.

/// The file, as it is in the repository: read where it stands in the program, without a copy.
pub(super) const STORE: &[u8] = include_bytes!("../../data/debian/debian.store");
