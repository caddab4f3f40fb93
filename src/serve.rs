//! `kubetui demo serve`: the demo's cluster alone, with a kubeconfig in a file for kubectl and any other client.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::cli;
use crate::demo::serve::{CLUSTER, USERS};
use crate::demo::{self, Demo, Options};
use crate::places;

/// Runs until ctrl-c or SIGTERM. Two lines are printed when it can be asked: one to copy into a shell, and what it serves.
///
/// # Errors
/// The port is taken, or the kubeconfig cannot be written or holds other clusters.
pub fn run(serve: &cli::Serve, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(file) = &serve.kubeconfig {
        // Before anything is started for nothing.
        may_replace(file)?;
    }
    // From here on the kubeconfig is removed on every way out.
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _entered = waiting.enter();
        Signals::new()?
    };
    let demo = demo::start(Options { pods: serve.pods, churn: serve.churn, port: serve.port, empty: false })?;
    let written = Written::new(&demo, serve.kubeconfig.as_deref())?;
    writeln!(out, "export KUBECONFIG={}", quoted(&written.file.to_string_lossy()))?;
    let contexts: Vec<&str> = USERS.iter().map(|user| user.context).collect();
    writeln!(out, "the demo serves https://{} until ctrl-c; contexts: {}", demo.address(), contexts.join(", "))?;
    out.flush()?;
    waiting.block_on(signals.next());
    drop(written);
    demo.stop();
    Ok(())
}

/// What ends it.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    /// From here on a signal is waited for, instead of ending the program at once.
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What ends it.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// A kubeconfig that was written, until it is dropped.
struct Written {
    file: PathBuf,
    text: String,
}

impl Written {
    /// Into the file that was asked for, else into one of the run's own folder.
    fn new(demo: &Demo, file: Option<&Path>) -> anyhow::Result<Written> {
        let file = match file {
            Some(file) => std::path::absolute(file)?,
            None => {
                let folder = places::run_folder().context("there is no folder for the kubeconfig: name a file with --kubeconfig")?;
                folder.join(format!("demo-{}.kubeconfig", demo.address().port()))
            }
        };
        may_replace(&file)?;
        let text = demo.kubeconfig();
        places::replace(&file, text.as_bytes()).with_context(|| format!("the kubeconfig {} cannot be written", file.display()))?;
        Ok(Written { file, text })
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Another demo may have written its own by now.
        if fs::read_to_string(&self.file).is_ok_and(|text| text == self.text) {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// A kubeconfig, as far as it tells whose it is.
#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    clusters: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Only a file that holds nothing, or nothing but a demo's cluster, is written over: others are somebody's way to clusters.
fn may_replace(file: &Path) -> anyhow::Result<()> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => bail!("{} is no kubeconfig: it is left alone", file.display()),
        Err(e) => return Err(e).with_context(|| format!("the kubeconfig {} cannot be written", file.display())),
    };
    let ours = |known: Known| matches!(&known.clusters[..], [only] if only.name == CLUSTER);
    if text.trim().is_empty() || serde_yaml::from_str::<Known>(&text).is_ok_and(ours) {
        return Ok(());
    }
    bail!("{} was not written by a demo and is left alone: name another file with --kubeconfig, or leave it out", file.display())
}

/// One word of a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demos_kubeconfig_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config");
        assert!(may_replace(&file).is_ok(), "a new one");
        for (text, may) in [
            ("", true),
            ("clusters: [{name: kubetui-demo, cluster: {server: 'https://127.0.0.1:1'}}]\n", true),
            ("clusters: [{name: prod}, {name: kubetui-demo}]\n", false),
            ("clusters: [{name: prod}]\n", false),
            ("clusters: []\n", false),
            ("a shopping list\n", false),
        ] {
            fs::write(&file, text).expect("a file");
            assert_eq!(may_replace(&file).is_ok(), may, "{text}");
        }
        fs::write(&file, [0xff, 0xfe]).expect("a file");
        assert!(may_replace(&file).is_err());
        assert!(may_replace(folder.path()).is_err(), "a folder");
    }

    #[test]
    fn what_is_written_is_for_its_owner_and_goes_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("below/config");
        let demo = demo::start(Options::default()).expect("a demo");
        let written = Written::new(&demo, Some(&file)).expect("written");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("a file").permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&file).expect("text"), demo.kubeconfig());
        // A second demo takes the file over: the first one leaves it.
        let other = demo::start(Options::default()).expect("a demo");
        let second = Written::new(&other, Some(&file)).expect("written");
        drop(written);
        assert!(file.exists());
        drop(second);
        assert!(!file.exists());
        assert_eq!(fs::read_dir(file.parent().expect("a parent")).expect("a folder").count(), 0);
    }

    #[test]
    fn paths_are_one_word() {
        assert_eq!(quoted("/run/user/7/kubetui/demo-1.kubeconfig"), "/run/user/7/kubetui/demo-1.kubeconfig");
        assert_eq!(quoted("/a b/it's"), "'/a b/it'\\''s'");
    }
}
