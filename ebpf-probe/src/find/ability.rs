//! What this user may do, and what stands in the way: each with what to do about it.

use std::fs::File;
use std::io;

use super::{Roots, text};

/// What this process may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// Its capabilities (`CapEff`).
    capabilities: u64,
    /// The mode of lockdown: `none`, `integrity`, `confidentiality`; `None` where there is none.
    lockdown: Option<String>,
    /// `kernel.unprivileged_bpf_disabled`.
    unprivileged_bpf_disabled: Option<u8>,
    /// Why the kernel's types cannot be read.
    btf: Option<Obstacle>,
}

/// What keeps this program from its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// A word that does not change.
    pub code: &'static str,
    /// What it is.
    pub text: String,
    /// What to do about it.
    pub help: &'static str,
}

const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

impl Ability {
    /// Looks at `/proc` and `/sys`.
    pub fn find(roots: &Roots) -> Self {
        let status = text(&roots.proc.join("self/status")).unwrap_or_default();
        let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let capabilities = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
        let lockdown = text(&roots.sys.join("kernel/security/lockdown"));
        // "none [integrity] confidentiality"
        let lockdown = lockdown.and_then(|all| Some(all.split_once('[')?.1.split_once(']')?.0.to_owned()));
        let disabled = text(&roots.proc.join("sys/kernel/unprivileged_bpf_disabled"));
        let unprivileged_bpf_disabled = disabled.and_then(|number| number.parse().ok());
        let btf = File::open(roots.sys.join("kernel/btf/vmlinux")).err().map(|error| no_btf(&error));
        Self { capabilities, lockdown, unprivileged_bpf_disabled, btf }
    }

    /// The first thing that keeps this program from loading programs.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let has = |capability: u32| self.capabilities >> capability & 1 == 1;
        // Numbers of the kernel's BTF and translated instructions are for those who could read all memory anyway.
        let is_privileged = has(CAP_SYS_ADMIN) || has(CAP_BPF) && has(CAP_PERFMON);
        if !is_privileged {
            let disabled = match self.unprivileged_bpf_disabled {
                Some(1) => {
                    "; kernel.unprivileged_bpf_disabled is 1, for all others bpf(2) is off until the next boot"
                }
                Some(2) => "; kernel.unprivileged_bpf_disabled is 2, for all others bpf(2) is off",
                _ => "",
            };
            return Some(Obstacle {
                code: "not-privileged",
                text: format!(
                    "this process has neither CAP_SYS_ADMIN nor CAP_BPF with CAP_PERFMON{disabled}"
                ),
                help: "run it as root: sudo ebpf-probe",
            });
        }
        if self.lockdown.as_deref() == Some("confidentiality") {
            return Some(Obstacle {
                code: "lockdown",
                text: "the kernel is locked down (confidentiality): BPF programs may not read its memory"
                    .to_owned(),
                help: "boot without lockdown=confidentiality; it cannot be lifted while the kernel runs",
            });
        }
        self.btf.clone()
    }

    /// What kind of lockdown the kernel is in; `None` where it has no such thing.
    pub fn lockdown(&self) -> Option<&str> {
        self.lockdown.as_deref()
    }
}

fn no_btf(error: &io::Error) -> Obstacle {
    match error.kind() {
        io::ErrorKind::NotFound => Obstacle {
            code: "no-btf",
            text: "this kernel shows no types of itself: /sys/kernel/btf/vmlinux is not there".to_owned(),
            help: "use a kernel with CONFIG_DEBUG_INFO_BTF=y (5.4 or newer), and mount sysfs",
        },
        _ => Obstacle {
            code: "btf-unreadable",
            text: format!("the kernel's types, /sys/kernel/btf/vmlinux, cannot be read: {error}"),
            help: "let this user read the file: run as root, or undo what was mounted over it",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn machine(capabilities: &str, lockdown: Option<&str>, has_btf: bool) -> Ability {
        let root = tempfile::tempdir().expect("a folder");
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        put("proc/self/status", &format!("Name:\tx\nCapEff:\t{capabilities}\n"));
        put("proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
        if let Some(mode) = lockdown {
            put("sys/kernel/security/lockdown", mode);
        }
        if has_btf {
            put("sys/kernel/btf/vmlinux", "");
        }
        Ability::find(&Roots::below(root.path()))
    }

    #[test]
    fn each_obstacle_is_told_with_what_to_do() {
        let all = "000001ffffffffff";
        let code = |ability: Ability| ability.obstacle().map(|obstacle| obstacle.code);
        assert_eq!(code(machine(all, Some("[none] integrity confidentiality"), true)), None);
        assert_eq!(code(machine("0000000000200000", None, true)), None);
        assert_eq!(code(machine("000000c000000000", Some("none [integrity] confidentiality"), true)), None);
        assert_eq!(code(machine("0000008000000000", None, true)), Some("not-privileged"));
        assert_eq!(code(machine(all, Some("none integrity [confidentiality]"), true)), Some("lockdown"));
        assert_eq!(code(machine(all, None, false)), Some("no-btf"));
        let text = machine("0", None, true).obstacle().expect("it may nothing").text;
        assert!(text.contains("unprivileged_bpf_disabled is 2"), "{text}");
    }
}
