//! Namespaces: what each gets when it is made, and how one goes (`pkg/controller/namespace/deletion`,
//! `serviceaccounts_controller.go`, `publisher.go`).

use arcstr::ArcStr;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Controller;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, Propagation, SECOND, World};
use crate::model::time;

/// The row of namespaces.
pub static NAMESPACES: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "namespace";

/// From the deletion of a namespace to that of what is in it: `namespaceDeletionGracePeriod`.
const DELETION_GRACE: Millis = 5 * SECOND;

/// Objects that are deleted at one look.
const AT_ONCE: usize = 500;

/// The finalizer of `spec.finalizers` that is ours.
pub const FINALIZER: &str = "kubernetes";

/// The ConfigMap of every namespace with the authority by which pods know the server.
pub const ROOT_CA: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// Where the authority is found: the ConfigMap of `kube-system` that a server publishes, and its key.
pub const PUBLISHED: (&str, &str) = ("extension-apiserver-authentication", "client-ca-file");

/// Conditions while it goes: type, reason and message when all is well.
const CONDITIONS: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    ("NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match &*object.resource {
        "namespaces" if change.verb != Verb::Deleted => world.look(NAME, object.reference()),
        "configmaps" if *object.name == *PUBLISHED.0 && &*object.namespace == "kube-system" => {
            let all: Vec<Ref> = world.store.list("namespaces", None).map(|namespace| namespace.reference()).collect();
            for namespace in all {
                world.look(NAME, namespace);
            }
        }
        "configmaps" if &*object.name == ROOT_CA => world.look(NAME, Ref::new("namespaces", "", &object.namespace)),
        "serviceaccounts" if &*object.name == "default" => world.look(NAME, Ref::new("namespaces", "", &object.namespace)),
        _ => {}
    }
    if change.verb == Verb::Deleted && !object.namespace.is_empty() {
        let home = Ref::new("namespaces", "", &object.namespace);
        let terminating = world.store.find(&home).filter(|home| home.terminating());
        if terminating.is_some_and(|home| !home.tree.at("status.conditions").is_empty()) {
            world.look_in(NAME, home, SECOND);
        }
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(namespace) = world.find(about) else { return };
    if namespace.terminating() {
        let since = time::parse(namespace.tree.text("metadata.deletionTimestamp")).map_or(0, |at| at * SECOND);
        if world.now() < since + DELETION_GRACE {
            world.look_at(NAME, about.clone(), since + DELETION_GRACE);
        } else {
            empty(world, &namespace);
        }
    } else {
        furnish(world, &namespace.name);
    }
}

/// Makes what every namespace has.
fn furnish(world: &mut World, namespace: &str) {
    if world.store.get("serviceaccounts", namespace, "default").is_none() {
        let mut account = Tree::texts([("apiVersion", "v1"), ("kind", "ServiceAccount")]);
        account.put("metadata", Tree::texts([("name", "default"), ("namespace", namespace)]));
        // Only a namespace that is on its way out refuses it.
        let _ = world.create("serviceaccounts", account);
    }
    let published = world.get("configmaps", "kube-system", PUBLISHED.0);
    let Some(authority) = published.as_ref().and_then(|map| map.tree["data"][PUBLISHED.1].as_str()) else { return };
    let data = Tree::texts([("ca.crt", authority)]);
    let map = Ref::new("configmaps", namespace, ROOT_CA);
    if world.update(&map, |tree| tree.set("data", &data)).is_none() {
        let mut tree = Tree::texts([("apiVersion", "v1"), ("kind", "ConfigMap")]);
        tree.put("metadata", Tree::texts([("name", ROOT_CA), ("namespace", namespace)]));
        tree.at_mut("metadata").put("annotations", Tree::texts([("kubernetes.io/description", DESCRIPTION)]));
        tree.put("data", data);
        let _ = world.create("configmaps", tree);
    }
}

/// What is left in a namespace.
#[derive(Default)]
struct Left {
    /// Resource, as conditions spell it → how many.
    resources: BTreeMap<String, usize>,
    /// Finalizer → how many it holds.
    finalizers: BTreeMap<String, usize>,
}

