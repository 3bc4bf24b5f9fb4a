//! What an object is made of, once read and checked.

use std::fmt;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Endian, TypeId};

use super::{Insn, Problem};

/// A compiled BPF object. Every index in it is in range, every type id and string offset exists in its BTF.
#[derive(Debug, Clone)]
pub struct Object {
    /// The file, or for an embedded object `file@symbol` or `file@0xoffset`.
    pub path: String,
    /// Where in an executable or library it was found.
    pub embedded_in: Option<EmbeddedAt>,
    /// Byte order of its instructions and of its BTF.
    pub endian: Endian,
    /// Its `.BTF`.
    pub btf: Option<Arc<Btf>>,
    /// Whether it has a section `.BTF.ext`.
    pub has_btf_ext: bool,
    /// Its code, in the order of the file.
    pub sections: Vec<Section>,
    /// Its functions, ordered by section and place: libbpf's order of programs.
    pub functions: Vec<Function>,
    /// The functions that are loaded by themselves, in the order of `functions`.
    pub programs: Vec<Program>,
    /// Its CO-RE relocations, in the order of `.BTF.ext`: the order in which libbpf resolves them.
    pub relos: Vec<CoreRelo>,
    /// What its instructions refer to, ordered by section and instruction.
    pub references: Vec<Reference>,
    /// Undefined symbols: Kconfig values, kernel variables, kernel functions.
    pub externs: Vec<Extern>,
    /// Its maps, `struct_ops` included; sections of variables are in `data`.
    pub maps: Vec<Map>,
    /// Its sections of variables and constants.
    pub data: Vec<DataSection>,
    /// What the section `license` says.
    pub license: Option<String>,
    /// What loaders stumble over.
    pub problems: Vec<Problem>,
    /// The whole file, for loaders that read it themselves.
    pub file: Arc<File>,
}

/// The bytes of an object's file.
#[derive(Clone, Default)]
pub struct File(Vec<u8>);

impl File {
    pub(super) fn new(bytes: &[u8]) -> Arc<Self> {
        Arc::new(Self(bytes.to_vec()))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.0.len())
    }
}

/// The place of an object within an executable or library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedAt {
    /// The executable or library.
    pub executable: String,
    /// The symbol whose bytes hold it, if the file still has one.
    pub symbol: Option<String>,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
}

/// A section of code.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its ELF index.
    pub index: usize,
    /// Its name as it stands, a leading `?` included.
    pub name: String,
    /// Its instructions.
    pub insns: Vec<Insn>,
}

/// ELF binding of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// `static`.
    Local,
    /// Neither `static` nor weak.
    Global,
    /// `__weak`.
    Weak,
}

/// A function: a program, or a subprogram that programs call.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Index in `Object::sections`.
    pub section: usize,
    /// Its first instruction, counted from the start of the section.
    pub insn_off: u32,
    /// How many instructions it has.
    pub insn_count: u32,
    /// ELF binding.
    pub binding: Binding,
    /// Hidden or internal visibility: libbpf has the verifier treat it as static.
    pub hidden: bool,
    /// Its `FUNC` in the object's BTF, if `.BTF.ext` tells.
    pub btf: Option<TypeId>,
    /// The functions it calls or takes the address of, each once, ascending.
    pub calls: Vec<usize>,
    /// What else it refers to.
    pub uses: Uses,
}

impl Function {
    /// Whether the instruction, counted from the start of the section, is one of its own.
    pub fn contains(&self, insn: u32) -> bool {
        insn.checked_sub(self.insn_off).is_some_and(|within| within < self.insn_count)
    }
}

/// What code refers to besides functions, each thing once, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Indices in `Object::externs`.
    pub externs: Vec<usize>,
    /// Indices in `Object::maps`.
    pub maps: Vec<usize>,
    /// Indices in `Object::data`.
    pub data: Vec<usize>,
    /// Whether one of `data` is read-only, so that its values are known when the object is loaded.
    pub reads_rodata: bool,
}

