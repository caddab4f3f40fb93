//! The objects that tests compare: at least two of every kind, and pods in every state that kubectl has a word for.
//!
//! They live in the namespaces `fx-a` and `fx-b` (and a Deployment in `team-1`), beside a few objects of the cluster
//! whose names begin with `fx-`. Tests read them; what a test changes it makes itself, in a namespace of its own.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::wait::wait_until;

/// Before the others: what they need to be accepted at all.
const FIRST: &[&str] = &[include_str!("fixture/namespaces.yaml"), include_str!("fixture/definitions.yaml")];

/// Everything else, in an order in which nothing waits for long.
const REST: &[&str] = &[
    include_str!("fixture/nodes.yaml"),
    include_str!("fixture/storage.yaml"),
    include_str!("fixture/network.yaml"),
    include_str!("fixture/workloads.yaml"),
    include_str!("fixture/rest.yaml"),
    include_str!("fixture/custom.yaml"),
    include_str!("fixture/pod-states.yaml"),
];

/// As long as the slowest controller may take.
const LIMIT: Duration = Duration::from_secs(90);

/// Rows that must have come to this, each by kind, namespace, name and the header of the column.
const SETTLED: &[(&str, &str, &str, &str, &str)] = &[
    ("deployments", "fx-a", "web", "READY", "3/3"),
    ("deployments", "fx-a", "stuck", "UP-TO-DATE", "2"),
    ("deployments", "team-1", "team", "READY", "2/2"),
    ("replicasets", "fx-b", "bare", "CURRENT", "2"),
    ("statefulsets", "fx-b", "queue", "READY", "2/2"),
    ("daemonsets", "fx-a", "agent", "READY", "3"),
    ("replicationcontrollers", "fx-a", "old", "READY", "2"),
    ("jobs", "fx-a", "done", "STATUS", "Complete"),
    ("jobs", "fx-a", "failed", "STATUS", "Failed"),
    ("jobs", "fx-b", "suspended", "STATUS", "Suspended"),
    ("persistentvolumeclaims", "fx-a", "bound", "STATUS", "Bound"),
    ("persistentvolumeclaims", "fx-b", "block", "STATUS", "Bound"),
    ("persistentvolumeclaims", "fx-b", "leaving", "STATUS", "Terminating"),
    ("persistentvolumes", "", "fx-released", "STATUS", "Released"),
    ("poddisruptionbudgets", "fx-a", "web", "ALLOWED DISRUPTIONS", "1"),
    ("horizontalpodautoscalers", "fx-a", "web", "REPLICAS", "3"),
    ("endpointslices", "fx-b", "no-selector-1", "ADDRESSTYPE", "IPv4"),
    ("nodes", "", "fx-cordoned", "STATUS", "Ready,SchedulingDisabled"),
    ("widgets", "fx-a", "right", "PHASE", "Degraded"),
];

/// Makes all of it, or makes it so again, and waits until the controllers are done with it. Once in a run of the tests.
pub fn apply(cluster: &Cluster) {
    static APPLIED: Mutex<bool> = Mutex::new(false);
    // What failed once fails again: the other tests need not wait for it.
    let mut applied = APPLIED.lock().unwrap_or_else(|_| panic!("the fixture could not be applied: another test says why"));
    if *applied {
        return;
    }
    for documents in FIRST {
        server_side(cluster, &documents.split("\n---\n").collect::<Vec<_>>(), &[]);
    }
    cluster.kubectl(&[
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd/widgets.fixture.kubetui.test",
        "crd/planets.fixture.kubetui.test",
    ]);
    for namespace in ["fx-a", "fx-b"] {
        // Pods are refused until it is there.
        cluster.kubectl(&["wait", "--for=create", "--timeout=60s", "-n", namespace, "serviceaccount/default"]);
    }
    let documents: Vec<&str> = REST.iter().flat_map(|file| file.split("\n---\n")).collect();
    let with_status: Vec<&str> = documents.iter().copied().filter(|d| d.contains("\nstatus:")).collect();
    server_side(cluster, &documents, &[]);
    server_side(cluster, &with_status, &["--subresource=status"]);
    delete(cluster);
    settle(cluster);
    *applied = true;
}

/// What `kubectl get pods -A` is to print under STATUS, by namespace and name.
pub fn pod_states(cluster: &Cluster) -> BTreeMap<String, String> {
    annotated(cluster, "pods", "fixture/status")
        .into_iter()
        .map(|(namespace, name, status)| (format!("{namespace}/{name}"), status))
        .collect()
}

