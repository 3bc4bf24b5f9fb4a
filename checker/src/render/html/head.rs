//! The page's first sentence.

use crate::render::text::count;
use crate::report::Report;
use crate::report::model::ResultEntry;

/// The verdict in one sentence, by the first loader: `vfio_naive.bpf.o loads on 9 of 54 kernels, fails on 39, and cannot be told on 6`.
pub fn sentence(report: &Report) -> String {
    let first = report.loaders.first().map_or("", |loader| loader.name.as_str());
    let results: Vec<&ResultEntry> = report.results.iter().filter(|result| result.loader == first).collect();
    let what = match report.objects.as_slice() {
        [] => "No object".to_owned(),
        [only] => only.path.rsplit('/').next().unwrap_or_default().to_owned(),
        several => format!("{} objects", several.len()),
    };
    let number = |verdict: &str| results.iter().filter(|result| result.verdict == verdict).count();
    let loaded = number("ok") + number("degraded") + number("risky");
    let unit = if report.objects.len() > 1 { ("answer", "answers") } else { ("kernel", "kernels") };
    let all = count(results.len(), unit.0, unit.1);
    let several = report.objects.len() > 1;
    let mut parts = vec![match (several, loaded == results.len() && loaded > 0) {
        (false, true) if results.len() == 1 => format!("{what} loads on the one kernel that was asked about"),
        (false, true) => format!("{what} loads on all {all}"),
        (false, false) => format!("{what} loads on {loaded} of {all}"),
        (true, _) => format!("{what}: {loaded} of {all} say that it loads"),
    }];
    let mut aside = Vec::new();
    for (verdict, words) in [("degraded", "degraded"), ("risky", "risky")] {
        if number(verdict) > 0 {
            aside.push(format!("{} {words}", number(verdict)));
        }
    }
    if let (Some(first), false) = (parts.first_mut(), aside.is_empty()) {
        first.push_str(&format!(" ({})", aside.join(", ")));
    }
    let (fails, cannot) = match several {
        true => ("that it fails", "cannot be told"),
        false => ("fails on", "cannot be told on"),
    };
    for (verdict, words) in [("fails", fails), ("unknown", cannot)] {
        match (number(verdict), several) {
            (0, _) => {}
            (number, true) => parts.push(format!("{number} {words}")),
            (number, false) => parts.push(format!("{words} {number}")),
        }
    }
    parts.join(", ")
}
