//! A fleet, and one of three parts of a check.

use corecheck::report::Report;
use corecheck::report::model::{FleetEntry, InventoryEntry, MissingEntry, ShardEntry, ShareEntry};

use super::naive;

fn runs(release: &str, arch: Option<&str>, machines: u64, kernels: &[&str]) -> FleetEntry {
    FleetEntry {
        release: release.to_owned(),
        arch: arch.map(str::to_owned),
        machines,
        kernels: kernels.iter().map(|&kernel| kernel.to_owned()).collect(),
    }
}

/// The machines of a fleet, most of which run what is stored.
pub fn fleet() -> Report {
    let mut report = naive();
    let names: Vec<String> = report.kernels.iter().map(|kernel| kernel.name.clone()).collect();
    let first = [names[0].as_str()];
    let verdict = report.results[0].verdict;
    let judged = vec![runs("one", None, 12_000, &first), runs("other", Some("arm64"), 1, &first)];
    let missing = |release: &str, arch: Option<&str>, machines| MissingEntry {
        release: release.to_owned(),
        arch: arch.map(str::to_owned),
        machines,
        near: arch.map(|_| names[1].clone()),
        add: format!(
            "apt-get download linux-image-{release}; corecheck layouts add ./linux-image-{release}_*.deb"
        ),
        standing: arch.map(|_| "required"),
    };
    report.shard = Some(ShardEntry {
        number: 2,
        of: 3,
        strict: false,
        files: vec!["a.o".to_owned(), report.objects[0].path.clone(), "c.o".to_owned()],
        objects: vec![1],
        waivers_used: vec![0],
    });
    report.inventory = Some(InventoryEntry {
        file: "fleet.txt".to_owned(),
        machines: 13_313,
        shares: vec![ShareEntry {
            object: 0,
            loader: report.loaders[0].name.clone(),
            verdict,
            machines: 12_001,
            releases: judged.iter().map(FleetEntry::title).collect(),
        }],
        judged,
        ignored: vec![runs("left", None, 12, &first)],
        missing: vec![missing("5.15.0-119-generic", None, 300), missing("5.4.0-9-aws", Some("arm64"), 1000)],
    });
    report
}
