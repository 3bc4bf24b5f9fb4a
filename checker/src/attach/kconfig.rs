//! Values of the kernel's configuration (`__kconfig`).
//!
//! Source: `bpf_object__resolve_externs`, `bpf_object__process_kconfig_line`, `set_kcfg_value_tri`, `_str`, `_num`,
//! `find_kcfg_type`. A weak extern that is not set is 0; one whose value does not fit its type fails the load, weak or not.

use corecheck_layouts::btf::types::Int;
use corecheck_layouts::btf::{Btf, Endian, Kind, Type, TypeId};
use corecheck_layouts::kernel::{Found, Kernel};

use super::enumerators::enumerator;
use super::model::{Ask, Doubt, ExternValue, Fate, Lack};
use super::syscall;

/// An option that the configuration of every kernel that runs BPF mentions: where it is, all of them are.
pub(super) const SENTINEL: &str = "CONFIG_BPF_SYSCALL";
pub(super) const VERSION: &str = "LINUX_KERNEL_VERSION";
const COOKIE: &str = "LINUX_HAS_BPF_COOKIE";
const WRAPPER: &str = "LINUX_HAS_SYSCALL_WRAPPER";
/// What libbpf loads to find out about cookies (`probe_kern_bpf_cookie`).
const COOKIE_HELPER: &str = "BPF_FUNC_get_attach_cookie";
/// No text is kept that is longer, in bytes.
const LONGEST: usize = 4096;
/// No patch level counts more (`KERNEL_VERSION`).
const MOST: u64 = 255;

/// What libbpf takes a variable for (`enum kcfg_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bool,
    Tristate { size: u32 },
    Char { is_signed: bool },
    Int { size: u32, is_signed: bool },
    Text { size: u32 },
}

impl Form {
    fn of(btf: &Btf, of: TypeId) -> Option<Self> {
        let id = btf.skip_modifiers_and_typedefs(of);
        Some(match btf.ty(id) {
            Type::Int(int) if int.encoding & Int::BOOL != 0 => (int.size == 1).then_some(Self::Bool)?,
            Type::Int(int) if int.size == 1 => Self::Char { is_signed: int.is_signed() },
            Type::Int(int) if matches!(int.size, 2 | 4 | 8) => {
                Self::Int { size: int.size, is_signed: int.is_signed() }
            }
            Type::Enum(values) if values.size == 4 && values.name == "libbpf_tristate" => {
                Self::Tristate { size: 4 }
            }
            Type::Enum64(values) if values.name == "libbpf_tristate" => Self::Tristate { size: values.size },
            Type::Array(array) if array.length > 0 => {
                matches!(Self::of(btf, array.element)?, Self::Char { .. })
                    .then_some(Self::Text { size: array.length })?
            }
            _ => return None,
        })
    }

    /// Whether a number fits (`is_kcfg_value_in_range`).
    fn holds(self, value: u64) -> bool {
        let (size, is_signed) = match self {
            Self::Bool => return value <= 1,
            Self::Char { is_signed } => (1, is_signed),
            Self::Int { size, is_signed } => (size, is_signed),
            Self::Tristate { .. } | Self::Text { .. } => return false,
        };
        match size * 8 {
            64 => true,
            bits if is_signed => value.wrapping_add(1 << (bits - 1)) < 1 << bits,
            bits => value >> bits == 0,
        }
    }

    /// The size of the variable in bytes; of a text no more than any value has.
    fn size(self) -> usize {
        let size = match self {
            Self::Bool | Self::Char { .. } => 1,
            Self::Tristate { size } | Self::Int { size, .. } | Self::Text { size } => size,
        };
        usize::try_from(size).unwrap_or(usize::MAX).min(LONGEST)
    }

    /// A number as the variable holds it.
    fn bytes(self, value: u64, endian: Endian) -> Vec<u8> {
        let size = self.size().min(8);
        match endian {
            Endian::Little => value.to_le_bytes()[..size].to_vec(),
            Endian::Big => value.to_be_bytes()[8 - size..].to_vec(),
        }
    }
}

/// What must be looked up for a value that libbpf finds out by trying.
pub(super) fn asks(name: &str) -> Vec<Ask> {
    match name {
        COOKIE => vec![Ask::named("bpf_func_id", Kind::Enum).whole().in_vmlinux()],
        WRAPPER => syscall::wrappers("bpf"),
        _ => Vec::new(),
    }
}

