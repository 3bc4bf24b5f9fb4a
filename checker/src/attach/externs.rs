//! What programs see of an object's externs on each kernel: for whoever follows what a verifier would know.

use std::collections::HashMap;

use corecheck_layouts::kernel::{Kernel, Modules};

use super::meet::{Meetings, meet};
use super::model::{By, ExternValue, Requirement};
use super::requirements;
use crate::loader::Version;
use crate::object::Object;

/// Values of all externs, and which kernel has which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternValues {
    /// The distinct ones, in the order of the first kernel of each: one value per extern (`Object::externs`).
    pub distinct: Vec<Vec<ExternValue>>,
    /// For every kernel, in their order, the index of its own.
    pub of_kernel: Vec<usize>,
}

/// The values of an object's externs, as the newest libbpf sets them, on kernels that were looked up for them
/// ([`super::add_needs`]).
pub fn externs(object: &Object, kernels: &[&Kernel], modules: &Modules) -> ExternValues {
    let needed: Vec<Requirement> = requirements::externs(object, Version::NEWEST).collect();
    values(object, &needed, &meet(object, &needed, kernels, modules))
}

/// The values of an object's externs, of what was met.
pub fn values(object: &Object, requirements: &[Requirement], meetings: &Meetings) -> ExternValues {
    let unknown = vec![ExternValue::Unknown; object.externs.len()];
    let mut known: HashMap<Vec<ExternValue>, usize> = HashMap::new();
    let mut all = ExternValues { distinct: Vec::new(), of_kernel: Vec::new() };
    let numbers = meetings.distinct.iter().map(|of_kernel| {
        let mut values = unknown.clone();
        for (requirement, meeting) in requirements.iter().zip(of_kernel) {
            if let (By::Extern(index), Some(value)) = (&requirement.by, &meeting.value)
                && let Some(slot) = values.get_mut(*index)
            {
                *slot = value.clone();
            }
        }
        *known.entry(values).or_insert_with_key(|values| {
            all.distinct.push(values.clone());
            all.distinct.len() - 1
        })
    });
    let numbers: Vec<usize> = numbers.collect();
    all.of_kernel = meetings.of_kernel.iter().map(|&index| numbers[index]).collect();
    all
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::{Builder, Endian, TypeId, TypeSpec};
    use corecheck_layouts::kernel::ShippedBtf;

    use super::*;
    use crate::testing::{btf, kernel, object, record};

    /// A kernel with what `tests/fixtures/objects/externs.bpf.c` names, as far as `has` says.
    fn with(has: impl Fn(&str) -> bool, change: impl FnOnce(&mut Builder, TypeId)) -> Kernel {
        let (types, ()) = btf(Endian::Little, |types| {
            let int = types.int("int", 4, 1);
            let thing = types.add(record("thing", 4, vec![]));
            let pointer = types.add(TypeSpec::Ptr { to: thing });
            let params = vec![("thing".to_owned(), pointer)];
            let proto = types.add(TypeSpec::FuncProto { returns: int, params });
            // Every kernel has it: see `what`.
            types.add(TypeSpec::Func { name: "schedule".to_owned(), proto, linkage: 1 });
            for name in
                ["strong_function", "weak_function", "untyped_symbol"].into_iter().filter(|name| has(name))
            {
                types.add(TypeSpec::Func { name: name.to_owned(), proto, linkage: 1 });
            }
            for name in ["typed_variable", "typed_weak"].into_iter().filter(|name| has(name)) {
                types.add(TypeSpec::Var { name: name.to_owned(), of: int, linkage: 1 });
            }
            change(types, int);
        });
        let mut kernel = kernel("6.1", &types);
        kernel.facts.version = "6.1.5".to_owned();
        let config = [("CONFIG_BPF_SYSCALL", "y"), ("CONFIG_HZ", "250"), ("CONFIG_VFIO", "m")];
        let config = config.map(|(option, value)| (option.to_owned(), value.to_owned()));
        kernel.facts.config = config.into_iter().collect();
        kernel
    }

    fn told(kernels: &[&Kernel]) -> Vec<Vec<(String, ExternValue)>> {
        let object = object("tests/fixtures/objects/externs.bpf.o");
        let values = externs(&object, kernels, &Modules::All);
        let named = |index: &usize| {
            let own = object.externs.iter().map(|symbol| symbol.name.clone());
            own.zip(values.distinct[*index].iter().cloned()).collect()
        };
        values.of_kernel.iter().map(named).collect()
    }

    fn value(told: &[(String, ExternValue)], name: &str) -> ExternValue {
        told.iter().find(|(known, _)| known == name).expect("the fixture has it").1.clone()
    }

    fn int(value: u32) -> ExternValue {
        ExternValue::Bytes(value.to_le_bytes().to_vec())
    }

    #[test]
    fn a_kernel_that_has_all_says_so() {
        let told = told(&[&with(|_| true, |_, _| ())]);
        let number = |name| value(&told[0], name);
        assert_eq!(number("LINUX_KERNEL_VERSION"), int(6 << 16 | 1 << 8 | 5));
        assert_eq!(number("CONFIG_HZ"), int(250));
        assert_eq!(number("CONFIG_VFIO"), int(2));
        assert_eq!(number("CONFIG_NOT_THERE"), ExternValue::Bytes(vec![0; 16]));
        for name in ["typed_variable", "typed_weak", "untyped_symbol", "strong_function", "weak_function"] {
            assert_eq!(number(name), ExternValue::Present, "{name}");
        }
        // Symbols without a type are not in BTF.
        assert_eq!(number("untyped_weak"), ExternValue::Unknown);
    }

    #[test]
    fn what_is_missing_has_no_address() {
        let told = told(&[&with(|name| !name.contains("weak"), |_, _| ())]);
        for name in ["typed_weak", "weak_function"] {
            assert_eq!(value(&told[0], name), ExternValue::Missing, "{name}");
        }
        assert_eq!(value(&told[0], "typed_variable"), ExternValue::Present);
    }

    #[test]
    fn a_function_with_another_prototype_counts_as_missing() {
        let of_other = |types: &mut Builder, int| {
            let proto = types.add(TypeSpec::FuncProto { returns: int, params: vec![] });
            types.add(TypeSpec::Func { name: "weak_function".to_owned(), proto, linkage: 1 });
        };
        let told = told(&[&with(|name| name != "weak_function", of_other)]);
        assert_eq!(value(&told[0], "weak_function"), ExternValue::Missing);
    }

    #[test]
    fn a_kernel_without_btf_has_none_and_one_without_modules_stored_is_not_known() {
        let mut none = with(|_| true, |_, _| ());
        none.facts.btf = ShippedBtf::None;
        none.facts.config.clear();
        let mut unsure = with(|_| false, |_, _| ());
        unsure.facts.btf = ShippedBtf::VmlinuxAndModules;
        let told = told(&[&none, &unsure]);
        assert_eq!(value(&told[0], "weak_function"), ExternValue::Missing);
        assert_eq!(value(&told[0], "untyped_symbol"), ExternValue::Present);
        assert_eq!(value(&told[0], "CONFIG_HZ"), ExternValue::Unknown);
        assert_eq!(value(&told[1], "weak_function"), ExternValue::Unknown);
    }

    #[test]
    fn kernels_with_the_same_values_share_them() {
        let object = object("tests/fixtures/objects/externs.bpf.o");
        let all = [with(|_| true, |_, _| ()), with(|_| false, |_, _| ()), with(|_| true, |_, _| ())];
        let values = externs(&object, &all.iter().collect::<Vec<_>>(), &Modules::All);
        assert_eq!((values.distinct.len(), &values.of_kernel[..]), (2, &[0, 1, 0][..]));
    }
}
