//! What loaders and verifiers say: anything at all.

use std::sync::OnceLock;

use corecheck::log::explain;
use corecheck::object::{Object, read_bytes};

use super::ground;

/// Input: which object (one byte), and a log.
pub(crate) fn log(data: &[u8]) {
    static OBJECTS: OnceLock<Vec<Object>> = OnceLock::new();
    let objects = OBJECTS.get_or_init(|| {
        ground::OBJECTS
            .iter()
            .map(|bytes| read_bytes("fixture", bytes).expect("it is sound").remove(0))
            .collect()
    });
    let Some((&which, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let object = &objects[usize::from(which) % objects.len()];
    let lines = text.lines().count();
    for cause in explain(object, &text).causes {
        assert!((1..=lines).contains(&cause.line));
        assert!(corecheck::rules::find(cause.rule).is_some(), "{}", cause.rule);
        assert!(cause.access.is_none_or(|access| access.id < object.relos.len()));
    }
}