/// Deletes what is in a namespace, pods before all else, and lets it go when nothing is left.
fn empty(world: &mut World, namespace: &Arc<Object>) {
    if !namespace.tree.at("spec.finalizers").items().iter().any(|held| *held == FINALIZER) {
        return;
    }
    let mut budget = AT_ONCE;
    let mut left = Left::default();
    delete_all(world, namespace, "pods", &mut budget);
    let wait = grace_left(world, namespace);
    let pods = count(world, namespace, "pods", &mut left);
    // While pods remain nothing is said of them: `deleteAllContent` comes back before it counts.
    let said = if pods > 0 {
        Left::default()
    } else {
        let mut resources: Vec<ArcStr> = world.store.resources().cloned().collect();
        resources.sort();
        for resource in resources.iter().filter(|resource| &***resource != "pods") {
            delete_all(world, namespace, resource, &mut budget);
            count(world, namespace, resource, &mut left);
        }
        left
    };
    if pods == 0 && said.resources.is_empty() {
        report(world, namespace, &said);
        world.update(&namespace.reference(), |tree| tree.retain("spec.finalizers", |held| *held != FINALIZER));
        return;
    }
    report(world, namespace, &said);
    if budget == 0 {
        world.look(NAME, namespace.reference());
    } else {
        // As the real one: half of the time that it thinks it takes, and 15 seconds for what finalizers hold.
        let estimate = if pods > 0 && wait > 0 { wait } else { 15 };
        world.look_in(NAME, namespace.reference(), (estimate / 2 + 1) * SECOND);
    }
}

fn delete_all(world: &mut World, namespace: &Object, resource: &str, budget: &mut usize) {
    let going = world.store.list(resource, Some(&namespace.name)).filter(|object| !object.terminating());
    let going: Vec<Ref> = going.take(*budget).map(|object| object.reference()).collect();
    *budget -= going.len();
    let deletion = Deletion { propagation: Some(Propagation::Background), ..Deletion::default() };
    for object in going {
        // It may be gone by itself.
        let _ = world.delete(&object, &deletion);
    }
}

