//! A source of all guards, each called by a program of its own.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

/// A guard and the kernels that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Snippet {
    pub(crate) code: String,
    /// The function that it is.
    pub(crate) function: String,
    /// How that is declared between its brackets.
    parameters: String,
    pub(crate) kernels: BTreeSet<String>,
}

impl Snippet {
    /// # Errors
    /// When the code is no function as guards are.
    pub(crate) fn new(code: &str, kernels: impl IntoIterator<Item = String>) -> Result<Self> {
        let head =
            code.lines().find(|line| line.starts_with("static __always_inline ")).context("no function")?;
        let (before, parameters) = head.split_once('(').context("no parameters")?;
        let parameters = parameters.trim_end_matches(')').to_owned();
        let function = before.rsplit([' ', '*']).next().unwrap_or_default().to_owned();
        Ok(Self { code: code.to_owned(), function, parameters, kernels: kernels.into_iter().collect() })
    }

    /// C that calls it.
    fn call(&self) -> String {
        let Self { function, .. } = self;
        match self.parameters.split_once("size, ").map_or((&*self.parameters, false), |(_, of)| (of, true)) {
            ("void", _) => format!("sink = (__u64){function}();"),
            (of, is_copy) => {
                let of = of.trim_end_matches("of").trim();
                let pointer = format!("{of} of = ({of})((unsigned long long *)ctx)[0];");
                match is_copy {
                    true => format!("{pointer}\n\tsink = (__u64){function}(buffer, sizeof(buffer), of);"),
                    false => format!("{pointer}\n\tsink = (__u64){function}(of);"),
                }
            }
        }
    }
}

/// The name of the program that calls a snippet.
pub(crate) fn program(number: usize) -> String {
    format!("calls_{number}")
}

/// Types that libbpf's headers use and the types of a small object do not have.
const TYPES: [(&str, &str); 11] = [
    ("__u8", "unsigned char"),
    ("__s8", "signed char"),
    ("__u16", "unsigned short"),
    ("__s16", "short"),
    ("__be16", "unsigned short"),
    ("__u32", "unsigned int"),
    ("__s32", "int"),
    ("__be32", "unsigned int"),
    ("__wsum", "unsigned int"),
    ("__u64", "unsigned long long"),
    ("__s64", "long long"),
];

/// A header with those of these types that it lacks.
pub(crate) fn completed(header: &str) -> String {
    let lacks = |name: &&(&str, &str)| !header.contains(&format!(" {};", name.0));
    let lacking = TYPES.iter().filter(lacks).map(|(name, of)| format!("typedef {of} {name};\n"));
    // An object that asks for options has it from libbpf's header, which is included here, too.
    let own = header.split_once("enum libbpf_tristate {");
    let without = own
        .and_then(|(before, rest)| Some([before, rest.split_once("};")?.1].concat()))
        .unwrap_or(header.to_owned());
    lacking.chain([without]).collect()
}

/// The whole source.
pub(crate) fn whole(snippets: &[Snippet]) -> String {
    let head = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
                #include <bpf/bpf_core_read.h>\n\n\
                char LICENSE[] SEC(\"license\") = \"GPL\";\n\
                __u64 sink;\nchar buffer[64];\n\n";
    let mut text = head.to_owned();
    for (number, snippet) in snippets.iter().enumerate() {
        let (code, program, call) = (&snippet.code, program(number), snippet.call());
        text.push_str(&format!(
            "{code}\nSEC(\"raw_tp\")\nint {program}(void *ctx)\n{{\n\t{call}\n\treturn 0;\n}}\n\n"
        ));
    }
    text
}
