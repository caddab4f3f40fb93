//! Heartbeats: a kubelet renews its Lease and reports its conditions; the node lifecycle controller believes it for 50 seconds.

use std::sync::Arc;

use serde_json::json;

use super::super::{Controller, kubelet};
use crate::demo::refusal::Refusal;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World, controlled_by};
use crate::model::time::{parse, rfc3339};

/// The kubelets' heartbeats.
pub static HEARTBEAT: Controller = Controller { name: "node-heartbeat", see: see_node, sync: beat };
/// kube-controller-manager's node lifecycle controller.
pub static LIFECYCLE: Controller = Controller { name: "node-lifecycle", see: see_health, sync: judge };

/// The annotation of a node whose kubelet has stopped.
const STOPPED: &str = "kubetui.test/kubelet-stopped";
const LEASES: &str = "leases.coordination.k8s.io";
const LEASE_HOME: &str = "kube-node-lease";

/// `nodeMonitorGracePeriod`.
const GRACE: Millis = 50 * SECOND;
/// Pods of a node that is gone are left alone so long: the pod garbage collector's `quarantineTime`.
const QUARANTINE: Millis = 40 * SECOND;
/// `nodeStatusReportFrequency`: conditions are reported so seldom while nothing changes.
const REPORT: i64 = 300;

/// A quarter of `leaseDurationSeconds`, as kubelets have it; with many nodes seldomer, which is still in time.
fn interval(world: &World) -> Millis {
    if world.loads.hosts().len() > 50 { 35 * SECOND } else { 10 * SECOND }
}

/// The kubelet of this node has been stopped.
pub fn is_stopped(node: &Object) -> bool {
    node.tree["metadata"]["annotations"][STOPPED] == "true"
}

/// Stops the kubelet of a node: its heartbeats cease and its pods stay as they are. False when there is no such node.
pub fn stop_kubelet(world: &mut World, name: &str) -> bool {
    world.update(&Ref::new("nodes", "", name), |tree| tree.at_mut("metadata.annotations").put(STOPPED, "true")).is_some()
}

/// Starts it again. False when there is no such node.
pub fn start_kubelet(world: &mut World, name: &str) -> bool {
    world.update(&Ref::new("nodes", "", name), |tree| drop(tree.at_mut("metadata.annotations").take(STOPPED))).is_some()
}

/// What follows when a kubelet has registered its node: a Lease, and events.
pub(super) fn registered(world: &mut World, node: &Arc<Object>) -> Result<(), Refusal> {
    let mut lease: Tree = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"namespace": LEASE_HOME, "name": &*node.name},
        "spec": {"holderIdentity": &*node.name, "leaseDurationSeconds": 40},
    })
    .into();
    let mut owner = controlled_by(node);
    owner.take("controller");
    owner.take("blockOwnerDeletion");
    lease.push("metadata.ownerReferences", owner);
    lease.set("spec.renewTime", micro(world.now()));
    world.create(LEASES, lease)?;
    world.event(node, "Normal", "Starting", "Starting kubelet.", "kubelet");
    for fine in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID", "NodeReady"] {
        world.event(node, "Normal", fine, &format!("Node {} status is now: {fine}", node.name), "kubelet");
    }
    let message = format!("Node {0} event: Registered Node {0} in Controller", node.name);
    world.event(node, "Normal", "RegisteredNode", &message, "node-controller");
    Ok(())
}

/// A time with microseconds: `MicroTime`.
fn micro(now: Millis) -> String {
    let second = rfc3339(now.div_euclid(SECOND));
    format!("{}.{:03}000Z", second.trim_end_matches('Z'), now.rem_euclid(SECOND))
}

/// What a healthy kubelet reports of its node: `nodestatus` setters, in their order.
pub(super) fn report(node: &mut Tree, now: &Tree) {
    for (kind, status, reason, message) in [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ] {
        let old = node.item("status.conditions", "type", kind);
        let since = if old["status"] == status { old["lastTransitionTime"].clone() } else { now.clone() };
        let mut condition = Tree::texts([("type", kind), ("status", status), ("reason", reason), ("message", message)]);
        condition.set("lastHeartbeatTime", now);
        condition.set("lastTransitionTime", since);
        put(node, condition);
    }
}

fn put(node: &mut Tree, condition: Tree) {
    let list = node.at_mut("status.conditions").items_mut();
    match list.iter_mut().find(|c| c["type"] == condition["type"]) {
        Some(slot) => *slot = condition,
        None => list.push(condition),
    }
}

fn see_node(world: &mut World, change: &Change) {
    if &*change.object.resource != "nodes" || change.verb == Verb::Deleted {
        return;
    }
    let before = change.before.as_deref();
    if before.is_none() {
        // Not all at once.
        let spread = world.random.below(interval(world).unsigned_abs()) as Millis;
        world.look_in(HEARTBEAT.name, change.object.reference(), spread);
    } else if before.is_some_and(|before| is_stopped(before) && !is_stopped(&change.object)) {
        world.look(HEARTBEAT.name, change.object.reference());
    }
}

