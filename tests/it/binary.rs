//! Runs the program itself, without a terminal.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a run may take before it is ended and the test fails.
const LIMIT: Duration = Duration::from_secs(60);

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; a run ended by a signal fails the test.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// From start to end.
    pub took: Duration,
}

impl Ran {
    /// Its output, when it did well. Panics with its complaint otherwise.
    pub fn output(self) -> String {
        assert_eq!(self.code, 0, "kubetui failed: {}", self.err);
        self.out
    }
}

/// Runs `kubetui --kubeconfig FILE ARGUMENTS…` to its end, in a home of its own, away from the user's settings.
pub fn kubetui<A: AsRef<OsStr>>(kubeconfig: &Path, arguments: &[A]) -> Ran {
    run(kubeconfig, None, arguments)
}

/// The same with settings: they are in the folder `kubetui` below `settings`.
pub fn configured<A: AsRef<OsStr>>(kubeconfig: &Path, settings: &Path, arguments: &[A]) -> Ran {
    run(kubeconfig, Some(settings), arguments)
}

fn run<A: AsRef<OsStr>>(kubeconfig: &Path, settings: Option<&Path>, arguments: &[A]) -> Ran {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubetui"));
    // In front for `kubetui --version` and behind a subcommand alike: a global option.
    command.args(arguments).arg("--kubeconfig").arg(kubeconfig);
    command.env_remove("KUBECONFIG").env("HOME", home.path());
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env_remove(variable);
    }
    if let Some(settings) = settings {
        command.env("XDG_CONFIG_HOME", settings).env("APPDATA", settings);
    }
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kubetui starts");
    let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let out = std::thread::spawn(move || read(&mut out));
    let err = std::thread::spawn(move || read(&mut err));
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().expect("it can be ended");
            child.wait().expect("it can be waited for");
            panic!("{command:?} did not end within {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = start.elapsed();
    let (out, err) = (out.join().expect("read"), err.join().expect("read"));
    let code = status.code().unwrap_or_else(|| panic!("{command:?} was ended by a signal: {status}; {err}"));
    Ran { code, out, err, took }
}

fn read(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).expect("its output can be read");
    String::from_utf8(bytes).expect("it prints UTF-8")
}
