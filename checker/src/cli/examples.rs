//! What `--help` shows below the options of each command.

pub(super) const CHECK: &str = "\
Examples:
  corecheck check probe.bpf.o                                  every kernel that is stored
  corecheck check probe.bpf.o --kernel 'debian/6.1*'           some of them
  corecheck check /usr/sbin/biosnoop --against live            what a tool carries, on this machine
  corecheck check probe.bpf.o --against linux-image-6.12.deb   a package, without storing it
  corecheck check probe.bpf.o --inventory fleet.txt            what share of a fleet's machines it runs on
  corecheck check probe.bpf.o --loader all                     where loaders disagree
  corecheck check probe.bpf.o --format human --format sarif=out.sarif";

pub(super) const MERGE: &str = "\
Examples:
  corecheck check build/*.bpf.o --shard 3/8 --format json=part3.json    on the third of eight machines
  corecheck merge part*.json --format human --format sarif=out.sarif";

pub(super) const COMPARE: &str = "\
Examples:
  corecheck compare released/probe.bpf.o build/probe.bpf.o
  corecheck compare OLD NEW --policy corecheck.toml --format markdown";

pub(super) const ACCESSES: &str = "\
Examples:
  corecheck accesses probe.bpf.o
  corecheck accesses /usr/sbin/tcpconnect --type 'struct sock'";

pub(super) const EXPLAIN: &str = "\
Examples:
  corecheck explain field-missing                 what the rule means and what to do
  corecheck explain --log load.log probe.bpf.o    what a loader's or a verifier's message means
  corecheck explain --all --format markdown=rules.md";

pub(super) const LAYOUTS: &str = "\
Examples:
  corecheck layouts list
  corecheck layouts history 'struct vfio_group' --format svg=life.svg
  corecheck layouts add linux-image-6.12.deb      a kernel with all its modules
  corecheck layouts export 6.8 --for probe.bpf.o -o min.btf";
