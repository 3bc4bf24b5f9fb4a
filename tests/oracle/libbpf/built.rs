//! Targets that C cannot express: several types of one name, names that compilers do not write, another size of pointers,
//! records that no compiler writes any more, modules.

use anyhow::{Context, Result, bail};
use corecheck_layouts::btf::{Btf, Builder, Endian, Kind, MemberSpec, TypeId, TypeSpec};

use crate::target::Kernel;

/// Their names.
pub const NAMES: [&str; 6] =
    ["built-names", "built-32-bit", "built-twins", "built-odd", "built-modules", "built-no-long"];

/// Encoding of a signed integer.
const SIGNED: u8 = 1;
/// Encoding of a bool.
const BOOL: u8 = 4;

/// Builds one.
pub fn kernel(name: &str, is_big: bool) -> Result<Kernel> {
    let endian = if is_big { Endian::Big } else { Endian::Little };
    let mut types = Types(Builder::new(endian));
    match name {
        "built-names" => types.names(),
        "built-32-bit" => types.thirty_two_bits(4),
        "built-no-long" => types.thirty_two_bits(0),
        "built-twins" => types.twins(),
        "built-odd" => types.odd(),
        "built-modules" => return with_modules(types),
        _ => bail!("no target is called {name}"),
    }
    Kernel::of(&types.0.finish()?, &[])
}

/// One type that vmlinux has, one that a module has, and one that two modules have; and one that vmlinux has without the
/// field that the module's has.
fn with_modules(mut main: Types) -> Result<Kernel> {
    let int = main.0.int("int", 4, SIGNED);
    main.0.int("long", 8, SIGNED);
    main.composite("in_main", 8, &[("x", int, 32)]);
    main.composite("in_both", 4, &[("y", int, 0)]);
    let main = main.0.finish()?;
    let base = Btf::parse(main.clone())?;
    let mut first = Types(Builder::split(&base));
    first.composite("in_module", 12, &[("x", int, 64)]);
    first.composite("in_both", 8, &[("x", int, 32)]);
    first.composite("in_two", 8, &[("x", int, 32), ("first", int, 0)]);
    let mut second = Types(Builder::split(&base));
    second.composite("in_two", 12, &[("x", int, 64), ("second", int, 0)]);
    let modules = [("first", first.0.finish()?), ("second", second.0.finish()?)];
    Kernel::of(&main, &modules).context("with its modules")
}

/// A builder with words for what the targets need.
struct Types(Builder);

impl Types {
    /// A struct; members are a name, a type and an offset in bits.
    fn composite(&mut self, name: &str, size: u32, members: &[(&str, TypeId, u32)]) -> TypeId {
        let members: Vec<_> = members.iter().map(|&(name, of, at)| (name, of, at, 0)).collect();
        self.flagged(name, size, false, &members)
    }

    /// A struct whose members may be bit-fields; the last number is their width in bits.
    fn flagged(
        &mut self,
        name: &str,
        size: u32,
        kind_flag: bool,
        members: &[(&str, TypeId, u32, u8)],
    ) -> TypeId {
        let member = |&(name, of, bit_offset, bitfield_bits): &(&str, TypeId, u32, u8)| MemberSpec {
            name: name.to_owned(),
            of,
            bit_offset,
            bitfield_bits,
        };
        let members = members.iter().map(member).collect();
        let name = name.to_owned();
        self.0.add(TypeSpec::Composite { is_union: false, name, size, kind_flag, members })
    }

    fn array(&mut self, element: TypeId, length: u32) -> TypeId {
        self.0.add(TypeSpec::Array { element, index: element, length })
    }

    fn enumeration(&mut self, name: &str, size: u32, is_signed: bool, values: &[(&str, u64)]) -> TypeId {
        let values = values.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        self.0.add(TypeSpec::Enum { name: name.to_owned(), size, is_signed, is_64: false, values })
    }

    /// GCC's name for an integer; an enumeration of 8 bytes with values of 32 bits.
    fn names(&mut self) {
        let long = self.0.int("long unsigned int", 8, 0);
        self.composite("int_name", 8, &[("a", long, 0)]);
        self.enumeration("eight_bytes", 8, false, &[("EIGHT_BYTES", 1)]);
    }

    /// A machine whose `long` has so many bytes, or whose BTF has none.
    fn thirty_two_bits(&mut self, long: u32) {
        let int = self.0.int("int", 4, SIGNED);
        let number = self.0.int("long unsigned int", long.max(2), 0);
        let signed = self.0.int("long int", long.max(2), SIGNED);
        let to = self.0.add(TypeSpec::Ptr { to: int });
        self.composite(
            "holder",
            20,
            &[("number", number, 32), ("signed_number", signed, 64), ("to", to, 96)],
        );
        let many = self.array(to, 3);
        self.composite("rows", 16, &[("many", many, 32)]);
        self.0.add(TypeSpec::Typedef { name: "to_t".to_owned(), to });
        self.0.add(TypeSpec::Typedef { name: "many_t".to_owned(), to: many });
    }