/// A function that is loaded by itself.
#[derive(Debug, Clone)]
pub struct Program {
    /// Index in `Object::functions`.
    pub function: usize,
    /// The section's name without a leading `?`.
    pub section_name: String,
    /// Whether libbpf loads it when nobody says otherwise: not in a section `?…`, nor a `struct_ops` program that only
    /// maps of `?.struct_ops` use.
    pub autoload: bool,
    /// Itself and every function that it reaches, ascending.
    pub functions: Vec<usize>,
}

/// One CO-RE relocation as the compiler recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreRelo {
    /// Index in `Object::sections`.
    pub section: usize,
    /// The instruction, counted from the start of the section; never the second slot of a 64-bit load.
    pub insn: u32,
    /// Index in `Object::functions`; `None` when the instruction belongs to a weak function that linking replaced by
    /// another, whose records stay behind: loaders skip it.
    pub function: Option<usize>,
    /// The root type, in the object's BTF.
    pub type_id: TypeId,
    /// String offset of the access string in the object's BTF; see [`Object::access_str`].
    pub access_str_off: u32,
    /// Its kind (`enum bpf_core_relo_kind`); a number this program does not know is kept.
    pub kind: u32,
    /// The `line_info` record of its source line; see [`Object::source`].
    pub(super) line: Option<LineRecord>,
}

/// A `line_info` record without its instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineRecord {
    pub(super) file_off: u32,
    pub(super) text_off: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A place in the source of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLine<'a> {
    /// The file as the compiler was told of it.
    pub file: &'a str,
    /// The line, from 1; 0 when the compiler did not know.
    pub line: u32,
    /// The column, from 1; 0 when the compiler did not know.
    pub column: u32,
    /// The line itself, indentation included; empty when the compiler left it out.
    pub text: &'a str,
}

/// What an instruction refers to, by ELF relocation or by a call within its section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Index in `Object::sections`.
    pub section: usize,
    /// The instruction, counted from the start of the section.
    pub insn: u32,
    /// What it refers to.
    pub target: Target,
}

/// The other end of a [`Reference`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A call of this function.
    Call(usize),
    /// The address of this function, for a callback.
    FunctionAddress(usize),
    /// A call of this extern, a kernel function.
    ExternCall(usize),
    /// The address of this extern.
    ExternAddress(usize),
    /// This map.
    Map(usize),
    /// A place in this section of variables.
    Data {
        /// Index in `Object::data`.
        data: usize,
        /// Offset in bytes from its start, as the instruction has it: not checked against its size.
        offset: i64,
    },
}

/// What an extern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExternKind {
    /// A value of the kernel's configuration, or `LINUX_KERNEL_VERSION` and its like (`.kconfig`).
    Kconfig,
    /// A kernel variable (`.ksyms`); its type is `void` when it is declared without one.
    KsymVariable,
    /// A kernel function, a kfunc (`.ksyms`).
    KsymFunction,
    /// Not declared in BTF: see [`Problem::ExternWithoutBtf`].
    Undeclared,
}

/// An undefined symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extern {
    /// Its name, a flavour (`name___flavour`) included.
    pub name: String,
    /// Whether it may stay unresolved.
    pub weak: bool,
    /// What it stands for.
    pub kind: ExternKind,
    /// Its `VAR` or `FUNC` in the object's BTF.
    pub btf: Option<TypeId>,
    /// The type of the variable, or the function's prototype.
    pub of: Option<TypeId>,
}

/// How a map is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// In `.maps`, by BTF.
    Btf,
    /// In `.struct_ops`, `.struct_ops.link` or one of them with a leading `?`.
    StructOps,
    /// In `maps`, by a C struct.
    Legacy,
}

