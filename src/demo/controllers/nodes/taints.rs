//! Taints that follow a node's conditions, and pods that go because of a taint (the taint eviction controller).

use std::sync::Arc;

use serde_json::json;

use super::super::scheduler::tolerates;
use super::super::{Controller, status};
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, SECOND, World};
use crate::model::time::parse;

/// kube-controller-manager's taint eviction controller.
pub static TAINTS: Controller = Controller { name: "taint-eviction", see, sync };

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Conditions and the taints that go with them: `nodeConditionToTaintKeyStatusMap`.
const FOLLOWED: &[(&str, &str, &str)] = &[
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// Gives a node the taints of its conditions, and of `spec.unschedulable`, and takes away those that are over.
pub(super) fn follow_conditions(node: &mut Tree, now: &Tree) {
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for (condition, status, key) in FOLLOWED {
        if node.item("status.conditions", "type", condition)["status"] == **status {
            wanted.push((key, "NoSchedule"));
            if *condition == "Ready" {
                wanted.push((key, "NoExecute"));
            }
        }
    }
    if node.flag("spec.unschedulable") {
        wanted.push(("node.kubernetes.io/unschedulable", "NoSchedule"));
    }
    let ours = |key: &str| key == "node.kubernetes.io/unschedulable" || FOLLOWED.iter().any(|(_, _, followed)| *followed == key);
    node.retain("spec.taints", |taint| {
        let (key, effect) = (taint.text("key"), taint.text("effect"));
        !ours(key) || wanted.contains(&(key, effect))
    });
    for (key, effect) in wanted {
        if !node.at("spec.taints").items().iter().any(|t| t["key"] == key && t["effect"] == effect) {
            let mut taint = Tree::texts([("key", key), ("effect", effect)]);
            taint.set("timeAdded", now);
            node.push("spec.taints", taint);
        }
    }
}

fn no_execute(node: &Object) -> Vec<Tree> {
    node.tree["spec"]["taints"].items().iter().filter(|taint| taint["effect"] == "NoExecute").cloned().collect()
}

fn see(world: &mut World, change: &Change) {
    if change.verb == Verb::Deleted {
        return;
    }
    let object = &change.object;
    match &*object.resource {
        "nodes" => {
            let before = change.before.as_deref().map(no_execute).unwrap_or_default();
            if no_execute(object) != before {
                let pods: Vec<Ref> = world.store.on_node(&object.name).map(|pod| pod.reference()).collect();
                for pod in pods {
                    world.look(TAINTS.name, pod);
                }
            }
        }
        "pods" => {
            let bound = |pod: &Object| !pod.tree["spec"]["nodeName"].is_null();
            if bound(object)
                && !change.before.as_deref().is_some_and(|before| bound(before) && before.tree["spec"].same(&object.tree["spec"]))
                && world.store.get("nodes", "", object.tree.text("spec.nodeName")).is_some_and(|node| !no_execute(node).is_empty())
            {
                world.look(TAINTS.name, object.reference());
            }
        }
        _ => {}
    }
}

/// Lets a pod go whose node has a taint that it does not tolerate, or not any longer: `processPodOnNode`.
fn sync(world: &mut World, about: &Ref) {
    let Some(pod) = world.find(about) else { return };
    if pod.terminating() {
        return;
    }
    let Some(node) = world.get("nodes", "", pod.tree.text("spec.nodeName")) else { return };
    let mut until: Option<i64> = None;
    for taint in no_execute(&node) {
        let tolerations: Vec<&Tree> = pod.tree["spec"]["tolerations"].items().iter().filter(|t| tolerates(t, &taint)).collect();
        if tolerations.is_empty() {
            evict(world, &pod);
            return;
        }
        let seconds = tolerations.iter().filter_map(|t| t["tolerationSeconds"].as_i64()).min();
        if let Some(seconds) = seconds {
            let since = parse(taint.text("timeAdded")).unwrap_or_else(|| world.now().div_euclid(SECOND));
            let end = (since + seconds.max(0)) * SECOND;
            until = Some(until.map_or(end, |until: i64| until.min(end)));
        }
    }
    match until {
        Some(until) if until <= world.now() => evict(world, &pod),
        Some(until) => world.look_at(TAINTS.name, about.clone(), until),
        None => {}
    }
}

fn evict(world: &mut World, pod: &Arc<Object>) {
    let message = format!("Marking for deletion Pod {}/{}", pod.namespace, pod.name);
    world.event(pod, "Normal", "TaintManagerEviction", &message, "taint-eviction-controller");
    let now = world.now_text();
    let mut condition: Tree = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
    })
    .into();
    let generation = pod.tree.int("metadata.generation", 0);
    if generation > 0 {
        condition.set("observedGeneration", generation);
    }
    world.update(&pod.reference(), |tree| status::set_condition(tree, condition, &now));
    let _ = world.delete(&pod.reference(), &Deletion::default());
}
