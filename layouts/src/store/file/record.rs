//! What the file has of a kernel besides its types: a head, which every check reads, and details.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bytes::{Damage, Put, Reader};
use super::{UnitNumber, sealed};
use crate::btf::Endian;
use crate::kernel::{Coverage, Facts, Group, KernelName, Place, ShippedBtf};

/// The head of a stored kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// No longer listed; its types may still be what others differ from.
    pub(super) is_removed: bool,
    /// The kernel that its vmlinux was compared with when it came in.
    pub(super) parent: Option<UnitNumber>,
    pub(super) endian: Endian,
    /// Size of a pointer in bytes, if the BTF tells.
    pub(super) pointer_size: Option<u32>,
    pub(super) name: KernelName,
    pub(super) aliases: Vec<String>,
    /// Without the configuration, which is among the details.
    pub(super) facts: Facts,
    pub(super) coverage: Coverage,
    /// How many modules are stored: the numbers after the kernel's own are theirs.
    pub(super) module_count: u32,
    /// How many types the vmlinux has.
    pub(super) types: u64,
}

/// The rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details {
    /// The stored modules by ascending unit number: name, and the unit it was compared with.
    pub(super) modules: Vec<(String, Option<UnitNumber>)>,
    pub(super) shipped_modules: Option<BTreeSet<String>>,
    pub(super) broken_modules: BTreeMap<String, String>,
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.put_bytes(text.as_bytes());
}

fn put_parent(out: &mut Vec<u8>, parent: Option<UnitNumber>) {
    out.put_number(parent.map_or(0, |parent| u64::from(parent) + 1));
}

fn parent(input: &mut Reader<'_>) -> Result<Option<UnitNumber>, Damage> {
    Ok(input.number32()?.checked_sub(1))
}

fn text(input: &mut Reader<'_>) -> Result<String, Damage> {
    Ok(input.text()?.to_owned())
}

const SHIPPED: [ShippedBtf; 4] =
    [ShippedBtf::None, ShippedBtf::Vmlinux, ShippedBtf::AtLeastVmlinux, ShippedBtf::VmlinuxAndModules];

impl Head {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.push(u8::from(self.is_removed));
        put_parent(&mut out, self.parent);
        out.push(u8::from(self.endian == Endian::Big));
        out.put_number(u64::from(self.pointer_size.unwrap_or(0)));
        put_text(&mut out, &self.name.distro);
        put_text(&mut out, &self.name.release);
        put_text(&mut out, self.name.arch.as_str());
        out.put_number(self.aliases.len() as u64);
        self.aliases.iter().for_each(|alias| put_text(&mut out, alias));
        put_text(&mut out, &self.facts.version);
        put_text(&mut out, &self.facts.flavour);
        match &self.facts.group {
            Group::Regular => out.push(0),
            Group::Arch => out.push(1),
            Group::Flavour => out.push(2),
            Group::Distro(name) => {
                out.push(3);
                put_text(&mut out, name);
            }
        }
        out.push(SHIPPED.iter().position(|&known| known == self.facts.btf).unwrap_or(0) as u8);
        put_text(&mut out, &self.facts.provenance);
        match &self.coverage {
            Coverage::Complete => out.push(0),
            Coverage::Partial(listed) => {
                out.push(1);
                put_places(&mut out, listed);
            }
            Coverage::Vmlinux(listed) => {
                out.push(2);
                put_places(&mut out, listed);
            }
        }
        out.put_number(u64::from(self.module_count));
        out.put_number(self.types);
        sealed::mark(out)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut input = Reader::new(sealed::unmark(bytes)?);
        let input = &mut input;
        let is_removed = input.byte()? != 0;
        let parent = parent(input)?;
        let endian = if input.byte()? == 0 { Endian::Little } else { Endian::Big };
        let pointer_size = Some(input.number32()?).filter(|&size| size != 0);
        let name = KernelName::new(text(input)?, text(input)?, text(input)?);
        let aliases = (0..input.count(1)?).map(|_| text(input)).collect::<Result<_, _>>()?;
        let (version, flavour) = (text(input)?, text(input)?);
        let group = match input.byte()? {
            0 => Group::Regular,
            1 => Group::Arch,
            2 => Group::Flavour,
            3 => Group::Distro(text(input)?),
            _ => return Err(input.damage("a group is not known")),
        };
        let btf =
            *SHIPPED.get(usize::from(input.byte()?)).ok_or(input.damage("a word for BTF is not known"))?;
        let provenance = text(input)?;
        let facts = Facts { version, flavour, group, btf, config: BTreeMap::new(), provenance };
        let coverage = match input.byte()? {
            0 => Coverage::Complete,
            1 => Coverage::Partial(places(input)?),
            2 => Coverage::Vmlinux(places(input)?),
            _ => return Err(input.damage("it is not known how much is stored")),
        };
        let (module_count, types) = (input.number32()?, input.number()?);
        Ok(Self {
            is_removed,
            parent,
            endian,
            pointer_size,
            name,
            aliases,
            facts,
            coverage,
            module_count,
            types,
        })
    }
}

