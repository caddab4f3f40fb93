//! Logging in with what a test decides: a credential plugin whose answers the test writes, and tokens that can be revoked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::cluster::Cluster;
use crate::kubeconfig::Kubeconfig;
use crate::wait::wait_until;

/// A credential plugin (client.authentication.k8s.io/v1) that answers as told, from one run to the next.
pub struct Login {
    folder: tempfile::TempDir,
}

impl Login {
    /// One that fails until it is told otherwise.
    pub fn new() -> Self {
        let login = Login { folder: tempfile::tempdir().expect("a temporary folder") };
        // Counts its runs, then does what the answer says. Both are read by a shell: no file is both written and executed.
        let script = "echo run >>\"${0%/*}/runs\"\n. \"${0%/*}/answer\"\n";
        std::fs::write(login.path("plugin"), script).expect("it can be written");
        login.fail("nobody has logged in");
        login
    }

    /// From now on it gives this token, for ever.
    pub fn token(&self, token: &str) {
        self.answer(token, None);
    }

    /// From now on it gives this token, and says that it runs out after so long.
    pub fn token_for(&self, token: &str, lifetime: Duration) {
        self.answer(token, Some(jiff::Timestamp::now() + lifetime));
    }

    /// From now on it fails, with these words on standard error.
    pub fn fail(&self, words: &str) {
        assert!(!words.contains('\''), "a shell reads this");
        self.replace(&format!("echo '{words}' >&2\nexit 1\n"));
    }

    /// How often it was run.
    pub fn runs(&self) -> usize {
        std::fs::read_to_string(self.path("runs")).map_or(0, |runs| runs.lines().count())
    }

    /// A kubeconfig whose current context, `login`, logs in through it.
    pub fn kubeconfig(&self, config: Kubeconfig) -> PathBuf {
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": [self.path("plugin")],
            "interactiveMode": "IfAvailable",
        });
        config.with_user("login", json!({ "exec": exec })).write(&self.path("kubeconfig"))
    }

    fn answer(&self, token: &str, expires: Option<jiff::Timestamp>) {
        let mut status = json!({ "token": token });
        if let Some(expires) = expires {
            status["expirationTimestamp"] = json!(expires.to_string());
        }
        let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status});
        self.replace(&format!("cat <<'END'\n{credential}\nEND\n"));
    }

    /// In one step: the plugin may be running.
    fn replace(&self, answer: &str) {
        std::fs::write(self.path("answer.new"), answer).expect("it can be written");
        std::fs::rename(self.path("answer.new"), self.path("answer")).expect("it can be replaced");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A token of the fixture's service account `robot`, which may view, bound to a secret: it dies with that.
pub struct Revocable<'a> {
    cluster: &'a Cluster,
    secret: String,
    /// The token.
    pub value: String,
}

/// Makes such a token; the fixture must be there. `name` tells it from those of other tests.
pub fn revocable_token<'a>(cluster: &'a Cluster, name: &str) -> Revocable<'a> {
    let secret = format!("{name}-{}", std::process::id());
    cluster.kubectl(&["create", "secret", "generic", "-n", "fx-a", &secret]);
    let bound = ["--bound-object-kind=Secret", &format!("--bound-object-name={secret}")];
    let value = cluster.kubectl(&[&["create", "token", "robot", "-n", "fx-a"], &bound[..]].concat()).trim().to_owned();
    Revocable { cluster, secret, value }
}

impl Revocable<'_> {
    /// Revokes it, and waits until the server, which remembers tokens for some seconds, refuses it.
    pub fn revoke(&self) {
        self.cluster.kubectl(&["delete", "secret", "-n", "fx-a", &self.secret]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = Kubeconfig::read(self.cluster.kubeconfig()).with_user("revoked", json!({"token": self.value}));
        let config = config.write(&folder.path().join("kubeconfig"));
        wait_until(Duration::from_secs(60), "the token to be refused", || self.refused(&config));
    }

    fn refused(&self, config: &Path) -> Result<(), String> {
        match self.cluster.try_kubectl(&["--kubeconfig".as_ref(), config.as_os_str(), "get".as_ref(), "services".as_ref()], "") {
            Err(why) if why.contains("Unauthorized") || why.contains("must be logged in") => Ok(()),
            Err(why) => Err(why),
            Ok(_) => Err("it is still taken".to_owned()),
        }
    }
}

impl Drop for Revocable<'_> {
    fn drop(&mut self) {
        // Gone already when it was revoked.
        let _ = self.cluster.try_kubectl(&["delete", "secret", "-n", "fx-a", "--ignore-not-found", &self.secret], "");
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn run(login: &Login) -> (bool, String, String) {
        let output = Command::new("sh").arg(login.path("plugin")).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    #[test]
    fn the_plugin_answers_as_it_was_last_told() {
        let login = Login::new();
        assert!(!run(&login).0);
        login.token_for("one", Duration::from_secs(60));
        let credential: serde_json::Value = serde_json::from_str(&run(&login).1).unwrap();
        assert_eq!(credential["status"]["token"], "one");
        assert!(credential["status"]["expirationTimestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::now());
        login.fail("no key");
        assert_eq!(run(&login), (false, String::new(), "no key\n".to_owned()));
        assert_eq!(login.runs(), 3);
    }

    #[test]
    fn a_revoked_token_is_refused_by_the_server() {
        let Some(cluster) = Cluster::from_env() else { return };
        crate::fixture::apply(&cluster);
        let token = revocable_token(&cluster, "revoked");
        let login = Login::new();
        login.token(&token.value);
        let config = login.kubeconfig(Kubeconfig::read(cluster.kubeconfig()));
        let get =
            || cluster.try_kubectl(&["--kubeconfig".as_ref(), config.as_os_str(), "get".as_ref(), "pods".as_ref(), "-nfx-a".as_ref()], "");
        get().expect("it is taken, through the plugin");
        assert!(login.runs() >= 1);
        token.revoke();
        get().expect_err("it is refused");
    }
}
