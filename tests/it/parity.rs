//! Rows equal to what kubectl prints, for every kind. kubectl is the judge.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::binary::kubetui;
use crate::cluster::Cluster;
use crate::fixture;
use crate::printed::{Printed, differences};
use crate::wait::wait_until;

/// The kinds with a block of their own: at least two objects of each are in the fixture.
const BLOCKS: &[&str] = &[
    "pods",
    "services",
    "endpointslices",
    "nodes",
    "namespaces",
    "events",
    "persistentvolumes",
    "persistentvolumeclaims",
    "serviceaccounts",
    "replicationcontrollers",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "ingresses",
    "networkpolicies",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "storageclasses",
    "controllerrevisions",
    "customresourcedefinitions",
];

/// Kinds that the server prints: with custom ones, whose definitions name columns or none, and a polled one.
const TABLES: &[(&str, usize)] = &[
    ("widgets.fixture.kubetui.test", 3),
    ("planets.fixture.kubetui.test", 2),
    ("configmaps", 2),
    ("secrets", 2),
    ("leases.coordination.k8s.io", 2),
    ("roles.rbac.authorization.k8s.io", 2),
    ("rolebindings.rbac.authorization.k8s.io", 2),
    ("clusterroles.rbac.authorization.k8s.io", 2),
    ("clusterrolebindings.rbac.authorization.k8s.io", 2),
    ("events.events.k8s.io", 2),
    ("ingressclasses", 2),
    ("priorityclasses", 2),
    ("runtimeclasses", 1),
    ("resourcequotas", 1),
    ("limitranges", 1),
    ("podtemplates", 1),
    ("csidrivers", 1),
    ("apiservices", 2),
    ("flowschemas", 2),
    ("validatingadmissionpolicies", 1),
    ("servicecidrs", 1),
    ("nodes.metrics.k8s.io", 2),
];

/// How long a cluster that moves may make a comparison fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same for one that is nothing but names.
const MOVING: Duration = Duration::from_secs(60);

/// How long all comparisons of a test may take before each is tried only once: everything that differs is to be told,
/// and soon.
const ALTOGETHER: Duration = Duration::from_secs(120);

