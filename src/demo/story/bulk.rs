//! Many pods at once, which have been running for a while: Deployments of up to 200 pods of 8 KB in the namespaces of
//! teams, each with its ReplicaSet and its Service, spread over all nodes. What a template says is stored once, and what
//! pods that started in the same second have in common, too.

use arcstr::ArcStr;
use std::sync::Arc;

use serde_json::json;

use crate::demo::controllers::{kubelet, pods as controllers_pods};
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World, controlled_by};
use crate::model::time::rfc3339;

/// Pods of one Deployment.
const OF_ONE: usize = 200;
/// `node-1` to this one were there before.
const STORY_NODES: usize = 4;
/// Deployments of one namespace.
const OF_A_TEAM: usize = 20;
/// Times at which the pods of one Deployment started: they came one after the other, not all at once.
const WAVES: usize = 10;

const APPS: &[(&str, &str)] =
    &[("web", "frontend"), ("api", "backend"), ("worker", "backend"), ("search", "backend"), ("orders", "backend")];

/// Adds `count` pods. Nothing of it is left to do for the controllers.
pub fn fill(world: &mut World, count: usize, now: Millis) {
    // The nodes of the story have enough to do, and one of them is going to fail.
    let added =
        |node: &&Arc<Object>| node.name.strip_prefix("node-").and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n > STORY_NODES);
    let nodes: Vec<Arc<Object>> = world.store.list("nodes", None).filter(added).cloned().collect();
    let workloads = count.div_ceil(OF_ONE);
    for team in 1..=workloads.div_ceil(OF_A_TEAM) {
        let name = format!("team-{team}");
        let tree = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}});
        let _ = world.create("namespaces", tree.into());
    }
    world.settle();
    let mut made = 0;
    let mut addresses = Addresses::default();
    for at in 0..workloads {
        let size = OF_ONE.min(count - made);
        let namespace = format!("team-{}", at / OF_A_TEAM + 1);
        workload(world, &namespace, at, size, made, &nodes, &mut addresses, now);
        made += size;
    }
    // All is as the controllers would have it, but for the endpoints: those follow the pods in a moment.
    world.seen();
}

/// The next address of each node's pods.
#[derive(Default)]
struct Addresses(std::collections::HashMap<ArcStr, u32>);

impl Addresses {
    /// One from the end of the node's range, where the kubelet does not begin.
    fn next(&mut self, node: &Object) -> String {
        let next = self.0.entry(node.name.clone()).or_insert(254);
        let range = node.tree.text("spec.podCIDR");
        let stem = range.rsplit_once('.').map_or("10.244.0", |(stem, _)| stem);
        let address = format!("{stem}.{next}");
        *next = next.saturating_sub(1).max(1);
        address
    }
}

#[allow(clippy::too_many_arguments)] // one workload of a large cluster, with what all of them share
fn workload(
    world: &mut World,
    namespace: &str,
    at: usize,
    size: usize,
    first: usize,
    nodes: &[Arc<Object>],
    addresses: &mut Addresses,
    now: Millis,
) {
    let (app, tier) = APPS[at % APPS.len()];
    let name = format!("{app}-{}", at / APPS.len() + 1);
    let started = now - (1 + at as Millis % 40) * 6 * 3600 * SECOND;
    let template = template(&name, app, tier);
    let labels = json!({"app": name, "tier": tier, "part-of": "suite"});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": size, "selector": {"matchLabels": {"app": name}}, "template": template},
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    });
    let (Ok(deployment), Ok(_)) = (world.create("deployments.apps", deployment.into()), world.create("services", service.into())) else {
        return;
    };
    let hash = controllers_pods::template_hash(deployment.tree.at("spec.template"), None);
    let mut own = deployment.tree.at("spec.template").clone();
    own.at_mut("metadata.labels").put("pod-template-hash", hash.as_str());
    let mut set = Tree::from(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{name}-{hash}"), "namespace": namespace,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": size.to_string(), "deployment.kubernetes.io/max-replicas": (size + size.div_ceil(4)).to_string(),
                "deployment.kubernetes.io/revision": "1",
            },
        },
        "spec": {"replicas": size, "selector": {"matchLabels": {"app": name, "pod-template-hash": hash}}},
    }));
    set.at_mut("metadata").put("labels", own.at("metadata.labels"));
    set.push("metadata.ownerReferences", controlled_by(&deployment));
    set.at_mut("spec").put("template", &own);
    let Ok(set) = world.create("replicasets.apps", set) else { return };
    let mut shared = kubelet::Shared::default();
    let waves: Vec<ArcStr> = (0..WAVES as Millis).map(|wave| rfc3339((started + wave * 3 * SECOND) / SECOND).into()).collect();
    let pod = controllers_pods::from_template(set.tree.at("spec.template"), &set);
    for number in 0..size {
        let Some(node) = nodes.get((first + number) % nodes.len().max(1)) else { return };
        // What a controller would have made, through the same door, and then what scheduler and kubelet would have done.
        let Ok(mut tree) = world.prepared("pods", pod.clone()) else { return };
        let wave = &waves[number % WAVES];
        tree.set("metadata.creationTimestamp", wave);
        tree.at_mut("spec").put("nodeName", &node.name);
        let status = kubelet::settled(&tree, node, &addresses.next(node), wave, &mut shared);
        tree.put("status", status);
        world.store.put("pods", tree);
    }
    settle(world, &deployment.reference(), &set.reference(), size as i64, &hash, &waves[WAVES - 1]);
}

