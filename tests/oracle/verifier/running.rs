//! The running kernel: what libbpf asks it for when it loads an object, whatever BTF the accesses are resolved against.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use corecheck::attach::ExternValue;
use corecheck::object::{Extern, ExternKind, Object};
use corecheck::reach::Verifier;
use corecheck_layouts::btf::{Btf, Kind, Type, essential_name};

use crate::targets::RUNNING;

/// `BTF_INT_BOOL`.
const BOOL: u8 = 1 << 2;

/// The running kernel.
pub struct Running {
    /// What its verifier knows.
    pub verifier: Verifier,
    /// Its `LINUX_KERNEL_VERSION`.
    version: u64,
    /// Its configuration: what stands after `NAME=`.
    config: HashMap<String, String>,
    symbols: HashSet<String>,
    btf: Btf,
}

impl Running {
    /// Reads what the machine says of its kernel.
    pub fn read() -> Result<Self> {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("cannot read the release")?;
        let release = release.trim();
        let symbols = fs::read_to_string("/proc/kallsyms").context("cannot read /proc/kallsyms")?;
        let symbols = symbols.lines().filter_map(|line| line.split_whitespace().nth(2).map(str::to_owned));
        let btf = fs::read(RUNNING).with_context(|| format!("cannot read {RUNNING}"))?;
        Ok(Self {
            verifier: Verifier::of_release(release),
            version: version(release).with_context(|| format!("release {release} is no version"))?,
            config: config(release)?,
            symbols: symbols.collect(),
            btf: Btf::parse(btf)?,
        })
    }

    /// What the externs of an object come to.
    pub fn externs(&self, object: &Object) -> Vec<ExternValue> {
        let Some(btf) = object.btf.as_deref() else { return Vec::new() };
        object.externs.iter().map(|one| self.value(one, btf)).collect()
    }

    fn value(&self, one: &Extern, btf: &Btf) -> ExternValue {
        let is_there = |is_there| if is_there { ExternValue::Present } else { ExternValue::Missing };
        let has = |kind| {
            let name = String::from_utf8_lossy(essential_name(one.name.as_bytes())).into_owned();
            !self.btf.find_exact(&name, |found| found == kind).is_empty()
        };
        match one.kind {
            ExternKind::Kconfig => self.config_value(one, btf),
            ExternKind::KsymFunction => is_there(has(Kind::Func)),
            ExternKind::KsymVariable => {
                let is_untyped = one.of.is_none_or(|of| btf.skip_modifiers_and_typedefs(of).0 == 0);
                is_there(if is_untyped { self.symbols.contains(&one.name) } else { has(Kind::Var) })
            }
            ExternKind::Undeclared => ExternValue::Unknown,
        }
    }

    /// As libbpf's `set_kcfg_value_*`: by the type of the variable.
    fn config_value(&self, one: &Extern, btf: &Btf) -> ExternValue {
        let Some(of) = one.of.map(|of| btf.skip_modifiers_and_typedefs(of)) else {
            return ExternValue::Unknown;
        };
        let Some(size) = btf.size_of(of).map(|size| size as usize) else { return ExternValue::Unknown };
        let text = self.config.get(&one.name).map_or("", String::as_str);
        let number = match (one.name.as_str(), btf.ty(of)) {
            ("LINUX_KERNEL_VERSION", _) => Some(self.version),
            // Since 5.15.
            ("LINUX_HAS_BPF_COOKIE", _) => Some(u64::from(self.version >= 0x05_0f_00)),
            ("LINUX_HAS_SYSCALL_WRAPPER", _) => Some(self.symbols.contains("__x64_sys_bpf").into()),
            (_, Type::Array(_)) => {
                let text = text.trim_matches('"').bytes().take(size.saturating_sub(1));
                let padded = text.chain(std::iter::repeat(0)).take(size);
                return ExternValue::Bytes(padded.collect());
            }
            (_, Type::Enum(_)) => ["n", "y", "m"].iter().position(|word| *word == text).map(|at| at as u64),
            (_, Type::Int(int)) if int.encoding & BOOL != 0 => Some(u64::from(text == "y")),
            (_, Type::Int(_)) if matches!(text, "y" | "m" | "n") => text.bytes().next().map(u64::from),
            _ => number(text),
        };
        // What is not in the configuration is 0.
        let bytes = number.unwrap_or(0).to_le_bytes();
        bytes.get(..size).map_or(ExternValue::Unknown, |bytes| ExternValue::Bytes(bytes.to_vec()))
    }
}

/// `KERNEL_VERSION` of a release, of whose numbers the last is at most 255.
fn version(release: &str) -> Option<u64> {
    let mut numbers = release.split(|byte: char| !byte.is_ascii_digit()).map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (major, minor) = (next()?, next()?);
    Some(major << 16 | minor << 8 | next().unwrap_or(0).min(255))
}

/// The configuration from where libbpf reads it; empty if the kernel does not tell it: then libbpf refuses objects that ask.
fn config(release: &str) -> Result<HashMap<String, String>> {
    let boot = format!("/boot/config-{release}");
    let text = if Path::new(&boot).exists() {
        fs::read_to_string(&boot)?
    } else {
        let output = Command::new("zcat").arg("/proc/config.gz").output().context("cannot run zcat")?;
        String::from_utf8(output.stdout)?
    };
    let lines = text.lines().filter_map(|line| line.split_once('='));
    Ok(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A number as C writes it.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse::<u64>().ok().or_else(|| text.parse::<i64>().ok().map(i64::cast_unsigned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_numbers_as_c_has_them() {
        assert_eq!(version("6.18.44-fc"), Some(0x06_12_2c));
        assert_eq!(version("4.19.300"), Some(0x04_13_ff));
        assert_eq!(version("next"), None);
        assert_eq!(
            (number("250"), number("0x10"), number("-1"), number("\"a\"")),
            (Some(250), Some(16), Some(u64::MAX), None)
        );
    }
}
