//! The stored data against the seed's own table: every line of it comes out of the loaded BTF of every kernel that
//! the seed has it for, in its order, and nothing else does but what pointers and prototypes make necessary.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

const TABLE: &str = include_str!("seed/vfio_group_layouts.tsv");
const TARGETS: &str = include_str!("seed/targets.tsv");

/// One line without its kernel, its anonymous definitions numbered anew in the order in which they appear.
type Row = Vec<String>;

/// The seed's lines by kernel.
fn seed() -> BTreeMap<String, Vec<Row>> {
    let mut kernels: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut numbers: HashMap<(String, String), usize> = HashMap::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (kernel, rest) = line.split_once('\t').expect("a kernel and more");
        let row = rest.split('\t').map(|cell| {
            let Some((before, number)) = cell.split_once("(anon#") else { return cell.to_owned() };
            let number = number.strip_suffix(')').expect("an anonymous definition's number");
            let count = counts.entry(kernel.to_owned()).or_default();
            let number = numbers.entry((kernel.to_owned(), number.to_owned())).or_insert_with(|| {
                *count += 1;
                *count
            });
            format!("{before}(anon#{number})")
        });
        kernels.entry(kernel.to_owned()).or_default().push(row.collect());
    }
    kernels
}

/// Writes BTF in the seed's columns.
struct Writer<'b> {
    btf: &'b Btf,
    keys: HashMap<TypeId, String>,
    anonymous: usize,
}

impl Writer<'_> {
    /// The lines of every definition, in the order of ids, each with its id.
    fn rows(btf: &Btf) -> Vec<(TypeId, Row)> {
        let mut writer = Writer { btf, keys: HashMap::new(), anonymous: 0 };
        let mut seen: HashMap<(Kind, &str), usize> = HashMap::new();
        for id in btf.ids().filter(|&id| !btf.name(id).is_empty()) {
            let count = seen.entry((btf.kind(id), btf.name(id))).or_default();
            *count += 1;
            let suffix = if *count > 1 { format!("#{count}") } else { String::new() };
            writer.keys.insert(id, format!("{}{suffix}", btf.name(id)));
        }
        btf.ids().flat_map(|id| writer.definition(id).into_iter().map(move |row| (id, row))).collect()
    }

    fn definition(&mut self, id: TypeId) -> Vec<Row> {
        let btf = self.btf;
        let row = |cells: [&str; 7]| cells.map(str::to_owned).to_vec();
        let name = btf.name(id);
        match btf.ty(id) {
            Type::Struct(composite) | Type::Union(composite) => {
                let (head, size) = (self.ty(id), composite.size.to_string());
                if composite.is_empty() {
                    return vec![row([&head, &size, "-", "-", "-", "-", "-"])];
                }
                let members = composite.members().map(|member| {
                    let is_root = name == "vfio_group";
                    let member_name = if member.name().is_empty() { "(anon)" } else { member.name() };
                    let (offset, bits) = (member.bit_offset.to_string(), member.bitfield_bits.to_string());
                    let pointee = if is_root { self.pointee(member.of) } else { "-" };
                    let of = self.ty(member.of);
                    row([&head, &size, member_name, &offset, &bits, &of, pointee])
                });
                members.collect()
            }
            Type::Enum(values) | Type::Enum64(values) => {
                let (head, size) = (self.ty(id), values.size.to_string());
                let values = values.values().map(|value| {
                    row([&head, &size, value.name(), &value.value.to_string(), "-", "enumerator", "-"])
                });
                values.collect()
            }
            Type::Typedef { to, .. } => {
                vec![row([&format!("typedef {name}"), "-", "-", "-", "-", &self.ty(to), "-"])]
            }
            Type::Int(int) => {
                let encoding = ["(none)", "SIGNED", "CHAR", "", "BOOL"][usize::from(int.encoding)];
                let (size, bits) = (int.size.to_string(), int.bits.to_string());
                vec![row([&format!("int {name}"), &size, "-", "-", &bits, encoding, "-"])]
            }
            Type::Fwd { .. } => vec![row([&self.ty(id), "declared", "-", "-", "-", "-", "-"])],
            _ => Vec::new(),
        }
    }

    /// Whether what a pointer of a root's member leads to is declared or defined.
    fn pointee(&self, of: TypeId) -> &'static str {
        let Type::Ptr { to } = self.btf.ty(of) else { return "-" };
        match self.btf.kind(to) {
            Kind::Fwd => "declared",
            Kind::Struct => "defined",
            _ => "-",
        }
    }

    fn ty(&mut self, id: TypeId) -> String {
        match self.btf.ty(id) {
            Type::Void => "void".to_owned(),
            Type::Ptr { to } => format!("*{}", self.ty(to)),
            Type::Array(array) => format!("[{}]{}", array.length, self.ty(array.element)),
            Type::Qualifier { kind, to } => format!("{} {}", kind.word(), self.ty(to)),
            Type::FuncProto(proto) => {
                let params: Vec<String> = proto.params().map(|param| self.ty(param.of)).collect();
                format!("func({}) {}", params.join(", "), self.ty(proto.returns))
            }
            Type::Struct(_) => format!("struct {}", self.key(id)),
            Type::Union(_) | Type::Fwd { is_union: true, .. } => format!("union {}", self.key(id)),
            Type::Fwd { .. } => format!("struct {}", self.key(id)),
            Type::Enum(_) | Type::Enum64(_) => format!("enum {}", self.key(id)),
            _ => self.key(id),
        }
    }

    fn key(&mut self, id: TypeId) -> String {
        let anonymous = &mut self.anonymous;
        let key = self.keys.entry(id).or_insert_with(|| {
            *anonymous += 1;
            format!("(anon#{anonymous})")
        });
        key.clone()
    }
}

