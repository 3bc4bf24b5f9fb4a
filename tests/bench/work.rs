//! What the main work costs within the process: reading BTF, deciding an object's accesses against it, and the whole
//! main job. Nothing is asserted: figures are for people to compare.
//!
//! The BTF is that of `CORECHECK_BENCH_BTF`, else of the running kernel, else the types of a sample object, which are
//! few; what was used is printed first. The object with many accesses is that of `CORECHECK_BENCH_OBJECT`, else a
//! fixture. Whole processes, beside bpftool, are measured by `tests/bench/run`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corecheck::access::accesses;
use corecheck::answer::answer;
use corecheck::check::{Settings, check};
use corecheck::object::read_file;
use corecheck::render::human::{HumanOptions, render};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::source;
use corecheck_layouts::source::gather::{Options, Source, survey};
use corecheck_layouts::store::{Store, given};
use criterion::{Criterion, Throughput};

/// Where Linux shows its own types.
const RUNNING: &str = "/sys/kernel/btf/vmlinux";

/// The kernel that a file gives.
fn kernel_from(path: &Path) -> anyhow::Result<Kernel> {
    let mut found = survey(&[Source::Path(path.to_owned())], Options::default(), &mut |_| {})?;
    let found = found.next(&mut |_| {}).ok_or_else(|| anyhow::anyhow!("the file gives no kernel"))??;
    Ok(given(found, &[])?)
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Bytes of BTF to read, and where they come from.
fn btf_bytes(fixture: &Path) -> anyhow::Result<(Vec<u8>, PathBuf)> {
    let chosen = std::env::var_os("CORECHECK_BENCH_BTF").map(PathBuf::from);
    let running = Some(PathBuf::from(RUNNING)).filter(|path| path.exists());
    let path = chosen.or(running).unwrap_or_else(|| fixture.to_owned());
    Ok((source::open(&path)?.bytes, path))
}

fn main() -> anyhow::Result<()> {
    let sample = repository("ebpf-probe/bpf/vfio_naive.bpf.o");
    let chosen = std::env::var_os("CORECHECK_BENCH_OBJECT").map(PathBuf::from);
    let path = chosen.unwrap_or_else(|| repository("tests/fixtures/objects/all_kinds.bpf.o"));
    let object = read_file(&path)?.remove(0);
    let (bytes, from) = btf_bytes(&sample)?;
    let kernel = if from == sample { None } else { Some(kernel_from(&from)?) };
    let store = Store::embedded()?;
    let kernels: Vec<&Kernel> = kernel.iter().collect();
    let kernels = if kernels.is_empty() { store.kernels().iter().collect() } else { kernels };
    let asked = accesses(&object);
    let mut criterion = Criterion::default().configure_from_args();
    say(&format!("BTF: {} ({} bytes)", from.display(), bytes.len()));
    say(&format!(
        "object: {} ({} accesses), kernels decided against: {}",
        path.display(),
        asked.len(),
        kernels.len()
    ));

    let mut group = criterion.benchmark_group("btf");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter_batched(
            || bytes.clone(),
            |bytes| Btf::parse(bytes).map(Arc::new),
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
    criterion.bench_function("decide", |bencher| {
        bencher.iter(|| answer(black_box(&object), &asked, &kernels, &Modules::All));
    });
    criterion.bench_function("main job", |bencher| {
        bencher.iter(|| -> anyhow::Result<Vec<u8>> {
            let objects = read_file(&sample)?;
            let store = Store::embedded()?;
            let kernels: Vec<&Kernel> = store.kernels().iter().collect();
            let report = check(objects, &kernels, &Settings::default())?;
            let mut out = Vec::new();
            render(&report, &HumanOptions { width: 100, quiet: false }, &mut out)?;
            Ok(out)
        });
    });
    criterion.final_summary();
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a benchmark tells what it measures")]
fn say(line: &str) {
    eprintln!("{line}");
}