/// Compares kinds, and fails with every difference of all of them.
fn compare(cluster: &Cluster, kinds: impl Iterator<Item = (&'static str, usize)>) {
    let start = Instant::now();
    let mut failures = Vec::new();
    for (kind, least) in kinds {
        let begun = Instant::now();
        let last = loop {
            let found = once(cluster, &["get", kind, "-A", "-o", "wide"], least);
            if found.is_empty() || begun.elapsed() > PATIENCE || start.elapsed() > ALTOGETHER {
                break found;
            }
        };
        failures.extend(last.into_iter().map(|difference| format!("{kind}: {difference}")));
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

/// One comparison of what both print for the same arguments.
pub fn once(cluster: &Cluster, arguments: &[&str], least: usize) -> Vec<String> {
    let ours = kubetui(cluster.kubeconfig(), arguments);
    if ours.code != 0 {
        return vec![format!("kubetui failed with {}: {}", ours.code, ours.err)];
    }
    let kubectl = cluster.kubectl(arguments);
    differences(&Printed::parse(&kubectl), &Printed::parse(&ours.out), least)
}

#[test]
fn rows_of_kinds_with_a_block_are_what_kubectl_prints() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    compare(&cluster, BLOCKS.iter().map(|&kind| (kind, 2)));
}

#[test]
fn rows_of_all_other_kinds_are_what_kubectl_prints() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    compare(&cluster, TABLES.iter().copied());
}

#[test]
fn every_block_is_compared() {
    let compared: BTreeSet<&str> = BLOCKS.iter().copied().collect();
    let blocks: BTreeSet<&str> = kubetui::kinds::BLOCKS.iter().map(|block| block.plural).collect();
    assert_eq!(blocks, compared, "the kinds with a block, and those that are compared here");
}

#[test]
fn pods_in_every_state_are_told_apart_as_kubectl_does() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let states = fixture::pod_states(&cluster);
    let table = Printed::parse(&kubetui(cluster.kubeconfig(), &["get", "pods", "-A"]).output());
    let pods = table.objects();
    let wrong: Vec<String> = states
        .iter()
        .filter_map(|(pod, state)| {
            let printed = pods.get(pod).and_then(|cells| cells.get("STATUS"));
            (printed != Some(&state.as_str())).then(|| format!("{pod} is {state}, printed as {printed:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(states.values().collect::<BTreeSet<_>>().len() >= 15);
}

#[test]
fn narrow_tables_leave_out_what_kubectl_leaves_out() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for kind in ["pods", "services", "deployments", "persistentvolumes", "widgets"] {
        let ours = Printed::parse(&kubetui(cluster.kubeconfig(), &["get", kind, "-A"]).output());
        let wide = Printed::parse(&cluster.kubectl(&["get", kind, "-A", "-o", "wide"])).headers;
        let narrow = Printed::parse(&cluster.kubectl(&["get", kind, "-A"])).headers;
        assert!(narrow.iter().all(|h| ours.headers.contains(h)), "{kind}: {:?} of {narrow:?}", ours.headers);
        let too_many: Vec<_> = wide.iter().filter(|h| !narrow.contains(h) && ours.headers.contains(h)).collect();
        assert!(too_many.is_empty(), "{kind}: {too_many:?} only with -o wide");
    }
}

#[test]
fn names_are_printed_as_kubectl_does() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for kind in ["services", "deployments", "storageclasses", "widgets", "secrets"] {
        let arguments = ["get", kind, "-A", "-o", "name"];
        let sorted = |text: String| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        // Other tests make and delete objects of theirs meanwhile.
        wait_until(MOVING, kind, || {
            let (ours, kubectl) = (sorted(kubetui(cluster.kubeconfig(), &arguments).output()), sorted(cluster.kubectl(&arguments)));
            assert!(kubectl.len() >= 2, "{kind}: an empty comparison");
            if ours == kubectl { Ok(()) } else { Err(format!("{ours:?} and not {kubectl:?}")) }
        });
    }
}

#[test]
fn json_has_every_row() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let name = |object: &Value| {
        let meta = if object["metadata"].is_object() { &object["metadata"] } else { object };
        format!("{}/{}", meta["namespace"].as_str().expect("a namespace"), meta["name"].as_str().expect("a name"))
    };
    // Other tests make and delete objects of theirs meanwhile.
    wait_until(MOVING, "services", || {
        let text = kubetui(cluster.kubeconfig(), &["get", "services", "-A", "-o", "json"]).output();
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let names: BTreeSet<String> = json.as_array().or(json["items"].as_array()).expect("a list").iter().map(name).collect();
        let kubectl = cluster.kubectl(&["get", "services", "-A"]);
        let kubectl: BTreeSet<String> = Printed::parse(&kubectl).objects().into_keys().collect();
        assert!(names.contains("fx-a/web"), "{names:?}");
        if names == kubectl { Ok(()) } else { Err(format!("{names:?} and not {kubectl:?}")) }
    });
}

/// A row of kubectl's wide table of the pods of `fx-a`, in which a filter is to be found or not.
type Keeps = fn(&dyn Fn(&str) -> String) -> bool;

#[test]
fn filters_keep_what_they_say() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let filters: &[(&str, Keeps)] = &[
        ("status=CrashLoopBackOff", |cell| cell("STATUS") == "CrashLoopBackOff"),
        ("restarts>3", |cell| cell("RESTARTS").split(' ').next().and_then(|count| count.parse::<u32>().ok()) > Some(3)),
        ("10.9.0.19", |cell| cell("IP") == "10.9.0.19"),
        ("sidecar status=Init:0/2", |cell| cell("NAME").contains("sidecar") && cell("STATUS") == "Init:0/2"),
        ("name=gated | status=Evicted", |cell| cell("NAME") == "gated" || cell("STATUS") == "Evicted"),
        ("/^init-(exit|signal)/", |cell| cell("NAME").starts_with("init-exit") || cell("NAME").starts_with("init-signal")),
    ];
    let table = Printed::parse(&cluster.kubectl(&["get", "pods", "-n", "fx-a", "-o", "wide"]));
    for (filter, keeps) in filters {
        let objects = table.objects();
        let kept = objects.iter().filter(|(_, cells)| keeps(&|header| cells.get(header).copied().unwrap_or_default().to_owned()));
        let expected: BTreeSet<String> = kept.map(|(name, _)| name.clone()).collect();
        assert!(!expected.is_empty(), "{filter}: an empty comparison");
        let ours = Printed::parse(&kubetui(cluster.kubeconfig(), &["get", "pods", "-n", "fx-a", "--filter", filter]).output());
        assert_eq!(
            ours.objects().into_keys().map(|key| key.rsplit('/').next().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            expected,
            "{filter}"
        );
    }
    let by_label = cluster.kubectl(&["get", "pods", "-n", "fx-a", "-l", "app=web", "-o", "name"]);
    let ours = kubetui(cluster.kubeconfig(), &["get", "pods", "-n", "fx-a", "-o", "name", "--filter", "app=web"]).output();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(lines(&ours), lines(&by_label));
    assert_eq!(lines(&ours).len(), 3);
}

#[test]
fn a_filter_with_a_mistake_prints_nothing_but_the_mistake() {
    let Some(cluster) = Cluster::from_env() else { return };
    let ran = kubetui(cluster.kubeconfig(), &["get", "pods", "-A", "--filter", "(a | b"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(!ran.err.trim().is_empty());
}

#[test]
fn namespaces_are_chosen_by_name_list_and_pattern() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let namespaces = |arguments: &[&str]| -> BTreeSet<String> {
        let all = [&["get", "services"], arguments].concat();
        let table = Printed::parse(&kubetui(cluster.kubeconfig(), &all).output());
        table.cells("NAMESPACE").map(str::to_owned).collect()
    };
    let both = BTreeSet::from(["fx-a".to_owned(), "fx-b".to_owned()]);
    assert_eq!(namespaces(&["-n", "fx-a,fx-b"]), both);
    assert_eq!(namespaces(&["-n", "fx-a", "-n", "fx-b"]), both);
    assert_eq!(namespaces(&["-n", "fx-*"]), both);
    assert!(namespaces(&["-A"]).contains("kube-system"));
    let one = Printed::parse(&kubetui(cluster.kubeconfig(), &["get", "services", "-n", "fx-b"]).output());
    let kubectl = Printed::parse(&cluster.kubectl(&["get", "services", "-n", "fx-b"]));
    assert_eq!(one.cells("NAME").collect::<BTreeSet<_>>(), kubectl.cells("NAME").collect());
}

#[test]
fn a_kind_goes_by_every_name_that_it_has() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for names in [
        &["po", "pod", "pods", "Pod"][..],
        &["deploy", "deployment", "deployments", "deployments.apps", "Deployment"],
        &["svc", "service", "services"],
        &["wdg", "widget", "widgets", "widgets.fixture.kubetui.test", "Widget"],
        &["crd", "crds", "customresourcedefinitions"],
        &["ev", "events"],
    ] {
        let full = *names.last().unwrap();
        let of = |printed: &str| printed.lines().filter(|line| !line.starts_with("event/")).map(str::to_owned).collect::<BTreeSet<_>>();
        for name in names {
            // Other tests make and delete objects of theirs meanwhile.
            wait_until(MOVING, name, || {
                let printed = kubetui(cluster.kubeconfig(), &["get", name, "-A", "-o", "name"]).output();
                let kubectl = of(&cluster.kubectl(&["get", full, "-A", "-o", "name"]));
                assert!(!printed.is_empty(), "{name} prints nothing");
                let ours = of(&printed);
                if ours == kubectl { Ok(()) } else { Err(format!("{ours:?} and not {kubectl:?}")) }
            });
        }
    }
    let ran = kubetui(cluster.kubeconfig(), &["get", "no-such-kind"]);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("no-such-kind"), "{}", ran.err);
    assert_eq!(ran.out, "");
}