fn put_places(out: &mut Vec<u8>, listed: &BTreeMap<String, Place>) {
    out.put_number(listed.len() as u64);
    for (name, place) in listed {
        put_text(out, name);
        match place {
            Place::Vmlinux => out.push(0),
            Place::Absent => out.push(1),
            Place::Module(module) => {
                out.push(2);
                put_text(out, module);
            }
            Place::NotConfigured(option) => {
                out.push(3);
                put_text(out, option);
            }
            Place::Nowhere => out.push(4),
        }
    }
}

fn places(input: &mut Reader<'_>) -> Result<BTreeMap<String, Place>, Damage> {
    (0..input.count(2)?).map(|_| Ok((text(input)?, place(input)?))).collect()
}

fn place(input: &mut Reader<'_>) -> Result<Place, Damage> {
    Ok(match input.byte()? {
        0 => Place::Vmlinux,
        1 => Place::Absent,
        2 => Place::Module(text(input)?),
        3 => Place::NotConfigured(text(input)?),
        4 => Place::Nowhere,
        _ => return Err(input.damage("a place is not known")),
    })
}

impl Details {
    pub(super) fn write(&self, level: i32) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        out.put_number(self.modules.len() as u64);
        for (name, parent) in &self.modules {
            put_text(&mut out, name);
            put_parent(&mut out, *parent);
        }
        out.push(u8::from(self.shipped_modules.is_some()));
        if let Some(shipped) = &self.shipped_modules {
            // Those that are stored go without saying.
            let stored: BTreeSet<&str> = self.modules.iter().map(|(name, _)| name.as_str()).collect();
            let others: Vec<&String> =
                shipped.iter().filter(|name| !stored.contains(name.as_str())).collect();
            out.put_number(others.len() as u64);
            others.into_iter().for_each(|name| put_text(&mut out, name));
        }
        out.put_number(self.broken_modules.len() as u64);
        for (name, why) in &self.broken_modules {
            put_text(&mut out, name);
            put_text(&mut out, why);
        }
        sealed::pack(&out, level)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let plain = sealed::unpack(bytes)?;
        let mut input = Reader::new(&plain);
        let input = &mut input;
        let modules: Vec<(String, Option<UnitNumber>)> = (0..input.count(2)?)
            .map(|_| Ok((text(input)?, parent(input)?)))
            .collect::<Result<_, Damage>>()?;
        let shipped_modules = match input.byte()? {
            0 => None,
            _ => {
                let others: BTreeSet<String> =
                    (0..input.count(1)?).map(|_| text(input)).collect::<Result<_, _>>()?;
                Some(others.into_iter().chain(modules.iter().map(|(name, _)| name.clone())).collect())
            }
        };
        let broken_modules =
            (0..input.count(2)?).map(|_| Ok((text(input)?, text(input)?))).collect::<Result<_, Damage>>()?;
        Ok(Self { modules, shipped_modules, broken_modules })
    }
}
