//! Reads what `bpftool -d gen min_core_btf` prints.
//!
//! For each record, in the order of .BTF.ext, libbpf prints the question and then what it thinks of each candidate:
//!
//! ```text
//! libbpf: CO-RE relocating [2] struct s: found target candidate [1] struct s in [vmlinux]
//! libbpf: prog 'kprobe/f': relo #0: <byte_off> [2] struct s.a (0:1 @ offset 4)
//! libbpf: prog 'kprobe/f': relo #0: matching candidate #0 <byte_off> [1] struct s.a (0:2 @ offset 8)
//! libbpf: prog 'kprobe/f': relo #1: <byte_off> [2] struct s.b (0:2 @ offset 8)
//! libbpf: prog 'kprobe/f': relo #1: non-matching candidate #0 <byte_off> [1] struct s (0 @ offset 0)
//! libbpf: prog 'kprobe/f': relo #1: no matching targets found
//! ```
//!
//! What stands after `prog` is the section's name, because bpftool knows no programs, and the records are numbered anew in
//! each section. An offset is in bytes, with the rest in bits after a point. A question about the local type's id has no
//! candidates. After an error bpftool stops, and says nothing about the records that follow.
//!
//! A line that fits nothing here is an error: it might be the one that matters.

/// All that bpftool said about one object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The records in the order of .BTF.ext. Complete, unless the last one ended in an error.
    pub records: Vec<Record>,
    /// bpftool's own last words, when it failed.
    pub failure: Option<String>,
}

/// One CO-RE relocation record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// The section of its instruction.
    pub section: String,
    /// Its number within the section.
    pub number: usize,
    /// The question; nothing if libbpf could not even read that.
    pub local: Option<Spec>,
    /// What became of it.
    pub said: Said,
}

/// What libbpf says to one question.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// It asks for a local type's id, which needs no target.
    Local,
    /// These candidates match and agree, as far as libbpf compares them without the instruction.
    Matched(Vec<Spec>),
    /// No candidate matches.
    NoMatch,
    /// libbpf gives up, with these words.
    Error(String),
}

/// A specification as libbpf prints it: `<byte_off> [2] struct s.a (0:1 @ offset 4)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The kind of relocation: `byte_off`.
    pub kind: String,
    /// The root type's id: 2.
    pub type_id: u64,
    /// The rest: `struct s.a (0:1 @ offset 4)`. libbpf cuts it (see [`Spec::may_be_cut`]).
    pub text: String,
}

/// A line, or an order of lines, that is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of bpftool's output is not understood: {text}")]
pub struct LogError {
    /// Its number, counting from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// libbpf prints a specification into a buffer of this many bytes, including the NUL at its end.
const SPEC_BUFFER: usize = 256;

impl Spec {
    /// Reads one from text that begins with it and ends there.
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix('<')?.split_once("> [")?;
        let (type_id, text) = rest.split_once("] ")?;
        Some(Self { kind: kind.into(), type_id: type_id.parse().ok()?, text: text.into() })
    }

    /// Whether the text fills libbpf's buffer, so that its end may be missing.
    pub fn may_be_cut(&self) -> bool {
        let whole = format!("<{}> [{}] {}", self.kind, self.type_id, self.text);
        whole.len() >= SPEC_BUFFER - 1
    }

    /// The offset of a field in bytes, where the text has one and it is a whole byte.
    pub fn byte_offset(&self) -> Option<u64> {
        self.text.strip_suffix(')')?.rsplit_once(" @ offset ")?.1.parse().ok()
    }

    /// The raw access string of a field, such as `0:3:1`.
    pub fn access(&self) -> Option<&str> {
        Some(self.text.rsplit_once(" @ offset ")?.0.rsplit_once(" (")?.1)
    }

    /// The value of an enumerator, where the text has one.
    pub fn enumerator(&self) -> Option<i128> {
        self.text.rsplit_once("::")?.1.rsplit_once(" = ")?.1.parse().ok()
    }
}

