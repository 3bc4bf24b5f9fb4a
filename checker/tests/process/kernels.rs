//! The seed's kernels as the process must name them: the order, groups and aliases of the seed's page.

/// Full name, group and first alias of each, in the seed's order.
pub const SEED: [(&str, &str, &str); 25] = [
    ("ubuntu/4.4.0-21-generic/amd64", "regular", "4.4"),
    ("ubuntu/4.8.0-22-generic/amd64", "regular", "4.8"),
    ("ubuntu/4.10.0-19-generic/amd64", "regular", "4.10"),
    ("ubuntu/4.13.0-16-generic/amd64", "regular", "4.13"),
    ("ubuntu/4.15.0-20-generic/amd64", "regular", "4.15"),
    ("ubuntu/4.18.0-10-generic/amd64", "regular", "4.18"),
    ("ubuntu/5.0.0-13-generic/amd64", "regular", "5.0"),
    ("ubuntu/5.3.0-18-generic/amd64", "regular", "5.3"),
    ("ubuntu/5.4.0-26-generic/amd64", "regular", "5.4"),
    ("ubuntu/5.8.0-25-generic/amd64", "regular", "5.8"),
    ("ubuntu/5.11.0-16-generic/amd64", "regular", "5.11"),
    ("ubuntu/5.13.0-19-generic/amd64", "regular", "5.13"),
    ("ubuntu/5.15.0-25-generic/amd64", "regular", "5.15"),
    ("ubuntu/5.19.0-21-generic/amd64", "regular", "5.19"),
    ("ubuntu/6.2.0-20-generic/amd64", "regular", "6.2"),
    ("ubuntu/6.5.0-9-generic/amd64", "regular", "6.5"),
    ("ubuntu/6.8.0-31-generic/amd64", "regular", "6.8"),
    ("ubuntu/5.4.0-26-generic/arm64", "arch", "arm64"),
    ("ubuntu/5.4.0-26-generic/armhf", "arch", "armhf"),
    ("ubuntu/5.4.0-26-generic/ppc64el", "arch", "ppc64el"),
    ("ubuntu/5.4.0-24-generic/riscv64", "arch", "riscv64"),
    ("ubuntu/5.4.0-1009-aws/amd64", "flavour", "aws"),
    ("ubuntu/5.4.0-1010-azure/amd64", "flavour", "azure"),
    ("ubuntu/5.4.0-1009-gcp/amd64", "flavour", "gcp"),
    ("ubuntu/5.4.0-26-lowlatency/amd64", "flavour", "lowlatency"),
];

/// The pattern that names them all, and no other kernel of the program.
pub const SEEDS: &str = "ubuntu/*";

/// VFIO is a module, and modules carry no BTF.
pub const MODULE_WITHOUT_BTF: [&str; 11] =
    ["4.4", "4.8", "4.10", "4.13", "4.15", "4.18", "5.0", "5.3", "arm64", "armhf", "aws"];

/// VFIO is a module, and its BTF exists but is not stored.
pub const MODULE_NOT_STORED: [&str; 3] = ["6.2", "6.5", "6.8"];

/// They ship BTF of their vmlinux; all others have it brought along.
pub const SHIP_BTF: [&str; 8] = ["5.8", "5.11", "5.13", "5.15", "5.19", "6.2", "6.5", "6.8"];

/// Both structs of the name `vfio_group` are in their vmlinux.
pub const TWO_STRUCTS: [&str; 7] = ["5.4", "5.8", "5.11", "5.13", "azure", "gcp", "lowlatency"];
