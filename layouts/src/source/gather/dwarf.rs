//! BTF for an ELF file that has only DWARF: made by `pahole`, where that is installed.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::error::Problem;

/// How long `pahole` may take: a kernel with all its DWARF takes it a minute or two.
pub const MAX_PAHOLE_TIME: Duration = Duration::from_secs(600);

const POLL: Duration = Duration::from_millis(20);

/// How much of what `pahole` complains of is repeated, in bytes.
const MAX_WORDS: usize = 300;

/// An ELF file to encode.
pub(super) enum Elf<'e> {
    /// A file.
    File(&'e Path),
    /// Bytes, which are written to a temporary folder for as long as it takes.
    Bytes(&'e [u8]),
}

/// The BTF that `pahole` makes of the file's DWARF.
pub(super) fn encode(elf: &Elf<'_>) -> Result<Vec<u8>, Problem> {
    encode_with(Command::new("pahole"), elf, MAX_PAHOLE_TIME)
}

fn encode_with(mut command: Command, elf: &Elf<'_>, patience: Duration) -> Result<Vec<u8>, Problem> {
    let failed = |what: String| Problem::Pahole { what };
    let unwritable = |error: std::io::Error| failed(format!("its temporary folder cannot be used: {error}"));
    let folder = tempfile::tempdir().map_err(unwritable)?;
    let (out, words) = (folder.path().join("btf"), folder.path().join("words"));
    let input = match elf {
        Elf::File(path) => path.canonicalize().map_err(|error| Problem::Unreadable { error })?,
        Elf::Bytes(bytes) => {
            let path = folder.path().join("vmlinux");
            std::fs::write(&path, bytes).map_err(unwritable)?;
            path
        }
    };
    let mut option = std::ffi::OsString::from("--btf_encode_detached=");
    option.push(&out);
    let complaints = File::create(&words).map_err(unwritable)?;
    command.arg("-J").arg(option).arg(&input).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::NoPahole,
        _ => failed(format!("it cannot be run: {error}")),
    })?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < patience => std::thread::sleep(POLL),
            other => {
                // Whatever goes wrong here, the process is not left behind.
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(match other {
                    Err(error) => format!("it cannot be waited for: {error}"),
                    Ok(_) => format!("it was not done after {} seconds", patience.as_secs()),
                }));
            }
        }
    };
    match std::fs::read(&out) {
        Ok(btf) if status.success() && !btf.is_empty() => Ok(btf),
        _ => {
            let said = std::fs::read(&words).unwrap_or_default();
            let said = String::from_utf8_lossy(said.get(..MAX_WORDS.min(said.len())).unwrap_or_default())
                .into_owned();
            Err(failed(format!("it ended with {status} and says: {}", said.trim())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that does this with its arguments.
    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text, "script"]);
        command
    }

    #[test]
    fn what_is_written_is_taken() {
        let copy = "for a; do case $a in --btf*) out=${a#*=};; esac; last=$a; done; cat \"$last\" >\"$out\"";
        let made = encode_with(script(copy), &Elf::Bytes(b"content"), MAX_PAHOLE_TIME).expect("it is made");
        assert_eq!(made, b"content");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let made = encode_with(script(copy), &Elf::File(&file), MAX_PAHOLE_TIME).expect("it is made");
        assert!(made.starts_with(b"[package]"));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let elf = Elf::Bytes(b"no ELF file");
        let told = |command, patience| encode_with(command, &elf, patience).expect_err("fails").to_string();
        let text = told(Command::new("corecheck-no-such-program"), MAX_PAHOLE_TIME);
        assert!(text.contains("apt install pahole"), "{text}");
        let text = told(script("echo sorry >&2; exit 3"), MAX_PAHOLE_TIME);
        assert!(text.contains("status: 3") && text.contains("sorry"), "{text}");
        let text = told(script("exit 0"), MAX_PAHOLE_TIME);
        assert!(text.contains("status: 0"), "nothing was written: {text}");
        let begun = Instant::now();
        let text = told(script("exec sleep 100"), Duration::from_secs(1));
        assert!(text.contains("not done after 1 seconds") && begun.elapsed().as_secs() < 50, "{text}");
        let missing = Elf::File(Path::new("corecheck-no-such-file"));
        let problem = encode_with(script(""), &missing, MAX_PAHOLE_TIME);
        assert!(matches!(problem, Err(Problem::Unreadable { .. })));
    }
}
