//! Layout tables: definitions as text that people can review, read to BTF.
//!
//! A table is lines of seven cells parted by tabs; what follows `#` at the start of a line is comment, and the
//! first line is `#corecheck.layout-table<TAB>1`. A definition is one line or several that follow each other:
//!
//! | column | struct, union | enum | typedef | int | float |
//! |---|---|---|---|---|---|
//! | definition | `struct x` | `enum x` | `typedef x` | `int x` | `float x` |
//! | size_bytes | size in bytes | size in bytes | `-` | size in bytes | size in bytes |
//! | member | member, `(anon)` without a name | enumerator | `-` | `-` | `-` |
//! | bit_offset | offset in bits | value | `-` | `-` | `-` |
//! | bitfield_bits | width of a bit-field in bits, else 0 | `-` | `-` | width in bits | `-` |
//! | type | type of the member | `enumerator` | what it names | `SIGNED`, `CHAR`, `BOOL`, `(none)` | `-` |
//! | pointee | `declared`, `defined` or `-` | `-` | `-` | `-` | `-` |
//!
//! A struct without members has one line with `-` from `member` on. A definition without a name is called
//! `struct (anon#7)`, a second one of the same name `struct x#2`. Types are written in the notation of `expr.rs`.
//! `pointee` tells of the struct behind a pointer whether vmlinux defines it (BTF: a struct, here without its members)
//! or only declares it (BTF: FWD). Where no line says it, it is taken as declared.
//! A negative enumerator is written with a sign or as the 64-bit two's complement; then the enum counts as signed.

mod build;
mod expr;
mod rows;
pub(crate) mod tsv;

use thiserror::Error;

use crate::btf::{Btf, Endian};

/// A data file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {what}")]
pub struct TableError {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl TableError {
    pub(crate) fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

/// What BTF must know of the machine that a table's types are laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Its byte order.
    pub endian: Endian,
    /// Size of a pointer and of `long` in bytes.
    pub pointer_size: u32,
}

/// Reads a layout table to BTF. `file` is what errors call it.
///
/// # Errors
/// [`TableError`] names the line: what cannot be read, is not defined or defined twice, does not fit, or holds
/// itself by value.
pub fn parse(file: &str, text: &str, machine: Machine) -> Result<Btf, TableError> {
    build::build(file, &rows::read(file, text)?, machine)
}

#[cfg(test)]
mod tests {
    use super::{Machine, parse};
    use crate::btf::{Btf, Endian, Kind, Type, TypeId, cdecl};

    const AMD64: Machine = Machine { endian: Endian::Little, pointer_size: 8 };

    fn read(rows: &str, machine: Machine) -> Result<Btf, String> {
        let text = format!("#corecheck.layout-table\t1\n{}", rows.replace(' ', "\t").replace('~', " "));
        parse("t", &text, machine).map_err(|err| err.to_string())
    }

    fn good(rows: &str) -> Btf {
        read(rows, AMD64).expect("the table is well formed")
    }

    /// Declarations of a struct's members.
    fn members(btf: &Btf, id: u32) -> Vec<String> {
        let (Type::Struct(composite) | Type::Union(composite)) = btf.ty(TypeId(id)) else {
            return Vec::new();
        };
        composite.members().map(|member| cdecl::member_declaration(btf, &member)).collect()
    }

    #[test]
    fn every_kind_of_type_is_built() {
        let btf = good(
            "struct~x 64 a 0 0 *const~struct~y defined\n\
             struct~x 64 b 64 0 [2][3]u8 -\n\
             struct~x 64 (anon) 128 0 union~(anon#1) -\n\
             struct~x 64 f 192 3 int -\n\
             struct~x 64 g 195 29 int -\n\
             struct~x 64 call 256 0 *func(*struct~x,~...)~void -\n\
             struct~x 64 z 320 0 *union~z -\n\
             struct~x 64 flexible 512 0 [0]int -\n\
             union~(anon#1) 8 d 0 0 double -\n\
             union~(anon#1) 8 e 0 0 volatile~enum~e -\n\
             enum~e 8 BIG 18446744073709551615 - enumerator -\n\
             typedef~u8 - - - - unsigned~char -\n\
             int~unsigned~char 1 - - 8 (none) -\n\
             int~int 4 - - 32 SIGNED -\n\
             float~double 8 - - - - -\n\
             struct~x#2 0 - - - - -\n",
        );
        let expected = [
            "const struct y *a",
            "u8 b[2][3]",
            "union {…}",
            "int f:3",
            "int g:29",
            "void (*call)(struct x *, ...)",
            "union z *z",
            "int flexible[0]",
        ];
        assert_eq!(members(&btf, 1), expected);
        assert_eq!(members(&btf, 2), ["double d", "volatile enum e e"]);
        assert!(matches!(btf.ty(TypeId(3)), Type::Enum64(values) if values.size == 8 && !values.is_signed));
        assert_eq!(btf.find_exact("x", |kind| kind == Kind::Struct), [TypeId(1), TypeId(8)]);
        let y = btf.find_exact("y", |_| true);
        assert!(matches!(btf.ty(y[0]), Type::Struct(y) if y.is_empty() && y.size == 0));
        let z = btf.find_exact("z", |_| true);
        assert!(matches!(btf.ty(z[0]), Type::Fwd { is_union: true, .. }));
    }

