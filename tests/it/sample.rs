//! A small cluster made up for screens: a web shop in the middle of its day. Every object is JSON as the API has it, and
//! becomes a row through the block of its kind; nothing listens anywhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubetui::event::Update;
use kubetui::kinds::{self, Block, Wire};
use kubetui::model::intern::Interner;
use kubetui::model::metrics::Usage;
use kubetui::model::row::Row;
use kubetui::model::scope::WatchSpec;
use kubetui::model::state::{Context, Link, Truth};
use kubetui::model::store::Delta;
use kubetui::model::time;
use kubetui::view::state::State;
use kubetui::view::tables::TableKey;
use serde_json::{Value, json};

mod pods;

use pods::pods;

/// 2026-11-21T08:00:00Z.
pub const NOW: i64 = 1_795_248_000;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The context that is shown, and others beside it.
pub fn contexts() -> Vec<Context> {
    [
        ("prod-eu", "https://prod-eu.example.com:6443", "anna"),
        ("staging", "https://staging.example.com:6443", "anna"),
        ("kind-local", "https://127.0.0.1:38211", ""),
    ]
    .into_iter()
    .map(|(name, server, user)| Context {
        name: name.into(),
        cluster: name.into(),
        user: user.into(),
        namespace: "shop".into(),
        server: server.into(),
    })
    .collect()
}

fn ago(seconds: i64) -> String {
    time::rfc3339(NOW - seconds)
}

fn uid(plural: &str, namespace: &str, name: &str) -> String {
    format!("{plural}/{namespace}/{name}")
}

/// One object of a kind.
pub struct Object {
    /// Its kind.
    pub block: &'static Block,
    /// The object as the API has it.
    pub json: Value,
}

fn object(block: &'static Block, namespace: &str, name: &str, age: i64, labels: Value, rest: Value) -> Object {
    let mut json = json!({
        "apiVersion": if block.group.is_empty() { block.version.to_owned() } else { format!("{}/{}", block.group, block.version) },
        "kind": block.kind,
        "metadata": {
            "name": name, "uid": uid(block.plural, namespace, name), "resourceVersion": "1", "creationTimestamp": ago(age), "labels": labels,
        },
    });
    if !namespace.is_empty() {
        json["metadata"]["namespace"] = namespace.into();
    }
    if let (Some(all), Some(rest)) = (json.as_object_mut(), rest.as_object()) {
        for (key, value) in rest {
            match (all.get_mut(key).and_then(Value::as_object_mut), value.as_object()) {
                (Some(own), Some(more)) => own.extend(more.clone()),
                _ => drop(all.insert(key.clone(), value.clone())),
            }
        }
    }
    Object { block, json }
}

/// A pod whose containers are given as (name, image, its status).
#[expect(clippy::too_many_arguments, reason = "rows of a table, one line each")]
fn pod(
    namespace: &str,
    name: &str,
    age: i64,
    app: &str,
    node: &str,
    phase: &str,
    containers: &[(&str, &str, Value)],
    more: Value,
) -> Object {
    let spec: Vec<Value> = containers
        .iter()
        .map(|(name, image, _)| {
            json!({
                "name": name, "image": image, "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
                "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
            })
        })
        .collect();
    let status: Vec<Value> = containers
        .iter()
        .map(|(name, image, status)| {
            let mut all = json!({"name": name, "image": image, "imageID": "", "restartCount": 0, "ready": false});
            if let (Some(all), Some(own)) = (all.as_object_mut(), status.as_object()) {
                all.extend(own.clone());
            }
            all
        })
        .collect();
    let ready = containers.iter().all(|(_, _, status)| status["ready"] == json!(true)) && phase == "Running";
    let conditions = json!([
        {"type": "PodScheduled", "status": if node.is_empty() { "False" } else { "True" },
         "reason": if node.is_empty() { "Unschedulable" } else { "" },
         "message": if node.is_empty() { "0/3 nodes are available: 3 Insufficient memory." } else { "" }},
        {"type": "Ready", "status": if ready { "True" } else { "False" }, "reason": if ready { "" } else { "ContainersNotReady" }},
    ]);
    let mut made = object(
        &kinds::pods::POD,
        namespace,
        name,
        age,
        json!({"app": app, "tier": "backend"}),
        json!({
            "spec": {"nodeName": node, "containers": spec},
            "status": {"phase": phase, "podIP": if node.is_empty() { "" } else { "10.1.2.17" }, "containerStatuses": status, "conditions": conditions},
        }),
    );
    if let (Some(all), Some(more)) = (made.json.as_object_mut(), more.as_object()) {
        for (key, value) in more {
            if let (Some(own), Some(value)) = (all.get_mut(key).and_then(Value::as_object_mut), value.as_object()) {
                own.extend(value.clone());
            }
        }
    }
    made
}

