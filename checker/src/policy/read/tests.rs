use super::*;

const WHOLE: &str = r#"
loader = ["libbpf@1.1", "aya"]
modules = ["vfio", "nf_conntrack"]
unknown = "passes"
baseline = "known.json"

[[kernels]]
name = "*-azure/*"
are = "ignored"

[[kernels]]
distro = "ubuntu"
version = ">= 5.4"
arch = "amd64"
flavour = "generic"
are = "required"

[rules]
pointee-changed = "off"
read-length = "error"

[load]
alternatives = "a+b,c"
programs = ["a", "b", "c"]
no-autoload = ["d"]
attach = ["a=vfs_read"]
rodata = { target = 1, is_on = true, name = "x" }

[[waivers]]
rule = "field-missing"
kernels = "ubuntu/5.19*"
about = "read_group/*"
object = "vfio*.o"
reason = "to be replaced"
expires = 2027-03-31
"#;

fn why(text: &str) -> String {
    read("corecheck.toml", text).expect_err("it is wrong").to_string()
}

#[test]
fn everything_is_read() {
    let policy = read("corecheck.toml", WHOLE).expect("it is right");
    assert_eq!(policy.file, "corecheck.toml");
    assert_eq!(policy.loaders.iter().map(ToString::to_string).collect::<Vec<_>>(), ["libbpf@1.1", "aya"]);
    assert_eq!(policy.modules, Some(Modules::Only(["vfio", "nf_conntrack"].map(str::to_owned).into())));
    assert!(policy.unknown_passes);
    assert_eq!(policy.baseline.as_deref(), Some("known.json"));
    let standings: Vec<Standing> = policy.kernels.iter().map(|kernels| kernels.standing).collect();
    assert_eq!(standings, [Standing::Ignored, Standing::Required]);
    assert_eq!(
        policy.kernels[1].to_string(),
        r#"distro = "ubuntu", arch = "amd64", flavour = "generic", version = ">= 5.4""#
    );
    assert_eq!(policy.levels["pointee-changed"], None);
    assert_eq!(policy.levels["read-length"], Some(Level::Error));
    assert_eq!(policy.alternatives[0].to_string(), "a+b,c");
    assert_eq!((policy.programs.len(), policy.no_autoload.len(), policy.attach.len()), (3, 1, 1));
    assert_eq!(policy.constants.len(), 3);
    let waiver = &policy.waivers[0];
    assert_eq!(waiver.to_string(), "field-missing on ubuntu/5.19* for read_group/* in vfio*.o");
    assert_eq!(waiver.expires.to_string(), "2027-03-31");
    let day = |year, month, day| Date { year, month, day };
    assert!(!waiver.is_expired(day(2027, 3, 31)) && waiver.is_expired(day(2027, 4, 1)));
}

#[test]
fn a_key_that_nobody_knows_is_an_error() {
    for (text, wanted) in [
        ("loaders = \"aya\"", "corecheck.toml: loaders: there is no such key. Did you mean `loader`?"),
        (
            "[[kernels]]\nare = \"wanted\"\narchs = \"amd64\"",
            "kernels[1].archs: there is no such key. Did you mean `arch`?",
        ),
        ("[load]\nnoautoload = []", "load.noautoload: there is no such key. Did you mean `no-autoload`?"),
        (
            "[rules]\nfield-mising = \"off\"",
            "rules.field-mising: there is no rule \"field-mising\"; near: field-missing",
        ),
    ] {
        let why = why(text);
        assert!(why.contains(wanted), "{why}");
    }
}

#[test]
fn a_value_that_makes_no_sense_is_an_error() {
    for (text, wanted) in [
        ("loader = \"libbpfx\"", "loader: "),
        ("loader = 1", "loader: it must be a list of texts"),
        ("unknown = \"maybe\"", "neither \"passes\" nor \"fails\""),
        ("[[kernels]]\nname = \"*\"", "kernels[1].are: it must be told"),
        ("[[kernels]]\nare = \"loved\"", "\"loved\" is none of"),
        ("[[kernels]]\nare = \"wanted\"\nversion = \"new\"", "is no range of versions"),
        ("[[kernels]]\nare = \"wanted\"\nname = \"[\"", "is not a pattern"),
        ("[kernels]\nare = \"wanted\"", "[[kernels]]"),
        ("[rules]\nambiguous = 3", "it must be \"off\""),
        ("[[waivers]]\nrule = \"ambiguous\"\nexpires = 2027-01-01", "waivers[1].reason: it must be told"),
        ("[[waivers]]\nrule = \"ambiguous\"\nreason = \"x\"", "waivers[1].expires: it must be a day"),
        ("loader = ", "is not TOML"),
    ] {
        let why = why(text);
        assert!(why.contains(wanted), "{why}");
    }
}
