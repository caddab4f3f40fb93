//! The garbage collector: what is owned goes with its owners, before it, or is let go
//! (`pkg/controller/garbagecollector`).

use std::sync::Arc;

use super::Controller;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, FOREGROUND, ORPHAN, Propagation, World};

/// The row of the garbage collector: it looks at objects of every kind.
pub static GARBAGE: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "garbage";

/// Dependents that are let go, or asked to go, at one look.
const AT_ONCE: usize = 500;

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    let owners = object.tree.at("metadata.ownerReferences");
    if change.verb == Verb::Deleted {
        let dependents: Vec<Ref> = world.store.owned(&object.uid).map(|dependent| dependent.reference()).collect();
        for dependent in dependents {
            world.look(NAME, dependent);
        }
        tell_waiting(world, owners);
        return;
    }
    let before = change.before.as_ref();
    let moved = before.is_none_or(|before| !before.tree["metadata"].same(&object.tree["metadata"]));
    if moved && object.terminating() && (held_by(object, ORPHAN) || held_by(object, FOREGROUND)) {
        world.look(NAME, object.reference());
    }
    let owned_before = before.map(|before| before.tree.at("metadata.ownerReferences"));
    if owned_before.is_none_or(|before| !before.equals(owners)) {
        if owners.items().iter().any(|owner| state(world, object, owner) != Owner::Solid) {
            world.look(NAME, object.reference());
        }
        if let Some(before) = owned_before {
            tell_waiting(world, before);
        }
    }
}

/// Owners that wait for their dependents look whether they have waited for this one.
fn tell_waiting(world: &mut World, owners: &Tree) {
    for owner in owners.items() {
        let waiting = world.store.by_uid(owner.text("uid")).filter(|owner| owner.terminating() && held_by(owner, FOREGROUND));
        if let Some(reference) = waiting.map(|owner| owner.reference()) {
            world.look(NAME, reference);
        }
    }
}

fn held_by(object: &Object, finalizer: &str) -> bool {
    object.tree.at("metadata.finalizers").items().iter().any(|held| *held == finalizer)
}

/// What an owner reference points to: `classifyReferences`.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Solid,
    /// It is not there, or is another one of that name.
    Dangling,
    /// It waits for its dependents to go.
    Waiting,
}

