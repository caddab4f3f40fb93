//! kubectl itself, on every cluster there is: what people do with it works, and says what it says on a real one.
//!
//! Each test is one of kubectl's ways of working, told once for any kubeconfig; [`real`] plays it on the real control plane.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use kubetui::demo::Options;

use crate::cluster::{self, Cluster, Kubectl};
use crate::wait::wait_until;

/// What controllers and kubelets may take together.
const PATIENCE: Duration = Duration::from_secs(60);

/// kubectl with a kubeconfig, in a namespace of the test's own, which goes with it.
pub struct Judge {
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    namespace: String,
}

/// A test for each way of working on a cluster: `MODULE: how it is made; NAMES`.
macro_rules! on {
    ($ground:ident, $play:path) => {
        mod $ground {
            on! {@ $play: gets describes creates_and_exposes rolls labels_and_annotates applies edits logs_and_execs cordons_and_drains
                deletes_and_waits explains_and_lists_kinds asks_what_it_may scales tops}
        }
    };
    (@ $play:path: $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $play(stringify!($name), super::$name);
            }
        )+
    };
}

on!(real, crate::kubectl::on_real);
on!(demo, crate::kubectl::on_demo);

/// Plays it on the real control plane, when there is one.
fn on_real(name: &str, work: fn(&Judge)) {
    let Some(cluster) = Cluster::from_env() else { return };
    work(&Judge::new(cluster.judge(), cluster.kubeconfig(), name));
}

/// Plays it on a demo of its own, with the real control plane's kubectl.
fn on_demo(name: &str, work: fn(&Judge)) {
    let Some(kubectl) = Kubectl::from_env() else { return };
    let demo = kubetui::demo::start(Options { empty: true, ..Options::default() }).expect("the demo starts");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
    work(&Judge::new(kubectl, &kubeconfig, name));
}

impl Judge {
    /// Makes the namespace; `name` tells it from those of other tests.
    pub fn new(kubectl: Kubectl, kubeconfig: &Path, name: &str) -> Self {
        let namespace = format!("kubectl-{}-{}", name.replace('_', "-"), std::process::id());
        let judge = Judge { kubectl, kubeconfig: kubeconfig.to_owned(), namespace };
        judge.says(&["create", "namespace", &judge.namespace]);
        judge.says(&["wait", "--for=create", "--timeout=60s", "serviceaccount/default"]);
        judge
    }

    /// What it prints, or its complaint.
    fn tries(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        cluster::run(&mut self.command(arguments), input)
    }

    /// What it prints. Panics with its complaint.
    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        self.tries(arguments, "").unwrap_or_else(|why| panic!("{why}"))
    }

    /// A user's context. The demo says in its contexts' names that it is one.
    fn context(&self, user: &str) -> String {
        let contexts = self.says(&["config", "get-contexts", "-o", "name"]);
        let found = contexts.lines().find(|name| name.strip_prefix("demo-").unwrap_or(name) == user);
        found.unwrap_or_else(|| panic!("there is no {user} in {contexts}")).to_owned()
    }

    /// Applies documents.
    #[track_caller]
    fn applies(&self, documents: &str) -> String {
        self.tries(&["apply", "-f", "-"], documents).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Waits until what it prints is right.
    fn comes_to(&self, arguments: &[&str], right: impl Fn(&str) -> bool) -> String {
        wait_until(PATIENCE, &arguments.join(" "), || {
            let said = self.tries(arguments, "")?;
            if right(&said) { Ok(said) } else { Err(said) }
        })
    }

    /// Starts it, for what goes on.
    fn starts(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        // A group of its own, because the script that runs it would not take it along.
        let mut child = command.process_group(0).spawn().expect("it starts");
        let lines = child.stdout.take().expect("it was piped");
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || BufReader::new(lines).lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Running { child, lines: receive }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.kubectl.command();
        command.arg("--kubeconfig").arg(&self.kubeconfig).arg("-n").arg(&self.namespace).args(arguments);
        command
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // A test that fails has a better reason to tell than this.
        let _ = self.tries(&["delete", "namespace", &self.namespace, "--wait=false"], "");
    }
}

/// A kubectl that goes on until it is dropped.
struct Running {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Running {
    /// Waits for a line with these words.
    fn line(&self, words: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("no line with {words:?}: {e}"));
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "there is no {word:?} in:\n{text}");
    }
}

