//! `layouts health`: what is odd about a stored kernel.

use std::path::Path;

use corecheck_layouts::btf::{Btf, Builder, Endian, TypeId, TypeSpec};
