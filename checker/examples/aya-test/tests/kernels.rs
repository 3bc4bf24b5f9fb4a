//! On which kernels the object loads, under aya's rules: what the README of this project promises.

use corecheck::gate::Gate;
use corecheck::loader::Loader;
use example_aya_test::OBJECT;

#[test]
fn it_loads_on_debian_11_to_13() {
    let answer = Gate::new()
        .bytes("states.bpf.o", OBJECT)
        .loader(Loader::Aya)
        .kernel("debian/5.10.0-[0-9][0-9]-amd64/amd64")
        .kernel("debian/6.1.0-[0-9][0-9]-amd64/amd64")
        .kernel("debian/6.12.*+deb13-amd64/amd64")
        .ask()
        .expect("the object and these kernels can be read");
    assert!(answer.passes(), "{answer}");
}
