//! What loaders and verifiers say when something is refused, read back: to the access, the program or whatever else of the object
//! it is about. One file per speaker. Pure: text in, causes out.

mod aya;
mod cilium;
mod libbpf;
mod model;
mod place;
mod remedy;
mod verifier;

pub use model::{Cause, LogEntry, SCHEMA, Told};
pub use remedy::suggest;

use crate::access::accesses;
use crate::attach::requirements;
use crate::loader::Version;
use crate::object::Object;
use crate::report::model::{ObjectEntry, Tool};
use crate::report::object_entry;

/// What of a log is still known some lines later.
#[derive(Debug, Default)]
struct Context {
    /// The program that is being loaded.
    program: Option<String>,
    /// The instruction that the verifier named last, counted from the start of what was loaded.
    insn: Option<u32>,
}

/// A log is read up to so many lines; verifiers say a million at most of one program.
const MOST_LINES: usize = 2_000_000;
/// So many causes are told of one log.
const MOST_CAUSES: usize = 1_000;

/// What a log says went wrong with an object: each cause once, in the order of the log.
pub fn explain(object: &Object, log: &str) -> LogEntry {
    let accesses = accesses(object);
    let needs = requirements(object, Version::NEWEST);
    let entry: ObjectEntry = object_entry(object, &accesses, (&needs, &[]));
    let world = place::World { object, accesses: &accesses, needs: &needs, entry: &entry };
    let mut context = Context::default();
    let mut causes: Vec<Cause> = Vec::new();
    for (number, line) in log.lines().enumerate().take(MOST_LINES) {
        let line = line.trim_end();
        let told = libbpf::read(line, &mut context)
            .map(|told| ("libbpf", told))
            .or_else(|| cilium::read(line, &mut context).map(|told| ("cilium", told)))
            .or_else(|| aya::read(line, &mut context).map(|told| ("aya", told)))
            .or_else(|| verifier::read(line, &mut context).map(|told| ("verifier", told)));
        let Some((speaker, told)) = told else { continue };
        for cause in place::causes(&world, &told, &context) {
            let cause = Cause { line: number + 1, text: line.trim().to_owned(), speaker, ..cause };
            let is_known = |known: &Cause| {
                known.rule == cause.rule && known.about() == cause.about() && known.program == cause.program
            };
            if causes.len() < MOST_CAUSES && !causes.iter().any(is_known) {
                causes.push(cause);
            }
        }
    }
    LogEntry {
        schema: SCHEMA,
        tool: Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") },
        object: object.path.clone(),
        causes,
    }
}

/// What stands between two texts, the first of each.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests;