/// What becomes of it, and its value. `weak`: it may stay unset.
pub(super) fn fate(
    local: &Btf,
    (name, of): (&str, TypeId),
    weak: bool,
    found: &[&Found],
    kernel: &Kernel,
) -> (Fate, ExternValue) {
    let unknown = |doubt| (Fate::Unknown(doubt), ExternValue::Unknown);
    let missing = |lack| (Fate::Missing(lack), ExternValue::Unknown);
    let Some(form) = Form::of(local, of) else {
        return missing(Lack::Unfit("of any type".to_owned()));
    };
    let endian = local.endian();
    let zero = || ExternValue::Bytes(vec![0; form.size()]);
    let number = |value: u64| match form.holds(value) {
        true => (Fate::Met { unit: None }, ExternValue::Bytes(form.bytes(value, endian))),
        false => missing(Lack::Unfit(value.to_string())),
    };
    if name.starts_with("CONFIG_") {
        return match option(kernel, name) {
            Setting::Value(value) => match set(form, value, endian) {
                Some(bytes) => (Fate::Met { unit: None }, ExternValue::Bytes(bytes)),
                None => missing(Lack::Unfit(value.to_owned())),
            },
            // A weak option that is not set is zero; that is what the object provides for.
            Setting::NotSet if weak => (Fate::Missing(Lack::NotSet), zero()),
            Setting::NotSet => missing(Lack::NotSet),
            Setting::Unknown => unknown(Doubt::NoConfig),
        };
    }
    match name {
        VERSION => match version(&kernel.facts.version) {
            Some((low, high)) if low == high => number(low),
            Some((low, high)) if form.holds(low) && form.holds(high) => {
                let ends = ExternValue::Between(form.bytes(low, endian), form.bytes(high, endian));
                (Fate::Met { unit: None }, ends)
            }
            Some((low, _)) => missing(Lack::Unfit(low.to_string())),
            None => unknown(Doubt::NoVersion),
        },
        COOKIE => match found.first().map(|found| enumerator(found, |value| value.name() == COOKIE_HELPER)) {
            Some(Fate::Met { .. }) => number(1),
            Some(Fate::Missing(_)) => number(0),
            Some(Fate::Unknown(doubt)) => unknown(doubt),
            _ => unknown(Doubt::NoEnumeration),
        },
        WRAPPER => match syscall::has_wrapper(found, &kernel.name.arch) {
            Ok(has_it) => number(u64::from(has_it)),
            Err(doubt) => unknown(doubt),
        },
        // Others that libbpf may know one day are zero if they are weak.
        _ if name.starts_with("LINUX_") && weak => (Fate::Missing(Lack::NoSuchValue), zero()),
        _ => missing(Lack::NoSuchValue),
    }
}

/// What the configuration says of an option.
enum Setting<'k> {
    Value(&'k str),
    NotSet,
    Unknown,
}

fn option<'k>(kernel: &'k Kernel, name: &str) -> Setting<'k> {
    let config = &kernel.facts.config;
    match config.get(name).map(String::as_str) {
        // What is said not to be set is in no line that libbpf reads.
        Some("n") => Setting::NotSet,
        Some(value) => Setting::Value(value),
        None if config.contains_key(SENTINEL) => Setting::NotSet,
        None => Setting::Unknown,
    }
}

/// The bytes of an option that is set; `None` when the variable cannot hold them. The quotes of texts are not kept, so that the
/// variable's type tells what a text is.
fn set(form: Form, value: &str, endian: Endian) -> Option<Vec<u8>> {
    let number = |value: u64| Some(form.bytes(value, endian));
    match (form, value) {
        (Form::Text { .. }, _) if matches!(value, "y" | "m") || parsed(value).is_some() => None,
        (Form::Text { .. }, _) => {
            // The last byte is always zero.
            let mut bytes = value.as_bytes().to_vec();
            bytes.truncate(form.size().saturating_sub(1));
            bytes.resize(form.size(), 0);
            Some(bytes)
        }
        (Form::Bool, "y") => number(1),
        // `enum libbpf_tristate`: TRI_NO, TRI_YES, TRI_MODULE.
        (Form::Tristate { .. }, "y") => number(1),
        (Form::Tristate { .. }, "m") => number(2),
        (Form::Char { .. }, "y" | "m") => number(u64::from(*value.as_bytes().first()?)),
        (Form::Char { .. } | Form::Int { .. }, _) => {
            number(parsed(value).filter(|&value| form.holds(value))?)
        }
        (Form::Bool | Form::Tristate { .. }, _) => None,
    }
}

/// `strtoull` with base 0: decimal, 0x… or 0…, with a minus sign taken modulo 2^64.
fn parsed(text: &str) -> Option<u64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(&digits[1..], 8),
        None => digits.parse(),
    };
    value
        .ok()
        .filter(|_| !digits.starts_with('+'))
        .map(|value| if is_negative { value.wrapping_neg() } else { value })
}

