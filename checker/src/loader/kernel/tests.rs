//! What a kernel's version says of how it relocates.

use corecheck_layouts::btf::{Builder, TypeId};

use super::*;
use crate::access::RelocationKind::{TypeExists, TypeMatches};
use crate::loader::Loader;
use crate::loader::tests::world::{Ask, World};
use crate::testing::{member, record};

fn nested(types: &mut Builder, levels: u32) -> TypeId {
    let mut of = types.int("int", 4, 1);
    for level in 0..levels {
        let name = if level + 1 == levels { "s".to_owned() } else { format!("s{level}") };
        of = types.add(record(&name, 4, vec![member("a", of, 0)]));
    }
    of
}

#[test]
fn light_skeletons_since_5_17_and_by_the_kernels_own_btf() {
    let mut world =
        World::new(|types| vec![Ask::whole(TypeExists, nested(types, 1))], |types| nested(types, 1));
    for (version, expected) in [("5.16.20", "ERR"), ("5.17", "1"), ("6.18.15-1", "1"), ("", "1")] {
        world.kernel.facts.version = version.to_owned();
        world.kernel.name.release = "custom".to_owned();
        assert_eq!(world.ask(Loader::Kernel), expected, "{version}");
    }
    world.kernel.facts.btf = ShippedBtf::None;
    assert_eq!(world.ask(Loader::Kernel), "ERR");
}

#[test]
fn whole_types_are_compared_two_levels_deep() {
    for (levels, kernel) in [(1, "1"), (2, "ERR"), (3, "ERR")] {
        let world = World::new(
            |types| vec![Ask::whole(TypeMatches, nested(types, levels))],
            |types| nested(types, levels),
        );
        assert_eq!([world.ask(Loader::LIBBPF), world.ask(Loader::Kernel)], ["1", kernel], "{levels}");
    }
}

#[test]
fn versions_are_told_by_what_is_known() {
    assert_eq!(parse("6.1.192-2"), Some((6, 1)));
    assert_eq!(parse("5.15"), Some((5, 15)));
    assert_eq!((parse(""), parse("6"), parse("rolling-7.1")), (None, None, None));
    let rules = |version| rules(Some(version));
    assert!(!rules((6, 14)).element_width && rules((6, 15)).element_width);
    assert!(!rules((5, 19)).knows_type_matches && rules((6, 0)).knows_type_matches);
}
