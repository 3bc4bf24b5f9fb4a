//! Lines of a layout table, put together to definitions.

use std::collections::HashSet;

use super::TableError;
use super::tsv::{Format, Line};
use crate::btf::types::Int;

/// The format of a layout table.
pub(super) const FORMAT: Format = Format { name: "corecheck.layout-table", version: 1, columns: 7 };

/// One definition, of one line or several that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition<'t> {
    /// Where it begins.
    pub(super) line: usize,
    /// What types call it: `struct vfio_group#2`, `u32`.
    pub(super) key: &'t str,
    /// Its name in BTF, empty when it is anonymous.
    pub(super) name: &'t str,
    /// What it is.
    pub(super) body: Body<'t>,
}

/// What a definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body<'t> {
    Composite { is_union: bool, size: u32, members: Vec<Member<'t>> },
    Enum { size: u32, values: Vec<(&'t str, u64)>, is_signed: bool },
    Typedef { to: &'t str },
    Int { size: u32, bits: u8, encoding: u8 },
    Float { size: u32 },
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member<'t> {
    pub(super) line: usize,
    /// Empty when it is anonymous.
    pub(super) name: &'t str,
    pub(super) bit_offset: u32,
    pub(super) bitfield_bits: u8,
    /// Its type as written.
    pub(super) of: &'t str,
    /// Whether the struct it points to is defined, where the table says.
    pub(super) is_pointee_defined: Option<bool>,
}

/// Reads a table's definitions, in their order.
///
/// # Errors
/// The first line that cannot be read.
pub(super) fn read<'t>(file: &str, text: &'t str) -> Result<Vec<Definition<'t>>, TableError> {
    let mut definitions: Vec<Definition<'t>> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut head = "";
    for line in FORMAT.read(file, text)? {
        let wrong = |what: String| TableError::new(file, line.number, what);
        let row = Row { line: &line };
        let read = row.definition().map_err(wrong)?;
        match definitions.last_mut() {
            Some(open) if head == line.cells[0] => merge(open, read).map_err(wrong)?,
            _ => {
                if !seen.insert(read.key) {
                    return Err(wrong(format!("{} is defined a second time", read.key)));
                }
                definitions.push(read);
            }
        }
        head = line.cells[0];
    }
    Ok(definitions)
}

/// Adds the member or enumerator of a further line.
fn merge<'t>(open: &mut Definition<'t>, next: Definition<'t>) -> Result<(), String> {
    let key = open.key;
    let size_differs = |a: u32, b: u32| format!("{key} has {b} bytes here, {a} before");
    match (&mut open.body, next.body) {
        (
            Body::Composite { size, members, .. },
            Body::Composite { size: next_size, members: further, .. },
        ) if !members.is_empty() && !further.is_empty() => {
            if *size != next_size {
                return Err(size_differs(*size, next_size));
            }
            members.extend(further);
        }
        (
            Body::Enum { size, values, is_signed },
            Body::Enum { size: next_size, values: further, is_signed: next_signed },
        ) if !values.is_empty() && !further.is_empty() => {
            if *size != next_size {
                return Err(size_differs(*size, next_size));
            }
            values.extend(further);
            *is_signed |= next_signed;
        }
        _ => return Err(format!("{key} is defined a second time")),
    }
    Ok(())
}

struct Row<'l, 't> {
    line: &'l Line<'t>,
}