/// A map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its name.
    pub name: String,
    /// How it is defined.
    pub kind: MapKind,
    /// The section as it is named, a leading `?` included.
    pub section_name: String,
    /// ELF index of its section.
    pub section: usize,
    /// Offset in bytes in its section.
    pub offset: u64,
    /// Size in bytes in its section.
    pub size: u64,
    /// Type of its variable in the object's BTF: the definition, or the struct of operations.
    pub of: Option<TypeId>,
    /// Its type (`enum bpf_map_type`), where its definition names one.
    pub map_type: Option<u32>,
    /// Whether libbpf creates it when nobody says otherwise: `struct_ops` with a leading `?` are not.
    pub autocreate: bool,
    /// The functions whose addresses it holds (`struct_ops`, program arrays): offset in bytes in the map, index in
    /// `Object::functions`.
    pub functions: Vec<(u64, usize)>,
    /// Of `struct_ops`: its initial value, without the functions.
    pub value: Vec<u8>,
}

/// What a section of variables is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKind {
    /// `.rodata*`: constants, frozen before the programs load.
    ReadOnly,
    /// `.data*`.
    Data,
    /// `.bss*`.
    Bss,
    /// Another that instructions refer to: an arena, jump tables.
    Other,
}

/// A section of variables or constants.
#[derive(Debug, Clone)]
pub struct DataSection {
    /// Its name.
    pub name: String,
    /// Its ELF index.
    pub index: usize,
    /// What it is.
    pub kind: DataKind,
    /// Its size in bytes.
    pub size: u64,
    /// Its bytes; empty for `.bss`, which is all zero.
    pub bytes: Vec<u8>,
    /// Its variables that have a name, ordered by place.
    pub variables: Vec<Variable>,
}

/// A variable or constant of a [`DataSection`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Offset in bytes in its section.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
}

impl Object {
    /// The access string of a relocation: the path of indices, or the place of an enumerator. Empty without BTF.
    pub fn access_str(&self, relo: &CoreRelo) -> &str {
        self.text(relo.access_str_off)
    }

    /// The source line of a relocation, if the object was compiled with line information.
    pub fn source(&self, relo: &CoreRelo) -> Option<SourceLine<'_>> {
        let record = relo.line?;
        Some(SourceLine {
            file: self.text(record.file_off),
            line: record.line,
            column: record.column,
            text: self.text(record.text_off),
        })
    }

    /// The function that holds an instruction of a section, as libbpf finds it: the last that begins at or before it.
    pub fn function_at(&self, section: usize, insn: u32) -> Option<usize> {
        super::code::function_at(&self.functions, section, insn)
    }

    /// The program that a function is, if it is loaded by itself.
    pub fn program_of(&self, function: usize) -> Option<&Program> {
        let index = self.programs.binary_search_by_key(&function, |program| program.function).ok()?;
        self.programs.get(index)
    }

    /// Whether libbpf resolves this relocation: not in weak functions that linking replaced, nor in programs that are
    /// not loaded. In subprograms always, even if no program calls them.
    pub fn is_relocated(&self, relo: &CoreRelo) -> bool {
        relo.function.is_some_and(|function| self.program_of(function).is_none_or(|program| program.autoload))
    }

    /// What a program refers to, itself or through the functions it reaches.
    pub fn program_uses(&self, program: &Program) -> Uses {
        let mut all = Uses::default();
        for uses in program.functions.iter().filter_map(|&index| self.functions.get(index)).map(|f| &f.uses) {
            all.externs.extend(&uses.externs);
            all.maps.extend(&uses.maps);
            all.data.extend(&uses.data);
            all.reads_rodata |= uses.reads_rodata;
        }
        all.tidy();
        all
    }

    fn text(&self, offset: u32) -> &str {
        self.btf.as_ref().map_or("", |btf| btf.text(offset))
    }
}

impl Uses {
    /// Sorts and drops repetitions.
    pub(super) fn tidy(&mut self) {
        for list in [&mut self.externs, &mut self.maps, &mut self.data] {
            list.sort_unstable();
            list.dedup();
        }
    }
}
