//! The gate, attacked: whatever is pressed in read-only mode, nothing is sent; what was asked is what is done, once, or it is
//! said why not.

mod between;
mod boxes;
mod haste;
mod leaving;
mod rails;
mod walk;
mod wrong;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::driver::{Driver, Setup};
use crate::scripted::server::{Answer, Request, Server, pod};
use crate::wait::wait_until;

/// A program that looks at a server, with what it needs on disk.
struct Run {
    driver: Driver,
    folder: tempfile::TempDir,
}

impl std::ops::Deref for Run {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

/// What one is asked before something is done: until then no key counts. The question takes answers when this returns.
fn settled(run: &Driver, verb: &str) {
    run.wait("a question that takes an answer", |screen| screen.contains(&format!("yes, {verb}")));
}

/// Looks at the pods of a server, with a `config.toml` of these lines.
fn look(server: &Server, config: &str) -> Run {
    look_at(server, config, "pods")
}

fn look_at(server: &Server, config: &str, resource: &'static str) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("state");
    let driver = start(&server.kubeconfig(folder.path(), ""), config, resource, folder.path(), &journal, None);
    Run { driver, folder }
}

/// Starts a program; what it writes is kept in `journal`, and a request takes no longer than `limit`.
fn start(kubeconfig: &Path, config: &str, resource: &str, folder: &Path, journal: &Path, limit: Option<Duration>) -> Driver {
    let settings = folder.join("settings");
    std::fs::create_dir_all(&settings).expect("made");
    std::fs::write(settings.join("config.toml"), config).expect("written");
    let setup = Setup::new(kubeconfig).size(100, 30).settings(&settings).resource(resource).journal(journal);
    Setup { timeout: limit, ..setup }.start()
}

/// Waits for words of a box, however its lines are broken.
#[track_caller]
fn says(run: &Driver, words: &str) -> String {
    run.wait(words, |screen| screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(words))
}

/// Asks for a command about the object of this name, and waits until the question takes an answer.
fn asked(run: &Driver, name: &str, command: &str) {
    run.command(&format!("filter {name}"));
    run.wait(name, |screen| screen.lines().nth(2).is_some_and(|line| line.contains(name)) && screen.contains("● live"));
    run.command(command);
    settled(run, command.split(' ').next().unwrap_or_default());
}

/// Everything that was asked of a server that is no read.
fn writes(server: &Server) -> Vec<Request> {
    let review = |path: &str| {
        let last = path.rsplit('/').next().unwrap_or_default();
        matches!(last, "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "selfsubjectreviews")
    };
    let reads = |request: &Request| {
        let upgrades = request.upgrades || matches!(request.path.rsplit('/').next(), Some("exec" | "attach" | "portforward"));
        (request.method == "GET" && !upgrades) || (request.method == "POST" && review(&request.path))
    };
    server.requests().into_iter().filter(|request| !reads(request)).collect()
}

/// Waits until so many writes have come.
fn sent(server: &Server, count: usize) -> Vec<Request> {
    wait_until(crate::scripted::server::SOON, "writes", || {
        let found = writes(server);
        if found.len() >= count { Ok(()) } else { Err(format!("{} of {count}", found.len())) }
    });
    writes(server)
}

/// What the journal in a folder has.
fn kept(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("journal.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// A Deployment of three.
fn deployment(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("uid-of-{namespace}-{name}"), "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "web:1"}]},
            },
        },
        "status": {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "observedGeneration": 1},
    })
}

/// An object with nothing special to it.
fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str, spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "uid": format!("uid-of-{kind}-{name}"), "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": spec,
    });
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

/// Two of every kind that commands make a difference between. The server serves `batch` too.
fn furnish(server: &Server) {
    let mut served: Value = serde_json::from_str(include_str!("../frames/discovery-apis.json")).expect("recorded");
    let resource = |plural: &str, kind: &str| {
        json!({
            "resource": plural, "singularResource": kind.to_lowercase(), "scope": "Namespaced",
            "responseKind": {"group": "batch", "version": "v1", "kind": kind},
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        })
    };
    let batch = json!({"metadata": {"name": "batch"}, "versions": [
        {"version": "v1", "freshness": "Current", "resources": [resource("jobs", "Job"), resource("cronjobs", "CronJob")]},
    ]});
    served["items"].as_array_mut().expect("a list").push(batch);
    server.on(move |request| (request.path == "/apis").then(|| Answer::json(&served)));
    let template = json!({"spec": {"containers": [{"name": "app", "image": "web:1"}]}});
    for name in ["aa", "bb"] {
        server.put("pods", pod("shop", name));
        server.put("deployments", deployment("shop", name));
        let of = |api_version: &str, kind: &str, spec: Value| object(api_version, kind, Some("shop"), name, spec);
        let set = json!({"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template});
        server.put("statefulsets", of("apps/v1", "StatefulSet", set.clone()));
        server.put("replicasets", of("apps/v1", "ReplicaSet", set.clone()));
        server.put("daemonsets", of("apps/v1", "DaemonSet", json!({"selector": {"matchLabels": {"app": name}}, "template": template})));
        server.put("jobs", of("batch/v1", "Job", json!({"template": template})));
        server
            .put("cronjobs", of("batch/v1", "CronJob", json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}})));
        server.put("services", of("v1", "Service", json!({"selector": {"app": name}, "ports": [{"port": 80}]})));
        server.put("configmaps", of("v1", "ConfigMap", json!({})));
        let target =
            json!({"scaleTargetRef": {"kind": "Deployment", "name": name, "apiVersion": "apps/v1"}, "minReplicas": 1, "maxReplicas": 5});
        server.put("horizontalpodautoscalers", of("autoscaling/v2", "HorizontalPodAutoscaler", target));
        server.put("nodes", object("v1", "Node", None, name, json!({})));
        server.put("namespaces", object("v1", "Namespace", None, name, json!({})));
    }
    server.put("namespaces", object("v1", "Namespace", None, "shop", json!({})));
}