fn state(world: &World, dependent: &Object, reference: &Tree) -> Owner {
    let Some(owner) = world.store.by_uid(reference.text("uid")) else { return Owner::Dangling };
    if dependent.namespace.is_empty() && !owner.namespace.is_empty() {
        // What lives in no namespace cannot be owned by what lives in one; the real one leaves it alone too.
        return Owner::Solid;
    }
    let elsewhere = !owner.namespace.is_empty() && owner.namespace != dependent.namespace;
    if elsewhere || *owner.name != *reference.text("name") || owner.tree.text("kind") != reference.text("kind") {
        return Owner::Dangling;
    }
    if owner.terminating() && held_by(owner, FOREGROUND) { Owner::Waiting } else { Owner::Solid }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(object) = world.find(about) else { return };
    if object.terminating() {
        if held_by(&object, ORPHAN) {
            orphan(world, &object);
        } else if held_by(&object, FOREGROUND) {
            wait(world, &object);
        }
        return;
    }
    let owners = object.tree.at("metadata.ownerReferences");
    let states: Vec<Owner> = owners.items().iter().map(|owner| state(world, &object, owner)).collect();
    if states.iter().all(|state| *state == Owner::Solid) {
        return;
    }
    if states.contains(&Owner::Solid) {
        let solid = owners.items().iter().zip(&states).filter(|(_, state)| **state == Owner::Solid).map(|(owner, _)| owner.clone());
        let solid: Tree = solid.collect();
        world.update(about, |tree| tree.set("metadata.ownerReferences", solid));
        return;
    }
    let dependents: Vec<Arc<Object>> = world.store.owned(&object.uid).cloned().collect();
    let propagation = if states.contains(&Owner::Waiting) && !dependents.is_empty() {
        if dependents.iter().any(|dependent| dependent.terminating() && held_by(dependent, FOREGROUND)) {
            // Each might wait for the other for ever.
            world.update(about, |tree| {
                for owner in tree.at_mut("metadata.ownerReferences").items_mut() {
                    owner.set("blockOwnerDeletion", false);
                }
            });
        }
        Propagation::Foreground
    } else if held_by(&object, ORPHAN) {
        Propagation::Orphan
    } else if held_by(&object, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    let deletion = Deletion { propagation: Some(propagation), uid: Some(object.uid.to_string()), ..Deletion::default() };
    // It may be gone by itself.
    let _ = world.delete(about, &deletion);
}

/// Lets dependents go, and then the owner: `attemptToOrphanWorker`.
fn orphan(world: &mut World, owner: &Object) {
    let dependents: Vec<Ref> = world.store.owned(&owner.uid).take(AT_ONCE).map(|dependent| dependent.reference()).collect();
    for dependent in &dependents {
        world.update(dependent, |tree| tree.retain("metadata.ownerReferences", |reference| reference["uid"] != *owner.uid));
    }
    if dependents.len() == AT_ONCE {
        world.look(NAME, owner.reference());
    } else {
        world.update(&owner.reference(), |tree| tree.retain("metadata.finalizers", |held| *held != ORPHAN));
    }
}

/// Asks dependents to go, and lets the owner go when none blocks it any more: `processDeletingDependentsItem`.
fn wait(world: &mut World, owner: &Object) {
    let blocks = |dependent: &Object| {
        let references = dependent.tree.at("metadata.ownerReferences").items();
        references.iter().any(|reference| reference["uid"] == *owner.uid && reference.flag("blockOwnerDeletion"))
    };
    let blocked = world.store.owned(&owner.uid).any(|dependent| blocks(dependent));
    let stay = world.store.owned(&owner.uid).filter(|dependent| !dependent.terminating());
    let stay: Vec<Ref> = stay.take(AT_ONCE).map(|dependent| dependent.reference()).collect();
    let more = stay.len() == AT_ONCE;
    for dependent in stay {
        world.look(NAME, dependent);
    }
    if !blocked {
        world.update(&owner.reference(), |tree| tree.retain("metadata.finalizers", |held| *held != FOREGROUND));
    } else if more {
        world.look(NAME, owner.reference());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::ground::Ground;

    const DEPLOYMENT: &str = "deployments.apps";

    fn web(replicas: i64) -> Ground {
        let mut ground = Ground::new();
        ground.make(
            DEPLOYMENT,
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}}),
        );
        ground.world.settle();
        ground.rest();
        ground
    }

    fn delete(ground: &mut Ground, resource: &str, name: &str, propagation: Propagation) {
        let deletion = Deletion { propagation: Some(propagation), ..Deletion::default() };
        ground.world.delete(&Ref::new(resource, "shop", name), &deletion).expect("is there");
        ground.world.settle();
    }

    #[test]
    fn in_the_background_the_owner_goes_first() {
        let mut ground = web(3);
        delete(&mut ground, DEPLOYMENT, "web", Propagation::Background);
        assert!(ground.all(DEPLOYMENT).is_empty() && ground.all("replicasets.apps").is_empty());
        assert_eq!((ground.all("pods").len(), ground.active().len()), (3, 0), "pods have their grace");
        ground.end_pods();
        assert!(ground.all("pods").is_empty());
    }

    #[test]
    fn in_the_foreground_the_owner_goes_last() {
        let mut ground = web(1100);
        delete(&mut ground, DEPLOYMENT, "web", Propagation::Foreground);
        assert_eq!((ground.all("pods").len(), ground.active().len()), (1100, 0));
        assert!(ground.tree(DEPLOYMENT, "web").at("metadata.deletionTimestamp").as_str().is_some());
        assert_eq!(ground.all("replicasets.apps").len(), 1);
        ground.end_pods();
        assert!(ground.all("pods").is_empty() && ground.all("replicasets.apps").is_empty() && ground.all(DEPLOYMENT).is_empty());
    }

    #[test]
    fn orphans_stay_and_have_no_owner() {
        let mut ground = web(2);
        let replica_set = ground.names("replicasets.apps").remove(0);
        delete(&mut ground, DEPLOYMENT, "web", Propagation::Orphan);
        assert!(ground.all(DEPLOYMENT).is_empty());
        assert!(ground.tree("replicasets.apps", &replica_set).at("metadata.ownerReferences").is_null());
        assert_eq!(ground.active().len(), 2);
        delete(&mut ground, "replicasets.apps", &replica_set, Propagation::Orphan);
        assert!(ground.active().iter().all(|pod| pod.controller().is_none()) && ground.active().len() == 2);
    }

    #[test]
    fn one_good_owner_is_enough_and_a_wrong_one_is_none() {
        let mut ground = Ground::new();
        let owner = ground.make("configmaps", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}));
        let good = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": &*owner.uid});
        let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "other"});
        for (name, owners) in [("both", json!([good, bad])), ("good", json!([good])), ("bad", json!([bad]))] {
            ground.make("secrets", json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "ownerReferences": owners}}));
        }
        ground.world.settle();
        assert_eq!(ground.names("secrets"), ["both", "good"]);
        assert_eq!(ground.tree("secrets", "both").at("metadata.ownerReferences").items().len(), 1);
        delete(&mut ground, "configmaps", "owner", Propagation::Background);
        assert_eq!(ground.names("secrets"), [""; 0]);
    }
}
