//! Looking types up by name, flavours included.

use std::collections::HashMap;

use super::{Btf, Kind, TypeId};

/// The name without its flavour: everything before the last `___` that has a character other than `_` on both
/// sides (`bpf_core_essential_name_len`, libbpf). `task_struct___old` is `task_struct`; `___x` and `a____b` are whole.
pub fn essential_name(name: &[u8]) -> &[u8] {
    let Some(last) = name.len().checked_sub(5) else { return name };
    for at in (0..=last).rev() {
        let is_border = name[at] != b'_' && &name[at + 1..at + 4] == b"___" && name[at + 4] != b'_';
        if is_border {
            return &name[..=at];
        }
    }
    name
}

impl Btf {
    /// Own types of a kind that `accepts`, whose essential name is one of `names`, in the order of their ids.
    ///
    /// Kinds are told apart first, then the first two bytes of the name: hardly any string is compared.
    /// Types of the base are not looked at, as libbpf searches module BTF (`bpf_core_add_cands`).
    pub fn find_by_essential_name<'n>(
        &self,
        names: &[&'n [u8]],
        accepts: impl Fn(Kind) -> bool,
    ) -> HashMap<&'n [u8], Vec<TypeId>> {
        let mut found: HashMap<&[u8], Vec<TypeId>> = HashMap::new();
        let wanted = Wanted::new(names);
        let accepted: [bool; 256] = std::array::from_fn(|number| accepts(Kind::from_number(number as u8)));
        // Types of one name may follow each other by the hundred thousand.
        let mut last = (0, None);
        for (index, (&number, &at)) in self.kinds.iter().zip(&self.records).enumerate() {
            if !accepted[usize::from(number)] {
                continue;
            }
            let offset = self.header.endian.u32(&self.data, at as usize).unwrap_or(0);
            let name = match last {
                (known, name) if known == offset => name,
                _ => wanted.find(self.strings_from(offset)),
            };
            last = (offset, name);
            if let Some(name) = name {
                found.entry(name).or_default().push(TypeId(self.first_id + index as u32));
            }
        }
        found
    }

    /// Own types with exactly this name and a kind that `accepts`, in the order of their ids.
    pub fn find_exact(&self, name: &str, accepts: impl Fn(Kind) -> bool) -> Vec<TypeId> {
        let essential = essential_name(name.as_bytes());
        let mut ids =
            self.find_by_essential_name(&[essential], accepts).remove(essential).unwrap_or_default();
        ids.retain(|&id| self.name_bytes(id) == name.as_bytes());
        ids
    }
}

/// Essential names that are looked for, among very many that are not.
struct Wanted<'n> {
    /// By their first two bytes, each name once.
    list: Vec<(u16, &'n [u8])>,
    /// One bit for each two bytes that one of them, or a flavour of it, can begin with.
    filter: Box<[u64; 1024]>,
}

impl<'n> Wanted<'n> {
    fn new(names: &[&'n [u8]]) -> Self {
        let mut wanted = Self { list: Vec::new(), filter: Box::new([0; 1024]) };
        for &name in names {
            match *name {
                [] => {}
                // What follows is the end, or a flavour.
                [only] => [0, b'_'].into_iter().for_each(|next| wanted.add(start([only, next]), name)),
                [first, second, ..] => wanted.add(start([first, second]), name),
            }
        }
        wanted.list.sort_unstable();
        wanted.list.dedup();
        wanted
    }

    fn add(&mut self, start: u16, name: &'n [u8]) {
        self.filter[usize::from(start >> 6)] |= 1 << (start & 63);
        self.list.push((start, name));
    }

    /// The essential name of the string at the start of `strings`, if it is one of those that are looked for.
    #[inline]
    fn find(&self, strings: &[u8]) -> Option<&'n [u8]> {
        let start = start(*strings.first_chunk::<2>()?);
        if self.filter[usize::from(start >> 6)] & 1 << (start & 63) == 0 {
            return None;
        }
        let first = self.list.partition_point(|&(known, _)| known < start);
        let alike = self.list[first..].iter().take_while(|&&(known, _)| known == start);
        alike
            .map(|&(_, name)| name)
            .find(|name| strings.starts_with(name) && has_essential_name(strings, name))
    }
}

