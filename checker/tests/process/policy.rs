//! Policies and baselines: which kernels decide, what is excused, and what is wrong with a policy.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Run, bytes_of, corecheck, fixture, sample};

/// A folder with a sample object and a policy beside it.
fn with_policy(policy: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let object = folder.path().join("naive.bpf.o");
    fs::write(&object, bytes_of(&sample("naive"))).expect("it can be written");
    fs::write(folder.path().join("corecheck.toml"), policy).expect("it can be written");
    let object = object.to_str().expect("a plain name").to_owned();
    (folder, object)
}

fn check(policy: &str) -> Run {
    let (_folder, object) = with_policy(policy);
    corecheck(&["check", "--format", "json", &object])
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).expect("the report is JSON")
}

const OK: &str = "[[kernels]]\nname = \"5.15\"\nare = \"required\"\n";
const FAILS: &str = "[[kernels]]\nname = \"5.19\"\nare = \"required\"\n";
const UNKNOWN: &str = "[[kernels]]\nname = \"6.8\"\nare = \"required\"\n";

#[test]
fn only_required_kernels_decide() {
    let run = check(OK);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = json(&run);
    assert_eq!(report["policy"]["passes"], true);
    assert!(report["results"].as_array().expect("results").iter().any(|result| result["verdict"] == "fails"));
    let standings = report["kernels"].as_array().expect("kernels").iter();
    assert_eq!(standings.filter(|kernel| kernel["standing"] == "required").count(), 1);

    let run = check(FAILS);
    assert_eq!(run.status, 1);
    let blocked = &json(&run)["policy"]["blocked"][0];
    assert_eq!(
        (&blocked["kernel"], &blocked["verdict"]),
        (&"ubuntu/5.19.0-21-generic/amd64".into(), &"fails".into())
    );
    let rules = blocked["rules"].as_array().expect("rules");
    assert!(rules.contains(&"field-missing".into()) && rules.contains(&"field-kind-changed".into()));
}

#[test]
fn an_unknown_required_kernel_does_not_pass_unless_said() {
    assert_eq!(check(&format!("{OK}{UNKNOWN}")).status, 1);
    assert_eq!(check(&format!("unknown = \"passes\"\n{OK}{UNKNOWN}")).status, 0);
    // What is not known of wanted kernels keeps nobody waiting.
    assert_eq!(check(&format!("{OK}{}", UNKNOWN.replace("required", "wanted"))).status, 0);
}

#[test]
fn ignored_kernels_are_left_out_and_said() {
    let report = json(&check(&format!("{OK}[[kernels]]\narch = \"amd64\"\nare = \"ignored\"\n")));
    let left = report["left_out"].as_array().expect("a list");
    assert!(left.iter().any(|kernel| kernel["code"] == "ignored" && kernel["kernel"] == "ubuntu/5.19.0-21-generic/amd64"));
    let kernels = report["kernels"].as_array().expect("a list");
    let amd64 = kernels.iter().filter(|kernel| kernel["arch"] == "amd64");
    assert_eq!(amd64.count(), 1, "the first selector that fits counts");
}

#[test]
fn to_ignore_some_requires_the_others() {
    let run = check("[[kernels]]\nname = \"*-azure/*\"\nare = \"ignored\"\n");
    assert_eq!(run.status, 1, "other kernels fail");
    let report = json(&run);
    let kernels = report["kernels"].as_array().expect("a list");
    assert!(kernels.len() > 20 && kernels.iter().all(|kernel| kernel["standing"] == "required"));
}

#[test]
fn a_gate_that_asks_for_nothing_is_an_error() {
    let run = check("[[kernels]]\ndistro = \"fedora\"\nversion = \">= 6\"\nare = \"required\"\n");
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("distro = \"fedora\"") && run.stderr.contains("layouts add"),
        "{}",
        run.stderr
    );
}

#[test]
fn levels_are_the_policys() {
    let lowered = "[rules]\nfield-missing = \"warning\"\nfield-kind-changed = \"off\"\n";
    let run = check(&format!("{FAILS}{lowered}"));
    let report = json(&run);
    assert_eq!((run.status, &report["policy"]["passes"]), (0, &true.into()));
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|finding| finding["rule"] != "field-kind-changed"));
    assert!(
        findings.iter().any(|finding| finding["rule"] == "field-missing" && finding["level"] == "warning")
    );
    // One of two causes is still in the way.
    assert_eq!(check(&format!("{FAILS}[rules]\nfield-missing = \"off\"\n")).status, 1);
    // What is a warning otherwise can be made to count: here on a kernel that is not known, which may pass.
    let raised = "[rules]\ntype-not-stored = \"error\"\n";
    assert_eq!(check(&format!("unknown = \"passes\"\n{OK}{UNKNOWN}{raised}")).status, 1);
}

/// A waiver for everything that a rule finds on 5.19.
fn waiver(rule: &str, expires: &str) -> String {
    format!(
        "[[waivers]]\nrule = \"{rule}\"\nkernels = \"ubuntu/5.19*\"\nabout = \"read_group/*\"\nobject = \"naive*\"\nreason = \"being mended\"\nexpires = {expires}\n"
    )
}

