//! ReplicaSets and ReplicationControllers: as many pods of one template as are asked for. One code for both, as in
//! kube-controller-manager (`pkg/controller/replicaset`).

use std::sync::Arc;

use super::condition::{remove_condition, set_condition, set_count};
use super::{Controller, deletion_order, pods};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};
use crate::model::facts::Selector;
use crate::model::time;

/// Pods that are made or deleted at one look: `BurstReplicas`.
const BURST: usize = 500;

/// From this many pods on, changes of theirs are looked at together.
const MANY: i64 = 200;

/// The row of ReplicaSets.
pub static REPLICA_SETS: Controller = Controller { name: "replicaset", see, sync: |world, about| sync(world, about, &REPLICA_SET) };

/// The row of ReplicationControllers. Its changes are seen by the row above.
pub static REPLICATION_CONTROLLERS: Controller =
    Controller { name: "replication", see: |_, _| {}, sync: |world, about| sync(world, about, &REPLICATION_CONTROLLER) };

/// What differs between the two.
struct Flavour {
    controller: &'static str,
    resource: &'static str,
    component: &'static str,
    selector: fn(&Tree) -> Selector,
    /// Its status counts the pods that are on their way out.
    counts_terminating: bool,
}

static REPLICA_SET: Flavour = Flavour {
    controller: "replicaset",
    resource: "replicasets.apps",
    component: "replicaset-controller",
    selector: selector::of,
    counts_terminating: true,
};

static REPLICATION_CONTROLLER: Flavour = Flavour {
    controller: "replication",
    resource: "replicationcontrollers",
    component: "replication-controller",
    selector: selector::of_map,
    counts_terminating: false,
};

static FLAVOURS: [&Flavour; 2] = [&REPLICA_SET, &REPLICATION_CONTROLLER];

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    if let Some(flavour) = FLAVOURS.iter().find(|flavour| flavour.resource == &*object.resource) {
        world.look(flavour.controller, object.reference());
    }
    if &*object.resource != "pods" {
        return;
    }
    let before = change.before.as_ref().filter(|before| before.controller_uid() != object.controller_uid());
    for owner in before.into_iter().chain([object]).filter_map(|pod| pods::controller_of(pod)) {
        if let Some(flavour) = FLAVOURS.iter().find(|flavour| flavour.resource == &*owner.resource) {
            let pods = world.store.find(&owner).map_or(0, |owner| owner.tree.int("status.replicas", 0));
            match change.verb {
                Verb::Modified if pods > MANY => world.look_in(flavour.controller, owner, (pods / 20).min(SECOND)),
                _ => world.look(flavour.controller, owner),
            }
        }
    }
    let moved = change.before.as_ref().is_none_or(|before| !before.tree["metadata"].same(&object.tree["metadata"]));
    if object.controller().is_none() && change.verb != Verb::Deleted && moved {
        for flavour in FLAVOURS {
            let who = world.store.list(flavour.resource, Some(&object.namespace));
            let suitors: Vec<Ref> = who
                .filter(|owner| selector::matches(&(flavour.selector)(owner.tree.at("spec.selector")), object.labels()))
                .map(|owner| owner.reference())
                .collect();
            for suitor in suitors {
                world.look(flavour.controller, suitor);
            }
        }
    }
}

fn sync(world: &mut World, about: &Ref, flavour: &Flavour) {
    let Some(owner) = world.find(about) else { return };
    let selector = (flavour.selector)(owner.tree.at("spec.selector"));
    if selector.requirements.is_empty() {
        return;
    }
    let active = pods::claim_where(world, &owner, &selector, "pods", pods::is_active);
    let wanted = owner.tree.int("spec.replicas", 1);
    let failure = if owner.terminating() { None } else { manage(world, &owner, &active, wanted, flavour).err() };
    // Adoption may have made another version of nothing but pods: the owner is as it was.
    let now = world.now();
    let min_ready = owner.tree.int("spec.minReadySeconds", 0);
    report(world, &owner, &selector, &active, failure, flavour);
    let next = active.iter().filter_map(|pod| pods::available_at(pod, min_ready, now)).min();
    if let (Some(at), true) = (next, min_ready > 0) {
        world.look_at(flavour.controller, about.clone(), at);
    }
}