/// One heartbeat.
fn beat(world: &mut World, about: &Ref) {
    let Some(node) = world.find(about) else { return };
    if is_stopped(&node) {
        return;
    }
    let lease = Ref::new(LEASES, LEASE_HOME, &node.name);
    let renewed = micro(world.now());
    world.update(&lease, |tree| tree.set("spec.renewTime", renewed));
    let ready = node.tree.item("status.conditions", "type", "Ready");
    let was_ready = ready["status"] == "True";
    let reported = parse(ready.text("lastHeartbeatTime")).unwrap_or(0);
    if !was_ready || world.now().div_euclid(SECOND) - reported >= REPORT {
        let now = world.now_text();
        world.update(about, |tree| report(tree, &now));
    }
    if !was_ready {
        world.event(&node, "Normal", "NodeReady", &format!("Node {} status is now: NodeReady", node.name), "kubelet");
        kubelet::look_at_all(world, &node.name);
    }
    world.look_in(HEARTBEAT.name, about.clone(), interval(world));
}

fn see_health(world: &mut World, change: &Change) {
    if &*change.object.resource != "nodes" {
        return;
    }
    if change.verb == Verb::Deleted {
        world.look_in(LIFECYCLE.name, change.object.reference(), QUARANTINE);
        return;
    }
    let same = change.before.as_deref().is_some_and(|before| {
        let status = |o: &Object| o.tree.at("status.conditions").items().iter().map(|c| c["status"].clone()).collect::<Vec<_>>();
        before.tree["spec"].equals(&change.object.tree["spec"]) && status(before) == status(&change.object)
    });
    if !same {
        world.look(LIFECYCLE.name, change.object.reference());
    }
}

/// Believes or disbelieves a node: `monitorNodeHealth`, `doNoScheduleTaintingPass`, `processTaintBaseEviction`.
fn judge(world: &mut World, about: &Ref) {
    let Some(node) = world.find(about) else {
        collect(world, &about.name);
        return;
    };
    let lease = world.get(LEASES, LEASE_HOME, &node.name);
    let renewed = lease.as_ref().and_then(|lease| parse(lease.tree.text("spec.renewTime")));
    let seen = renewed.max(parse(node.tree.item("status.conditions", "type", "Ready").text("lastHeartbeatTime")));
    let until = seen.map_or(i64::MIN, |seen| seen * SECOND + GRACE);
    if world.now() < until {
        world.look_in(LIFECYCLE.name, about.clone(), until - world.now());
    } else if node.tree.item("status.conditions", "type", "Ready")["status"] != "Unknown" {
        lose(world, &node);
    }
    let now = world.now_text();
    world.update(about, |tree| super::taints::follow_conditions(tree, &now));
}

/// Deletes the pods of a node that does not exist any more: the pod garbage collector's `gcOrphaned`.
fn collect(world: &mut World, node: &str) {
    let now = world.now_text();
    let pods: Vec<Arc<Object>> = world.store.on_node(node).cloned().collect();
    for pod in pods {
        let why =
            [("type", "DisruptionTarget"), ("status", "True"), ("reason", "DeletionByPodGC"), ("message", "PodGC: node no longer exists")];
        let mut condition = Tree::texts(why);
        let generation = pod.tree.int("metadata.generation", 0);
        if generation > 0 {
            condition.set("observedGeneration", generation);
        }
        world.update(&pod.reference(), |tree| {
            if !matches!(tree.text("status.phase"), "Succeeded" | "Failed") {
                tree.set("status.phase", "Failed");
                super::super::status::set_condition(tree, condition, &now);
            }
        });
        // It may be held by a finalizer, or gone by now.
        let _ = world.delete(&pod.reference(), &Deletion::now());
    }
}

fn lose(world: &mut World, node: &Arc<Object>) {
    let now = world.now_text();
    let was_ready = node.tree.item("status.conditions", "type", "Ready")["status"] == "True";
    let never = node.tree.item("status.conditions", "type", "Ready").is_null();
    let (reason, message) = if never {
        ("NodeStatusNeverUpdated", "Kubelet never posted node status.")
    } else {
        ("NodeStatusUnknown", "Kubelet stopped posting node status.")
    };
    world.update(&node.reference(), |tree| {
        for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            let heartbeat = match &tree.item("status.conditions", "type", kind)["lastHeartbeatTime"] {
                Tree::Null => tree.at("metadata.creationTimestamp").clone(),
                told => told.clone(),
            };
            let mut condition = Tree::texts([("type", kind), ("status", "Unknown"), ("reason", reason), ("message", message)]);
            condition.set("lastHeartbeatTime", heartbeat);
            condition.set("lastTransitionTime", &now);
            put(tree, condition);
        }
    });
    if was_ready {
        let message = format!("Node {} status is now: NodeNotReady", node.name);
        world.event(node, "Normal", "NodeNotReady", &message, "node-controller");
        let pods: Vec<Arc<Object>> = world.store.on_node(&node.name).cloned().collect();
        for pod in pods {
            let ready = pod.tree.item("status.conditions", "type", "Ready");
            if ready["status"] != "True" {
                continue;
            }
            let mut condition = ready.clone();
            condition.set("status", "False");
            let pod = world.update(&pod.reference(), |tree| super::super::status::set_condition(tree, condition, &now)).unwrap_or(pod);
            world.event(&pod, "Warning", "NodeNotReady", "Node is not ready", "node-controller");
        }
    }
}