impl<'t> Row<'_, 't> {
    fn cell(&self, column: usize) -> &'t str {
        self.line.cells.get(column).copied().unwrap_or_default()
    }

    fn number<T: std::str::FromStr>(&self, column: usize, what: &str) -> Result<T, String> {
        let text = self.cell(column);
        text.parse().map_err(|_| format!("{text:?} is not {what}"))
    }

    fn size(&self) -> Result<u32, String> {
        self.number(1, "a size in bytes")
    }

    /// These columns must say nothing.
    fn nothing_in(&self, columns: &[usize]) -> Result<(), String> {
        match columns.iter().find(|&&column| self.cell(column) != "-") {
            Some(&column) => Err(format!("column {} says {:?}, not `-`", column + 1, self.cell(column))),
            None => Ok(()),
        }
    }

    fn definition(&self) -> Result<Definition<'t>, String> {
        let head = self.cell(0);
        let (keyword, own) = head.split_once(' ').ok_or_else(|| format!("{head:?} is not a definition"))?;
        if own.is_empty() || own.contains('\0') {
            return Err(format!("{head:?} has no name that BTF can hold"));
        }
        let key = if matches!(keyword, "struct" | "union" | "enum") { head } else { own };
        let body = match keyword {
            "struct" | "union" => self.composite(keyword == "union")?,
            "enum" => self.enumeration()?,
            "typedef" => {
                self.nothing_in(&[1, 2, 3, 4, 6])?;
                Body::Typedef { to: self.cell(5) }
            }
            "int" => self.integer()?,
            "float" => {
                self.nothing_in(&[2, 3, 4, 5, 6])?;
                Body::Float { size: self.size()? }
            }
            _ => return Err(format!("{keyword:?} begins no definition")),
        };
        Ok(Definition { line: self.line.number, key, name: btf_name(own), body })
    }

    fn composite(&self, is_union: bool) -> Result<Body<'t>, String> {
        let size = self.size()?;
        if self.cell(2) == "-" {
            self.nothing_in(&[3, 4, 5, 6])?;
            return Ok(Body::Composite { is_union, size, members: Vec::new() });
        }
        let is_pointee_defined = match self.cell(6) {
            "-" => None,
            "declared" => Some(false),
            "defined" => Some(true),
            other => return Err(format!("pointee is {other:?}, not `declared`, `defined` or `-`")),
        };
        let member = Member {
            line: self.line.number,
            name: if self.cell(2) == "(anon)" { "" } else { self.cell(2) },
            bit_offset: self.number(3, "an offset in bits")?,
            bitfield_bits: self.number(4, "a width in bits (0 for what is no bit-field)")?,
            of: self.cell(5),
            is_pointee_defined,
        };
        Ok(Body::Composite { is_union, size, members: vec![member] })
    }

    fn enumeration(&self) -> Result<Body<'t>, String> {
        let size = self.size()?;
        if !matches!(size, 1 | 2 | 4 | 8) {
            return Err(format!("an enum of {size} bytes"));
        }
        self.nothing_in(&[4, 6])?;
        if self.cell(2) == "-" {
            self.nothing_in(&[3, 5])?;
            return Ok(Body::Enum { size, values: Vec::new(), is_signed: false });
        }
        if self.cell(5) != "enumerator" {
            return Err(format!("{:?} where `enumerator` must stand", self.cell(5)));
        }
        let (value, is_signed) = self.enum_value(size)?;
        Ok(Body::Enum { size, values: vec![(self.cell(2), value)], is_signed })
    }

    /// A value and whether it is negative: written so, or as what a 64-bit register would hold.
    fn enum_value(&self, size: u32) -> Result<(u64, bool), String> {
        let text = self.cell(3);
        let signed: Option<i64> = text.parse().ok();
        let value = match (text.parse::<u64>(), signed) {
            (Ok(value), _) => value,
            (Err(_), Some(value)) => value.cast_unsigned(),
            (Err(_), None) => return Err(format!("{text:?} is not an enumerator's value")),
        };
        if size == 8 {
            return Ok((value, text.starts_with('-')));
        }
        let as_signed = value.cast_signed();
        let bits = size * 8;
        if as_signed < -(1_i64 << (bits - 1)) || as_signed >= 1_i64 << bits {
            return Err(format!("{text} does not fit an enum of {size} bytes"));
        }
        Ok((value, as_signed < 0))
    }

    fn integer(&self) -> Result<Body<'t>, String> {
        self.nothing_in(&[2, 3, 6])?;
        let (size, bits) = (self.size()?, self.number(4, "a width in bits")?);
        if !matches!(size, 1 | 2 | 4 | 8 | 16) || u32::from(bits) > size * 8 {
            return Err(format!("an integer of {size} bytes and {bits} bits"));
        }
        let mut encoding = 0;
        for word in self.cell(5).split(' ').filter(|&word| word != "(none)") {
            encoding |= match word {
                "SIGNED" => Int::SIGNED,
                "CHAR" => Int::CHAR,
                "BOOL" => Int::BOOL,
                other => return Err(format!("{other:?} is no encoding (SIGNED, CHAR, BOOL or (none))")),
            };
        }
        Ok(Body::Int { size, bits, encoding })
    }
}