/// Applies documents as one field manager, so that a second time changes what the first did.
fn server_side(cluster: &Cluster, documents: &[&str], more: &[&str]) {
    let arguments = ["apply", "--server-side", "--force-conflicts", "--field-manager=fixture", "-f", "-"];
    // The server may not serve a new definition yet, or a controller may have written in between: once more is right then.
    wait_until(Duration::from_secs(20), "the fixture to be accepted", || {
        cluster.try_kubectl(&[&arguments, more].concat(), &dated(&documents.join("\n---\n")))
    });
}

/// Replaces each `AGO(5m)` by the time five minutes ago.
fn dated(text: &str) -> String {
    let ago = regex::Regex::new(r"AGO\((\d+)([smh])\)").expect("a pattern");
    let now = jiff::Timestamp::now();
    let date = |found: &regex::Captures<'_>| {
        let unit = match &found[2] {
            "s" => 1,
            "m" => 60,
            _ => 3600,
        };
        let seconds = found[1].parse::<i64>().expect("digits") * unit;
        // Microseconds, because the events API takes no time without them.
        format!("{:.6}", now - jiff::SignedDuration::from_secs(seconds))
    };
    ago.replace_all(text, date).into_owned()
}

/// Deletes what is to be seen while it goes, without waiting: finalizers and the simulated kubelets keep it.
fn delete(cluster: &Cluster) {
    for kind in ["pods", "persistentvolumeclaims"] {
        for (namespace, name, _) in annotated(cluster, kind, "fixture/deleted") {
            cluster.kubectl(&["delete", kind, "-n", &namespace, &name, "--wait=false"]);
        }
    }
}

fn settle(cluster: &Cluster) {
    let states = pod_states(cluster);
    assert!(states.len() >= 30, "the fixture's pods say what is to be seen of them: {}", states.len());
    wait_until(LIMIT, "the pods' states", || {
        let table = get(cluster, "pods");
        let pods = table.objects();
        let wrong = states.iter().filter(|(pod, state)| pods.get(*pod).and_then(|cells| cells.get("STATUS")) != Some(&state.as_str()));
        nothing(wrong.map(|(pod, state)| format!("{pod} is not yet {state}")))
    });
    let mut kinds: Vec<&str> = SETTLED.iter().map(|row| row.0).collect();
    kinds.dedup();
    for kind in kinds {
        wait_until(LIMIT, kind, || {
            let table = get(cluster, kind);
            let objects = table.objects();
            let wrong = SETTLED.iter().filter(|row| row.0 == kind).filter(|(_, namespace, name, header, value)| {
                let key = if namespace.is_empty() { (*name).to_owned() } else { format!("{namespace}/{name}") };
                objects.get(&key).and_then(|cells| cells.get(header)) != Some(value)
            });
            nothing(wrong.map(|row| format!("not yet {row:?}")))
        });
    }
}

fn nothing(mut wrong: impl Iterator<Item = String>) -> Result<(), String> {
    wrong.next().map_or(Ok(()), Err)
}

fn get(cluster: &Cluster, kind: &str) -> crate::printed::Printed {
    crate::printed::Printed::parse(&cluster.kubectl(&["get", kind, "-A", "-o", "wide"]))
}

/// Namespace, name and value of the objects that have an annotation.
fn annotated(cluster: &Cluster, kind: &str, annotation: &str) -> Vec<(String, String, String)> {
    let list: Value = serde_json::from_str(&cluster.kubectl(&["get", kind, "-A", "-o", "json"])).expect("kubectl prints JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().into_iter().flatten().map(|item| &item["metadata"]);
    let having = items.filter(|meta| meta["annotations"][annotation].is_string());
    having.map(|meta| (text(&meta["namespace"]), text(&meta["name"]), text(&meta["annotations"][annotation]))).collect()
}

#[test]
fn times_are_relative_to_now() {
    let text = dated("start: AGO(90s), end: AGO(2h)");
    let times: Vec<jiff::Timestamp> = text.split(", ").map(|part| part.split_once(": ").unwrap().1.parse().unwrap()).collect();
    let apart = times[0].duration_since(times[1]);
    assert_eq!(apart.as_secs(), 7200 - 90);
    assert!(text.contains('.') && !text.contains("AGO"), "{text}");
}

#[test]
fn the_fixture_applies_and_settles_and_does_so_again() {
    let Some(cluster) = Cluster::from_env() else { return };
    apply(&cluster);
    settle(&cluster);
    let states: std::collections::BTreeSet<String> = pod_states(&cluster).into_values().collect();
    assert!(states.len() >= 15, "{states:?}");
}
