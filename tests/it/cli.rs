//! The command line where no cluster is needed: mistakes end with code 2 and one clear line, never a half-drawn screen.

use std::path::PathBuf;

use crate::binary::{Ran, kubetui};

const GOOD: &str = "\
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
contexts:
- {name: one, context: {cluster: c, user: u}}
- {name: another, context: {cluster: c, user: u}}
users:
- {name: u, user: {token: t}}
";

fn config(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// Code 2, nothing on standard output, one line on standard error.
fn one_clear_line(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert_eq!(ran.err.trim_end().lines().count(), 1, "one line: {}", ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{part} in {}", ran.err);
    }
    assert!(!ran.err.contains('\u{1b}'), "no escape sequences: {:?}", ran.err);
}

#[test]
fn an_unknown_context_names_those_that_exist() {
    let (_folder, path) = config(GOOD);
    for arguments in [&["get", "pods", "--context", "no-such"][..], &["--context", "no-such"]] {
        one_clear_line(&kubetui(&path, arguments), &["no-such", "one", "another"]);
    }
}

#[test]
fn a_kubeconfig_that_does_not_parse_is_named_with_its_line() {
    let (_folder, path) = config("apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {server: [\ncontexts: }\n");
    let line = regex::Regex::new(r"(line |:)[456]\b").unwrap();
    for arguments in [&["get", "pods"][..], &[]] {
        let ran = kubetui(&path, arguments);
        one_clear_line(&ran, &[path.to_str().unwrap()]);
        assert!(line.is_match(&ran.err), "the line: {}", ran.err);
    }
}

#[test]
fn a_kubeconfig_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    one_clear_line(&kubetui(&path, &["get", "pods"]), &[path.to_str().unwrap()]);
}

#[test]
fn without_a_terminal_on_standard_output_nothing_is_drawn() {
    let (_folder, path) = config(GOOD);
    one_clear_line(&kubetui(&path, &[] as &[&str]), &["terminal"]);
}

#[test]
fn help_and_version_need_no_terminal_and_no_cluster() {
    let (_folder, path) = config(GOOD);
    let version = kubetui(&path, &["--version"]).output();
    assert_eq!(version.trim_end(), concat!("kubetui ", env!("CARGO_PKG_VERSION")));
    let help = kubetui(&path, &["--help"]).output();
    for flag in [
        "--context",
        "--kubeconfig",
        "--namespace",
        "--all-namespaces",
        "--cluster",
        "--user",
        "--as",
        "--as-group",
        "--token",
        "--request-timeout",
        "--insecure-skip-tls-verify",
        "--log-file",
        "--version",
    ] {
        assert!(help.contains(flag), "{flag} in the help");
    }
}

#[test]
fn completion_is_printed_for_every_shell() {
    let (_folder, path) = config(GOOD);
    for shell in ["bash", "zsh", "fish"] {
        let script = kubetui(&path, &["completion", shell]).output();
        assert!(script.contains("kubetui") && script.contains("all-namespaces"), "{shell}");
    }
}

#[test]
fn the_kubeconfig_is_never_written() {
    let (folder, path) = config(GOOD);
    let modified = || std::fs::metadata(&path).unwrap().modified().unwrap();
    let before = modified();
    let ran = kubetui(&path, &["get", "pods", "--context", "another"]);
    assert_ne!(ran.code, 0, "nothing listens there");
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), modified()), (GOOD, before));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no lock file beside it");
}

#[test]
fn a_demo_is_a_cluster_of_its_own() {
    let (_folder, path) = config(GOOD);
    for arguments in [&["--demo"][..], &["--demo=10", "get", "pods"], &["get", "pods", "--demo"]] {
        one_clear_line(&kubetui(&path, arguments), &["--demo", "--kubeconfig"]);
    }
    one_clear_line(&kubetui(&path, &["--demo", "demo", "serve"]), &["--demo", "--pods"]);
}

#[test]
fn what_a_demo_cannot_have_is_named_with_the_way_out() {
    let (folder, path) = config(GOOD);
    one_clear_line(&kubetui(&path, &["demo", "serve"]), &[path.to_str().unwrap(), "left alone", "--kubeconfig"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), GOOD);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let fresh = folder.path().join("fresh");
    one_clear_line(&kubetui(&fresh, &["demo", "serve", "--port", &port]), &[&port, "taken", "--port"]);
    assert!(!fresh.exists());
}

/// `demo serve` as a script uses it: the first line tells that it is there, SIGTERM ends it, nothing is left.
#[cfg(unix)]
#[test]
fn a_demo_serves_until_it_is_told_to_end() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubetui"));
    command.args(["demo", "serve"]).env("XDG_RUNTIME_DIR", folder.path()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let file = lines.next().unwrap().strip_prefix("export KUBECONFIG=").map(PathBuf::from).expect("a line for a shell");
    let says = lines.next().unwrap();
    assert!(file.starts_with(folder.path()));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let config = kube::config::Kubeconfig::read_from(&file).unwrap();
    let version = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let config = kube::Config::from_custom_kubeconfig(config, &Default::default()).await.unwrap();
        assert!(says.contains(config.cluster_url.authority().unwrap().as_str()), "{says}");
        kube::Client::try_from(config).unwrap().apiserver_version().await.unwrap()
    });
    assert_eq!(version.major, "1");

    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!file.exists());
}
