//! What a case expects, as its source says it, and what libbpf said, in the same words.
//!
//! A line `// want TARGET FUNCTION: KIND INSN = OUTCOME; ...` in a program's source lists the records of a function in their
//! order:
//!
//! - KIND is libbpf's word for the relocation;
//! - INSN is the instruction: `mov`, `add`, `alu`, `imm64`, `ldx4`, `stx4`, `st4` with the bytes it accesses, `ldx4>8` if the
//!   loader changes them;
//! - OUTCOME is a number, `absent` (nothing matches, and that is the answer), `poison` (nothing matches), `width` (a load or
//!   store cannot change its width), `error WHAT`, `skipped`.
//!
//! So a case whose instruction or record the compiler changes, and which would no longer test its point, is noticed.

use anyhow::{Context, Result, ensure};
use corecheck::access::RelocationKind;

use crate::compare::{is_poison, kind_of_refusal};
use crate::libbpf::Said;
use crate::records::Record;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The target's name.
    pub target: String,
    /// The function.
    pub function: String,
    /// One entry for each record.
    pub records: Vec<String>,
}

/// All such lines of a source.
pub fn parse(source: &str) -> Result<Vec<Want>> {
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("// want "));
    let wants: Result<Vec<Want>> =
        lines.map(|line| one(line).with_context(|| format!("// want {line}"))).collect();
    let wants = wants?;
    for (index, want) in wants.iter().enumerate() {
        let same = |other: &&Want| other.target == want.target && other.function == want.function;
        ensure!(!wants[..index].iter().any(|other| same(&other)), "{} is expected twice", want.function);
    }
    Ok(wants)
}

fn one(line: &str) -> Result<Want> {
    let (head, records) = line.split_once(':').context("there is no colon")?;
    let (target, function) = head.split_once(' ').context("wants a target and a function")?;
    let records: Vec<String> =
        records.split(';').map(|record| record.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    ensure!(records.iter().all(|record| record.contains(" = ")), "wants KIND INSN = OUTCOME");
    Ok(Want { target: target.to_owned(), function: function.trim().to_owned(), records })
}

/// What libbpf said about a record, in the words of such a line.
pub fn words(record: &Record, said: &Said) -> String {
    let kind = RelocationKind::from_number(record.relo.kind);
    let before = insn_word(record.slots[0]);
    let (insn, outcome) = match said {
        Said::Skipped => (before, "skipped".to_owned()),
        Said::NoName => (before, "error no-name".to_owned()),
        Said::OtherOrder => (before, "another byte order".to_owned()),
        Said::Refused(refusal) => {
            (before, format!("error {}", format!("{:?}", kind_of_refusal(refusal)).to_lowercase()))
        }
        Said::Answered(answer) => match answer.patched {
            Err(_) => (before, "error patch".to_owned()),
            Ok([first, _]) if is_poison(first) && answer.worth.poison => (before, "poison".to_owned()),
            Ok([first, _]) if is_poison(first) => (before, "width".to_owned()),
            Ok([first, _]) => {
                let after = insn_word(first);
                let both = match after.strip_prefix(before.trim_end_matches(|c: char| c.is_ascii_digit())) {
                    Some(width) if after != before => format!("{before}>{width}"),
                    _ => before,
                };
                let is_absent = answer.target.is_none() && kind != RelocationKind::TypeIdLocal;
                let value = answer.worth.new_val as i64;
                (both, if is_absent && value == 0 { "absent".to_owned() } else { value.to_string() })
            }
        },
    };
    format!("{} {insn} = {outcome}", kind.word())
}

/// What sort of instruction it is (`include/uapi/linux/bpf_common.h`).
fn insn_word(slot: u64) -> String {
    let code = slot.to_ne_bytes()[0];
    let bytes = match code & 0x18 {
        0x00 => 4,
        0x08 => 2,
        0x10 => 1,
        _ => 8,
    };
    match code & 0x07 {
        0x01 => format!("ldx{bytes}"),
        0x02 => format!("st{bytes}"),
        0x03 => format!("stx{bytes}"),
        0x00 => "imm64".to_owned(),
        _ => match code {
            0xb7 | 0xb4 => "mov".to_owned(),
            0x07 | 0x04 => "add".to_owned(),
            _ => "alu".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_spaces_do_not_count() {
        let wants = parse("int x;\n// want main f: byte_off  mov = 4 ; enumval_value imm64 = error patch\n");
        let records = vec!["byte_off mov = 4".to_owned(), "enumval_value imm64 = error patch".to_owned()];
        let want = Want { target: "main".to_owned(), function: "f".to_owned(), records };
        assert_eq!(wants.expect("a line"), [want]);
        for broken in [
            "// want main",
            "// want main: x",
            "// want main f: byte_off",
            "// want m f: a = 1\n// want m f: a = 2",
        ] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn instructions_are_told_apart_by_width() {
        let word = |code: u8| insn_word(u64::from_ne_bytes([code, 0, 0, 0, 0, 0, 0, 0]));
        let words = [0x61, 0x69, 0x71, 0x79, 0x63, 0x62, 0x18, 0xb7, 0x07, 0x0f].map(word);
        assert_eq!(words, ["ldx4", "ldx2", "ldx1", "ldx8", "stx4", "st4", "imm64", "mov", "add", "alu"]);
    }
}
