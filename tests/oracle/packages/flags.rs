//! The kind flags of BTF, from its bytes: Debian's bpftool does not print them of every kind (an attribute's tag has one), and
//! leaves off what it does not know. Written from the kernel's documentation of BTF, without corecheck's reader.

use anyhow::{Context, Result, bail, ensure};

/// Kinds by number, in bpftool's words.
const KINDS: [&str; 20] = [
    "UNKNOWN",
    "INT",
    "PTR",
    "ARRAY",
    "STRUCT",
    "UNION",
    "ENUM",
    "FWD",
    "TYPEDEF",
    "VOLATILE",
    "CONST",
    "RESTRICT",
    "FUNC",
    "FUNC_PROTO",
    "VAR",
    "DATASEC",
    "FLOAT",
    "DECL_TAG",
    "TYPE_TAG",
    "ENUM64",
];

/// A type's record, as far as its first 32-bit number after the name tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// In bpftool's words.
    pub kind: &'static str,
    /// How many members, values, parameters or variables follow it.
    pub count: u32,
    /// Its kind flag.
    pub flag: bool,
}

/// The records of a raw BTF file, in the order of their ids.
///
/// # Errors
///
/// When it is no BTF, or has a kind that is not known here.
pub fn records(btf: &[u8]) -> Result<Vec<Record>> {
    let is_big = match btf.get(..2) {
        Some([0x9f, 0xeb]) => false,
        Some([0xeb, 0x9f]) => true,
        _ => bail!("it is no BTF"),
    };
    let number = |at: usize| -> Result<u32> {
        let bytes: [u8; 4] = btf.get(at..at + 4).context("it is cut off")?.try_into()?;
        Ok(if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let mut at = (number(4)? + number(8)?) as usize;
    let end = at + number(12)? as usize;
    ensure!(end <= btf.len(), "it is cut off");
    let mut records = Vec::new();
    while at < end {
        let info = number(at + 4)?;
        // Until Linux 7.1 the count has 16 bits, of 24 since, and the kind 5, of 7 since; what is new was 0 before.
        let (count, number) = (info & 0xff_ffff, info >> 24 & 0x7f);
        let kind = *KINDS.get(number as usize).with_context(|| format!("kind {number} is not known"))?;
        records.push(Record { kind, count, flag: info >> 31 == 1 });
        let (fixed, each) = match kind {
            "UNKNOWN" => bail!("a type has kind 0"),
            "INT" | "VAR" | "DECL_TAG" => (4, 0),
            "ARRAY" => (12, 0),
            "STRUCT" | "UNION" | "DATASEC" | "ENUM64" => (0, 12),
            "ENUM" | "FUNC_PROTO" => (0, 8),
            _ => (0, 0),
        };
        // A function has its linkage where others have their count.
        at += 12 + fixed + if kind == "FUNC" { 0 } else { count as usize * each };
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BTF of these words of types.
    fn btf(words: &[u32], is_big: bool) -> Vec<u8> {
        let mut numbers = vec![24, 0, words.len() as u32 * 4, words.len() as u32 * 4, 1];
        numbers.extend(words);
        let mut bytes = if is_big { vec![0xeb, 0x9f, 1, 0] } else { vec![0x9f, 0xeb, 1, 0] };
        for number in numbers {
            bytes.extend(if is_big { number.to_be_bytes() } else { number.to_le_bytes() });
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn records_of_both_byte_orders() {
        // int; a flagged struct of one member; a flagged tag.
        let words = [0, 1 << 24, 4, 32, 0, 1 << 31 | 4 << 24 | 1, 4, 0, 1, 0, 0, 1 << 31 | 18 << 24, 1];
        let expected = [
            Record { kind: "INT", count: 0, flag: false },
            Record { kind: "STRUCT", count: 1, flag: true },
            Record { kind: "TYPE_TAG", count: 0, flag: true },
        ];
        assert_eq!(records(&btf(&words, false)).expect("it is BTF"), expected);
        assert_eq!(records(&btf(&words, true)).expect("it is BTF"), expected);
    }

    #[test]
    fn what_is_no_btf_is_an_error() {
        assert!(records(b"").is_err());
        assert!(records(&btf(&[0, 25 << 24, 0], false)).is_err());
        assert!(records(&btf(&[0, 1 << 24, 4, 32], false)[..36]).is_err());
    }
}
