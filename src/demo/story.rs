//! What is going on in the demo when somebody looks: a shop in the middle of its day, with the troubles that people meet.
//!
//! The manifests beside this file are made at different times, the last of which were really lived through by the
//! controllers: events, restarts and revisions are theirs. Where a cluster is to be large, [`bulk`] adds pods that have
//! been running for a while. [`churn`] is what keeps it moving.

pub mod bulk;
pub mod churn;

use serde_json::Value;

use super::controllers::namespace;
use super::controllers::nodes::{self, NodeSpec};
use super::refusal::Refusal;
use super::store::Ref;
use super::tree::Tree;
use super::world::{Millis, SECOND, World};

const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// Nodes of the story: the control plane's, four to work on, one with a GPU.
const NODES: usize = 6;
/// Pods that a node of a large cluster takes, of the 110 that it could.
const ON_A_NODE: usize = 100;

const CLUSTER: &str = include_str!("story/cluster.yaml");
const OTHERS: &str = include_str!("story/others.yaml");
const BACKUPS: &str = include_str!("story/backups.yaml");
const SHOP: &str = include_str!("story/shop.yaml");
const TROUBLE: &str = include_str!("story/trouble.yaml");

/// Makes the cluster of the story, as it is at `now`, and so many pods beside it.
pub fn tell(now: Millis, seed: u64, pods: usize) -> World {
    let mut world = World::new(now - 34 * DAY, seed);
    world.store.unwatched();
    let count = NODES + pods.div_ceil(ON_A_NODE);
    // Names and places are our own: nothing in the story is taken twice, but for what the nodes bring along.
    let _ = nodes::make(&mut world, count, &NodeSpec::default());
    make(&mut world, CLUSTER);
    chapter(&mut world, now - 33 * DAY, MINUTE, |world| make(world, OTHERS));
    chapter(&mut world, now - 9 * DAY, MINUTE, |world| make(world, BACKUPS));
    chapter(&mut world, now - 3 * DAY - 5 * HOUR, MINUTE, |world| make(world, SHOP));
    if pods > 0 {
        bulk::fill(&mut world, pods, now);
    }
    chapter(&mut world, now - 26 * HOUR, 2 * MINUTE, |world| {
        image(world, "shop", "web", "nginx", "registry.example.com/shop/web:4.3.0", "release 4.3.0");
        image(world, "shop", "checkout", "checkout", "registry.example.com/shop/checkout:1.8.1", "release 1.8.1");
    });
    chapter(&mut world, now - 5 * HOUR, 2 * MINUTE, |world| {
        image(world, "shop", "web", "nginx", "registry.example.com/shop/web:4.3.1", "release 4.3.1");
    });
    chapter(&mut world, now - 24 * MINUTE, 2 * MINUTE, |world| make(world, TROUBLE));
    chapter(&mut world, now - 14 * MINUTE, 2 * MINUTE, |world| {
        image(world, "shop", "search", "search", "registry.example.com/shop/search:5.4.0-no-such", "release 5.4.0");
    });
    world.run_until(now - 8 * MINUTE);
    nodes::stop_kubelet(&mut world, "node-4");
    world.run_until(now - 5 * SECOND);
    churn::begin(&mut world);
    world.run_until(now);
    // Nobody has seen what was before.
    world.store.forget();
    world
}

/// A cluster that is ready, and that nobody uses yet.
pub fn nothing(now: Millis, seed: u64) -> World {
    let mut world = World::new(now - MINUTE, seed);
    world.store.unwatched();
    let _ = nodes::make(&mut world, 3, &NodeSpec::default());
    make(&mut world, CLUSTER);
    world.run_until(now);
    world.store.forget();
    world
}

/// Makes the server's authority known (PEM), as API servers do: `kube-root-ca.crt` in every namespace is made of it. It was
/// there before the story began.
pub fn publish(world: &mut World, authority: &str) {
    let (name, key) = namespace::PUBLISHED;
    let mut map = Tree::texts([("apiVersion", "v1"), ("kind", "ConfigMap")]);
    map.put("metadata", Tree::texts([("name", name), ("namespace", "kube-system")]));
    map.put("data", Tree::texts([(key, authority)]));
    let _ = world.create("configmaps", map);
    world.settle();
    let homes: Vec<_> =
        world.store.list("namespaces", None).map(|home| (home.name.clone(), home.tree.at("metadata.creationTimestamp").clone())).collect();
    for (home, made) in homes {
        for name in [name, namespace::ROOT_CA] {
            world.update(&Ref::new("configmaps", &home, name), |tree| tree.set("metadata.creationTimestamp", &made));
        }
    }
}

/// The time goes to `at`, something is done, and the controllers have so long to follow.
fn chapter(world: &mut World, at: Millis, settles: Millis, act: impl FnOnce(&mut World)) {
    world.skip_to(at);
    act(world);
    world.run_until(at + settles);
}

/// Makes what manifests describe, in their order.
fn make(world: &mut World, manifests: &str) {
    for document in documents(manifests) {
        // The story's own manifests are right: a test makes each of them.
        let _ = make_one(world, &document);
    }
}

/// The documents of a text of YAML.
fn documents(manifests: &str) -> Vec<Tree> {
    let documents = manifests.split("\n---\n").filter_map(|text| serde_yaml::from_str::<Value>(text).ok());
    documents.filter(|document| !document.is_null()).map(Tree::from).collect()
}

fn make_one(world: &mut World, document: &Tree) -> Result<(), Refusal> {
    // What came before may have to be there first: a definition, a default account.
    world.settle();
    let (group, version) = document.text("apiVersion").split_once('/').unwrap_or(("", document.text("apiVersion")));
    let Some(resource) = world.resources().of_kind(group, version, document.text("kind")).cloned() else {
        return Err(Refusal::no_such_path());
    };
    let key = super::api::route::key(&resource);
    let made = world.create(&key, document.clone())?;
    // What a person may not write, somebody in the story has written.
    if resource.custom && !document["status"].is_null() {
        let mut status = document["status"].clone();
        let now = world.now_text();
        if status["phase"] == "Completed" {
            status.set("lastBackupTime", &now);
        }
        for condition in status.slot("conditions").items_mut() {
            condition.set("lastTransitionTime", &now);
        }
        world.update(&made.reference(), |tree| tree.put("status", status));
    }
    Ok(())
}

/// Sets the image of a container of a Deployment.
fn image(world: &mut World, namespace: &str, name: &str, container: &str, image: &str, cause: &str) {
    world.update(&Ref::new("deployments.apps", namespace, name), |tree| {
        for own in tree.at_mut("spec.template.spec.containers").items_mut() {
            if own["name"] == *container {
                own.set("image", image);
            }
        }
        tree.at_mut("metadata.annotations").put("kubernetes.io/change-cause", cause);
    });
}

#[cfg(test)]
mod tests;
