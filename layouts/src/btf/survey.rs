//! One pass over the type section: where each record begins, and whether anything in it needs a closer look.
//!
//! A vmlinux has some 150,000 types in 4 MB, and reading them is most of what a check of one kernel costs. So each record
//! is looked at once, while its bytes are at hand, and only what is cheap is done: the greatest id and string offset
//! that occur, and how many levels a type has if all that it holds came before. What is wrong, and where, is for
//! [`super::read`] and [`super::cycle`] to say: they look again, at everything, when the pass is in doubt.

use super::cycle::MAX_DEPTH;
use super::wire::{self, Endian, Info, Kind};
use super::{Btf, BtfError, Header};

/// What the pass gathers, by id minus the first own id where it is by type.
pub(super) struct Survey {
    /// Where each record begins, in bytes from the start of the BTF.
    pub(super) records: Vec<u32>,
    /// The number of each record's kind.
    pub(super) kinds: Vec<u8>,
    /// How many levels each type has by value, as [`super::cycle`] counts; 0 where a type holds a later one.
    pub(super) levels: Vec<u16>,
    /// The indices of the types whose levels are 0.
    pub(super) open: Vec<u32>,
    /// Whether every type id and string offset is in range, and every function's type a prototype. False may also say
    /// that this pass cannot tell.
    pub(super) references_are_sound: bool,
}

/// Looks at every record.
///
/// # Errors
/// [`BtfError::Type`] for a record that is cut off or cannot be sized, [`BtfError::Limits`] for too many.
pub(super) fn survey(data: &[u8], header: &Header, base: Option<&Btf>, ids: Ids) -> Result<Survey, BtfError> {
    // One body for each byte order, so that the order is not asked for at every word.
    match header.endian {
        Endian::Little => look(data, header, base, ids, u32::from_le_bytes),
        Endian::Big => look(data, header, base, ids, u32::from_be_bytes),
    }
}

/// Where the unit's own ids begin and its strings end, the base's counted.
#[derive(Clone, Copy)]
pub(super) struct Ids {
    /// The first own id.
    pub(super) first: u32,
    /// One past the last string offset.
    pub(super) string_end: u32,
}

fn look(
    data: &[u8],
    header: &Header,
    base: Option<&Btf>,
    ids: Ids,
    decode: impl Fn([u8; 4]) -> u32 + Copy,
) -> Result<Survey, BtfError> {
    let types = header.types.clone();
    if types.end > u32::MAX as usize {
        return Err(BtfError::Limits("larger than 4 GiB".to_owned()));
    }
    let layout = Layout {
        of_base: base,
        own: header.layout.clone().and_then(|layout| data.get(layout)).unwrap_or_default(),
    };
    let sizes = layout.sizes_by_kind();
    let mut seen = Seen::new(types.len() / 24, ids);
    let mut rest = data.get(types.clone()).unwrap_or_default();
    while !rest.is_empty() {
        let at = types.end - rest.len();
        let id = ids.first.saturating_add(seen.survey.records.len() as u32);
        let wrong = |what: String| BtfError::Type { id, offset: at, what };
        let cut = || wrong("is cut off by the end of the type section".to_owned());
        let Some((fixed, tail)) = rest.split_first_chunk::<{ wire::TYPE_LEN }>() else { return Err(cut()) };
        let info = word(fixed, 4, decode);
        let number = (info >> 24 & 0x7f) as u8;
        let Some((once, each)) = sizes[usize::from(number)] else {
            return Err(wrong(match Kind::from_number(number) {
                Kind::Void => "has kind 0".to_owned(),
                _ => {
                    format!("has kind {number}, which this program does not know and no layout section sizes")
                }
            }));
        };
        // At most 255 + 255 * 2^24 bytes: fits usize on 64-bit hosts, checked on others.
        let length = each.checked_mul(Info::decode(info).count as usize).and_then(|n| n.checked_add(once));
        let Some((body, next)) = length.and_then(|length| tail.split_at_checked(length)) else {
            return Err(cut());
        };
        rest = next;
        seen.record(at as u32, number, [word(fixed, 0, decode), word(fixed, 8, decode)], body, decode);
    }
    if u64::from(ids.first) + seen.survey.records.len() as u64 > u64::from(u32::MAX) {
        return Err(BtfError::Limits("too many types".to_owned()));
    }
    Ok(seen.finish(ids))
}

/// The word at byte `at`; 0 beyond the end, which no caller asks for.
#[inline]
fn word(bytes: &[u8], at: usize, decode: impl Fn([u8; 4]) -> u32) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).map_or(0, |raw| decode(*raw))
}

/// The survey under way.
struct Seen {
    survey: Survey,
    first: u32,
    /// The greatest type id referred to.
    top_type: u32,
    /// The greatest string offset.
    top_string: u32,
    /// Whether every function's prototype came before it and is one; of others, their prototypes.
    functions_are_sound: bool,
    late_prototypes: Vec<u32>,
}

impl Seen {
    fn new(guess: usize, ids: Ids) -> Self {
        Self {
            survey: Survey {
                records: Vec::with_capacity(guess),
                kinds: Vec::with_capacity(guess),
                levels: Vec::with_capacity(guess),
                open: Vec::new(),
                references_are_sound: false,
            },
            first: ids.first,
            top_type: 0,
            top_string: 0,
            functions_are_sound: true,
            late_prototypes: Vec::new(),
        }
    }