/// Makes a Deployment and waits for it.
fn web(judge: &Judge, replicas: u32) {
    judge.says(&["create", "deployment", "web", "--image=app:1", &format!("--replicas={replicas}")]);
    has(&judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]), &["successfully rolled out"]);
}

fn gets(judge: &Judge) {
    web(judge, 2);
    has(&judge.says(&["get", "deployments"]), &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "web", "2/2"]);
    has(&judge.says(&["get", "pods", "-o", "wide", "--show-labels"]), &["NOMINATED NODE", "LABELS", "1/1", "Running", "app=web"]);
    assert_eq!(judge.says(&["get", "pods", "-l", "app=web", "--no-headers"]).lines().count(), 2);
    assert_eq!(judge.says(&["get", "pods", "-l", "app=other", "-o", "name"]), "");
    has(&judge.says(&["get", "deployment", "web", "-o", "yaml"]), &["apiVersion: apps/v1\nkind: Deployment\n", "  uid: ", "status:\n"]);
    has(&judge.says(&["get", "deployment/web", "-o", "jsonpath={.spec.replicas} {.metadata.name}"]), &["2 web"]);
    has(
        &judge.says(&["get", "deploy,rs,po,svc,cm,sa"]),
        &["deployment.apps/web", "replicaset.apps/web-", "pod/web-", "configmap/kube-root-ca.crt"],
    );
    has(&judge.says(&["get", "all"]), &["pod/web-", "deployment.apps/web", "replicaset.apps/web-"]);
    has(&judge.says(&["get", "nodes"]), &["STATUS", "ROLES", "VERSION", "Ready"]);
    let missing = judge.tries(&["get", "pod", "none"], "").expect_err("it is not there");
    has(&missing, &["Error from server (NotFound): pods \"none\" not found"]);
    let kinds = judge.says(&["api-resources", "--verbs=list", "-o", "name"]);
    for kind in kinds.lines() {
        if let Err(why) = judge.tries(&["get", kind, "-A", "--chunk-size=50", "-o", "name"], "") {
            panic!("{kind}: {why}");
        }
    }
    let watch = judge.starts(&["get", "pods", "-w"]);
    watch.line(&["web-", "Running"]);
    watch.line(&["web-", "Running"]);
    judge.says(&["scale", "deployment/web", "--replicas=3"]);
    watch.line(&["web-", "Pending"]);
    watch.line(&["web-", "1/1", "Running"]);
}

fn describes(judge: &Judge) {
    web(judge, 1);
    judge.says(&["expose", "deployment", "web", "--port=80"]);
    has(
        &judge.says(&["describe", "deployment", "web"]),
        &[
            "Namespace:",
            "Replicas:",
            "1 desired | 1 updated | 1 total | 1 available | 0 unavailable",
            "25% max unavailable, 25% max surge",
            "NewReplicaSet:",
            "ScalingReplicaSet",
        ],
    );
    has(&judge.says(&["describe", "pods"]), &["Controlled By:  ReplicaSet/web-", "Conditions:", "Scheduled", "QoS Class:"]);
    judge.comes_to(&["describe", "service", "web"], |said| {
        said.contains("Endpoints:") && said.lines().any(|l| l.starts_with("Endpoints:") && l.contains(':') && l.contains(":80"))
    });
    has(&judge.says(&["describe", "nodes"]), &["Allocatable:", "Non-terminated Pods:", "Allocated resources:"]);
    has(&judge.says(&["describe", "namespace", &judge.namespace]), &["Status:       Active"]);
}

fn creates_and_exposes(judge: &Judge) {
    web(judge, 1);
    has(&judge.says(&["expose", "deployment", "web", "--port=80", "--target-port=8080"]), &["service/web exposed"]);
    has(&judge.says(&["get", "service", "web"]), &["ClusterIP", "80/TCP"]);
    judge.comes_to(&["get", "endpointslices"], |said| said.contains("8080"));
    has(&judge.says(&["create", "configmap", "one", "--from-literal=a=1"]), &["configmap/one created"]);
    has(&judge.says(&["create", "secret", "generic", "one", "--from-literal=a=1"]), &["secret/one created"]);
    has(&judge.says(&["create", "job", "one", "--image=app:1"]), &["job.batch/one created"]);
    has(&judge.says(&["create", "cronjob", "one", "--image=app:1", "--schedule=0 3 * * *"]), &["cronjob.batch/one created"]);
    has(&judge.says(&["create", "job", "two", "--from=cronjob/one"]), &["job.batch/two created"]);
    has(&judge.says(&["run", "single", "--image=app:1"]), &["pod/single created"]);
    has(&judge.says(&["create", "deployment", "dry", "--image=a", "--dry-run=server"]), &["created (server dry run)"]);
    let twice = judge.tries(&["create", "configmap", "one"], "").expect_err("it is there");
    has(&twice, &["error: failed to create configmap: configmaps \"one\" already exists"]);
}

