//! The kernel's table of cases, as `selftests/table.c` prints it, and the committed exceptions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

/// All cases.
pub struct Table {
    /// Where things lie in the programs' data.
    pub data: Data,
    /// The cases, each once per variant.
    pub cases: Vec<Case>,
}

/// Offsets in bytes in the `.bss` section of every program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data {
    /// What the program reads.
    pub input: usize,
    /// What it writes.
    pub output: usize,
    /// Set by a program that the compiler was too old for.
    pub skip: usize,
    /// The process and thread for which a program does anything.
    pub process: usize,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// `whole` or `least`: the target as it is, or as small as bpftool makes it.
    pub variant: String,
    /// The object's file.
    pub object: String,
    /// What it is resolved against.
    pub target: Where,
    /// The program that is run.
    pub program: String,
    /// Whether the load must fail.
    pub fails: bool,
    /// Whether bpftool finds a hard error; nothing where it was not asked.
    pub bpftool_fails: Option<bool>,
    /// What the program finds.
    pub input: Vec<u8>,
    /// What it must write.
    pub output: Vec<u8>,
}

/// What a case is resolved against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// A file: an ELF file with BTF, or raw BTF.
    File(String),
    /// A kernel.
    Kernel,
    /// A kernel with the module that the case needs.
    Module,
}

impl Table {
    /// Reads the printed table.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let head: Vec<&str> = lines.next().context("the table is empty")?.split('\t').collect();
        let ["data", input, output, skip, process] = head[..] else {
            bail!("the table begins with {head:?}")
        };
        let data = Data {
            input: input.parse()?,
            output: output.parse()?,
            skip: skip.parse()?,
            process: process.parse()?,
        };
        let cases = lines.map(|line| Case::parse(line).with_context(|| format!("in line: {line}")));
        Ok(Self { data, cases: cases.collect::<Result<_>>()? })
    }
}

impl Case {
    fn parse(line: &str) -> Result<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, variant, object, target, program, fails, bpftool, input, output] = fields[..] else {
            bail!("it has {} fields", fields.len());
        };
        let (name, variant, object) = (name.to_owned(), variant.to_owned(), object.to_owned());
        let target = match target {
            "-" => Where::Kernel,
            "module" => Where::Module,
            file => Where::File(file.to_owned()),
        };
        let fails = match fails {
            "0" => false,
            "1" => true,
            other => bail!("whether it fails is {other}"),
        };
        let bpftool_fails = match bpftool {
            "-" => None,
            "ok" => Some(false),
            "fails" => Some(true),
            other => bail!("bpftool says {other}"),
        };
        let (input, output) = (bytes(input)?, bytes(output)?);
        ensure!(fails || !output.is_empty(), "it must succeed, and expects nothing");
        Ok(Self {
            name,
            variant,
            object,
            target,
            program: program.to_owned(),
            fails,
            bpftool_fails,
            input,
            output,
        })
    }
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    ensure!(text.len().is_multiple_of(2), "half a byte");
    (0..text.len() / 2)
        .map(|at| Ok(u8::from_str_radix(text.get(2 * at..2 * at + 2).context("no digits")?, 16)?))
        .collect()
}

/// What is known of cases beside the kernel's own table: a line each, `WORD CASE: REASON`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// Cases that cannot run here.
    pub cannot_run: BTreeMap<String, String>,
    /// Cases that succeed although accesses are poisoned: the program does not reach them.
    pub guarded: BTreeMap<String, String>,
}

impl Exceptions {
    /// Reads the list.
    pub fn parse(text: &str) -> Result<Self> {
        let mut all = Self::default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            // Names of cases may hold a colon, but no blank.
            let (head, reason) = line.split_once(": ").with_context(|| format!("no reason: {line}"))?;
            let (word, case) = head.split_once(' ').with_context(|| format!("no case: {line}"))?;
            let list = match word {
                "cannot-run" => &mut all.cannot_run,
                "guarded" => &mut all.guarded,
                _ => bail!("neither cannot-run nor guarded: {line}"),
            };
            ensure!(!reason.trim().is_empty(), "no reason: {line}");
            ensure!(list.insert(case.to_owned(), reason.to_owned()).is_none(), "twice: {line}");
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "data\t0\t256\t512\t520\n";

    #[test]
    fn a_table_is_read() {
        let text = format!("{HEAD}direct:a\twhole\to.bpf.o\tt.bpf.o\tprogram\t0\tok\t-\t0a0B\n");
        let table = Table::parse(&text).expect("a table");
        assert_eq!(table.data, Data { input: 0, output: 256, skip: 512, process: 520 });
        let case = Case {
            name: "direct:a".to_owned(),
            variant: "whole".to_owned(),
            object: "o.bpf.o".to_owned(),
            target: Where::File("t.bpf.o".to_owned()),
            program: "program".to_owned(),
            fails: false,
            bpftool_fails: Some(false),
            input: Vec::new(),
            output: vec![10, 11],
        };
        assert_eq!(table.cases, [case]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for broken in [
            "a\tb",
            "a\twhole\to\tt\tp\t2\tok\t-\t00",
            "a\twhole\to\tt\tp\t1\tperhaps\t-\t00",
            "a\twhole\to\tt\tp\t0\tok\t-\t-",
            "a\twhole\to\tt\tp\t1\tok\t-\t0",
            "a\twhole\to\tt\tp\t1\tok\tzz\t-",
        ] {
            assert!(Table::parse(&format!("{HEAD}{broken}\n")).is_err(), "{broken}");
        }
        assert!(Table::parse("").is_err() && Table::parse("data\t1\n").is_err());
    }

    #[test]
    fn exceptions_have_a_reason_and_are_listed_once() {
        let all = Exceptions::parse("# words\n\nguarded direct:a: because\ncannot-run b: therefore\n")
            .expect("a list");
        assert_eq!(all.guarded["direct:a"], "because");
        assert_eq!(all.cannot_run["b"], "therefore");
        for broken in ["guarded a", "guarded a: ", "maybe a: b", "guarded a: b\nguarded a: c", "guarded: a"] {
            assert!(Exceptions::parse(broken).is_err(), "{broken}");
        }
    }
}
