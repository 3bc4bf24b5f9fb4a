//! Declarations as a C programmer writes them.

use super::*;
use crate::btf::{Builder, Endian, MemberSpec, TypeSpec};

fn read(fill: impl FnOnce(&mut Builder) -> TypeId) -> (Btf, TypeId) {
    let mut builder = Builder::new(Endian::Little);
    let id = fill(&mut builder);
    (builder.finish().and_then(Btf::parse).expect("sound BTF"), id)
}

/// The type that `fill` adds on top of `char`, alone and as the declaration of `x`.
fn both(fill: impl FnOnce(&mut Builder, TypeId) -> TypeId) -> [String; 2] {
    let (btf, id) = read(|types| {
        let char = types.int("char", 1, 1);
        fill(types, char)
    });
    [type_name(&btf, id), declaration(&btf, id, "x")]
}

fn to(types: &mut Builder, to: TypeId) -> TypeId {
    types.add(TypeSpec::Ptr { to })
}

fn array(types: &mut Builder, element: TypeId, length: u32) -> TypeId {
    types.add(TypeSpec::Array { element, index: element, length })
}

fn function(types: &mut Builder, returns: TypeId, params: &[TypeId]) -> TypeId {
    let params = params.iter().map(|&of| (String::new(), of)).collect();
    types.add(TypeSpec::FuncProto { returns, params })
}

fn qualified(types: &mut Builder, kind: Kind, to: TypeId) -> TypeId {
    types.add(TypeSpec::Qualifier { kind, to })
}

#[test]
fn pointers_arrays_and_functions_within_each_other() {
    assert_eq!(both(to), ["char *", "char *x"]);
    assert_eq!(both(|types, char| array(types, char, 6)), ["char[6]", "char x[6]"]);
    let grid = |types: &mut Builder, char| {
        let row = array(types, char, 2);
        array(types, row, 3)
    };
    assert_eq!(both(grid), ["char[3][2]", "char x[3][2]"]);
    let pointers = |types: &mut Builder, char| {
        let pointer = to(types, char);
        array(types, pointer, 4)
    };
    assert_eq!(both(pointers), ["char *[4]", "char *x[4]"]);
    let to_array = |types: &mut Builder, char| {
        let row = array(types, char, 4);
        to(types, row)
    };
    assert_eq!(both(to_array), ["char (*)[4]", "char (*x)[4]"]);
    assert_eq!(both(|types, char| function(types, char, &[])), ["char(void)", "char x(void)"]);
    // A parameter without name or type stands for all that may follow; with a name it is a mistake, and shown as it is.
    let named = |types: &mut Builder, returns| {
        let params = vec![("nothing".to_owned(), TypeId::VOID)];
        types.add(TypeSpec::FuncProto { returns, params })
    };
    assert_eq!(both(named), ["char(void)", "char x(void)"]);
    assert_eq!(both(|types, char| function(types, char, &[TypeId::VOID])), ["char(...)", "char x(...)"]);
    let table = |types: &mut Builder, char| {
        let pointer = to(types, char);
        let function = function(types, TypeId::VOID, &[pointer, char, TypeId::VOID]);
        let pointer = to(types, function);
        array(types, pointer, 2)
    };
    assert_eq!(both(table), ["void (*[2])(char *, char, ...)", "void (*x[2])(char *, char, ...)"]);
}

#[test]
fn qualifiers_stand_where_they_belong() {
    let constant = |types: &mut Builder, char| qualified(types, Kind::Const, char);
    assert_eq!(both(constant), ["const char", "const char x"]);
    let to_constant = |types: &mut Builder, char| {
        let constant = constant(types, char);
        to(types, constant)
    };
    assert_eq!(both(to_constant), ["const char *", "const char *x"]);
    let constant_pointer = |types: &mut Builder, char| {
        let pointer = to(types, char);
        qualified(types, Kind::Const, pointer)
    };
    assert_eq!(both(constant_pointer), ["char *const", "char *const x"]);
    let tagged = |types: &mut Builder, char| {
        let tag = types.add(TypeSpec::TypeTag { name: "user".to_owned(), to: char, attribute: false });
        to(types, tag)
    };
    assert_eq!(both(tagged), ["char *", "char *x"]);
}

#[test]
fn names_of_types_and_of_their_records() {
    let composite = |name: &str, is_union: bool| TypeSpec::Composite {
        is_union,
        name: name.to_owned(),
        size: 0,
        kind_flag: false,
        members: Vec::new(),
    };
    let enumeration = |name: &str, is_64: bool| {
        let (name, values) = (name.to_owned(), Vec::new());
        TypeSpec::Enum { name, size: 4, is_signed: false, is_64, values }
    };
    let forward = |is_union: bool| TypeSpec::Fwd { name: "f".to_owned(), is_union };
    let typedef = TypeSpec::Typedef { name: "t".to_owned(), to: TypeId::VOID };
    let float = TypeSpec::Float { name: "double".to_owned(), size: 8 };
    let int = TypeSpec::Int { name: "int".to_owned(), size: 4, encoding: 1, offset: 0, bits: 32 };
    let cases = [
        (composite("s", false), "struct s", "struct s"),
        (composite("", true), "union {…}", "union (anonymous)"),
        (enumeration("e", false), "enum e", "enum e"),
        (enumeration("", true), "enum {…}", "enum (anonymous)"),
        (forward(false), "struct f", "struct f (declared only)"),
        (forward(true), "union f", "union f (declared only)"),
        (typedef, "t", "typedef t"),
        (float, "double", "double"),
        (int, "int", "int"),
    ];
    for (spec, alone, record) in cases {
        let (btf, id) = read(|types| types.add(spec));
        assert_eq!((&type_name(&btf, id)[..], &definition_name(&btf, id)[..]), (alone, record));
    }
}

#[test]
fn bit_fields_have_their_width() {
    let (btf, id) = read(|types| {
        let of = types.int("unsigned int", 4, 0);
        let member = |name: &str, bit_offset: u32, bitfield_bits: u8| MemberSpec {
            name: name.to_owned(),
            of,
            bit_offset,
            bitfield_bits,
        };
        let members = vec![member("state", 0, 3), member("count", 32, 0)];
        types.add(TypeSpec::Composite {
            is_union: false,
            name: "s".to_owned(),
            size: 8,
            kind_flag: true,
            members,
        })
    });
    let Type::Struct(composite) = btf.ty(id) else { panic!("it is a struct") };
    let shown: Vec<String> = composite.members().map(|member| member_declaration(&btf, &member)).collect();
    assert_eq!(shown, ["unsigned int state:3", "unsigned int count"]);
}

#[test]
fn a_declaration_has_thirty_two_steps() {
    let pointers = |count: usize| both(|types, char| (0..count).fold(char, |of, _| to(types, of)));
    assert_eq!(pointers(31), [format!("char {}", "*".repeat(31)), format!("char {}x", "*".repeat(31))]);
    assert_eq!(pointers(32)[0], format!("… {}", "*".repeat(32)));
}

#[test]
fn a_prototype_that_takes_pointers_to_itself_is_cut() {
    let (btf, pointer) = read(|types| {
        let (pointer, proto) = (types.reserve(), types.reserve());
        types.define(pointer, TypeSpec::Ptr { to: proto });
        let params = vec![(String::new(), pointer); 12];
        types.define(proto, TypeSpec::FuncProto { returns: TypeId::VOID, params });
        pointer
    });
    let text = type_name(&btf, pointer);
    assert!(text.contains('…') && text.len() < 100_000, "{} bytes", text.len());
}
