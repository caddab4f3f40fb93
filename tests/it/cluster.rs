//! The real cluster that tests may use, when they are given one, and who may use it when.
//!
//! `KUBETUI_TEST_KUBECONFIG` names its kubeconfig, `KUBETUI_TEST_CLUSTER` the script that starts and stops its programs
//! and has the kubectl that is the judge (`CLUSTER_DIR` and `CLUSTER_PORT` are inherited by it). Without the script,
//! kubectl from PATH is taken, and tests that stop programs are skipped.

use std::ffi::OsStr;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use crate::kubeconfig::Kubeconfig;

/// Read by tests that need everything to run, written by tests that stop something.
static RUNNING: RwLock<()> = RwLock::new(());

/// How long the API server may take to be ready after a start.
const COMES_BACK: Duration = Duration::from_secs(60);

/// Held by a test while it uses the cluster.
enum Guard {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// The cluster, with all its programs running. One at a time in a test: a second one would wait for the first.
pub struct Cluster {
    kubectl: Kubectl,
    _guard: Guard,
}

/// The judge, as administrator; it holds nobody up.
#[derive(Clone)]
pub struct Kubectl {
    kubeconfig: PathBuf,
    script: Option<PathBuf>,
}

impl Cluster {
    /// The cluster, shared with other tests, or `None` when there is none: then the test is to return, and it is said
    /// that it was skipped. Panics when the server is not on loopback.
    pub fn from_env() -> Option<Self> {
        let (kubeconfig, script) = environment()?;
        let guard = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
        Some(Cluster { kubectl: Kubectl { kubeconfig, script }, _guard: Guard::Shared { _guard: guard } })
    }

    /// Its kubeconfig, whose current context is the administrator's.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubectl.kubeconfig
    }

    /// Its kubectl, for what lives longer than a look at the cluster.
    pub fn judge(&self) -> Kubectl {
        self.kubectl.clone()
    }

    /// What kubectl prints, as administrator unless `--context` says another. Panics with its complaint when it fails.
    pub fn kubectl<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        self.try_kubectl(arguments, "").unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same with something on standard input (`-f -`), and with the complaint as error.
    pub fn try_kubectl<A: AsRef<OsStr>>(&self, arguments: &[A], input: &str) -> Result<String, String> {
        self.kubectl.run(arguments, input)
    }
}

impl Kubectl {
    /// kubectl by itself, for another cluster; `None` when there is none: then the test is to return, and it is said that it
    /// was skipped.
    pub fn from_env() -> Option<Self> {
        environment().map(|(kubeconfig, script)| Kubectl { kubeconfig, script })
    }

    /// What it prints, or its complaint.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A], input: &str) -> Result<String, String> {
        run(self.command().args(arguments), input)
    }

    /// It, to be given arguments and started; `--kubeconfig` among them leads it to another cluster.
    pub fn command(&self) -> Command {
        match &self.script {
            Some(script) => {
                let mut command = Command::new(script);
                command.arg("kubectl");
                command
            }
            None => {
                let mut command = Command::new("kubectl");
                command.env("KUBECONFIG", &self.kubeconfig);
                command
            }
        }
    }
}

/// The cluster while no other test uses it: its programs may be stopped. What is stopped is started again at the end.
pub struct Alone {
    cluster: Cluster,
    stopped: Vec<String>,
}

impl Deref for Alone {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Alone {
    /// Waits until no other test uses the cluster. `None` as with [`Cluster::from_env`].
    pub fn from_env() -> Option<Self> {
        let (kubeconfig, script) = environment()?;
        if script.is_none() {
            skipped("KUBETUI_TEST_CLUSTER is not set");
            return None;
        }
        let guard = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
        let cluster = Cluster { kubectl: Kubectl { kubeconfig, script }, _guard: Guard::Alone { _guard: guard } };
        Some(Alone { cluster, stopped: Vec::new() })
    }

    /// Stops one of the programs (`kube-apiserver`, `kwok`, `metrics-server`, …).
    pub fn stop(&mut self, program: &str) {
        self.script(&["stop", program]).unwrap_or_else(|why| panic!("{why}"));
        self.stopped.push(program.to_owned());
    }