fn running(since: i64) -> Value {
    json!({"ready": true, "started": true, "state": {"running": {"startedAt": ago(since)}}})
}

fn owned(kind: &str, api_version: &str, plural: &str, namespace: &str, name: &str) -> Value {
    json!({"ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid(plural, namespace, name), "controller": true}]})
}

fn services() -> Vec<Object> {
    let service = |name: &str, age: i64, spec: Value, more: Value| {
        let mut rest = json!({"spec": spec});
        if let (Some(rest), Some(more)) = (rest.as_object_mut(), more.as_object()) {
            rest.extend(more.clone());
        }
        object(&kinds::services::SERVICE, "shop", name, age, json!({"app": name}), rest)
    };
    let slice = |service: &str, endpoints: &[(&str, bool)]| {
        let endpoints: Vec<Value> =
            endpoints.iter().map(|(address, ready)| json!({"addresses": [address], "conditions": {"ready": ready}})).collect();
        object(
            &kinds::discovery::ENDPOINT_SLICE,
            "shop",
            &format!("{service}-x7k2p"),
            DAY,
            json!({"kubernetes.io/service-name": service}),
            json!({"addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": endpoints}),
        )
    };
    let http = json!([{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]);
    vec![
        service(
            "web",
            90 * DAY,
            json!({"type": "ClusterIP", "clusterIP": "10.96.14.2", "clusterIPs": ["10.96.14.2"], "selector": {"app": "web"}, "ports": http}),
            json!({}),
        ),
        service(
            "cart",
            90 * DAY,
            json!({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": "cart"}, "ports": http}),
            json!({}),
        ),
        service(
            "front",
            30 * DAY,
            json!({"type": "LoadBalancer", "clusterIP": "10.96.201.77", "clusterIPs": ["10.96.201.77"], "selector": {"app": "web"},
                   "ports": [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 31080, "protocol": "TCP"}, {"name": "https", "port": 443, "targetPort": 8443, "nodePort": 31443, "protocol": "TCP"}]}),
            json!({"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}}),
        ),
        service(
            "catalog",
            25 * MINUTE,
            json!({"type": "LoadBalancer", "clusterIP": "10.96.3.9", "clusterIPs": ["10.96.3.9"], "selector": {"app": "catalogue"}, "ports": http}),
            json!({}),
        ),
        service("mail", 200 * DAY, json!({"type": "ExternalName", "externalName": "smtp.example.com"}), json!({})),
        slice("web", &[("10.1.2.17", true), ("10.1.2.18", false)]),
        slice("cart", &[("10.1.2.30", false)]),
        slice("front", &[("10.1.2.17", true)]),
    ]
}

fn workloads() -> Vec<Object> {
    let template =
        |app: &str, image: &str| json!({"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "app", "image": image}]}});
    let selector = |app: &str| json!({"matchLabels": {"app": app}});
    vec![
        object(
            &kinds::apps::DEPLOYMENT,
            "shop",
            "web",
            90 * DAY,
            json!({"app": "web"}),
            json!({
                "metadata": {"generation": 8, "annotations": {"deployment.kubernetes.io/revision": "8"}},
                "spec": {"replicas": 3, "selector": selector("web"), "template": template("web", "registry.example.com/shop/web:2.14.1"),
                         "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}, "progressDeadlineSeconds": 600},
                "status": {"observedGeneration": 8, "replicas": 4, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 2, "unavailableReplicas": 2,
                           "conditions": [{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "Deployment does not have minimum availability."},
                                          {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": "ReplicaSet \"web-7d8f9c6b5\" is progressing."}]},
            }),
        ),
        object(
            &kinds::apps::DEPLOYMENT,
            "shop",
            "catalog",
            30 * DAY,
            json!({"app": "catalog"}),
            json!({
                "metadata": {"generation": 4, "annotations": {"deployment.kubernetes.io/revision": "4"}},
                "spec": {"replicas": 1, "selector": selector("catalog"), "template": template("catalog", "registry.example.com/shop/catalog-service-with-search:3.0.0-rc.1"),
                         "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}},
                "status": {"observedGeneration": 4, "replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1,
                           "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"catalog-6c9d7f8b54\" has timed out progressing."}]},
            }),
        ),
        object(
            &kinds::apps::DEPLOYMENT,
            "payments",
            "payments-gateway-europe-west",
            200 * DAY,
            json!({"app": "gateway"}),
            json!({
                "metadata": {"generation": 2, "annotations": {"deployment.kubernetes.io/revision": "21"}},
                "spec": {"replicas": 1, "selector": selector("gateway"), "template": template("gateway", "registry.example.com/payments/gateway:5.1"), "strategy": {"type": "Recreate"}},
                "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1},
            }),
        ),
        object(
            &kinds::apps::STATEFUL_SET,
            "shop",
            "cart",
            60 * DAY,
            json!({"app": "cart"}),
            json!({
                "metadata": {"generation": 3},
                "spec": {"replicas": 1, "serviceName": "cart", "selector": selector("cart"), "template": template("cart", "registry.example.com/shop/cart:1.9.0"), "updateStrategy": {"type": "RollingUpdate"}},
                "status": {"observedGeneration": 3, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 0, "currentRevision": "cart-5d8b", "updateRevision": "cart-77c9"},
            }),
        ),
        object(
            &kinds::apps::DAEMON_SET,
            "kube-system",
            "kube-proxy",
            400 * DAY,
            json!({"app": "kube-proxy"}),
            json!({
                "metadata": {"generation": 1},
                "spec": {"selector": selector("kube-proxy"), "template": template("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.3"), "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}},
                "status": {"observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 3, "numberAvailable": 3},
            }),
        ),
    ]
}

fn nodes() -> Vec<Object> {
    let node = |name: &str, role: &str, spec: Value, ready: &str, more: Value| {
        let mut conditions = vec![
            json!({"type": "MemoryPressure", "status": "False"}),
            json!({"type": "Ready", "status": ready, "reason": "KubeletReady", "message": if ready == "True" { "" } else { "Kubelet stopped posting node status." }}),
        ];
        conditions.extend(more.as_array().cloned().unwrap_or_default());
        object(
            &kinds::nodes::NODE,
            "",
            name,
            400 * DAY,
            json!({format!("node-role.kubernetes.io/{role}"): "", "topology.kubernetes.io/zone": "eu-west-1a", "node.kubernetes.io/instance-type": "m7.xlarge"}),
            json!({
                "spec": spec,
                "status": {"conditions": conditions, "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"}, "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
                           "addresses": [{"type": "InternalIP", "address": "192.0.2.11"}],
                           "nodeInfo": {"kubeletVersion": "v1.36.3", "osImage": "Debian GNU/Linux 13 (trixie)", "kernelVersion": "6.12.48", "containerRuntimeVersion": "containerd://2.1.4"}},
            }),
        )
    };
    vec![
        node(
            "node-1",
            "control-plane",
            json!({"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}),
            "True",
            json!([]),
        ),
        node("node-2", "worker", json!({}), "Unknown", json!([])),
        node(
            "node-3",
            "worker",
            json!({"unschedulable": true, "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}),
            "True",
            json!([{"type": "DiskPressure", "status": "True", "reason": "KubeletHasDiskPressure", "message": "kubelet has disk pressure"}]),
        ),
    ]
}

fn events() -> Vec<Object> {
    let event = |at: usize, kind: &str, reason: &str, message: &str, count: i64, last: i64| {
        object(
            &kinds::events::EVENT,
            "shop",
            &format!("web-7d8f9c6b5-9fh2n.{at}"),
            last,
            json!({}),
            json!({
                "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-7d8f9c6b5-9fh2n", "uid": uid("pods", "shop", "web-7d8f9c6b5-9fh2n"), "fieldPath": "spec.containers{app}"},
                "type": kind, "reason": reason, "message": message, "count": count, "firstTimestamp": ago(3 * HOUR), "lastTimestamp": ago(last),
                "source": {"component": "kubelet", "host": "node-2"},
            }),
        )
    };
    vec![
        event(1, "Warning", "BackOff", "Back-off restarting failed container app in pod web-7d8f9c6b5-9fh2n_shop(6f1e)", 31, 12),
        event(2, "Normal", "Pulled", "Container image \"registry.example.com/shop/web:2.14.1\" already present on machine", 8, 2 * MINUTE),
        event(
            3,
            "Warning",
            "Unhealthy",
            "Readiness probe failed: Get \"http://10.1.2.17:8080/ready\": dial tcp 10.1.2.17:8080: connect: connection refused",
            4,
            3 * MINUTE,
        ),
    ]
}

/// Names and words that no keyboard here has, and some that want to steer the terminal. The API would refuse most of
/// these names; an aggregated server need not.
fn foreign() -> Vec<Object> {
    let waits = |message: &str| json!({"state": {"waiting": {"reason": "CreateContainerError", "message": message}}});
    let esc = "evil\u{1b}]0;owned\u{7}\u{1b}[31m";
    let one = |name: &str, age: i64, status: Value| {
        pod(
            "intl",
            name,
            age,
            "i18n",
            "node-1",
            if status["ready"] == json!(true) { "Running" } else { "Pending" },
            &[("app", "x:1", status)],
            json!({}),
        )
    };
    vec![
        one("日本語-カート-0", 3 * HOUR, running(HOUR)),
        one("한국어-주문-7d8f9c6b5-2kx9q", 3 * HOUR, running(HOUR)),
        one("cafe\u{301}-e\u{301}te\u{301}", 3 * HOUR, running(HOUR)),
        one("👩\u{200d}💻-🇩🇪-party", 3 * HOUR, running(HOUR)),
        one("user\u{202e}nimda", 3 * HOUR, running(HOUR)),
        one(esc, 3 * HOUR, waits("no such file: \u{1b}[2J\u{1b}[H日本語\tの設定 \u{202e}gnorw\u{202c}")),
    ]
}

/// All of it.
pub fn objects() -> Vec<Object> {
    let rest = ["shop", "payments", "kube-system"].map(|name| {
        object(
            &kinds::core::NAMESPACE,
            "",
            name,
            400 * DAY,
            json!({"kubernetes.io/metadata.name": name}),
            json!({"status": {"phase": "Active"}}),
        )
    });
    [pods(), services(), workloads(), nodes(), events()].into_iter().flatten().chain(rest).collect()
}

/// With [`objects`], those in scripts from all over the world.
pub fn foreign_objects() -> Vec<Object> {
    objects().into_iter().chain(foreign()).collect()
}

/// The rows that a watch over these objects would send.
fn rows(objects: &[Object], spec: &WatchSpec) -> Vec<Row> {
    let mut interner = Interner::new(spec.kind.clone());
    let of_kind = objects.iter().filter(|object| object.block.plural == &*spec.kind.plural && object.block.group == &*spec.kind.group);
    let picked = of_kind.filter(|object| {
        let field =
            |path: &str| path.split('.').try_fold(&object.json, |value, key| value.get(key)).and_then(Value::as_str).unwrap_or_default();
        let holds = |selector: &Option<Arc<str>>, value: &dyn Fn(&str) -> String| {
            selector.as_deref().is_none_or(|text| text.split_once('=').is_some_and(|(key, wanted)| value(key) == wanted))
        };
        let label = |key: &str| object.json["metadata"]["labels"][key].as_str().unwrap_or("\0").to_owned();
        spec.scope.contains(field("metadata.namespace"))
            && holds(&spec.fields, &|path| field(path).to_owned())
            && holds(&spec.labels, &label)
    });
    picked
        .map(|object| (object.block.decode)(Wire::Json, object.json.to_string().as_bytes(), &mut interner).expect("the sample can be read"))
        .collect()
}

/// A connected state whose tables are fed from the sample for as long as anything asks.
pub struct Feeder {
    objects: Vec<Object>,
    fed: Vec<TableKey>,
    /// What the watches say of themselves.
    pub truth: Truth,
}

impl Feeder {
    /// From these objects, all of it live.
    pub fn new(objects: Vec<Object>) -> Feeder {
        Feeder { objects, fed: Vec::new(), truth: Truth::Live }
    }

    /// Feeds every table that has not been fed, and lets the details follow the cursor.
    pub fn feed(&mut self, state: &mut State) {
        // What a table asks for can make others be asked for: the details' events.
        for _ in 0..3 {
            let wanted: Vec<(TableKey, usize, WatchSpec)> = state
                .tables
                .wanted()
                .filter(|(key, ..)| !self.fed.contains(key))
                .map(|(key, feed, spec)| (key.clone(), feed, spec.clone()))
                .collect();
            for (key, feed, spec) in wanted {
                let deltas = rows(&self.objects, &spec).into_iter().map(Delta::Upsert).collect();
                let update = Update { deltas, truth: Some(self.truth.clone()), ..Update::default() };
                state.tables.apply(&key, feed, update, None, NOW);
                if !self.fed.contains(&key) {
                    self.fed.push(key);
                }
            }
            state.refresh();
            let rested = Instant::now().checked_sub(Duration::from_secs(1)).expect("the machine is up for longer");
            let events = state.kind_of(&kinds::events::EVENT);
            let row = state.selected().cloned();
            state.details.follow(row.as_ref(), rested, &events);
            if let Some(key) = state.details.events.clone() {
                state.tables.look(&key);
            }
        }
    }

    /// The description of an object.
    pub fn describe(&self, plural: &str, name: &str) -> String {
        let object = self
            .objects
            .iter()
            .find(|object| object.block.plural == plural && object.json["metadata"]["name"] == name)
            .expect("it is there");
        let events: Vec<Value> = events().into_iter().map(|event| event.json).collect();
        kinds::describe::describe(&object.block.as_kind(), &object.json, &Default::default(), &events, NOW)
    }
}

/// The connection is up, and metrics.k8s.io has answered.
pub fn connect(state: &mut State) {
    state.link = Link::Up { version: "v1.36.3".into() };
    const MI: i64 = 1 << 20;
    let pods = [
        ("shop", "web-7d8f9c6b5-2kx9q", 12, 48),
        ("shop", "web-7d8f9c6b5-9fh2n", 0, 9),
        ("shop", "web-7d8f9c6b5-v7m4d", 19, 120),
        ("shop", "web-5f6b7c8d9-x2z4w", 2, 51),
        ("payments", "payments-gateway-europe-west-7d8f9c6b5c-2kx9q", 430, 1900),
        ("kube-system", "coredns-7db6d8ff4d-4m8xk", 3, 22),
    ];
    let usage = |cpu: i64, memory: i64| Usage { cpu, memory: memory * MI };
    state.usage.pods.replace(None, NOW, pods.iter().map(|&(namespace, name, cpu, memory)| (namespace, name, usage(cpu, memory))));
    state.usage.nodes.replace(None, NOW, [("", "node-1", usage(380, 5200)), ("", "node-3", usage(3700, 15_100))]);
}
