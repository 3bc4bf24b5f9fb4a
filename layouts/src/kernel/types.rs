//! Which types a kernel can be asked about.

use std::collections::BTreeSet;

use super::{Coverage, Kernel};
use crate::btf::Kind;

impl Kernel {
    /// The names that it can be asked about, sorted: of a partial kernel those that are listed, absent ones included;
    /// of a complete one every struct, union, enumeration and typedef of the stored units.
    pub fn type_names(&self) -> BTreeSet<String> {
        if let Coverage::Partial(listed) = &self.coverage {
            return listed.keys().cloned().collect();
        }
        let units = self.vmlinux.iter().chain(self.modules.values());
        let names = units.flat_map(|btf| {
            btf.own_ids().filter(|&id| is_definition(btf.kind(id))).map(|id| btf.name(id).to_owned())
        });
        names.filter(|name| !name.is_empty()).collect()
    }
}

fn is_definition(kind: Kind) -> bool {
    matches!(kind, Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Typedef)
}