    /// Takes in one record: its name and its third word, and what follows them.
    #[inline]
    fn record(
        &mut self,
        at: u32,
        number: u8,
        [name, third]: [u32; 2],
        body: &[u8],
        decode: impl Fn([u8; 4]) -> u32 + Copy,
    ) {
        self.top_string = self.top_string.max(name);
        let mut below = Below { first: self.first, levels: 0, is_open: false };
        match Kind::from_number(number) {
            Kind::Ptr | Kind::DeclTag => self.top_type = self.top_type.max(third),
            Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::Var | Kind::TypeTag => {
                self.top_type = self.top_type.max(third);
                below.add(third, &self.survey.levels);
            }
            Kind::Array => {
                let element = word(body, 0, decode);
                self.top_type = self.top_type.max(element).max(word(body, 4, decode));
                below.add(element, &self.survey.levels);
            }
            Kind::Struct | Kind::Union => {
                for member in body.as_chunks::<12>().0 {
                    self.top_string = self.top_string.max(word(member, 0, decode));
                    let of = word(member, 4, decode);
                    self.top_type = self.top_type.max(of);
                    below.add(of, &self.survey.levels);
                }
            }
            Kind::Enum => {
                for value in body.as_chunks::<8>().0 {
                    self.top_string = self.top_string.max(word(value, 0, decode));
                }
            }
            Kind::Enum64 => {
                for value in body.as_chunks::<12>().0 {
                    self.top_string = self.top_string.max(word(value, 0, decode));
                }
            }
            Kind::FuncProto => {
                self.top_type = self.top_type.max(third);
                for param in body.as_chunks::<8>().0 {
                    self.top_string = self.top_string.max(word(param, 0, decode));
                    self.top_type = self.top_type.max(word(param, 4, decode));
                }
            }
            Kind::DataSec => {
                for entry in body.as_chunks::<12>().0 {
                    self.top_type = self.top_type.max(word(entry, 0, decode));
                }
            }
            Kind::Func => {
                self.top_type = self.top_type.max(third);
                match third.checked_sub(self.first).map(|index| self.survey.kinds.get(index as usize)) {
                    Some(Some(&number)) => self.functions_are_sound &= number == FUNC_PROTO,
                    Some(None) => self.late_prototypes.push(third),
                    None => self.functions_are_sound = false,
                }
            }
            Kind::Void | Kind::Int | Kind::Fwd | Kind::Float | Kind::Unknown(_) => {}
        }
        let levels = below.levels + 1;
        if below.is_open || levels > MAX_DEPTH {
            self.survey.open.push(self.survey.records.len() as u32);
            self.survey.levels.push(0);
        } else {
            self.survey.levels.push(levels);
        }
        self.survey.records.push(at);
        self.survey.kinds.push(number);
    }

    fn finish(mut self, ids: Ids) -> Survey {
        let kinds = &self.survey.kinds;
        let late_are_sound = self.late_prototypes.iter().all(|&id| {
            let index = id.checked_sub(self.first);
            index.and_then(|index| kinds.get(index as usize)) == Some(&FUNC_PROTO)
        });
        self.survey.references_are_sound = self.functions_are_sound
            && late_are_sound
            && u64::from(self.top_type) < u64::from(ids.first) + kinds.len() as u64
            && (self.top_string < ids.string_end || self.top_string == 0);
        self.survey
    }
}

const FUNC_PROTO: u8 = 13;

/// The levels below a type.
struct Below {
    first: u32,
    levels: u16,
    /// Whether it holds a type whose levels are not known yet.
    is_open: bool,
}

impl Below {
    #[inline]
    fn add(&mut self, id: u32, levels: &[u16]) {
        // Types of the base were checked with it, and cannot refer to ours; nor is `void` ours.
        let Some(index) = id.checked_sub(self.first) else { return };
        let known = levels.get(index as usize).copied().unwrap_or(0);
        self.is_open |= known == 0;
        self.levels = self.levels.max(known);
    }
}

/// Sizes of kinds this program does not know, from the unit's layout section or its base's.
struct Layout<'a> {
    of_base: Option<&'a Btf>,
    own: &'a [u8],
}

/// Bytes that follow the fixed part of a record: once, and per element.
type Sizes = Option<(usize, usize)>;

impl Layout<'_> {
    /// The sizes of every kind that the info word can have.
    fn sizes_by_kind(&self) -> [Sizes; 128] {
        std::array::from_fn(|number| match Kind::from_number(number as u8) {
            Kind::Unknown(number) => self.sizes(number),
            known => known.trailing(),
        })
    }

    fn sizes(&self, kind: u8) -> Sizes {
        let mut entries = self.own;
        if let (true, Some(base)) = (entries.is_empty(), self.of_base) {
            entries = base.data.get(base.header.layout.clone()?)?;
        }
        let entry = entries.get(usize::from(kind) * 4..usize::from(kind) * 4 + 4)?;
        let (once, each) = (usize::from(entry[0]), usize::from(entry[1]));
        (once % 4 == 0 && each % 4 == 0).then_some((once, each))
    }
}

#[cfg(test)]
mod tests;
