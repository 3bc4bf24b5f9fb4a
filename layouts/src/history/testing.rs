//! What tests of this stage share.

use crate::btf::{Btf, Endian, TypeId};
use crate::source::table::{Machine, parse};

/// BTF of a layout table: cells parted by spaces, `~` for a space in a cell. `int` is there, as type 1.
pub(super) fn table(rows: &str) -> Btf {
    let rows = format!("int~int 4 - - 32 SIGNED -\n{rows}").replace(' ', "\t").replace('~', " ");
    let text = format!("#corecheck.layout-table\t1\n{rows}");
    parse("t", &text, Machine { endian: Endian::Little, pointer_size: 8 }).expect("the table is well formed")
}

/// The first definition of a table.
pub(super) const FIRST: TypeId = TypeId(2);