    /// Structs that have one name, as imperfect deduplication leaves them; and what else may bear it.
    fn twins(&mut self) {
        let int = self.0.int("int", 4, SIGNED);
        self.0.int("long", 8, SIGNED);
        self.composite("twin", 16, &[("common", int, 0), ("first", int, 32), ("same", int, 64)]);
        self.composite("twin", 16, &[("second", int, 0), ("common", int, 32), ("same", int, 64)]);
        // Alike but for what a pointer leads to: no ambiguity.
        let pointers =
            [self.0.add(TypeSpec::Ptr { to: int }), self.0.add(TypeSpec::Ptr { to: TypeId::VOID })];
        for to in pointers {
            self.composite("alike", 16, &[("to", to, 64)]);
        }
        self.enumeration("level", 4, false, &[("LOW", 1), ("HIGH", 2)]);
        self.enumeration("level", 4, false, &[("LOW", 1), ("HIGH", 3)]);
        // Other kinds of the same name are no candidates.
        self.0.add(TypeSpec::Fwd { name: "lone".to_owned(), is_union: false });
        self.composite("lone", 8, &[("x", int, 32)]);
        self.0.add(TypeSpec::Typedef { name: "lone".to_owned(), to: int });
        self.0.add(TypeSpec::Var { name: "lone".to_owned(), of: int, linkage: 1 });
    }

    /// What no compiler writes, or none any more.
    fn odd(&mut self) {
        let int = self.0.int("int", 4, SIGNED);
        self.0.int("long", 8, SIGNED);
        // Bit-fields of old: integers with an offset or fewer bits of their own.
        let shifted = self.0.add(TypeSpec::Int {
            name: "int".to_owned(),
            size: 4,
            encoding: SIGNED,
            offset: 3,
            bits: 5,
        });
        let narrow = self.0.add(TypeSpec::Int {
            name: "int".to_owned(),
            size: 4,
            encoding: SIGNED,
            offset: 0,
            bits: 5,
        });
        self.composite("old_bits", 8, &[("shifted", shifted, 0), ("narrow", narrow, 32)]);
        self.0.add(TypeSpec::Typedef { name: "old_int_t".to_owned(), to: shifted });
        // The kind flag with members that are no bit-fields.
        self.flagged("flag_only", 8, true, &[("x", int, 32, 0)]);
        // The same name in an anonymous struct, of another kind, and once more after it.
        let pointer = self.0.add(TypeSpec::Ptr { to: int });
        let wrong = self.composite("", 16, &[("other", int, 32), ("x", pointer, 64)]);
        self.composite("name_twice", 32, &[("", wrong, 64), ("x", int, 192)]);
        let shadow = self.composite("", 4, &[("x", int, 0)]);
        self.composite("name_first", 32, &[("", shadow, 64), ("x", int, 192)]);
        // A member without a name that is no struct.
        self.composite("no_name", 8, &[("", int, 0), ("x", int, 32)]);
        self.composite("empty", 0, &[]);
        // As large as a signed number of 32 bits cannot say.
        self.composite("huge", 1 << 31, &[("x", int, 32)]);
        self.composite("large", (1 << 31) - 1, &[("x", int, 32)]);
        let bytes = self.0.int("unsigned char", 1, 0);
        let too_many = self.array(bytes, u32::MAX);
        let far_too_many = self.array(too_many, 2);
        self.composite("vast", 8, &[("a", too_many, 32), ("b", far_too_many, 64)]);
        // Loads of sizes that no instruction has.
        let three = self.0.int("three", 3, 0);
        let flag = self.0.int("_Bool", 4, BOOL);
        let signed_char = self.0.int("char", 2, SIGNED | 2);
        self.composite("sizes", 16, &[("three", three, 32), ("flag", flag, 64), ("letter", signed_char, 96)]);
        // Enumerations: the kind flag says that they are signed, not their values.
        let signed = self.enumeration("flagged", 4, true, &[("FLAGGED", 1)]);
        let unsigned = self.enumeration("unflagged", 4, false, &[("UNFLAGGED", u64::MAX)]);
        let byte = self.enumeration("byte_sized", 1, false, &[("BYTE_SIZED", 7)]);
        self.composite("signs", 16, &[("a", signed, 0), ("b", unsigned, 32), ("c", byte, 64)]);
        self.enumeration("no_values", 4, false, &[]);
        // Members that are only declared.
        let declared = self.0.add(TypeSpec::Fwd { name: "declared".to_owned(), is_union: false });
        self.composite("with_declared", 8, &[("x", declared, 32), ("y", declared, 32)]);
        // Tags on the way.
        let tagged = self.0.add(TypeSpec::TypeTag { name: "user".to_owned(), to: int, attribute: false });
        let tagged = self.0.add(TypeSpec::Qualifier { kind: Kind::Restrict, to: tagged });
        self.composite("with_tags", 8, &[("x", tagged, 32)]);
        // A bit-field wider than its type, and one of a type of three bytes.
        self.flagged("wide_bits", 16, true, &[("x", bytes, 4, 20), ("y", three, 36, 20)]);
    }
}
