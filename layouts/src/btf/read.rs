//! Bytes to [`Btf`], every id and offset checked once.
//!
//! The checks are libbpf's `btf_parse_str_sec`, `btf_parse_type_sec` and `btf_sanity_check`,
//! and two of our own: no type may hold itself by value (libbpf would loop), and the names of split BTF must lie on
//! string borders (on a wrong base they do not; libbpf reads plausible nonsense from it and has no error).

use std::sync::Arc;

use super::survey::{Ids, Survey, survey};
use super::wire::{self, Info, Kind};
use super::{Btf, BtfError, Header, TypeId, cycle, size};

impl Btf {
    /// Reads BTF that stands alone: of a vmlinux, of an object.
    ///
    /// # Errors
    /// [`BtfError`] tells what is wrong and where.
    pub fn parse(data: Vec<u8>) -> Result<Self, BtfError> {
        Self::parse_on(data, None)
    }

    /// Reads split BTF, a module's, on top of the vmlinux it was built with.
    ///
    /// # Errors
    /// [`BtfError::WrongBase`] when its names or references do not fit the base; else as [`Btf::parse`].
    pub fn parse_split(data: Vec<u8>, base: Arc<Self>) -> Result<Self, BtfError> {
        Self::parse_on(data, Some(base))
    }

    fn parse_on(data: Vec<u8>, base: Option<Arc<Self>>) -> Result<Self, BtfError> {
        let header = Header::parse(&data).map_err(BtfError::Header)?;
        if let Some(base) = &base
            && base.header.endian != header.endian
        {
            return Err(BtfError::Limits("its byte order is not that of its base".to_owned()));
        }
        check_strings(&data[header.strings.clone()], base.is_some())?;
        let (first_id, first_string) = match &base {
            Some(base) => (base.type_count(), base.string_end()),
            None => (1, 0),
        };
        if u64::from(first_string) + header.strings.len() as u64 > u64::from(u32::MAX) {
            return Err(BtfError::Strings("more than 4 GiB with its base".to_owned()));
        }
        let ids = Ids { first: first_id, string_end: first_string + header.strings.len() as u32 };
        let Survey { records, kinds, levels, open, references_are_sound } =
            survey(&data, &header, base.as_deref(), ids)?;
        let mut btf = Self { data, header, base, records, kinds, first_id, first_string, pointer_size: None };
        // Names of split BTF are checked in a way of their own.
        if !references_are_sound || btf.base.is_some() {
            btf.check_references()?;
        }
        cycle::check(&btf, levels, &open)?;
        btf.pointer_size = size::find_pointer_size(&btf);
        Ok(btf)
    }

    /// One past the last string offset, the base's counted.
    fn string_end(&self) -> u32 {
        self.first_string + self.header.strings.len() as u32
    }

    pub(super) fn check_references(&self) -> Result<(), BtfError> {
        for (index, &at) in self.records.iter().enumerate() {
            self.check_record(self.first_id + index as u32, at as usize)?;
        }
        Ok(())
    }

    fn check_record(&self, id: u32, at: usize) -> Result<(), BtfError> {
        let endian = self.header.endian;
        let word = |offset: usize| endian.u32(&self.data, offset).unwrap_or(u32::MAX);
        let wrong = |what: String| match &self.base {
            None => BtfError::Type { id, offset: at, what },
            Some(_) => BtfError::WrongBase { id, what },
        };
        let count = self.type_count();
        let end = self.string_end();
        let string_in_range = |offset: u32| {
            if offset >= end && offset != 0 {
                return Err(wrong(format!("string offset {offset} lies outside the {end} bytes of strings")));
            }
            if self.base.is_some() && !self.is_border(offset) {
                return Err(wrong(format!("string offset {offset} begins inside another string")));
            }
            Ok(())
        };

        string_in_range(word(at))?;
        let info = Info::decode(word(at + 4));
        let type_in_range = |target: u32| {
            if target >= count {
                return Err(wrong(format!("refers to type [{target}], but the last one is [{}]", count - 1)));
            }
            let kind = self.kind(TypeId(target));
            if self.base.is_some() && !makes_sense(info.kind, kind) {
                let (from, to) = (info.kind.word(), kind.word());
                return Err(wrong(format!("is of kind {from} and refers to type [{target}] of kind {to}")));
            }
            Ok(())
        };
        let elements = at + wire::TYPE_LEN;
        let each = |stride: usize, refers: bool, named: bool| {
            (0..info.count as usize).try_for_each(|n| {
                let element = elements + n * stride;
                if named {
                    string_in_range(word(element))?;
                }
                if refers { type_in_range(word(element + if named { 4 } else { 0 })) } else { Ok(()) }
            })
        };
        match info.kind {
            Kind::Void | Kind::Int | Kind::Fwd | Kind::Float | Kind::Unknown(_) => Ok(()),
            Kind::Ptr
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Var
            | Kind::DeclTag
            | Kind::TypeTag => type_in_range(word(at + 8)),
            Kind::Array => {
                type_in_range(word(elements))?;
                let index = word(elements + 4);
                type_in_range(index)?;
                // `void` is that of any base.
                if self.base.is_some() && index != 0 && self.kind(TypeId(index)) != Kind::Int {
                    return Err(wrong(format!("is an array with an index of type [{index}], no integer")));
                }
                Ok(())
            }
            Kind::Struct | Kind::Union => each(12, true, true),
            Kind::Enum => each(8, false, true),
            Kind::Enum64 => each(12, false, true),
            Kind::FuncProto => {
                type_in_range(word(at + 8))?;
                each(8, true, true)
            }
            Kind::DataSec => each(12, true, false),
            Kind::Func => {
                let proto = word(at + 8);
                type_in_range(proto)?;
                if self.kind(TypeId(proto)) == Kind::FuncProto {
                    return Ok(());
                }
                Err(wrong(format!("is a function, but its type [{proto}] is not a prototype")))
            }
        }
    }

    /// Whether a string begins at this offset: no writer of split BTF shares the tails of strings, neither the base's nor
    /// its own.
    fn is_border(&self, offset: u32) -> bool {
        let Some(within) = offset.checked_sub(self.first_string) else {
            return self.base.as_ref().is_some_and(|base| base.is_border(offset));
        };
        let Some(before) = within.checked_sub(1) else { return true };
        let strings = self.data.get(self.header.strings.clone()).unwrap_or_default();
        strings.get(before as usize) == Some(&0)
    }
}

/// Whether a type of the first kind can refer to one of the second. What no writer ever makes shows that ids mean
/// another base; a pointer to a function's qualified prototype is odd, but compilers have made it.
fn makes_sense(from: Kind, to: Kind) -> bool {
    match to {
        Kind::Func | Kind::Var => matches!(from, Kind::DataSec | Kind::DeclTag),
        Kind::DataSec | Kind::DeclTag => from == Kind::DeclTag,
        Kind::FuncProto => {
            !matches!(from, Kind::Array | Kind::Struct | Kind::Union | Kind::DataSec | Kind::Var)
        }
        _ => true,
    }
}

fn check_strings(strings: &[u8], is_split: bool) -> Result<(), BtfError> {
    let wrong = |what: &str| Err(BtfError::Strings(what.to_owned()));
    match (strings.first(), strings.last()) {
        (None, _) if is_split => Ok(()),
        (None, _) => wrong("it is empty"),
        (Some(&first), _) if first != 0 && !is_split => wrong(
            "it does not begin with a NUL: is this a module's split BTF, whose vmlinux must be given too?",
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