/// Why pods could not be made or deleted: the reason of the condition, and what the server said.
struct Failure(&'static str, String);

fn manage(world: &mut World, owner: &Arc<Object>, active: &[Arc<Object>], wanted: i64, flavour: &Flavour) -> Result<(), Failure> {
    let have = active.len();
    let wanted = usize::try_from(wanted).unwrap_or(0);
    if have < wanted {
        if world.get("namespaces", "", &owner.namespace).is_some_and(|home| home.terminating()) {
            return Ok(());
        }
        let pod = pods::from_template(owner.tree.at("spec.template"), owner);
        for _ in 0..(wanted - have).min(BURST) {
            match world.create("pods", pod.clone()) {
                Ok(made) => {
                    world.event(owner, "Normal", "SuccessfulCreate", &format!("Created pod: {}", made.name), flavour.component);
                }
                Err(refusal) => {
                    // The rest would fare no better: the slow start of the real one is there to find that out.
                    let why = refusal.message;
                    world.event(owner, "Warning", "FailedCreate", &format!("Error creating: {why}"), flavour.component);
                    return Err(Failure("FailedCreate", why));
                }
            }
        }
    } else if have > wanted {
        let mut victims = active.to_vec();
        if wanted > 0 {
            let beside = deletion_order::count_by_node(relatives(world, owner).iter());
            deletion_order::sort(&mut victims, &beside, world.now());
        }
        for pod in victims.iter().take((have - wanted).min(BURST)) {
            if world.delete(&pod.reference(), &Deletion::default()).is_ok() {
                world.event(owner, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name), flavour.component);
            }
        }
    }
    Ok(())
}

/// The pods of all that the owner's owner owns: `getIndirectlyRelatedPods`.
fn relatives(world: &World, owner: &Object) -> Vec<Arc<Object>> {
    let siblings: Vec<_> = match owner.controller_uid() {
        "" => vec![owner.uid.clone()],
        uid => world.store.owned(uid).map(|sibling| sibling.uid.clone()).collect(),
    };
    siblings.iter().flat_map(|uid| world.store.owned(uid)).filter(|pod| &*pod.resource == "pods").cloned().collect()
}

fn report(
    world: &mut World,
    owner: &Arc<Object>,
    selector: &Selector,
    active: &[Arc<Object>],
    failure: Option<Failure>,
    flavour: &Flavour,
) {
    let now = world.now();
    let min_ready = owner.tree.int("spec.minReadySeconds", 0);
    let labels = selector::of_map(owner.tree.at("spec.template.metadata.labels"));
    let count = |which: &dyn Fn(&Object) -> bool| active.iter().filter(|pod| which(pod)).count() as i64;
    let full = count(&|pod| selector::matches(&labels, pod.labels()));
    let ready = count(&pods::is_ready);
    let available = count(&|pod| pods::is_available(pod, min_ready, now));
    let terminating = flavour.counts_terminating.then(|| {
        let pods = world.store.owned(&owner.uid).filter(|pod| &*pod.resource == "pods" && pods::is_terminating(pod));
        pods.filter(|pod| selector::matches(selector, pod.labels())).count() as i64
    });
    let stamp = world.now_text();
    let since = failure.as_ref().map(|_| {
        let condition = owner.tree.item("status.conditions", "type", "ReplicaFailure");
        time::parse(condition.text("lastTransitionTime")).map_or(now, |at| at * SECOND)
    });
    world.update(&owner.reference(), |tree| {
        let generation = tree.int("metadata.generation", 0);
        tree.set("status.replicas", active.len() as i64);
        set_count(tree, "status.fullyLabeledReplicas", full);
        set_count(tree, "status.readyReplicas", ready);
        set_count(tree, "status.availableReplicas", available);
        set_count(tree, "status.observedGeneration", generation);
        if let Some(terminating) = terminating {
            tree.set("status.terminatingReplicas", terminating);
        }
        match &failure {
            Some(Failure(reason, message)) => {
                if tree.item("status.conditions", "type", "ReplicaFailure").is_null() {
                    set_condition(tree, "status.conditions", "ReplicaFailure", "True", reason, message, &stamp);
                }
            }
            None => remove_condition(tree, "status.conditions", "ReplicaFailure"),
        }
    });
    if let Some(since) = since {
        // It is tried again after as long as it has failed: that doubles each time, as the queue of the real one does.
        world.look_in(flavour.controller, owner.reference(), retry_after(now - since));
    }
}