/// What the controllers would have written when all was ready.
fn settle(world: &mut World, deployment: &Ref, set: &Ref, size: i64, hash: &str, when: &ArcStr) {
    world.update(set, |tree| {
        for (field, value) in [
            ("replicas", size),
            ("fullyLabeledReplicas", size),
            ("readyReplicas", size),
            ("availableReplicas", size),
            ("observedGeneration", 1),
        ] {
            tree.at_mut("status").put(field, value);
        }
    });
    let name = &deployment.name;
    let condition = |kind: &str, reason: &str, message: String| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": &**when, "lastUpdateTime": &**when});
    let conditions = json!([
        condition("Available", "MinimumReplicasAvailable", "Deployment has minimum availability.".into()),
        condition("Progressing", "NewReplicaSetAvailable", format!("ReplicaSet \"{name}-{hash}\" has successfully progressed.")),
    ]);
    world.update(deployment, |tree| {
        for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            tree.at_mut("status").put(field, size);
        }
        tree.set("status.observedGeneration", 1);
        tree.set("status.conditions", conditions);
    });
}

/// The template of a pod of some 8 KB as JSON: what a chart of a grown-up company makes.
fn template(name: &str, app: &str, tier: &str) -> serde_json::Value {
    let env: Vec<_> = (0..32)
        .map(
            |n| json!({"name": format!("{}_SETTING_{n:02}", app.to_uppercase()), "value": format!("value-{n:02}-of-{name}-in-production")}),
        )
        .chain([
            json!({"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
            json!({"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}),
        ])
        .collect();
    let probe =
        |path: &str| json!({"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3});
    json!({
        "metadata": {
            "labels": {"app": name, "tier": tier, "part-of": "suite"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9090", "checksum/config": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"},
        },
        "spec": {
            "containers": [
                {
                    "name": app, "image": format!("registry.example.com/suite/{app}:3.14.1"),
                    "args": ["serve", "--config=/etc/suite/config.yaml", "--listen=:8080", "--metrics=:9090"],
                    "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
                    "env": env,
                    "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
                    "startupProbe": probe("/started"), "readinessProbe": probe("/ready"), "livenessProbe": probe("/healthz"),
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/suite", "readOnly": true}, {"name": "scratch", "mountPath": "/tmp"}],
                    "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
                },
                {
                    "name": "proxy", "image": "registry.example.com/mesh/proxy:1.18.2",
                    "args": ["sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--log-level", "warning"],
                    "ports": [{"name": "admin", "containerPort": 15000}],
                    "env": [{"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                    "readinessProbe": {"tcpSocket": {"port": "admin"}},
                },
            ],
            "volumes": [{"name": "config", "configMap": {"name": format!("{name}-config"), "optional": true}}, {"name": "scratch", "emptyDir": {}}],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": name}}}],
        },
    })
}