fn scales(judge: &Judge) {
    web(judge, 1);
    has(&judge.says(&["scale", "deployment", "web", "--replicas=3"]), &["deployment.apps/web scaled"]);
    judge.comes_to(&["get", "deployment", "web"], |said| said.contains("3/3"));
    let other = judge.tries(&["scale", "deployment", "web", "--replicas=1", "--current-replicas=2"], "").expect_err("there are three");
    has(&other, &["Expected replicas to be 2, was 3"]);
    has(&judge.says(&["autoscale", "deployment", "web", "--max=3", "--cpu=80%"]), &["horizontalpodautoscaler.autoscaling/web autoscaled"]);
}

fn rolls(judge: &Judge) {
    web(judge, 2);
    has(&judge.says(&["set", "image", "deployment/web", "app=app:2"]), &["deployment.apps/web image updated"]);
    has(&judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]), &["deployment \"web\" successfully rolled out"]);
    has(&judge.says(&["rollout", "history", "deployment/web"]), &["REVISION  CHANGE-CAUSE", "1         <none>", "2         <none>"]);
    has(&judge.says(&["rollout", "history", "deployment/web", "--revision=1"]), &["app:1"]);
    has(&judge.says(&["rollout", "undo", "deployment/web"]), &["deployment.apps/web rolled back"]);
    judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    assert_eq!(judge.says(&["get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"]), "app:1");
    has(&judge.says(&["rollout", "undo", "deployment/web", "--to-revision=2"]), &["rolled back"]);
    judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    has(&judge.says(&["rollout", "pause", "deployment/web"]), &["deployment.apps/web paused"]);
    let paused = judge.tries(&["rollout", "undo", "deployment/web"], "").expect_err("it is paused");
    has(&paused, &["cannot rollback a paused deployment"]);
    has(&judge.says(&["rollout", "resume", "deployment/web"]), &["deployment.apps/web resumed"]);
    has(&judge.says(&["rollout", "restart", "deployment/web"]), &["deployment.apps/web restarted"]);
    judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    has(&judge.says(&["get", "deployment", "web", "-o", "yaml"]), &["kubectl.kubernetes.io/restartedAt"]);
    has(&judge.says(&["rollout", "history", "deployment/web"]), &["3 ", "4 ", "5 "]);
}

fn labels_and_annotates(judge: &Judge) {
    web(judge, 1);
    has(&judge.says(&["label", "deployment", "web", "tier=front"]), &["deployment.apps/web labeled"]);
    let taken = judge.tries(&["label", "deployment", "web", "tier=back"], "").expect_err("it has a value");
    has(&taken, &["'tier' already has a value (front), and --overwrite is false"]);
    has(&judge.says(&["label", "deployment", "web", "tier=back", "--overwrite"]), &["labeled"]);
    has(&judge.says(&["get", "deployments", "-L", "tier"]), &["TIER", "back"]);
    has(&judge.says(&["label", "deployment", "web", "tier-"]), &["deployment.apps/web unlabeled"]);
    has(&judge.says(&["annotate", "deployment", "web", "note=a text"]), &["deployment.apps/web annotated"]);
    assert_eq!(judge.says(&["get", "deployment", "web", "-o", "jsonpath={.metadata.annotations.note}"]), "a text");
    let bad = judge.tries(&["label", "deployment", "web", "a=-b-"], "").expect_err("that is no label");
    has(&bad, &["a valid label must be an empty string or consist of alphanumeric characters"]);
}

const DOCUMENTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {a: '1', b: '1'}
---
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {selector: {app: one}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: one}
spec:
  selector: {matchLabels: {app: one}}
  template:
    metadata: {labels: {app: one}}
    spec: {containers: [{name: app, image: 'app:1'}]}
";

