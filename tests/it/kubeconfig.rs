//! Kubeconfigs for tests, made out of the cluster's own: with another server, another user, or a login program.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A kubeconfig whose files are named by absolute paths, so that it can be written anywhere.
#[derive(Clone, Debug)]
pub struct Kubeconfig(Value);

impl Kubeconfig {
    /// Reads a kubeconfig. Panics when it is none.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut config: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let folder = path.parent().expect("a file is in a folder");
        for (list, entry, keys) in
            [("clusters", "cluster", &["certificate-authority"][..]), ("users", "user", &["client-certificate", "client-key"][..])]
        {
            for item in config[list].as_array_mut().into_iter().flatten() {
                for key in keys {
                    if let Some(file) = item[entry][key].as_str() {
                        item[entry][key] = json!(folder.join(file));
                    }
                }
            }
        }
        Kubeconfig(config)
    }

    /// The servers' URLs.
    pub fn servers(&self) -> Vec<String> {
        let clusters = self.0["clusters"].as_array().into_iter().flatten();
        clusters.filter_map(|c| c["cluster"]["server"].as_str().map(str::to_owned)).collect()
    }

    /// The contexts' names.
    pub fn contexts(&self) -> Vec<String> {
        let contexts = self.0["contexts"].as_array().into_iter().flatten();
        contexts.filter_map(|c| c["name"].as_str().map(str::to_owned)).collect()
    }

    /// The server of the current context, as `host:port`.
    pub fn address(&self) -> String {
        let context = named(&self.0["contexts"], self.0["current-context"].as_str().expect("a current context"));
        let cluster = named(&self.0["clusters"], context["context"]["cluster"].as_str().expect("a context has a cluster"));
        let server: http::Uri = cluster["cluster"]["server"].as_str().expect("a cluster has a server").parse().expect("a URL");
        format!("{}:{}", server.host().expect("a host"), server.port_u16().unwrap_or(443))
    }

    /// Why tests must not touch what this leads to: a server that is not on this machine.
    pub fn refusal(&self) -> Option<String> {
        let servers = self.servers();
        if servers.is_empty() {
            return Some("it names no server".to_owned());
        }
        let far = servers.into_iter().find(|server| !on_loopback(server))?;
        Some(format!("{far} is not on loopback, and tests change and delete what they find"))
    }

    /// The same with every server at a port of 127.0.0.1 (the tests' certificates are for that address).
    pub fn through(mut self, port: u16) -> Self {
        for cluster in self.0["clusters"].as_array_mut().into_iter().flatten() {
            cluster["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
        }
        self
    }

    /// The same with a current context of a user of its own, on the server that was current.
    pub fn with_user(mut self, name: &str, user: Value) -> Self {
        let context = named(&self.0["contexts"], self.0["current-context"].as_str().expect("a current context"));
        let cluster = context["context"]["cluster"].clone();
        push(&mut self.0["users"], json!({"name": name, "user": user}));
        push(&mut self.0["contexts"], json!({"name": name, "context": {"cluster": cluster, "user": name}}));
        self.0["current-context"] = json!(name);
        self
    }

    /// The same without a context.
    pub fn without_context(mut self, name: &str) -> Self {
        self.0["contexts"].as_array_mut().expect("a list").retain(|context| context["name"] != name);
        self
    }

    /// The same with another user in a context.
    pub fn with_context_of(mut self, context: &str, user: &str) -> Self {
        let contexts = self.0["contexts"].as_array_mut().expect("a list");
        let entry = contexts.iter_mut().find(|entry| entry["name"] == context).expect("the context is there");
        entry["context"]["user"] = json!(user);
        self
    }

    /// The same with another current context.
    pub fn with_current(mut self, context: &str) -> Self {
        self.0["current-context"] = json!(context);
        self
    }

    /// Writes it (JSON is YAML too), replacing what was there in one step, as a program that changes kubeconfigs does.
    pub fn write(&self, path: &Path) -> PathBuf {
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec_pretty(&self.0).expect("JSON")).expect("the kubeconfig can be written");
        std::fs::rename(&new, path).expect("the kubeconfig can be replaced");
        path.to_owned()
    }
}

/// Whether a URL's host is this machine's loopback.
fn on_loopback(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut entries = list.as_array().into_iter().flatten();
    entries.find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("the kubeconfig has no {name}"))
}

fn push(list: &mut Value, entry: Value) {
    let list = list.as_array_mut().expect("a list");
    list.retain(|other| other["name"] != entry["name"]);
    list.push(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(server: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        std::fs::write(
            &path,
            format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
                 clusters: [{{name: local, cluster: {{server: \"{server}\", certificate-authority: pki/ca.crt}}}}]\n\
                 contexts: [{{name: one, context: {{cluster: local, user: admin}}}}]\n\
                 users: [{{name: admin, user: {{client-certificate: /pki/a.crt, client-key: a.key}}}}]\n"
            ),
        )
        .unwrap();
        (folder, path)
    }

    #[test]
    fn only_loopback_is_not_refused() {
        for (server, refused) in [
            ("https://127.0.0.1:6443", false),
            ("https://127.3.2.1:6443", false),
            ("https://localhost:6443/prefix", false),
            ("https://[::1]:6443", false),
            ("https://10.0.0.1:6443", true),
            ("https://localhost.example.com", true),
            ("https://prod.example.com:6443", true),
            ("127.0.0.1 or so", true),
        ] {
            let (_folder, path) = written(server);
            assert_eq!(Kubeconfig::read(&path).refusal().is_some(), refused, "{server}");
        }
    }

    #[test]
    fn a_copy_elsewhere_leads_to_the_same_files_and_the_new_port() {
        let (folder, path) = written("https://127.0.0.1:6443");
        let copy = Kubeconfig::read(&path).through(7000).with_user("robot", json!({"token": "t"}));
        let elsewhere = tempfile::tempdir().unwrap();
        let copy = Kubeconfig::read(&copy.write(&elsewhere.path().join("copy")));
        assert_eq!(copy.address(), "127.0.0.1:7000");
        assert_eq!(copy.contexts(), ["one", "robot"]);
        assert_eq!(copy.0["clusters"][0]["cluster"]["certificate-authority"], json!(folder.path().join("pki/ca.crt")));
        assert_eq!(copy.0["users"][0]["user"]["client-certificate"], "/pki/a.crt");
        assert_eq!(copy.with_current("one").0["current-context"], "one");
    }
}
