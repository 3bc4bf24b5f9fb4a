//! Definitions to BTF.

use std::collections::{HashMap, HashSet};

use super::expr::{Expr, is_composite};
use super::rows::{Body, Definition, Member, btf_name};
use super::{Machine, TableError};
use crate::btf::types::Int;
use crate::btf::{Btf, BtfError, Builder, MemberSpec, Type, TypeId, TypeSpec};

/// Builds and checks the BTF of a table's definitions.
///
/// Definitions get the first ids in their order, so that of two types with one name the one that stands first is
/// the first candidate. Then comes `long`, then what the types make necessary: pointers, arrays, declarations.
pub(super) fn build(file: &str, definitions: &[Definition<'_>], machine: Machine) -> Result<Btf, TableError> {
    let mut build = Build {
        file,
        builder: Builder::new(machine.endian),
        ids: HashMap::new(),
        derived: HashMap::new(),
        pointees: pointees(file, definitions)?,
        stubs: HashSet::new(),
        index: None,
    };
    for definition in definitions {
        let id = build.builder.reserve();
        if build.ids.insert(definition.key, id).is_some() {
            // A typedef and an integer of one name: rows of one keyword were told apart before.
            return Err(build.wrong(definition.line, format!("{} is defined a second time", definition.key)));
        }
    }
    // libbpf takes a pointer's size from the first `long` (see `btf/size.rs`), and would take the host's without
    // one: then `p[2]` of a 32-bit kernel would be looked for at 16. No stored member need have that type.
    if !build.ids.contains_key("long") {
        let id = build.builder.int("long", machine.pointer_size, Int::SIGNED);
        build.ids.insert("long", id);
    }
    for definition in definitions {
        let spec = build.definition(definition)?;
        let id = build.ids.get(definition.key).copied().unwrap_or_default();
        build.builder.define(id, spec);
    }
    let Build { builder, ids, stubs, .. } = build;
    let line_of = |id: u32| {
        let index = (id as usize).checked_sub(1).and_then(|index| definitions.get(index));
        index.map_or(1, |definition| definition.line)
    };
    let wrong = |err: BtfError| {
        let line = match err {
            BtfError::Type { id, .. } | BtfError::Cycle { id, .. } => line_of(id),
            _ => 1,
        };
        TableError::new(file, line, err.to_string())
    };
    let btf = builder.finish().and_then(Btf::parse).map_err(wrong)?;
    if btf.pointer_size() != Some(machine.pointer_size) {
        let size = btf.pointer_size().unwrap_or(0);
        let what = format!("a long of {size} bytes, but pointers of {} bytes", machine.pointer_size);
        return Err(TableError::new(file, 1, what));
    }
    for definition in definitions {
        let id = ids.get(definition.key).copied().unwrap_or_default();
        check(file, definition, id, &btf, &stubs)?;
    }
    Ok(btf)
}

struct Build<'f, 't> {
    file: &'f str,
    builder: Builder,
    /// Definitions and declarations by key.
    ids: HashMap<&'t str, TypeId>,
    /// Pointers, arrays, qualified types and prototypes, each once.
    derived: HashMap<TypeSpec, TypeId>,
    /// Structs of which the table says whether they are defined.
    pointees: HashMap<&'t str, bool>,
    /// What is declared, or defined without its members being stored.
    stubs: HashSet<TypeId>,
    /// The integer that counts arrays' elements.
    index: Option<TypeId>,
}

impl<'t> Build<'_, 't> {
    fn wrong(&self, line: usize, what: String) -> TableError {
        TableError::new(self.file, line, what)
    }

    fn definition(&mut self, definition: &Definition<'t>) -> Result<TypeSpec, TableError> {
        let name = definition.name.to_owned();
        Ok(match &definition.body {
            Body::Composite { is_union, size, members } => {
                let members_written = members.iter().map(|member| self.member(member));
                TypeSpec::Composite {
                    is_union: *is_union,
                    name,
                    size: *size,
                    members: members_written.collect::<Result<_, _>>()?,
                    kind_flag: members.iter().any(|member| member.bitfield_bits != 0),
                }
            }
            Body::Enum { size, values, is_signed } => TypeSpec::Enum {
                name,
                size: *size,
                is_signed: *is_signed,
                is_64: *size == 8,
                values: values.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
            },
            Body::Typedef { to } => TypeSpec::Typedef { name, to: self.ty(definition.line, to)? },
            &Body::Int { size, bits, encoding } => TypeSpec::Int { name, size, encoding, offset: 0, bits },
            &Body::Float { size } => TypeSpec::Float { name, size },
        })
    }

    fn member(&mut self, member: &Member<'t>) -> Result<MemberSpec, TableError> {
        Ok(MemberSpec {
            name: member.name.to_owned(),
            of: self.ty(member.line, member.of)?,
            bit_offset: member.bit_offset,
            bitfield_bits: member.bitfield_bits,
        })
    }

    fn ty(&mut self, line: usize, text: &'t str) -> Result<TypeId, TableError> {
        let expr = Expr::parse(text).map_err(|what| self.wrong(line, what))?;
        self.intern(line, &expr)
    }

    fn intern(&mut self, line: usize, expr: &Expr<'t>) -> Result<TypeId, TableError> {
        let spec = match expr {
            Expr::Void => return Ok(TypeId::VOID),
            Expr::Named(key) => return self.named(line, key),
            Expr::Pointer(to) => TypeSpec::Ptr { to: self.intern(line, to)? },
            Expr::Array(length, element) => {
                let element = self.intern(line, element)?;
                let index = *self.index.get_or_insert_with(|| self.builder.int("__ARRAY_SIZE_TYPE__", 4, 0));
                TypeSpec::Array { element, index, length: *length }
            }
            Expr::Qualified(kind, of) => TypeSpec::Qualifier { kind: *kind, to: self.intern(line, of)? },
            Expr::Function(params, returns) => {
                let param = |param: &Option<Expr<'t>>| {
                    let of = param.as_ref().map_or(Ok(TypeId::VOID), |param| self.intern(line, param));
                    Ok((String::new(), of?))
                };
                let params = params.iter().map(param).collect::<Result<_, TableError>>()?;
                TypeSpec::FuncProto { returns: self.intern(line, returns)?, params }
            }
        };
        if let Some(&id) = self.derived.get(&spec) {
            return Ok(id);
        }
        let id = self.builder.add(spec.clone());
        self.derived.insert(spec, id);
        Ok(id)
    }

    /// A definition; or a struct or union that is only pointed at, by what the table says of it.
    fn named(&mut self, line: usize, key: &'t str) -> Result<TypeId, TableError> {
        if let Some(&id) = self.ids.get(key) {
            return Ok(id);
        }
        let own = key.split_once(' ').map_or(key, |(_, own)| own);
        if !is_composite(key) || btf_name(own).is_empty() {
            return Err(self.wrong(line, format!("{key} is not defined")));
        }
        let (name, is_union) = (btf_name(own).to_owned(), key.starts_with("union "));
        let is_defined = self.pointees.get(key).copied().unwrap_or(false);
        let id = self.builder.add(if is_defined {
            TypeSpec::Composite { is_union, name, size: 0, kind_flag: false, members: Vec::new() }
        } else {
            TypeSpec::Fwd { name, is_union }
        });
        self.ids.insert(key, id);
        self.stubs.insert(id);
        Ok(id)
    }
}

