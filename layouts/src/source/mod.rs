//! Where kernels' types come from, one source a file.

pub mod table;