fn applies(judge: &Judge) {
    has(&judge.applies(DOCUMENTS), &["configmap/one created", "service/one created", "deployment.apps/one created"]);
    has(&judge.applies(DOCUMENTS), &["configmap/one unchanged", "service/one unchanged", "deployment.apps/one unchanged"]);
    let changed = DOCUMENTS.replace("a: '1', b: '1'", "b: '2'").replace("app:1", "app:2");
    has(&judge.applies(&changed), &["configmap/one configured", "service/one unchanged", "deployment.apps/one configured"]);
    assert_eq!(judge.says(&["get", "configmap", "one", "-o", "jsonpath={.data}"]), r#"{"b":"2"}"#);
    let diff = judge.tries(&["diff", "-f", "-"], DOCUMENTS).expect_err("they differ");
    has(&diff, &["exit status: 1"]);
    let server_side = ["apply", "--server-side", "-f", "-"];
    let conflict = judge.tries(&server_side, &DOCUMENTS.replace("b: '1'", "b: '3'")).err();
    if let Some(conflict) = conflict {
        has(&conflict, &["conflict"]);
    }
    let forced = judge.tries(&["apply", "--server-side", "--force-conflicts", "-f", "-"], DOCUMENTS).unwrap_or_else(|why| panic!("{why}"));
    has(&forced, &["configmap/one serverside-applied"]);
    let unknown = judge.tries(&["apply", "-f", "-"], &DOCUMENTS.replace("ports:", "port: 1, ports:")).expect_err("there is no such field");
    has(&unknown, &["strict decoding error: unknown field \"spec.port\""]);
    judge.tries(&["delete", "-f", "-"], DOCUMENTS).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(judge.says(&["get", "deployments,services", "-o", "name"]), "");
}

fn edits(judge: &Judge) {
    judge.applies(DOCUMENTS);
    let edit = |editor: &str| {
        let mut command = judge.command(&["edit", "configmap", "one"]);
        cluster::run(command.env("KUBE_EDITOR", editor), "")
    };
    has(&edit("sed -i 's/^  a: .*/  a: edited/'").unwrap_or_else(|why| panic!("{why}")), &["configmap/one edited"]);
    assert_eq!(judge.says(&["get", "configmap", "one", "-o", "jsonpath={.data.a}"]), "edited");
    // That nothing was changed is said on standard error.
    assert_eq!(edit("true").unwrap_or_else(|why| panic!("{why}")), "");
    assert_eq!(judge.says(&["patch", "configmap", "one", "-p", r#"{"data":{"c":"3"}}"#]), "configmap/one patched\n");
    let json = r#"[{"op":"remove","path":"/data/c"}]"#;
    has(&judge.says(&["patch", "configmap", "one", "--type=json", "-p", json]), &["patched"]);
    let replaced = DOCUMENTS.split("---\n").next().expect("the first");
    has(&judge.tries(&["replace", "-f", "-"], replaced).unwrap_or_else(|why| panic!("{why}")), &["configmap/one replaced"]);
}

fn logs_and_execs(judge: &Judge) {
    judge.says(&["run", "one", "--image=app:1"]);
    judge.says(&["wait", "--for=condition=Ready", "pod/one", "--timeout=60s"]);
    assert_eq!(judge.says(&["logs", "one", "--tail=2"]).lines().count(), 2);
    let follow = judge.starts(&["logs", "-f", "one", "--tail=1"]);
    follow.line(&[]);
    let timed = judge.says(&["logs", "one", "--tail=1", "--timestamps"]);
    assert!(timed.split(' ').next().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()), "{timed}");
    assert_eq!(judge.says(&["exec", "one", "--", "echo", "hello", "there"]), "hello there\n");
    let failed = judge.tries(&["exec", "one", "--", "false"], "").expect_err("it fails");
    // How it failed is the kubelet's to say; the simulated one of the real control plane says it in other words.
    has(&failed, &["exit status: 1"]);
    let typed = judge.tries(&["exec", "-i", "one", "--", "sh"], "echo through\nexit\n").unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(typed, "through\n");
    let other = judge.tries(&["logs", "one", "-c", "other"], "").expect_err("there is no such container");
    has(&other, &["container other is not valid for pod one"]);
}

fn cordons_and_drains(judge: &Judge) {
    // The pods of other tests must not be evicted: only these have this label.
    let own = judge.namespace.as_str();
    let selector = format!("--pod-selector=app={own}");
    judge.says(&["create", "deployment", own, "--image=app:1", "--replicas=2"]);
    judge.says(&["rollout", "status", &format!("deployment/{own}"), "--timeout=60s"]);
    let node = judge.says(&["get", "pods", "-o", "jsonpath={.items[0].spec.nodeName}"]);
    has(&judge.says(&["cordon", &node, "--dry-run=server"]), &[&format!("node/{node} cordoned (server dry run)")]);
    has(&judge.says(&["cordon", &node]), &[&format!("node/{node} cordoned")]);
    let seen = judge.tries(&["get", "node", &node], "");
    let drained = judge.tries(&["drain", &node, &selector, "--ignore-daemonsets", "--timeout=60s"], "");
    let stayed = judge.tries(&["get", "pods", "-o", &format!("jsonpath={{.items[?(@.spec.nodeName==\"{node}\")].metadata.name}}")], "");
    has(&judge.says(&["uncordon", &node]), &[&format!("node/{node} uncordoned")]);
    has(&seen.unwrap_or_else(|why| panic!("{why}")), &["Ready,SchedulingDisabled"]);
    has(&drained.unwrap_or_else(|why| panic!("{why}")), &["evicting pod", &format!("node/{node} drained")]);
    assert_eq!(stayed.unwrap_or_else(|why| panic!("{why}")), "");
    judge.says(&["rollout", "status", &format!("deployment/{own}"), "--timeout=60s"]);
}

fn deletes_and_waits(judge: &Judge) {
    web(judge, 1);
    has(&judge.says(&["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]), &["deployment.apps/web condition met"]);
    has(&judge.says(&["wait", "--for=jsonpath={.status.phase}=Running", "pods", "-l", "app=web", "--timeout=60s"]), &["condition met"]);
    has(&judge.says(&["delete", "pods", "-l", "app=web"]), &["pod \"web-", "deleted"]);
    judge.says(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    has(&judge.says(&["delete", "deployment", "web", "--cascade=foreground"]), &["deployment.apps \"web\" deleted"]);
    judge.says(&["wait", "--for=delete", "deployment/web", "--timeout=60s"]);
    assert_eq!(judge.says(&["get", "pods,replicasets", "-o", "name"]), "");
    assert_eq!(judge.says(&["delete", "pod", "none", "--ignore-not-found"]), "");
}

fn explains_and_lists_kinds(judge: &Judge) {
    has(&judge.says(&["explain", "deployment.spec.strategy.rollingUpdate"]), &["GROUP:      apps", "maxSurge", "maxUnavailable"]);
    has(&judge.says(&["explain", "pod.spec.containers.imagePullPolicy"]), &["ENUM:", "IfNotPresent"]);
    has(
        &judge.says(&["api-resources"]),
        &["deployments ", "deploy ", "apps/v1", "customresourcedefinitions", "horizontalpodautoscalers", "SHORTNAMES"],
    );
    has(&judge.says(&["api-versions"]), &["apps/v1\n", "batch/v1\n", "v1\n"]);
    has(&judge.says(&["version"]), &["Server Version: v1."]);
    has(&judge.says(&["get", "--raw", "/readyz"]), &["ok"]);
}

fn asks_what_it_may(judge: &Judge) {
    let (viewer, nobody) = (&*judge.context("viewer"), &*judge.context("nobody"));
    assert_eq!(judge.says(&["auth", "can-i", "delete", "pods"]), "yes\n");
    has(&judge.says(&["auth", "can-i", "list", "pods", "--context", viewer]), &["yes"]);
    let not = judge.tries(&["auth", "can-i", "delete", "pods", "--context", viewer], "").expect_err("only to look");
    has(&not, &["exit status: 1"]);
    has(&judge.says(&["auth", "can-i", "--list", "--context", viewer]), &["Resources", "pods", "[get list watch]"]);
    has(&judge.says(&["auth", "whoami", "--context", viewer]), &["Username", "viewer"]);
    let forbidden = judge.tries(&["get", "nodes", "--context", nobody], "").expect_err("that one may nothing");
    has(&forbidden, &["Error from server (Forbidden): nodes is forbidden: User \"nobody\" cannot list resource \"nodes\""]);
}

fn tops(judge: &Judge) {
    has(&judge.comes_to(&["top", "nodes"], |said| said.contains('%')), &["CPU(cores)", "MEMORY(bytes)"]);
    judge.says(&["run", "one", "--image=app:1"]);
    has(&judge.comes_to(&["top", "pods"], |said| said.contains("one")), &["CPU(cores)"]);
    has(&judge.says(&["top", "pods", "--containers"]), &["POD", "NAME"]);
}