/// The numbers that `KERNEL_VERSION` makes of an upstream version: one, or if its patch level is not told, from the first of
/// them to the last.
fn version(text: &str) -> Option<(u64, u64)> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut parts = numbers.split('.').map(str::parse::<u64>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return None };
    if major > 0xffff || minor > 0xff {
        return None;
    }
    let base = major << 16 | minor << 8;
    match parts.next() {
        Some(Ok(patch)) => Some((base + patch.min(MOST), base + patch.min(MOST))),
        Some(Err(_)) => None,
        None => Some((base, base + MOST)),
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::TypeSpec;

    use super::*;
    use crate::testing::{btf, kernel};

    /// What an option comes to that is declared as this type, on a kernel with this configuration.
    fn told(name: &str, form: &str, weak: bool, config: &[(&str, &str)]) -> (Fate, ExternValue) {
        let (types, of) = btf(Endian::Little, |types| match form {
            "bool" => types.int("bool", 1, 4),
            "char" => types.int("char", 1, 1),
            "int" => types.int("int", 4, 1),
            "u16" => types.int("unsigned short", 2, 0),
            "u64" => types.int("unsigned long", 8, 0),
            "text" => {
                let element = types.int("char", 1, 1);
                types.add(TypeSpec::Array { element, index: element, length: 16 })
            }
            "tristate" => types.add(TypeSpec::Enum {
                name: "libbpf_tristate".to_owned(),
                size: 4,
                is_signed: false,
                is_64: false,
                values: vec![("TRI_NO".to_owned(), 0)],
            }),
            _ => types.add(TypeSpec::Float { name: "float".to_owned(), size: 4 }),
        });
        let mut kernel = kernel("6.1", &types);
        kernel.facts.version = "6.1.192".to_owned();
        let config = config.iter().map(|&(option, value)| (option.to_owned(), value.to_owned()));
        kernel.facts.config = config.collect();
        fate(&types, (name, of), weak, &[], &kernel)
    }

    fn value(name: &str, form: &str, config: &[(&str, &str)]) -> Option<u64> {
        match told(name, form, false, config) {
            (Fate::Met { .. }, ExternValue::Bytes(bytes)) => {
                Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
            }
            (Fate::Missing(_), _) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_form_takes_the_values_that_libbpf_gives_it() {
        let of = |form: &str, set: &str| value("CONFIG_X", form, &[("CONFIG_X", set)]);
        assert_eq!((of("bool", "y"), of("bool", "m"), of("bool", "1")), (Some(1), None, None));
        assert_eq!((of("tristate", "y"), of("tristate", "m"), of("tristate", "7")), (Some(1), Some(2), None));
        assert_eq!((of("char", "m"), of("char", "65")), (Some(u64::from(b'm')), Some(65)));
        assert_eq!((of("int", "250"), of("int", "0x10"), of("int", "y")), (Some(250), Some(16), None));
        assert_eq!((of("int", "-1"), of("u16", "-1"), of("u16", "65536")), (Some(0xffff_ffff), None, None));
        assert_eq!((of("u64", "0xffffffffffffffff"), of("float", "1")), (Some(u64::MAX), None));
        assert_eq!(of("text", "250"), None);
        let text = told("CONFIG_X", "text", false, &[("CONFIG_X", "(none)")]);
        let bytes = b"(none)\0\0\0\0\0\0\0\0\0\0".to_vec();
        assert_eq!(text, (Fate::Met { unit: None }, ExternValue::Bytes(bytes)));
    }

    #[test]
    fn what_is_not_set_is_zero_if_it_is_weak() {
        let zero = |size| ExternValue::Bytes(vec![0; size]);
        for config in [&[("CONFIG_X", "n")][..], &[(SENTINEL, "y")]] {
            assert_eq!(told("CONFIG_X", "bool", true, config), (Fate::Missing(Lack::NotSet), zero(1)));
            assert_eq!(told("CONFIG_X", "bool", false, config).0, Fate::Missing(Lack::NotSet));
        }
        assert_eq!(told("CONFIG_X", "bool", true, &[("CONFIG_Y", "y")]).0, Fate::Unknown(Doubt::NoConfig));
        assert_eq!(told("LINUX_NEW", "int", true, &[]).1, zero(4));
        assert_eq!(told("LINUX_NEW", "int", false, &[]).0, Fate::Missing(Lack::NoSuchValue));
    }

    #[test]
    fn a_version_is_a_number() {
        assert_eq!(value("LINUX_KERNEL_VERSION", "int", &[]), Some(6 << 16 | 1 << 8 | 192));
        assert_eq!(value("LINUX_KERNEL_VERSION", "u16", &[]), None);
        assert_eq!(version("4.14.336"), Some((4 << 16 | 14 << 8 | 255, 4 << 16 | 14 << 8 | 255)));
        assert_eq!(version("5.4"), Some((5 << 16 | 4 << 8, 5 << 16 | 4 << 8 | 255)));
        assert_eq!(version("6.12~rc1"), Some((6 << 16 | 12 << 8, 6 << 16 | 12 << 8 | 255)));
        assert_eq!((version(""), version("six"), version("6.")), (None, None, None));
    }
}
