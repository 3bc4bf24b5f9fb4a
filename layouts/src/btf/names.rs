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
    /// The strings are searched for each name once, then the records once for all: no string is compared per type.
    /// Types of the base are not looked at, as libbpf searches module BTF (`bpf_core_add_cands`).
    pub fn find_by_essential_name<'n>(
        &self,
        names: &[&'n [u8]],
        accepts: impl Fn(Kind) -> bool,
    ) -> HashMap<&'n [u8], Vec<TypeId>> {
        let mut found: HashMap<&[u8], Vec<TypeId>> = HashMap::new();
        let mut wanted = Offsets::default();
        for &name in names.iter().filter(|name| !name.is_empty()) {
            self.string_offsets(name, &mut wanted);
        }
        wanted.list.sort_unstable();
        if wanted.list.is_empty() {
            return found;
        }
        for (index, &at) in self.records.iter().enumerate() {
            let name_offset = self.header.endian.u32(&self.data, at as usize).unwrap_or(0);
            if let Some(name) = wanted.name_at(name_offset) {
                let id = TypeId(self.first_id + index as u32);
                if accepts(self.kind(id)) {
                    found.entry(name).or_default().push(id);
                }
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

    /// Every string offset at which a string with this essential name could be said to begin, tails of other
    /// strings included: an offset may point anywhere.
    ///
    /// Takes time in proportion to the strings, whatever they are: a string in which the name occurs is looked at once.
    fn string_offsets<'n>(&self, name: &'n [u8], wanted: &mut Offsets<'n>) {
        let finder = memchr::memmem::Finder::new(name);
        let mut unit = Some(self);
        while let Some(btf) = unit {
            let strings = btf.data.get(btf.header.strings.clone()).unwrap_or_default();
            let mut from = 0;
            while let Some(at) = strings.get(from..).and_then(|rest| finder.find(rest)) {
                let start = from + at;
                let rest = &strings[start..];
                let whole = &rest[..memchr::memchr(0, rest).unwrap_or(rest.len())];
                for at in tails_named(whole, name).into_iter().flatten() {
                    wanted.add(btf.first_string + (start + at) as u32, name);
                }
                from = start + whole.len() + 1;
            }
            unit = btf.base.as_deref();
        }
    }
}

/// Where in `text` tails begin whose essential name is `name`. Of a tail with the text's last border it ends there, so that
/// only one can have the right length; of a tail behind that border it is the whole tail, which is as unique.
fn tails_named(text: &[u8], name: &[u8]) -> [Option<usize>; 2] {
    let border = essential_name(text).len();
    let with_flavour = border.checked_sub(name.len()).filter(|&at| text[at..].starts_with(name));
    let without = text.len().checked_sub(name.len()).filter(|&at| text.ends_with(name) && at >= border);
    let has_flavour = border < text.len();
    [with_flavour, without.filter(|_| has_flavour)]
}

/// String offsets that are looked for, among very many that are not.
#[derive(Default)]
struct Offsets<'n> {
    /// Sorted before it is asked.
    list: Vec<(u32, &'n [u8])>,
    /// One bit per possible hash: most offsets are turned away by it.
    filter: [u64; 16],
}

impl<'n> Offsets<'n> {
    fn bit(offset: u32) -> (usize, u64) {
        // The upper bits of a multiplicative hash (Knuth).
        let hash = offset.wrapping_mul(2_654_435_761) >> 22;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }

    fn add(&mut self, offset: u32, name: &'n [u8]) {
        let (word, bit) = Self::bit(offset);
        self.filter[word] |= bit;
        self.list.push((offset, name));
    }

    #[inline]
    fn name_at(&self, offset: u32) -> Option<&'n [u8]> {
        let (word, bit) = Self::bit(offset);
        if self.filter[word] & bit == 0 {
            return None;
        }
        let index = self.list.binary_search_by_key(&offset, |&(known, _)| known).ok()?;
        self.list.get(index).map(|&(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::{essential_name, tails_named};
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
    fn tails_with_a_name_are_those_that_trying_each_finds() {
        // Every text of up to eight letters out of three, with every name of up to three.
        let texts = |longest: u32| {
            (1..=longest).flat_map(|length| {
                (0..3_u32.pow(length)).map(move |number| {
                    (0..length).map(|at| b"_ab"[(number / 3_u32.pow(at) % 3) as usize]).collect::<Vec<u8>>()
                })
            })
        };
        let names: Vec<Vec<u8>> = texts(3).collect();
        for text in texts(8) {
            for name in &names {
                let each: Vec<usize> =
                    (0..text.len()).filter(|&at| essential_name(&text[at..]) == name).collect();
                let found: Vec<usize> = tails_named(&text, name).into_iter().flatten().collect();
                assert_eq!(found, each, "{} in {}", name.escape_ascii(), text.escape_ascii());
            }
        }
    }

    /// BTF with one struct of this name.
    fn named(name: String) -> Btf {
        let mut types = Builder::new(Endian::Little);
        types.add(TypeSpec::Fwd { name, is_union: false });
        types.finish().and_then(Btf::parse).expect("sound BTF")
    }

    #[test]
    fn a_search_takes_no_longer_for_a_name_that_repeats_in_itself() {
        // Half a million places to look at in a string of a megabyte: together they would take hours.
        let fwd = |kind: Kind| kind == Kind::Fwd;
        let half = "a".repeat(1 << 19);
        let long = named("a".repeat(1 << 20));
        assert!(long.find_by_essential_name(&[b"a"], fwd).is_empty());
        assert!(long.find_by_essential_name(&[half.as_bytes()], fwd).is_empty());
        assert_eq!(long.find_exact(&"a".repeat(1 << 20), fwd).len(), 1);
        let flavours = named("a___".repeat(1 << 18) + "a");
        assert!(flavours.find_by_essential_name(&[b"a"], fwd).is_empty());
    }
}