/// The name without what tells apart definitions of one name: `vfio_group#2` is `vfio_group`, `(anon#3)` none.
pub(super) fn btf_name(own: &str) -> &str {
    if own.starts_with('(') {
        return "";
    }
    own.split_once('#').map_or(own, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::{Body, read};

    fn with(rows: &str) -> String {
        format!("#corecheck.layout-table\t1\n{rows}")
    }

    fn error(rows: &str) -> String {
        read("t", &with(rows)).expect_err("must be refused").to_string()
    }

    #[test]
    fn lines_of_one_definition_are_put_together() {
        let text = with(
            "struct x\t8\ta\t0\t0\tint\t-\nstruct x\t8\tb\t32\t0\tint\t-\nstruct x#2\t0\t-\t-\t-\t-\t-\n",
        );
        let definitions = read("t", &text).expect("it is well formed");
        assert_eq!(definitions.len(), 2);
        assert!(matches!(&definitions[0].body, Body::Composite { members, .. } if members.len() == 2));
        assert_eq!((definitions[1].key, definitions[1].name), ("struct x#2", "x"));
    }

    #[test]
    fn negative_enumerators_come_in_both_spellings() {
        let text = with(
            "enum e\t4\tA\t18446744073709551615\t-\tenumerator\t-\nenum e\t4\tB\t-2\t-\tenumerator\t-\n",
        );
        let definitions = read("t", &text).expect("it is well formed");
        let expected =
            Body::Enum { size: 4, values: vec![("A", u64::MAX), ("B", u64::MAX - 1)], is_signed: true };
        assert_eq!(definitions[0].body, expected);
        let text = with("enum e\t4\tA\t4294967295\t-\tenumerator\t-\n");
        let definitions = read("t", &text).expect("it is well formed");
        assert!(matches!(definitions[0].body, Body::Enum { is_signed: false, .. }));
    }

    #[test]
    fn wrong_lines_are_named() {
        let cases = [
            ("x\t-\t-\t-\t-\t-\t-\n", "t:2: \"x\" is not a definition"),
            ("func x\t-\t-\t-\t-\t-\t-\n", "t:2: \"func\" begins no definition"),
            ("struct \t0\t-\t-\t-\t-\t-\n", "t:2: \"struct \" has no name that BTF can hold"),
            ("struct x\t-1\ta\t0\t0\tint\t-\n", "t:2: \"-1\" is not a size in bytes"),
            ("struct x\t4\ta\t99999999999\t0\tint\t-\n", "t:2: \"99999999999\" is not an offset in bits"),
            (
                "struct x\t4\ta\t0\t256\tint\t-\n",
                "t:2: \"256\" is not a width in bits (0 for what is no bit-field)",
            ),
            (
                "struct x\t4\ta\t0\t0\t*int\tmaybe\n",
                "t:2: pointee is \"maybe\", not `declared`, `defined` or `-`",
            ),
            (
                "struct x\t8\ta\t0\t0\tint\t-\nstruct x\t9\tb\t32\t0\tint\t-\n",
                "t:3: struct x has 9 bytes here, 8 before",
            ),
            (
                "typedef a\t-\t-\t-\t-\tint\t-\ntypedef a\t-\t-\t-\t-\tint\t-\n",
                "t:3: a is defined a second time",
            ),
            (
                "struct x\t0\t-\t-\t-\t-\t-\nenum y\t4\t-\t-\t-\t-\t-\nstruct x\t0\t-\t-\t-\t-\t-\n",
                "t:4: struct x is defined a second time",
            ),
            ("typedef a\t4\t-\t-\t-\tint\t-\n", "t:2: column 2 says \"4\", not `-`"),
            ("enum e\t3\tA\t0\t-\tenumerator\t-\n", "t:2: an enum of 3 bytes"),
            (
                "enum e\t4\tA\t4294967296\t-\tenumerator\t-\n",
                "t:2: 4294967296 does not fit an enum of 4 bytes",
            ),
            ("enum e\t1\tA\t-129\t-\tenumerator\t-\n", "t:2: -129 does not fit an enum of 1 bytes"),
            ("enum e\t4\tA\tx\t-\tenumerator\t-\n", "t:2: \"x\" is not an enumerator's value"),
            ("enum e\t4\tA\t1\t-\tvalue\t-\n", "t:2: \"value\" where `enumerator` must stand"),
            ("int i\t4\t-\t-\t33\tSIGNED\t-\n", "t:2: an integer of 4 bytes and 33 bits"),
            (
                "int i\t4\t-\t-\t32\tFLOAT\t-\n",
                "t:2: \"FLOAT\" is no encoding (SIGNED, CHAR, BOOL or (none))",
            ),
        ];
        for (rows, expected) in cases {
            assert_eq!(error(rows), expected, "{rows:?}");
        }
    }
}