    /// Starts it again, and waits until the API server is ready.
    pub fn start(&mut self, program: &str) {
        self.script(&["start", program]).unwrap_or_else(|why| panic!("{why}"));
        self.await_ready().unwrap_or_else(|why| panic!("{why}"));
        self.stopped.retain(|other| other != program);
    }

    fn await_ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + COMES_BACK;
        loop {
            match self.try_kubectl(&["get", "--raw", "/readyz"], "") {
                Ok(_) => return Ok(()),
                Err(why) if Instant::now() > deadline => return Err(why),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn script(&self, arguments: &[&str]) -> Result<String, String> {
        let script = self.kubectl.script.as_deref().ok_or("there is no script")?;
        run(Command::new(script).args(arguments), "")
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        for program in std::mem::take(&mut self.stopped) {
            // Not to panic here: the test may be failing already, and its own reason is the better one.
            let started = self.script(&["start", &program]).and_then(|_| self.await_ready());
            if let Err(why) = started {
                say(&format!("{program} was stopped by a test and does not come back: {why}"));
            }
        }
    }
}

/// The kubeconfig and the script, or `None` with the word that a test was skipped.
fn environment() -> Option<(PathBuf, Option<PathBuf>)> {
    let Some(kubeconfig) = std::env::var_os("KUBETUI_TEST_KUBECONFIG").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        skipped("KUBETUI_TEST_KUBECONFIG is not set");
        return None;
    };
    let config = Kubeconfig::read(&kubeconfig);
    if let Some(why) = config.refusal() {
        panic!("KUBETUI_TEST_KUBECONFIG={}: {why}", kubeconfig.display());
    }
    let script = std::env::var_os("KUBETUI_TEST_CLUSTER").filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(script) = &script {
        // Its cluster is what CLUSTER_DIR says: without that it is another, and tests would change and stop that one.
        let own = run(Command::new(script).arg("kubeconfig"), "").unwrap_or_else(|why| panic!("{why}"));
        let (own, given) = (Kubeconfig::read(Path::new(own.trim())).address(), config.address());
        assert!(
            own == given,
            "KUBETUI_TEST_KUBECONFIG leads to {given}, but KUBETUI_TEST_CLUSTER to {own}: set CLUSTER_DIR and CLUSTER_PORT"
        );
    }
    Some((kubeconfig, script))
}

/// Says that a test was skipped, in a line that `.ci/run` looks for.
fn skipped(why: &str) {
    let thread = std::thread::current();
    say(&format!("skipped: {why} ({})", thread.name().unwrap_or("a test")));
}

/// A line on standard error, past the test runner, which would keep what a test that passes prints.
fn say(line: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Runs a program to its end: its output, or its complaint.
pub fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|e| format!("{command:?}: {e}"))?;
    let mut standard_input = child.stdin.take().expect("it was piped");
    let output = std::thread::scope(|scope| {
        // A program that ends without reading all of it is judged by its exit code.
        scope.spawn(move || drop(standard_input.write_all(input.as_bytes())));
        child.wait_with_output()
    })
    .map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::kubetui;

    #[test]
    fn a_program_that_was_stopped_runs_again_afterwards() {
        let Some(mut cluster) = Alone::from_env() else { return };
        let ready = |cluster: &Cluster| cluster.try_kubectl(&["get", "--raw", "/readyz"], "");
        cluster.stop("kube-apiserver");
        ready(&cluster).expect_err("it is stopped");
        let ran = kubetui(cluster.kubeconfig(), &["get", "namespaces"]);
        assert_ne!(ran.code, 0, "a cluster that is away is no empty cluster");
        assert_eq!(ran.out, "");
        assert!(ran.err.contains(&Kubeconfig::read(cluster.kubeconfig()).address()), "it names the server: {}", ran.err);
        cluster.start("kube-apiserver");
        assert_eq!(ready(&cluster).expect("it runs"), "ok");

        // Not started again by the test: dropping does that.
        cluster.stop("kube-scheduler");
        let status = cluster.script(&["status"]).unwrap();
        assert!(status.contains("kube-scheduler is stopped"), "{status}");
        drop(cluster);
        let cluster = Alone::from_env().unwrap();
        let status = cluster.script(&["status"]).unwrap();
        assert!(status.contains("kube-scheduler runs"), "{status}");
    }
}
