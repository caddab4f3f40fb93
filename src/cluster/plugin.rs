//! Exec credential plugins (`aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin`, …).
//!
//! They are run here rather than by kube: once per connection instead of three times, without the terminal, with a
//! time limit that really ends them, and with their words kept. The protocol is client-go's
//! `plugin/pkg/client/auth/exec`.

use std::process::Stdio;
use std::time::Duration;

use kube::config::{Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;

use super::error::ClusterError;
use super::kubeconfig::ConfigError;

/// How long a plugin may take without a terminal.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// What a plugin gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<String>,
    /// A client certificate and its key, both PEM.
    pub certificate: Option<(String, String)>,
    /// When they run out, if they do.
    pub expires: Option<jiff::Timestamp>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the secrets themselves: this can land in a log.
        let (token, certificate) = (self.token.is_some(), self.certificate.is_some());
        write!(f, "Credential {{ token: {token}, certificate: {certificate}, expires: {:?} }}", self.expires)
    }
}

/// A plugin of the kubeconfig, ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// The command: a path, or a name on PATH.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is added to the environment.
    pub env: Vec<(String, String)>,
    api_version: String,
    cluster: Option<serde_json::Value>,
    hint: Option<String>,
    may_ask: bool,
}

impl Plugin {
    /// From a user of the kubeconfig; `cluster` is where it shall log in.
    pub fn new(exec: &ExecConfig, cluster: &Cluster) -> Result<Plugin, ConfigError> {
        let unusable = |why: String| ConfigError::Unusable(why);
        let cluster = match exec.provide_cluster_info {
            true => {
                let info = ExecAuthCluster::try_from(cluster).map_err(|e| unusable(e.to_string()))?;
                Some(serde_json::to_value(info).map_err(|e| unusable(e.to_string()))?)
            }
            false => None,
        };
        let pair = |env: &std::collections::HashMap<String, String>| Some((env.get("name")?.clone(), env.get("value")?.clone()));
        Ok(Plugin {
            program: exec.command.clone().ok_or_else(|| unusable("the user's exec plugin has no command".into()))?,
            args: exec.args.clone().unwrap_or_default(),
            env: exec.env.iter().flatten().filter_map(pair).collect(),
            api_version: exec.api_version.clone().unwrap_or_else(|| "client.authentication.k8s.io/v1".into()),
            cluster,
            hint: exec.install_hint.clone().filter(|h| !h.trim().is_empty()),
            may_ask: exec.interactive_mode != Some(ExecInteractiveMode::Never),
        })
    }

    /// The command's name without its folder, for a person.
    pub fn name(&self) -> &str {
        std::path::Path::new(&self.program).file_name().and_then(|n| n.to_str()).unwrap_or(&self.program)
    }

    /// The command for an interactive login: keys and messages go through the terminal, which has to be handed over;
    /// the credential comes on stdout, to be read with [`Plugin::read`].
    pub fn login(&self) -> std::process::Command {
        let mut command = self.command(self.may_ask);
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit()).stdout(Stdio::piped());
        command
    }

    fn command(&self, interactive: bool) -> std::process::Command {
        let mut spec = serde_json::json!({ "interactive": interactive });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        let info = serde_json::json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec });
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().map(|(k, v)| (k, v))).env("KUBERNETES_EXEC_INFO", info.to_string());
        command
    }

    /// Runs it without a terminal.
    pub async fn run(&self) -> Result<Credential, ClusterError> {
        let mut command = tokio::process::Command::from(self.command(false));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // In a process group of its own it can neither take keys from the terminal, should it open it by itself, nor get ours.
        #[cfg(unix)]
        command.process_group(0);
        tracing::debug!(plugin = self.name(), "running");
        let output = match tokio::time::timeout(DEADLINE, command.output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(e)) => return Err(self.failed(self.not_started(&e))),
            Err(_) => return Err(self.failed(format!("no credentials within {} s", DEADLINE.as_secs()))),
        };
        self.read(&output)
    }

    /// The credential that the plugin gave, or its own words when it failed.
    pub fn read(&self, output: &std::process::Output) -> Result<Credential, ClusterError> {
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(self.failed(if words.is_empty() { format!("failed ({})", output.status) } else { words }));
        }
        parse(&output.stdout).map_err(|why| self.failed(why))
    }

    fn not_started(&self, error: &std::io::Error) -> String {
        let why =
            if error.kind() == std::io::ErrorKind::NotFound { "is not installed".to_owned() } else { format!("cannot be run: {error}") };
        match &self.hint {
            Some(hint) => format!("{why}\n{}", hint.trim()),
            None => why,
        }
    }

    fn failed(&self, words: String) -> ClusterError {
        ClusterError::Plugin { command: self.name().to_owned(), words }
    }
}