/// Counts what is left of a resource, and what holds it.
fn count(world: &World, namespace: &Object, resource: &str, left: &mut Left) -> usize {
    let mut remaining = 0;
    for object in world.store.list(resource, Some(&namespace.name)) {
        remaining += 1;
        for finalizer in object.tree.at("metadata.finalizers").items().iter().filter_map(Tree::as_str) {
            *left.finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
    if remaining > 0 {
        // The core group has no name, and the dot stays: `pods.`.
        let spelled = if resource.contains('.') { resource.to_owned() } else { format!("{resource}.") };
        left.resources.insert(spelled, remaining);
    }
    remaining
}

/// Seconds that pods may need, or 0 when that is over: `estimateGracefulTermination`.
fn grace_left(world: &World, namespace: &Object) -> i64 {
    let pods = world.store.list("pods", Some(&namespace.name)).filter(|pod| !super::pods::has_ended(pod));
    let longest = pods.map(|pod| pod.tree.int("spec.terminationGracePeriodSeconds", 0)).max().unwrap_or(0);
    let since = time::parse(namespace.tree.text("metadata.deletionTimestamp")).unwrap_or(0);
    if world.now().div_euclid(SECOND) - since >= longest { 0 } else { longest }
}

fn report(world: &mut World, namespace: &Object, left: &Left) {
    let list = |counts: &BTreeMap<String, usize>, verb: &str, noun: &str| {
        let all: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {verb} {count} {noun}")).collect();
        all.join(", ")
    };
    let now = world.now_text();
    world.update(&namespace.reference(), |tree| {
        for (kind, well, all_is_well) in CONDITIONS {
            let (status, reason, message) = match kind {
                "NamespaceContentRemaining" if !left.resources.is_empty() => {
                    let what = list(&left.resources, "has", "resource instances");
                    ("True", "SomeResourcesRemain", format!("Some resources are remaining: {what}"))
                }
                "NamespaceFinalizersRemaining" if !left.finalizers.is_empty() => {
                    let what = list(&left.finalizers, "in", "resource instances");
                    ("True", "SomeFinalizersRemain", format!("Some content in the namespace has finalizers remaining: {what}"))
                }
                _ => ("False", well, all_is_well.to_owned()),
            };
            set_in_place(tree, kind, status, reason, &message, &now);
        }
    });
}

/// Sets a condition where it stands, its message too: `updateConditions`.
fn set_in_place(tree: &mut Tree, kind: &str, status: &str, reason: &str, message: &str, now: &Tree) {
    let current = tree.item("status.conditions", "type", kind).clone();
    let mut next = Tree::texts([("type", kind), ("status", status), ("reason", reason), ("message", message)]);
    next.set("lastTransitionTime", if current["status"] == status { &current["lastTransitionTime"] } else { now });
    if current.is_null() {
        tree.push("status.conditions", next);
    } else if !next.equals(&current) {
        for condition in tree.at_mut("status.conditions").items_mut().iter_mut().filter(|condition| condition["type"] == kind) {
            *condition = next.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::ground::Ground;

    fn delete(ground: &mut Ground) -> Ref {
        let shop = Ref::new("namespaces", "", "shop");
        ground.world.delete(&shop, &Deletion::default()).expect("is there");
        ground.pass(4);
        let waits = ground.world.find(&shop).expect("waits");
        assert!(waits.tree.at("status.conditions").is_null(), "nothing happens for five seconds");
        ground.pass(1);
        shop
    }

    #[test]
    fn a_namespace_has_what_each_has() {
        let mut ground = Ground::new();
        let shop = ground.world.get("namespaces", "", "shop").expect("is there").tree.clone();
        assert_eq!(shop.at("metadata.labels")["kubernetes.io/metadata.name"], "shop");
        assert_eq!((shop.text("status.phase"), shop.at("spec.finalizers")[0].as_str()), ("Active", Some(FINALIZER)));
        assert_eq!(ground.names("serviceaccounts"), ["default"]);
        let system = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}});
        ground.world.create("namespaces", system.into()).expect("is made");
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "kube-system", "name": PUBLISHED.0},
            "data": {PUBLISHED.1: "a certificate"}});
        ground.world.create("configmaps", map.into()).expect("is made");
        ground.world.settle();
        assert_eq!(ground.tree("configmaps", ROOT_CA).at("data")["ca.crt"], "a certificate");
        ground.world.delete(&Ref::new("configmaps", "shop", ROOT_CA), &Deletion::now()).expect("is there");
        ground.world.settle();
        assert_eq!(ground.names("configmaps"), [ROOT_CA]);
    }

    #[test]
    fn it_goes_with_all_that_is_in_it_pods_first() {
        let mut ground = Ground::new();
        ground.make("pods", json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "n1", "terminationGracePeriodSeconds": 30}}));
        ground.make("secrets", json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}));
        let shop = delete(&mut ground);
        assert_eq!((ground.names("pods"), ground.names("secrets")), (vec!["a".to_owned()], vec!["s".to_owned()]));
        let tree = ground.world.find(&shop).expect("waits").tree.clone();
        assert_eq!(tree.text("status.phase"), "Terminating");
        assert_eq!(tree.at("status.conditions").items().len(), 5);
        ground.end_pods();
        ground.pass(20);
        assert!(ground.world.find(&shop).is_none() && ground.names("secrets").is_empty() && ground.names("events").is_empty());
    }

    #[test]
    fn it_says_what_holds_it() {
        let mut ground = Ground::new();
        for at in 0..3 {
            ground.make(
                "configmaps",
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{at}"), "finalizers": ["example.com/hold"]}}),
            );
        }
        let shop = delete(&mut ground);
        let tree = ground.world.find(&shop).expect("waits").tree.clone();
        let message = |kind: &str| tree.item("status.conditions", "type", kind).text("message").to_owned();
        assert_eq!(message("NamespaceContentRemaining"), "Some resources are remaining: configmaps. has 3 resource instances");
        assert_eq!(
            message("NamespaceFinalizersRemaining"),
            "Some content in the namespace has finalizers remaining: example.com/hold in 3 resource instances"
        );
        for at in 0..3 {
            ground.change("configmaps", &format!("m{at}"), |tree| drop(tree.remove("metadata.finalizers")));
        }
        ground.pass(20);
        assert!(ground.world.find(&shop).is_none());
    }
}
