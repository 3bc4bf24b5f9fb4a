//! More kernels than a table can list.

use corecheck::report::Report;

use super::vfio::naive;
use super::{kernel, result};

/// The naive sample on so many more kernels, which fare alike in runs and, in part, by turns.
pub fn crowd(number: usize) -> Report {
    let mut report = naive();
    for n in 0..number {
        let (distro, arch) = if n % 2 == 0 { ("debian", "amd64") } else { ("fedora", "arm64") };
        let name = format!("{distro}/6.{}.0-{n}-cloud/{arch}", n / 100);
        let kernel = kernel(distro, &[], &name, "6.1", "vmlinux+modules");
        let fails = if distro == "debian" { n % 6 == 0 } else { n > number / 2 };
        let (answer, verdict) = if fails { (4, "fails") } else { (3, "ok") };
        let mut result = result(0, &kernel, answer, verdict);
        if fails {
            let like = report.results.iter().find(|result| result.answer == 4).unwrap();
            result.reasons = like.reasons.clone();
            for finding in &mut report.findings {
                if finding.rule.starts_with("field-") {
                    finding.kernels.push(kernel.name.clone());
                }
            }
        }
        report.kernels.push(kernel);
        report.results.push(result);
    }
    report
}