#[test]
fn waivers_excuse_until_they_expire() {
    let both = |expires: &str| {
        format!("{FAILS}{}{}", waiver("field-missing", expires), waiver("field-kind-changed", expires))
    };
    let run = check(&both("2999-12-31"));
    let report = json(&run);
    assert_eq!(run.status, 0, "{report}");
    let excused = report["findings"].as_array().expect("findings").iter().find(|f| f["excused"].is_array());
    let excused = &excused.expect("one is excused")["excused"][0];
    assert_eq!((&excused["by"], &excused["expires"]), (&"waiver".into(), &"2999-12-31".into()));
    assert_eq!(excused["kernels"], serde_json::json!(["ubuntu/5.19.0-21-generic/amd64"]));

    let run = check(&both("2020-12-31"));
    assert_eq!(run.status, 1);
    let findings = json(&run)["policy"]["findings"].clone();
    assert_eq!(findings.as_array().map(Vec::len), Some(2));
    assert_eq!(findings[0]["rule"], "waiver-expired");
    // Excusing one cause of two is not enough, and what excuses nothing is said.
    let run = check(&format!(
        "{FAILS}{}{}",
        waiver("field-missing", "2999-01-01"),
        waiver("ambiguous", "2999-01-01")
    ));
    assert_eq!(run.status, 1);
    let report = json(&run);
    assert_eq!(report["policy"]["findings"][0]["rule"], "waiver-unused");
    assert_eq!(report["policy"]["blocked"][0]["rules"], serde_json::json!(["field-kind-changed"]));
}

#[test]
fn of_a_baseline_only_what_is_new_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (naive, baseline) = (sample("naive"), file("known.json"));
    let run = corecheck(&["check", "--kernel", "5.19", "--write-baseline", &baseline, &naive]);
    assert_eq!(run.status, 1, "writing one excuses nothing");
    let written = fs::read_to_string(&baseline).expect("it was written");
    corecheck(&["check", "--kernel", "5.19", "--baseline", &baseline, &naive]).expect_status(0);
    // Another kernel is new.
    assert_eq!(corecheck(&["check", "--baseline", &baseline, &naive]).status, 1);
    // Writing it again gives the same bytes, through a policy that names it.
    fs::write(file("corecheck.toml"), "baseline = \"known.json\"\n").expect("it can be written");
    let again = file("again.json");
    let policy = file("corecheck.toml");
    let arguments = ["check", "--kernel", "5.19", "--policy", &policy, "--write-baseline", &again, &naive];
    corecheck(&arguments).expect_status(0);
    assert_eq!(fs::read_to_string(&again).expect("it was written"), written);
    fs::write(&baseline, "{}").expect("it can be written");
    let run = corecheck(&["check", "--kernel", "5.19", "--baseline", &baseline, &naive]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--write-baseline makes one"), "{}", run.stderr);
}

#[test]
fn a_policy_describes_the_load() {
    let run = check(&format!("loader = [\"libbpf@1.1\", \"cilium\"]\nmodules = \"none\"\n{OK}"));
    let names = |report: &Value| {
        report["loaders"].as_array().map(|all| all.iter().map(|l| l["name"].clone()).collect())
    };
    let names: Option<Vec<Value>> = names(&json(&run));
    assert_eq!(names, Some(vec!["libbpf@1.1".into(), "cilium".into()]));
    // Arguments count for more.
    let (_folder, object) = with_policy(&format!("loader = \"cilium\"\n{OK}"));
    let report = json(&corecheck(&["check", "--loader", "kernel", "--format", "json", &object]));
    assert_eq!(report["loaders"][0]["name"], "kernel");
}

#[test]
fn alternatives_stand_in_a_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("corecheck.toml");
    let groups =
        r#"["exit_fentry,exit_kprobe+exit_kretprobe", "switch_btf,switch_raw", "not,of_this_object"]"#;
    fs::write(&policy, format!("modules = \"none\"\n[load]\nalternatives = {groups}\n"))
        .expect("it can be written");
    let (policy, object) = (policy.to_str().expect("a plain name"), fixture("alternatives"));
    let kernel = ["--kernel", "debian/6.12.117+deb13-amd64/amd64", object.as_str()];
    assert_eq!(corecheck(&[&["check", "--modules", "none"], &kernel[..]].concat()).status, 1);
    let run = corecheck(&[&["check", "--policy", policy, "--format", "json"], &kernel[..]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(json(&run)["results"][0]["verdict"], "ok");
}

#[test]
fn people_see_what_is_in_the_way() {
    let (_folder, object) = with_policy(&format!("{FAILS}{OK}"));
    let run = corecheck(&["check", "--quiet", &object]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("corecheck.toml: does not pass (2 required kernels)"), "{}", run.stdout);
    assert!(run.stdout.contains("fails (field-kind-changed, field-missing)"), "{}", run.stdout);
    let run =
        corecheck(&["check", "--quiet", "--policy", "none", "--kernel", "5.15", &object]).expect_status(0);
    assert!(!run.stdout.contains("corecheck.toml"), "{}", run.stdout);
}

#[test]
fn a_policy_that_makes_no_sense_is_an_error_with_its_place() {
    let run = check("[[kernels]]\nare = \"required\"\narchs = \"amd64\"\n");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("kernels[1].archs") && run.stderr.contains("`arch`"), "{}", run.stderr);
    let run = corecheck(&["check", "--policy", "no/such.toml", &sample("naive")]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no/such.toml"), "{}", run.stderr);
}
