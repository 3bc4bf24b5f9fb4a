//! Running the binary.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No input may keep the program busy for longer; a debug build needs well under a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

/// The folder of the repository; the binary runs there, as in its README.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A sample object: `sample("naive")`, as it is named on the command line.
pub fn sample(name: &str) -> String {
    format!("ebpf-probe/bpf/vfio_{name}.bpf.o")
}

/// A fixture object, as it is named on the command line.
pub fn fixture(name: &str) -> String {
    format!("tests/fixtures/objects/{name}.bpf.o")
}

/// The bytes of a file of the repository.
pub fn bytes_of(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).expect("the file is in the repository")
}

/// The command with nothing of the caller's environment that could change its output.
fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corecheck"));
    command.current_dir(root()).args(arguments);
    for name in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    // Kernels that the caller has added are not there.
    command.env("XDG_DATA_HOME", "/dev/null/none");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it with these arguments.
pub fn corecheck<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    finish(command(arguments).spawn().expect("the binary starts"), Vec::new())
}

/// Starts it with these arguments, and ends it after this time with a signal that it cannot catch. Whether it was still
/// running then.
pub fn killed_after<S: AsRef<OsStr>>(time: Duration, arguments: &[S]) -> bool {
    let mut child = command(arguments).spawn().expect("the binary starts");
    thread::sleep(time);
    let was_running = child.try_wait().expect("the child can be waited for").is_none();
    child.kill().expect("the child can be ended");
    child.wait().expect("the child can be waited for");
    was_running
}

/// Runs it several times at once.
pub fn at_once(runs: &[Vec<String>]) -> Vec<Run> {
    let started: Vec<Child> =
        runs.iter().map(|run| command(run).spawn().expect("the binary starts")).collect();
    started.into_iter().map(|child| finish(child, Vec::new())).collect()
}

/// Runs it with these bytes as standard input.
pub fn with_input<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Run {
    finish(command(arguments).stdin(Stdio::piped()).spawn().expect("the binary starts"), input.to_vec())
}

/// Starts it, closes its standard output unread, and tells how it ends.
pub fn with_closed_pipe<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    let mut child = command(arguments).spawn().expect("the binary starts");
    drop(child.stdout.take());
    finish(child, Vec::new())
}

fn finish(mut child: Child, input: Vec<u8>) -> Run {
    let stdin = child.stdin.take();
    let writer = thread::spawn(move || {
        // It may refuse and end before it has read everything.
        stdin.map(|mut stdin| stdin.write_all(&input))
    });
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().expect("the child can be ended");
            panic!("still busy after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let _ = writer.join().expect("the writer ends");
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    let status = status.code().unwrap_or_else(|| panic!("ended by a signal: {status}\n{stderr}"));
    Run { status, stdout, stderr }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stream) = stream {
            stream.read_to_string(&mut text).expect("output is UTF-8");
        }
        text
    })
}

impl Run {
    /// Demands this exit status, and silence on standard error.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        assert_eq!(self.stderr, "", "{self:#?}");
        self
    }

    /// Demands that the program refused: status 2, nothing printed, and a message with all of these words.
    #[track_caller]
    pub fn expect_refusal(self, words: &[&str]) -> Self {
        assert_eq!(self.status, 2, "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in the message\n{}", self.stderr);
        }
        self
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self:#?}"))
    }
}
