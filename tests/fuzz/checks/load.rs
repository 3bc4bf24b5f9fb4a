//! Whether an object would load: reach, attach points, externs, and every loader's rules.

use corecheck::check::{Settings, check};
use corecheck::loader::{Loader, Version};
use corecheck::object::read_bytes;
use corecheck_layouts::kernel::Kernel;

use super::{ground, kernel};

/// Those whose rules differ. aya-obj is left out: its panics, which are its own and caught, end a fuzzer.
const LOADERS: [Loader; 4] =
    [Loader::LIBBPF, Loader::Libbpf(Version::OLDEST), Loader::Cilium, Loader::Kernel];

/// Input: which loader (one byte), and a BPF object. It is checked against its own types and some stored kernels.
pub(crate) fn load(data: &[u8]) {
    let Some((&which, file)) = data.split_first() else { return };
    let loader = LOADERS[usize::from(which) % LOADERS.len()];
    for object in read_bytes("fuzz", file).unwrap_or_default() {
        let own = object.btf.as_ref().map(kernel::of);
        let stored = ground::store().kernels().iter().filter(|kernel| kernel.stored.is_none());
        let kernels: Vec<&Kernel> = own.iter().chain(stored.step_by(9)).collect();
        let settings = Settings { loaders: vec![loader], ..Settings::default() };
        let report = check(vec![object], &kernels, &settings).expect("no constant is set");
        assert_eq!(report.objects.len(), 1);
        assert_eq!(report.results.len() + report.left_out.len(), kernels.len());
    }
}