/// Whether the string at the start of `strings`, which begins with `name`, has it as its essential name.
///
/// Only a flavour is looked through, and only up to the next border: so that all offsets into one long string together
/// cost no more than its length.
fn has_essential_name(strings: &[u8], name: &[u8]) -> bool {
    match strings.get(name.len()..name.len() + 4) {
        _ if strings.get(name.len()) == Some(&0) => essential_name(name).len() == name.len(),
        Some([b'_', b'_', b'_', next]) if !matches!(next, b'_' | 0) && name.last() != Some(&b'_') => {
            let flavour = &strings[name.len() + 3..];
            let is_border = |at: &[u8]| at[0] != b'_' && &at[1..4] == b"___" && !matches!(at[4], b'_' | 0);
            let mut windows = flavour.windows(5).take_while(|at| !at[..4].contains(&0));
            !windows.any(is_border)
        }
        _ => false,
    }
}

fn start(bytes: [u8; 2]) -> u16 {
    u16::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::{essential_name, has_essential_name};
    use crate::btf::{Btf, Builder, Endian, Kind, TypeSpec};

    #[test]
    fn a_flavour_is_cut_at_the_last_border() {
        let cases: [(&str, &str); 10] = [
            ("task_struct", "task_struct"),
            ("task_struct___old", "task_struct"),
            ("a___b___c", "a___b"),
            ("a____b", "a____b"),
            ("___x", "___x"),
            ("x___", "x___"),
            ("a___b", "a"),
            ("a__b", "a__b"),
            ("", ""),
            ("s___x_____y", "s"),
        ];
        for (name, essential) in cases {
            assert_eq!(essential_name(name.as_bytes()), essential.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_string_has_the_name_that_cutting_it_gives() {
        // Every text of up to eight letters out of three, with every name of up to three that it begins with.
        let texts = |longest: u32| {
            (1..=longest).flat_map(|length| {
                (0..3_u32.pow(length)).map(move |number| {
                    (0..length).map(|at| b"_ab"[(number / 3_u32.pow(at) % 3) as usize]).collect::<Vec<u8>>()
                })
            })
        };
        let names: Vec<Vec<u8>> = texts(3).collect();
        for text in texts(8) {
            // What follows in the strings of BTF is another string.
            let strings = [&text[..], b"\0a___a\0"].concat();
            for name in names.iter().filter(|name| text.starts_with(name)) {
                let has = has_essential_name(&strings, name);
                assert_eq!(
                    has,
                    essential_name(&text) == name,
                    "{} in {}",
                    name.escape_ascii(),
                    text.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn many_names_are_found_at_once() {
        let names: Vec<String> = (b'a'..=b'z').map(|letter| format!("{0}{0}_t", letter as char)).collect();
        let mut types = Builder::new(Endian::Little);
        let ids: Vec<_> = names
            .iter()
            .rev()
            .map(|name| types.add(TypeSpec::Fwd { name: name.clone(), is_union: false }))
            .collect();
        let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
        let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        let found = btf.find_by_essential_name(&names, |_| true);
        assert_eq!(found.len(), names.len());
        for (name, &id) in names.iter().rev().zip(&ids) {
            assert_eq!(found.get(name), Some(&vec![id]), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_search_takes_no_longer_for_names_that_lie_within_each_other() {
        // Each of 100,000 types is called by another tail of a string of a megabyte: reading each would take hours.
        for part in ["a", "a___"] {
            let mut types = Builder::new(Endian::Little);
            let name = part.repeat((1 << 20) / part.len()) + "b";
            types.add(TypeSpec::Fwd { name, is_union: false });
            for _ in 1..100_000 {
                types.add(TypeSpec::Fwd { name: String::new(), is_union: false });
            }
            let mut bytes = types.finish().expect("it can be written");
            for index in 0..100_000_u32 {
                let at = 24 + index as usize * 12;
                let tail = 1 + index / part.len() as u32 * part.len() as u32;
                bytes[at..at + 4].copy_from_slice(&tail.to_le_bytes());
            }
            let btf = Btf::parse(bytes).expect("sound BTF");
            let found = btf.find_by_essential_name(&[b"a", b"aa"], |kind| kind == Kind::Fwd);
            assert!(found.is_empty(), "{part}");
        }
    }
}