impl Log {
    /// Reads bpftool's error stream.
    ///
    /// # Errors
    ///
    /// For the first line that is not understood.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let mut log = Self::default();
        for (index, line) in text.lines().enumerate() {
            log.line(line).ok_or_else(|| LogError { line: index + 1, text: line.into() })?;
        }
        Ok(log)
    }

    /// Whether bpftool stopped before the end of the records.
    pub fn stopped(&self) -> bool {
        matches!(self.records.last(), Some(Record { said: Said::Error(_), .. }))
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if let Some(words) = line.strip_prefix("Error: ") {
            self.failure = Some(words.into());
            return Some(());
        }
        let line = line.strip_prefix("libbpf: ")?;
        if line.starts_with("CO-RE relocating [") && line.contains(": found target candidate [") {
            return Some(());
        }
        let (section, rest) = line.strip_prefix("prog '")?.split_once("': relo ")?;
        // Some errors come from deeper down, where the number is the relocation's kind.
        if rest.contains(" at insn #") {
            return self.error(section, None, rest);
        }
        // Says more about an access string that cannot be read; the line that follows is the error.
        if rest.starts_with("for [") && rest.contains(" captures type [") {
            return Some(());
        }
        let (number, words) = rest.strip_prefix('#')?.split_once(": ")?;
        let number = number.parse().ok()?;
        if let Some(spec) = Spec::parse(words) {
            return self.question(section, number, Some(spec));
        }
        if words.starts_with("parsing [") {
            self.question(section, number, None)?;
            return self.error(section, Some(number), words);
        }
        self.reply(section, number, words)
    }

    /// A record begins.
    fn question(&mut self, section: &str, number: usize, local: Option<Spec>) -> Option<()> {
        let follows = match self.records.last() {
            Some(Record { said: Said::Error(_), .. }) => false,
            Some(last) => number == 0 || (last.section == section && number == last.number + 1),
            None => number == 0,
        };
        if !follows {
            return None;
        }
        self.records.push(Record { section: section.into(), number, local, said: Said::Local });
        Some(())
    }

    /// libbpf's words about the record that began last.
    fn reply(&mut self, section: &str, number: usize, words: &str) -> Option<()> {
        let record = self.records.last_mut()?;
        if record.section != section || record.number != number {
            return None;
        }
        if words == "no matching targets found" && record.said == Said::Local {
            record.said = Said::NoMatch;
            return Some(());
        }
        if let Some(rest) = words.strip_prefix("non-matching candidate #") {
            Spec::parse(rest.split_once(' ')?.1)?;
            return Some(());
        }
        if let Some(rest) = words.strip_prefix("matching candidate #") {
            let spec = Spec::parse(rest.split_once(' ')?.1)?;
            match &mut record.said {
                Said::Matched(specs) => specs.push(spec),
                said @ Said::Local => *said = Said::Matched(vec![spec]),
                Said::NoMatch | Said::Error(_) => return None,
            }
            return Some(());
        }
        let known =
            ["error matching candidate #", "field offset ambiguity: ", "relocation decision ambiguity: "];
        let anonymous = words.ends_with(" relocation doesn't support anonymous types");
        if anonymous || known.iter().any(|one| words.starts_with(one)) {
            return self.error(section, Some(number), words);
        }
        None
    }

    fn error(&mut self, section: &str, number: Option<usize>, words: &str) -> Option<()> {
        let record = self.records.last_mut()?;
        let same = record.section == section && number.is_none_or(|number| number == record.number);
        let first = !matches!(record.said, Said::Error(_));
        (same && first).then(|| record.said = Said::Error(words.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = include_str!("samples/kinds.log");
    const AMBIGUOUS: &str = include_str!("samples/ambiguous.log");

    fn spec(kind: &str, type_id: u64, text: &str) -> Spec {
        Spec { kind: kind.into(), type_id, text: text.into() }
    }

    fn record<'a>(log: &'a Log, section: &str, number: usize) -> &'a Record {
        let mut found = log.records.iter().filter(|one| one.section == section && one.number == number);
        let record = found.next().expect("the record is there");
        assert_eq!(found.next(), None);
        record
    }

    #[test]
    fn every_kind_of_relocation_is_read() {
        let log = Log::parse(KINDS).expect("a log of bpftool");
        let kinds: Vec<_> =
            log.records.iter().flat_map(|one| &one.local).map(|one| one.kind.as_str()).collect();
        for kind in [
            "byte_off",
            "byte_sz",
            "field_exists",
            "signed",
            "lshift_u64",
            "rshift_u64",
            "local_type_id",
            "target_type_id",
            "type_exists",
            "type_size",
            "enumval_exists",
            "enumval_value",
            "type_matches",
        ] {
            assert!(kinds.contains(&kind), "{kind}");
        }
        assert_eq!(log.records.len(), 22);
        assert_eq!(log.failure, None);
        assert!(!log.stopped());
    }

    #[test]
    fn matches_and_misses_are_told_apart() {
        let log = Log::parse(KINDS).expect("a log of bpftool");
        let moved = record(&log, "kprobe/fields", 0);
        assert_eq!(moved.local, Some(spec("byte_off", 2, "struct subject.moved (0:0 @ offset 0)")));
        let target = spec("byte_off", 1, "struct subject.moved (0:1 @ offset 8)");
        assert_eq!(moved.said, Said::Matched(vec![target]));
        assert_eq!(record(&log, "kprobe/fields", 2).said, Said::NoMatch);
        assert_eq!(record(&log, "kprobe/fields", 3).said, Said::NoMatch);
        assert_eq!(record(&log, "tp_btf/types", 0).said, Said::Local);
        // One candidate matches and another does not.
        let Said::Matched(specs) = &record(&log, "kprobe/fields.too", 0).said else { panic!("no match") };
        assert_eq!(specs[..], [spec("byte_off", 17, "struct twin.only_in_second (0:0 @ offset 0)")]);
    }

    #[test]
    fn the_parts_of_a_specification_are_read() {
        let log = Log::parse(KINDS).expect("a log of bpftool");
        let matched = |section, number| match &record(&log, section, number).said {
            Said::Matched(specs) => specs[0].clone(),
            other => panic!("{other:?}"),
        };
        let element = matched("kprobe/fields", 1);
        assert_eq!((element.byte_offset(), element.access()), (Some(20), Some("0:2:0:2")));
        let bits = matched("kprobe/bits", 0);
        assert_eq!((bits.byte_offset(), bits.access()), (None, Some("0:5")));
        let whole_type = matched("tp_btf/types", 1);
        assert_eq!(
            (whole_type.byte_offset(), whole_type.access(), whole_type.enumerator()),
            (None, None, None)
        );
        assert_eq!(matched("tp_btf/enums", 2).enumerator(), Some(9));
        assert_eq!(matched("tp_btf/enums", 3).enumerator(), Some(0x1_2345_6789));
    }

    #[test]
    fn nothing_is_said_after_an_error() {
        let log = Log::parse(AMBIGUOUS).expect("a log of bpftool");
        assert_eq!(log.records.len(), 1);
        assert_eq!(log.records[0].said, Said::Error("field offset ambiguity: 64 != 0".into()));
        assert!(log.stopped());
        assert!(log.failure.is_some());
    }

    #[test]
    fn unknown_lines_and_gaps_are_errors() {
        let broken = |line, text: &str| {
            assert_eq!(Log::parse(text).map_err(|one| one.line), Err(line), "{text}");
        };
        broken(1, "libbpf: something new");
        broken(1, "libbpf: prog 'a': relo #1: <byte_off> [2] struct s.a (0:0 @ offset 0)");
        broken(1, "libbpf: prog 'a': relo #0: no matching targets found");
        let first = "libbpf: prog 'a': relo #0: <byte_off> [2] struct s.a (0:0 @ offset 0)\n";
        broken(2, &format!("{first}libbpf: prog 'a': relo #0: no idea"));
        broken(2, &format!("{first}libbpf: prog 'b': relo #0: no matching targets found"));
        broken(2, &format!("{first}libbpf: prog 'a': relo #2: <byte_off> [2] struct s.a (0:0 @ offset 0)"));
        let stop = "libbpf: prog 'a': relo #0: field offset ambiguity: 64 != 0\n";
        broken(3, &format!("{first}{stop}{first}"));
    }

    #[test]
    fn errors_from_deeper_down_belong_to_the_record() {
        let text = "libbpf: prog 'a': relo #0: <byte_off> [2] struct s.a (0:0 @ offset 0)\n\
                    libbpf: prog 'a': relo 0 at insn #7 can't be satisfied for bitfield\n";
        let log = Log::parse(text).expect("as libbpf words it");
        assert_eq!(log.records[0].said, Said::Error("0 at insn #7 can't be satisfied for bitfield".into()));
    }
}
