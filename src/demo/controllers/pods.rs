//! What all controllers of pods share: pods from templates, what state a pod is in, and whose it is
//! (kube-controller-manager's `controller_utils.go` and `controller_ref_manager.go`).

use std::sync::Arc;

use crate::demo::selector;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World, controlled_by};
use crate::model::facts::Selector;
use crate::model::time;

/// The letters of generated names: apimachinery's `rand.alphanums`.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A pod of a template for its owner: what the template has is shared with it, not copied.
pub fn from_template(template: &Tree, owner: &Object) -> Tree {
    let mut pod = Tree::texts([("apiVersion", "v1"), ("kind", "Pod")]);
    pod.set("metadata.namespace", &owner.namespace);
    pod.set("metadata.generateName", format!("{}-", owner.name));
    pod.set("metadata.generation", 1);
    for part in ["labels", "annotations", "finalizers"] {
        let shared = &template["metadata"][part];
        if !shared.is_empty() {
            pod.at_mut("metadata").put(part, shared);
        }
    }
    pod.push("metadata.ownerReferences", controlled_by(owner));
    pod.put("spec", &template["spec"]);
    pod.set("status.phase", "Pending");
    pod
}

/// It has neither ended nor is it on its way out: `IsPodActive`.
pub fn is_active(pod: &Object) -> bool {
    !has_ended(pod) && !pod.terminating()
}

/// It is on its way out but runs yet: `IsPodTerminating`.
pub fn is_terminating(pod: &Object) -> bool {
    !has_ended(pod) && pod.terminating()
}

/// It succeeded or failed.
pub fn has_ended(pod: &Object) -> bool {
    matches!(pod.tree.text("status.phase"), "Succeeded" | "Failed")
}

/// Its condition `Ready` is true.
pub fn is_ready(pod: &Object) -> bool {
    pod.tree.item("status.conditions", "type", "Ready")["status"] == "True"
}

/// When it became ready (milliseconds since 1970); `None` when it is not, or does not say.
pub fn ready_since(pod: &Object) -> Option<Millis> {
    let ready = pod.tree.item("status.conditions", "type", "Ready");
    (ready["status"] == "True").then(|| time::parse(ready.text("lastTransitionTime")).map(|at| at * SECOND)).flatten()
}

/// It has been ready for long enough: `IsPodAvailable`.
pub fn is_available(pod: &Object, min_ready_seconds: i64, now: Millis) -> bool {
    is_ready(pod) && (min_ready_seconds <= 0 || ready_since(pod).is_some_and(|since| since + min_ready_seconds * SECOND <= now))
}

/// When a pod that is ready will have been so for long enough; `None` when it has, or is not ready.
pub fn available_at(pod: &Object, min_ready_seconds: i64, now: Millis) -> Option<Millis> {
    ready_since(pod).map(|since| since + min_ready_seconds * SECOND).filter(|at| *at > now)
}

/// What a controller owns of a resource, made up to date: it adopts what matches and nobody controls, and releases what it
/// controls and does not match any more (`PodControllerRefManager`). An owner on its way out changes nothing.
pub fn claim(world: &mut World, owner: &Object, selector: &Selector, resource: &str) -> Vec<Arc<Object>> {
    claim_where(world, owner, selector, resource, |_| true)
}

/// As [`claim`], of those for which `among` is true.
pub fn claim_where(
    world: &mut World,
    owner: &Object,
    selector: &Selector,
    resource: &str,
    among: impl Fn(&Object) -> bool,
) -> Vec<Arc<Object>> {
    let mut claimed: Vec<Arc<Object>> = Vec::new();
    let mut released: Vec<Ref> = Vec::new();
    for object in world.store.owned(&owner.uid) {
        if &*object.resource != resource || object.controller_uid() != &*owner.uid || !among(object) {
            continue;
        }
        if selector::matches(selector, object.labels()) {
            claimed.push(object.clone());
        } else if !owner.terminating() {
            released.push(object.reference());
        }
    }
    for reference in released {
        world.update(&reference, |tree| tree.retain("metadata.ownerReferences", |other| other["uid"] != *owner.uid));
    }
    if owner.terminating() {
        return claimed;
    }
    let orphan = |object: &&Arc<Object>| object.controller().is_none() && !object.terminating() && among(object);
    let orphans: Vec<Ref> = if resource == "pods" {
        world.store.pods(&owner.namespace, selector).iter().filter(orphan).map(|object| object.reference()).collect()
    } else {
        let all = world.store.list(resource, Some(&owner.namespace));
        all.filter(orphan).filter(|object| selector::matches(selector, object.labels())).map(|object| object.reference()).collect()
    };
    let ours = controlled_by(owner);
    for reference in orphans {
        let adopted = world.update(&reference, |tree| {
            tree.retain("metadata.ownerReferences", |other| other["uid"] != *owner.uid);
            tree.push("metadata.ownerReferences", &ours);
        });
        claimed.extend(adopted);
    }
    claimed
}

/// The object that controls another, as a reference, where it is of a kind that keeps pods or ReplicaSets.
pub fn controller_of(object: &Object) -> Option<Ref> {
    let owner = object.controller()?;
    let resource = match (owner.text("kind"), owner.text("apiVersion").split('/').next().unwrap_or("")) {
        ("ReplicaSet", "apps") => "replicasets.apps",
        ("Deployment", "apps") => "deployments.apps",
        ("StatefulSet", "apps") => "statefulsets.apps",
        ("DaemonSet", "apps") => "daemonsets.apps",
        ("Job", "batch") => "jobs.batch",
        ("CronJob", "batch") => "cronjobs.batch",
        ("ReplicationController", _) => "replicationcontrollers",
        _ => return None,
    };
    Some(Ref::new(resource, &object.namespace, owner.text("name")))
}

/// Ten letters that stand for the content of a pod template (`pod-template-hash`), and for how often they were taken
/// already: `ComputeHash`, whose letters they are not, because it hashes Go's memory.
pub fn template_hash(template: &Tree, collisions: Option<i64>) -> String {
    let mut hash = 0x811c_9dc5_u32;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    };
    add(&template.json());
    if let Some(collisions) = collisions {
        add(&collisions.to_le_bytes());
    }
    format!("{hash:010}").bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::ground::Ground;

    #[test]
    fn a_pod_shares_what_its_template_has() {
        let mut ground = Ground::new();
        let owner = ground.make("replicasets.apps", json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}}));
        let template: Tree = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}}).into();
        let pod = from_template(&template, &owner);
        assert!(pod["spec"].same(&template["spec"]) && pod.at("metadata.labels").same(template.at("metadata.labels")));
        assert_eq!(pod.text("metadata.generateName"), "web-");
        assert_eq!(pod.at("metadata.ownerReferences")[0].text("uid"), &*owner.uid);
        let (hash, other) = (template_hash(&template, None), template_hash(&template, Some(1)));
        assert!(hash.len() == 10 && hash != other && hash.bytes().all(|letter| LETTERS.contains(&letter)), "{hash} {other}");
    }

    #[test]
    fn a_pod_is_available_when_it_has_been_ready_for_long_enough() {
        let mut ground = Ground::new();
        let pod = ground.make(
            "pods",
            json!({"metadata": {"name": "a"}, "status": {"conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T08:00:00Z"}]}}),
        );
        let now = ground.world.now();
        assert!(is_available(&pod, 0, now) && !is_available(&pod, 5, now));
        assert_eq!(available_at(&pod, 5, now), Some(now + 5 * SECOND));
        assert!(is_available(&pod, 5, now + 5 * SECOND));
        assert_eq!(available_at(&pod, 5, now + 5 * SECOND), None);
    }
}