/// What the column `pointee` says, by struct.
fn pointees<'t>(file: &str, definitions: &[Definition<'t>]) -> Result<HashMap<&'t str, bool>, TableError> {
    let keys: HashSet<&str> = definitions.iter().map(|definition| definition.key).collect();
    let mut pointees = HashMap::new();
    let members = definitions.iter().filter_map(|definition| match &definition.body {
        Body::Composite { members, .. } => Some(members),
        _ => None,
    });
    for member in members.flatten() {
        let Some(is_defined) = member.is_pointee_defined else { continue };
        let wrong = |what: String| TableError::new(file, member.line, what);
        let expr = Expr::parse(member.of).map_err(wrong)?;
        let key = expr.pointee().ok_or_else(|| wrong(format!("{:?} points to no struct", member.of)))?;
        if !is_defined && keys.contains(key) {
            return Err(wrong(format!("{key} is said to be declared only, but this table defines it")));
        }
        if pointees.insert(key, is_defined).is_some_and(|before| before != is_defined) {
            return Err(wrong(format!("{key} is said to be defined and to be declared only")));
        }
    }
    Ok(pointees)
}

/// Members must have a size, fit into what holds them, and not be of a type whose members are not stored.
fn check(
    file: &str,
    definition: &Definition<'_>,
    id: TypeId,
    btf: &Btf,
    stubs: &HashSet<TypeId>,
) -> Result<(), TableError> {
    let (Body::Composite { members, size, .. }, Type::Struct(composite) | Type::Union(composite)) =
        (&definition.body, btf.ty(id))
    else {
        return Ok(());
    };
    for (written, member) in members.iter().zip(composite.members()) {
        let wrong = |what: String| TableError::new(file, written.line, what);
        if stubs.contains(&btf.innermost_element(member.of)) {
            return Err(wrong(format!("{} is held by value, but not defined", written.of)));
        }
        let bytes = btf.size_of(member.of).ok_or_else(|| wrong(format!("{} has no size", written.of)))?;
        let (bits, width) = (u64::from(bytes) * 8, u64::from(member.bitfield_bits));
        if width > bits {
            return Err(wrong(format!("a bit-field of {width} bits in a type of {bits}")));
        }
        let end = u64::from(member.bit_offset) + if width == 0 { bits } else { width };
        if end > u64::from(*size) * 8 {
            return Err(wrong(format!("{} ends at bit {end}, behind the {size} bytes", written.name)));
        }
    }
    Ok(())
}
