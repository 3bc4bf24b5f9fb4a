//! The symbols of an object.

use object::Endianness;
use object::elf as raw;
use object::read::SymbolIndex;
use object::read::elf::{SectionTable, Sym};

use super::ErrorKind;
use super::elf::{DAMAGED, Header, RawSection, name, text};
use super::error::broken;

/// A symbol, by its index in `Elf::symbols`.
pub(super) struct Symbol<'d> {
    pub(super) name: &'d [u8],
    /// ELF index of its section; `None` for undefined, absolute and common symbols.
    pub(super) section: Option<usize>,
    pub(super) is_undefined: bool,
    pub(super) value: u64,
    pub(super) size: u64,
    pub(super) bind: u8,
    pub(super) kind: u8,
    pub(super) visibility: u8,
}

impl Symbol<'_> {
    /// `sym_is_extern`.
    pub(super) fn is_extern(&self) -> bool {
        self.is_undefined
            && (self.bind == raw::STB_GLOBAL || self.bind == raw::STB_WEAK)
            && self.kind == raw::STT_NOTYPE
            && !self.name.is_empty()
    }
}

/// Reads the one symbol table there is.
pub(super) fn read<'d>(
    data: &'d [u8],
    order: Endianness,
    table: &SectionTable<'d, Header>,
    sections: &[RawSection<'d>],
) -> Result<Vec<Symbol<'d>>, ErrorKind> {
    let wrong = |what: String| broken("symbol table", what, DAMAGED);
    match sections.iter().filter(|section| section.kind == raw::SHT_SYMTAB).count() {
        0 => {
            return Err(broken(
                "ELF header",
                "there is no symbol table, so nobody knows where its programs are",
                "it was stripped: keep symbols (llvm-strip -g removes only debug information)",
            ));
        }
        1 => {}
        _ => return Err(wrong("there are several".to_owned())),
    }
    let symbols = table.symbols(order, data, raw::SHT_SYMTAB).map_err(|error| wrong(error.to_string()))?;
    let names = sections.get(symbols.string_section().0).map_or(&[][..], |section| section.bytes);
    let mut all = Vec::with_capacity(symbols.len());
    for (index, symbol) in symbols.iter().enumerate() {
        let wrong = |what: String| broken(format!("symbol {index}"), what, DAMAGED);
        let name = name(names, symbol.st_name(order))
            .ok_or_else(|| wrong("its name is not within the symbol names".to_owned()))?;
        let section = symbols
            .symbol_section(order, symbol, SymbolIndex(index))
            .map_err(|error| wrong(error.to_string()))?
            .map(|section| section.0);
        let symbol = Symbol {
            name,
            section,
            is_undefined: symbol.st_shndx(order) == raw::SHN_UNDEF,
            value: symbol.st_value(order),
            size: symbol.st_size(order),
            bind: symbol.st_bind(),
            kind: symbol.st_type(),
            visibility: symbol.st_visibility(),
        };
        check_place(&symbol, sections).map_err(wrong)?;
        all.push(symbol);
    }
    Ok(all)
}

/// A symbol's section exists, and functions and variables lie within it.
fn check_place(symbol: &Symbol<'_>, sections: &[RawSection<'_>]) -> Result<(), String> {
    let Some(index) = symbol.section else { return Ok(()) };
    let Some(section) = sections.get(index) else {
        return Err(format!(
            "{} is said to be in section {index}, but there are {}",
            text(symbol.name),
            sections.len()
        ));
    };
    let has_bytes = symbol.kind == raw::STT_FUNC || symbol.kind == raw::STT_OBJECT;
    let end = symbol.value.checked_add(symbol.size);
    if has_bytes && end.is_none_or(|end| end > section.size) {
        return Err(format!(
            "{} ({} bytes at {:#x}) does not lie within the {} bytes of section {}",
            text(symbol.name),
            symbol.size,
            symbol.value,
            section.size,
            section.text()
        ));
    }
    Ok(())
}