    #[test]
    fn the_machine_decides_byte_order_and_pointer_size() {
        let rows = "struct~x 4 p 0 0 *void -\n";
        for (endian, size) in [(Endian::Little, 4), (Endian::Big, 4)] {
            let btf = read(rows, Machine { endian, pointer_size: size }).expect("the table is well formed");
            assert_eq!((btf.endian(), btf.pointer_size()), (endian, Some(size)));
        }
        assert_eq!(read(rows, AMD64).map(drop), Err("t:2: p ends at bit 64, behind the 4 bytes".to_owned()));
        let rows = "int~unsigned~long 8 - - 64 (none) -\n";
        let err = read(rows, Machine { endian: Endian::Little, pointer_size: 4 }).map(drop);
        assert_eq!(err, Err("t:1: a long of 8 bytes, but pointers of 4 bytes".to_owned()));
    }

    #[test]
    fn derived_types_are_shared() {
        let btf = good("struct~x 16 a 0 0 *struct~x -\nstruct~x 16 b 64 0 *struct~x -\n");
        // x, long, and one pointer.
        assert_eq!(btf.type_count(), 4);
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        let int = "int~int 4 - - 32 SIGNED -\n";
        let cases = [
            ("struct~x 4 a 0 0 u32 -\n", "t:2: u32 is not defined"),
            ("struct~x 4 a 0 0 enum~e -\n", "t:2: enum e is not defined"),
            ("struct~x 4 a 0 0 *struct~(anon#9) -\n", "t:2: struct (anon#9) is not defined"),
            ("struct~x 4 a 0 0 struct~y -\n", "t:2: struct y is held by value, but not defined"),
            (
                "struct~x 8 a 0 0 struct~y -\nstruct~x 8 b 0 0 *struct~y defined\n",
                "t:2: struct y is held by value, but not defined",
            ),
            ("struct~x 0 a 0 0 void -\n", "t:2: void has no size"),
            ("struct~x 8 a 0 0 func()~void -\n", "t:2: func() void has no size"),
            ("struct~x 4 a 1 0 int -\n", "t:2: a ends at bit 33, behind the 4 bytes"),
            ("struct~x 4 a 30 3 int -\n", "t:2: a ends at bit 33, behind the 4 bytes"),
            ("struct~x 8 a 0 33 int -\n", "t:2: a bit-field of 33 bits in a type of 32"),
            ("struct~x 8 a 0 0 [4294967295][4294967295]int -\n", "has no size"),
            ("struct~x 8 a 0 0 int defined\n", "t:2: \"int\" points to no struct"),
            (
                "struct~x 8 a 0 0 *struct~x declared\n",
                "t:2: struct x is said to be declared only, but this table defines it",
            ),
            (
                "struct~x 16 a 0 0 *struct~y declared\nstruct~x 16 b 64 0 *struct~y defined\n",
                "t:3: struct y is said to be defined and to be declared only",
            ),
            ("struct~x 8 a 0 0 struct~x -\n", "contains itself by value"),
            ("typedef~a - - - - b -\ntypedef~b - - - - a -\n", "contains itself by value"),
            ("typedef~int - - - - long -\n", "int is defined a second time"),
            (
                "struct~x 8 a 0 0 *) -\n",
                "t:2: \"*)\" is not a type: ')' stands at byte 1 where none is expected",
            ),
            ("struct~x 4194304 a 16777216 3 int -\n", "beyond 2^24 bits"),
        ];
        for (rows, expected) in cases {
            let err = read(&format!("{rows}{int}"), AMD64).map(drop).expect_err(rows);
            assert!(err.starts_with("t:") && err.contains(expected), "{rows:?}: {err}");
        }
    }

    /// Cutting and bending a good table anywhere must end in a value, never in a panic.
    #[test]
    fn no_text_makes_it_panic() {
        let text = include_str!("../../../data/seed/vfio_group/5.19-amd64.tsv");
        let small: String = text.lines().take(60).map(|line| format!("{line}\n")).collect();
        assert!(parse("t", text, AMD64).is_ok());
        for cut in (0..small.len()).filter(|&cut| small.is_char_boundary(cut)).step_by(7) {
            let _ = parse("t", &small[..cut], AMD64);
            for put in ["\t", "\n", "*", "(", "99999999999999999999", "é", "-", "#", "\0"] {
                let bent = format!("{}{put}{}", &small[..cut], &small[cut..]);
                let _ = parse("t", &bent, AMD64);
            }
        }
    }
}