fn retry_after(failed_for: Millis) -> Millis {
    failed_for.clamp(SECOND, 1000 * SECOND)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::controllers::ground::Ground;

    fn web(replicas: i64) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web", "tier": "front"}}, "spec": {"containers": [{"name": "c"}]}}}})
    }

    #[test]
    fn there_are_as_many_pods_as_asked_for() {
        let mut ground = Ground::new();
        ground.make("replicasets.apps", web(1203));
        ground.world.settle();
        assert_eq!(ground.active().len(), 1203);
        assert_eq!(ground.said("SuccessfulCreate").len(), 10, "nine and those that are combined");
        let pods = ground.active();
        assert!(pods.iter().all(|pod| pod.tree["spec"].same(&pods[0].tree["spec"])), "specs are shared");
        ground.change("replicasets.apps", "web", |tree| tree.set("spec.replicas", 3));
        ground.rest();
        let status = ground.tree("replicasets.apps", "web")["status"].clone();
        let expected = json!({"replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
            "terminatingReplicas": 0, "observedGeneration": 2});
        assert_eq!(status, Tree::from(expected));
        assert!(ground.active().iter().all(|pod| pod.tree.int("metadata.generation", 0) == 1), "a binding does not count");
    }

    #[test]
    fn a_pod_with_other_labels_is_let_go_and_replaced_and_comes_back() {
        let mut ground = Ground::new();
        ground.make("replicasets.apps", web(2));
        ground.world.settle();
        let first = ground.names("pods").remove(0);
        ground.change("pods", &first, |tree| tree.set("metadata.labels.app", "debug"));
        assert_eq!(ground.active().len(), 3);
        assert!(ground.tree("pods", &first).at("metadata.ownerReferences").is_null());
        ground.change("pods", &first, |tree| tree.set("metadata.labels.app", "web"));
        assert_eq!(ground.active().len(), 2);
        assert_eq!(ground.said("SuccessfulDelete").len(), 1);
    }

    #[test]
    fn ready_pods_become_available_with_time() {
        let mut ground = Ground::new();
        let mut slow = web(1);
        slow["spec"]["minReadySeconds"] = json!(10);
        ground.make("replicasets.apps", slow);
        ground.world.settle();
        ground.run_pods();
        ground.pass(9);
        let status = |ground: &Ground| {
            let tree = ground.tree("replicasets.apps", "web");
            (tree.int("status.readyReplicas", 0), tree.int("status.availableReplicas", 0))
        };
        assert_eq!(status(&ground), (1, 0));
        ground.pass(1);
        assert_eq!(status(&ground), (1, 1));
    }

    #[test]
    fn replication_controllers_are_the_same() {
        let mut ground = Ground::new();
        ground.make(
            "replicationcontrollers",
            json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "old"}, "spec": {
                "replicas": 2, "selector": {"app": "old"}, "template": {"metadata": {"labels": {"app": "old"}}, "spec": {}}}}),
        );
        ground.world.settle();
        ground.rest();
        let status = ground.tree("replicationcontrollers", "old")["status"].clone();
        let expected =
            json!({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2, "observedGeneration": 1});
        assert_eq!(status, Tree::from(expected));
    }
}