fn kernel_of_row(kernel: &Kernel) -> String {
    format!("{}-{}", kernel.name.release, kernel.name.arch)
}

#[test]
fn every_line_of_the_seeds_table_comes_out_and_no_other() {
    let seed = seed();
    let store = Store::seed().expect("the data are well formed");
    let mut compared = BTreeSet::new();
    for kernel in store.kernels() {
        let name = kernel_of_row(kernel);
        let Some(btf) = &kernel.vmlinux else {
            assert!(!seed.contains_key(&name), "{name} has no stored types, but the seed has some");
            continue;
        };
        let expected = seed.get(&name).unwrap_or_else(|| panic!("{name} is not in the seed"));
        let rows = Writer::rows(btf);
        let lines: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
        assert!(lines.len() >= expected.len(), "{name} has {} lines", lines.len());
        for (at, (have, want)) in lines.iter().zip(expected).enumerate() {
            assert_eq!(have, want, "{name}, line {at}");
        }
        // Behind them stand types that pointers and prototypes name.
        let further: Vec<String> = lines[expected.len()..].iter().map(|row| row.join(" ")).collect();
        check_further(&name, expected, &further);
        compared.insert(name);
    }
    assert_eq!(compared, seed.keys().cloned().collect());
}

/// What is stored beyond the seed: `long`, what prototypes and pointers name, and structs that are only pointed at.
fn check_further(name: &str, expected: &[Row], further: &[String]) {
    let defined: BTreeSet<&str> = expected.iter().map(|row| row[0].as_str()).collect();
    let mut plain: BTreeSet<&str> = BTreeSet::from(["int long 8 - - 64 SIGNED -"]);
    if name.starts_with("5.19") {
        plain.extend([
            "int char 1 - - 8 SIGNED -",
            "typedef s32 - - - - __s32 -",
            "typedef __s32 - - - - int -",
            "enum hrtimer_restart 4 HRTIMER_NORESTART 0 - enumerator -",
            "enum hrtimer_restart 4 HRTIMER_RESTART 1 - enumerator -",
        ]);
    } else {
        plain.insert("int unsigned long 8 - - 64 (none) -");
    }
    // By name: what the seed's lines point at without defining it, and what they say of it.
    let mut pointed: BTreeMap<String, &str> = BTreeMap::new();
    for row in expected.iter().filter(|row| row[5].contains('*')) {
        for part in row[5].split(['*', '(', ')', ',']) {
            let part = part.trim().trim_start_matches("const ");
            if part.starts_with("struct ") && !defined.contains(part) {
                let said = pointed.entry(part.to_owned()).or_insert("-");
                if row[6] != "-" {
                    *said = &row[6];
                }
            }
        }
    }
    let stubs = pointed
        .iter()
        .map(|(key, said)| format!("{key} {} - - - - -", if *said == "defined" { "0" } else { "declared" }));
    let expected: BTreeSet<String> = plain.into_iter().map(str::to_owned).chain(stubs).collect();
    let have: BTreeSet<String> = further.iter().cloned().collect();
    assert_eq!(have.len(), further.len(), "{name}: a type is there twice");
    assert_eq!(have, expected, "{name}");
}

#[test]
fn the_kernels_are_the_seeds_in_its_order_with_its_facts() {
    let store = Store::seed().expect("the data are well formed");
    let mut lines = TARGETS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), store.kernels().len());
    for (line, kernel) in lines.iter().zip(store.kernels()) {
        let name = &kernel.name;
        let own = [kernel.facts.group.word(), &kernel.aliases[0], &name.release, name.arch.as_str()];
        assert_eq!(own, line[..4]);
        assert_eq!(kernel.vmlinux.is_some(), line[4] == "present", "{name}");
        let config: BTreeMap<&str, &str> = head[5..].iter().copied().zip(line[5..].iter().copied()).collect();
        let own = kernel.facts.config.iter().map(|(option, value)| (option.as_str(), value.as_str()));
        assert_eq!(own.collect::<BTreeMap<_, _>>(), config, "{name}");
        assert!(name.release.starts_with(&format!("{}.0-", kernel.facts.version)), "{name}");
        assert!(name.release.ends_with(&format!("-{}", kernel.facts.flavour)), "{name}");
    }
}
