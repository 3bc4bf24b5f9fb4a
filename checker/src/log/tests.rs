use super::*;
use crate::testing::{object, programs};

/// Rule and function of each cause.
fn told(object: &Object, log: &str) -> Vec<(&'static str, String)> {
    let causes = explain(object, log).causes;
    let of = |cause: &Cause| {
        cause
            .access
            .as_ref()
            .map(|of| of.function.clone())
            .or(cause.requirement.as_ref().map(|of| of.name.clone()))
    };
    causes.iter().map(|cause| (cause.rule, of(cause).unwrap_or_default())).collect()
}

#[test]
fn an_access_is_found_by_what_each_loader_says_of_it() {
    let object = programs();
    let all = accesses(&object);
    let access = all.iter().find(|access| access.function == "first").expect("it is there");
    let (kind, spec, root) = (access.kind.word(), &access.spec_text, access.root.0);
    let expected = vec![("field-missing", "first".to_owned())];
    let libbpf =
        format!("failed to resolve CO-RE relocation <{kind}> [{root}] struct thing.one ({spec} @ offset 0)");
    assert_eq!(
        told(&object, &format!("prog 'first': -- BEGIN PROG LOAD LOG --\n{libbpf}\n{libbpf}")),
        expected
    );
    let cilium = format!(
        "program first: apply CO-RE relocations: CORERelocation({kind}, Struct:\"thing\"[{spec}], local_id={root}): x"
    );
    assert_eq!(told(&object, &cilium), expected);
    // The verifier alone: an instruction, counted from the start of the program.
    let start = object.functions[access.function_index.expect("it has one")].insn_off;
    let insn = access.insn - start;
    let poisoned = format!(
        "libbpf: prog 'first': BPF program load failed\n{insn}: (85) call unknown#195896080\ninvalid func unknown#195896080"
    );
    assert_eq!(told(&object, &poisoned), expected);
    // Numbered within its section.
    let number =
        all.iter().filter(|of| of.section_index == access.section_index).position(|of| of.id == access.id);
    let number = number.expect("it is there");
    let ambiguous = format!("libbpf: prog 'first': relo #{number}: field offset ambiguity: 4 != 8");
    assert_eq!(told(&object, &ambiguous), [("ambiguous", "first".to_owned())]);
    let another = "failed to resolve CO-RE relocation <byte_off> [999] struct x.y (0:7 @ offset 0)";
    assert_eq!(told(&object, another), [("cannot-relocate", String::new())]);
}

#[test]
fn externs_and_targets_are_found() {
    let externs = object("tests/fixtures/objects/externs.bpf.o");
    for (line, rule, name) in [
        (
            "libbpf: extern (func ksym) 'strong_function': not found in kernel or module BTFs",
            "kfunc-missing",
            "strong_function",
        ),
        (
            "libbpf: extern (var ksym) 'typed_variable': not found in kernel BTF",
            "ksym-missing",
            "typed_variable",
        ),
        ("kfunc 'weak_function' is referenced but wasn't resolved", "kfunc-missing", "weak_function"),
        ("libbpf: extern (kcfg) 'CONFIG_HZ': not found", "kconfig-missing", "CONFIG_HZ"),
        (
            "libbpf: extern (func ksym) 'strong_function': func_proto [3] incompatible with vmlinux [5]",
            "kfunc-changed",
            "strong_function",
        ),
        ("libbpf: failed to find valid kernel BTF", "kernel-without-btf", ""),
        ("libbpf: BTF is required, but is missing or corrupted.", "object-refused", ""),
    ] {
        assert_eq!(told(&externs, line), [(rule, name.to_owned())], "{line}");
    }
}

/// In the words of aya 0.14 and aya-obj 0.3.
#[test]
fn what_aya_says_is_found() {
    let programs = programs();
    let object = &programs;
    let access = accesses(object).into_iter().find(|access| access.function == "first").expect("it is there");
    let (root, insn, spec) = (access.root.0, access.insn, &access.spec_text);
    let found = [("field-missing", "first".to_owned())];
    let missing = |insn: u32| {
        format!(
            "    0: error relocating `x`\n 1: applying relocation `FieldByteOffset` missing target BTF info for type `{root}` at instruction #{insn}"
        )
    };
    // Programs have sections of their own: those of others stand at the same number.
    assert!(told(object, &missing(insn)).contains(&found[0]));
    assert_eq!(told(object, &missing(u32::MAX)), []);
    let unfit =
        format!("invalid access string `{spec}` for type `thing`: tried to access nonexistant struct field");
    assert!(told(object, &unfit).contains(&found[0]));
    assert_eq!(told(object, &unfit.replace("thing", "other")), []);
    for (line, rule) in [
        ("map error: failed to create map `of_tasks`: Invalid argument (os error 22)", "map-type-missing"),
        ("BTF error: error parsing /sys/kernel/btf/vmlinux: No such file", "kernel-without-btf"),
        ("no BTF parsed for object", "object-refused"),
        ("libbpf: map 'of_tasks': failed to create: -EINVAL", "map-type-missing"),
    ] {
        assert_eq!(told(object, line), [(rule, String::new())], "{line}");
    }
    let maps = crate::testing::object("tests/fixtures/objects/data.bpf.o");
    let line = "libbpf: map 'outer_map': failed to create: Invalid argument(-22)";
    let causes = explain(&maps, line).causes;
    assert!(causes[0].message.starts_with("map outer_map could not be created"), "{}", causes[0].message);
    assert!(causes[0].requirement.as_ref().is_some_and(|of| of.map.as_deref() == Some("outer_map")));
}

#[test]
fn what_is_no_message_says_nothing() {
    let object = programs();
    for line in [
        "",
        "prog '",
        "relo #",
        "relo #99999999999999999999:",
        "19: (85) call bpf_map_lookup_elem#1",
        "[",
        "<>",
        "()",
        "CORERelocation(",
        "unknown func",
        "failed to resolve CO-RE relocation ",
        "unknown#195896080",
        "kfunc '",
    ] {
        assert_eq!(told(&object, line), [], "{line}");
    }
}
