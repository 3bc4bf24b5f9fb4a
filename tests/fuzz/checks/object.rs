//! BPF objects, alone and within executables.

use corecheck::access::accesses;
use corecheck::object::{Object, locate, read_bytes};
use corecheck_layouts::kernel::Kernel;

use super::{ground, kernel};

/// Input: a BPF object, or an executable that embeds some.
pub(crate) fn object(data: &[u8]) {
    for object in read_bytes("fuzz", data).unwrap_or_default() {
        check(&object, false);
    }
}

/// Input: which fixture (one byte), and the `.BTF.ext` that it gets.
pub(crate) fn btf_ext(data: &[u8]) {
    let Some((&which, ext)) = data.split_first() else { return };
    // Little-endian ones: 0, 1 and 3.
    let fixture = ground::OBJECTS[[0, 1, 3][usize::from(which) % 3]];
    let file = ground::with_section(fixture, ".BTF.ext", ext);
    for object in read_bytes("fuzz", &file).unwrap_or_default() {
        check(&object, true);
    }
}

/// Input: an executable. What is found in it lies in it, in order, and is read as it would be alone.
pub(crate) fn embedded(data: &[u8]) {
    let Ok(found) = locate("fuzz", data) else { return };
    let mut end = 0;
    for found in &found {
        assert!(
            end <= found.range.start && found.range.start < found.range.end && found.range.end <= data.len()
        );
        end = found.range.end;
    }
    let each = found.iter().map(|found| read_bytes("fuzz", &data[found.range.clone()]));
    let alone: Result<Vec<_>, _> = each.collect();
    let Ok(together) = read_bytes("fuzz", data) else { return };
    // A file that is an object itself is not searched.
    if together.first().is_some_and(|object| object.embedded_in.is_some()) {
        let alone = alone.expect("each is read when all are");
        assert_eq!(together.len(), alone.len());
        for (together, alone) in together.iter().zip(alone.iter().flatten()) {
            let shown = |object: &Object| format!("{:?} {:?}", object.programs, object.relos);
            assert_eq!(shown(together), shown(alone));
        }
    }
}

fn check(object: &Object, by_clang: bool) {
    let accesses = accesses(object);
    assert_eq!(accesses.len(), object.relos.len() * usize::from(object.btf.is_some()));
    kernel::own(object, &accesses, by_clang);
    let kernels: Vec<&Kernel> = ground::store().kernels().iter().collect();
    kernel::against(object, &accesses, &kernels);
}