/// Reads an `ExecCredential`. Some plugins write YAML rather than JSON; client-go takes both.
fn parse(stdout: &[u8]) -> Result<Credential, String> {
    #[derive(Deserialize)]
    struct ExecCredential {
        status: Option<Status>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Status {
        token: Option<String>,
        client_certificate_data: Option<String>,
        client_key_data: Option<String>,
        expiration_timestamp: Option<String>,
    }
    // The parser's own words could quote the secret: they are not passed on.
    let read: ExecCredential = serde_yaml::from_slice(stdout).map_err(|_| "what it wrote is no ExecCredential".to_owned())?;
    let status = read.status.ok_or("its ExecCredential has no status")?;
    let expires = match status.expiration_timestamp.filter(|t| !t.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| format!("its expirationTimestamp {text:?} is no time"))?),
        None => None,
    };
    let text = |t: Option<String>| t.filter(|t| !t.is_empty());
    let certificate = text(status.client_certificate_data).zip(text(status.client_key_data));
    let token = text(status.token);
    if token.is_none() && certificate.is_none() {
        return Err("it gave neither a token nor a certificate with its key".into());
    }
    Ok(Credential { token, certificate, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Plugin {
        let exec = ExecConfig {
            command: Some("/bin/sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            env: Some(vec![[("name".to_owned(), "WHO".to_owned()), ("value".to_owned(), "me".to_owned())].into()]),
            ..ExecConfig::default()
        };
        Plugin::new(&exec, &Cluster::default()).expect("a plugin")
    }

    #[test]
    fn credentials_are_read_from_json_and_yaml() {
        let json = br#"{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"}}"#;
        let read = parse(json).expect("reads");
        assert_eq!((read.token.as_deref(), read.expires.map(|t| t.as_second())), (Some("t"), Some(1_893_456_000)));
        assert!(!format!("{read:?}").contains("\"t\""));
        let yaml = b"kind: ExecCredential\nstatus:\n  clientCertificateData: c\n  clientKeyData: k\n";
        assert_eq!(parse(yaml).expect("reads").certificate, Some(("c".into(), "k".into())));
        assert!(parse(b"{}").expect_err("no status").contains("no status"));
        assert!(parse(br#"{"status":{"clientKeyData":"k"}}"#).is_err());
        assert_eq!(parse(b"secret: [").expect_err("no yaml"), "what it wrote is no ExecCredential");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_plugin_is_run_without_a_terminal_and_told_so() {
        let script = r#"read x && exit 9; case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 8;; esac; printf '{"status":{"token":"%s"}}' "$WHO""#;
        assert_eq!(shell(script).run().await.map(|c| c.token), Ok(Some("me".into())));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn its_words_are_kept_when_it_fails() {
        let error = shell("echo 'Token has expired' >&2; echo 'run: login' >&2; exit 1").run().await.expect_err("fails");
        assert_eq!(error, ClusterError::Plugin { command: "sh".into(), words: "Token has expired\nrun: login".into() });
        let error = shell("exit 3").run().await.expect_err("fails");
        assert_eq!(error.to_string(), "sh: failed (exit status: 3)");
    }

    #[tokio::test]
    async fn one_that_is_not_installed_comes_with_its_hint() {
        let exec =
            ExecConfig { command: Some("no-such-plugin".into()), install_hint: Some("brew install it".into()), ..ExecConfig::default() };
        let error = Plugin::new(&exec, &Cluster::default()).expect("a plugin").run().await.expect_err("fails");
        assert_eq!(error.to_string(), "no-such-plugin: is not installed brew install it");
    }
}
