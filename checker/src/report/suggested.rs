//! What helps, as the report shows it.

use super::model::{GuardEntry, HistoryEntry, LayoutEntry, RenamedEntry, SuggestedEntry};
use crate::help::{Guard, Help, Renamed, Span};
use crate::resolve::Place;

/// The entry of a finding, `None` where nothing is known that helps; `needs_guard` unless the program has one.
pub(super) fn suggested(help: &Help, needs_guard: bool) -> Option<SuggestedEntry> {
    let renamed = help.renamed.as_ref().map(renamed);
    let guard = help.guard.as_ref().filter(|_| needs_guard || renamed.is_some()).map(guard);
    let history: Vec<HistoryEntry> = help.history.iter().map(history).collect();
    let is_empty = history.is_empty() && renamed.is_none() && guard.is_none();
    (!is_empty).then_some(SuggestedEntry { history, renamed, guard })
}

fn history(span: &Span) -> HistoryEntry {
    HistoryEntry {
        distro: span.distro.clone(),
        arch: span.arch.clone(),
        flavour: span.flavour.clone(),
        last_with: span.last_with.clone(),
        first_without: span.first_without.clone(),
        last_without: span.last_without.clone(),
        first_with: span.first_with.clone(),
        text: text(span),
    }
}

/// `last in debian/6.4.0-4-amd64/amd64, missing since debian/6.5.0-1-amd64/amd64`.
fn text(span: &Span) -> String {
    let part = |words: &str, name: &Option<String>| name.as_ref().map(|name| format!("{words} {name}"));
    let parts = [
        part("last in", &span.last_with),
        part("missing since", &span.first_without),
        // Where it went and came back, the first that has it again tells enough.
        part("missing up to", &span.last_without.clone().filter(|_| span.last_with.is_none())),
        part(if span.last_with.is_some() { "again in" } else { "first in" }, &span.first_with),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn renamed(renamed: &Renamed) -> RenamedEntry {
    let before = renamed.before.as_ref().map(|(kernel, place)| layout(kernel, place));
    let known = match &before {
        Some(before) => format!("in {} it was {}", before.kernel, before.target),
        None => "the object's own type has none of that name".to_owned(),
    };
    let text = format!(
        "it seems to be called `{}` in {}: {}; {known}",
        renamed.member, renamed.kernel, renamed.place.spec
    );
    RenamedEntry {
        member: renamed.member.clone(),
        path: renamed.path.clone(),
        there: layout(&renamed.kernel, &renamed.place),
        before,
        text,
    }
}

fn layout(kernel: &str, place: &Place) -> LayoutEntry {
    LayoutEntry { kernel: kernel.to_owned(), unit: place.unit.clone(), target: place.spec.clone() }
}

fn guard(guard: &Guard) -> GuardEntry {
    GuardEntry {
        code: guard.code.clone(),
        gives_0_on: guard.gives_0_on.clone(),
        gives_1_on: guard.gives_1_on.clone(),
    }
}
