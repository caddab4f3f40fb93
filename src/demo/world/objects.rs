//! Making and changing objects: the part that calls and controllers share.

use std::sync::Arc;

use super::World;
use crate::demo::admission;
use crate::demo::refusal::Refusal;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;

/// Times that a generated name is tried: client and server give up after 8.
const NAMES_TRIED: usize = 8;

impl World {
    /// Makes an object: fills in what the server fills in ([`admission`]) and stores it. `apiVersion`, `kind` and, for what
    /// lives in one, `metadata.namespace` are there already.
    ///
    /// # Errors
    /// The name is taken, or admission refuses it.
    pub fn create(&mut self, resource: &str, tree: Tree) -> Result<Arc<Object>, Refusal> {
        let tree = self.prepared(resource, tree)?;
        Ok(self.store.put(resource, tree))
    }

    /// What [`World::create`] would store, without storing it: a dry run.
    ///
    /// # Errors
    /// As in [`World::create`].
    pub fn prepared(&mut self, resource: &str, mut tree: Tree) -> Result<Tree, Refusal> {
        let namespace = tree.text("metadata.namespace").to_owned();
        if tree.text("metadata.name").is_empty() && !tree.text("metadata.generateName").is_empty() {
            let stem: String = tree.text("metadata.generateName").chars().take(58).collect();
            for _ in 0..NAMES_TRIED {
                let name = format!("{stem}{}", self.random.suffix());
                let free = self.store.get(resource, &namespace, &name).is_none();
                tree.set("metadata.name", name);
                if free {
                    break;
                }
            }
        }
        let name = tree.text("metadata.name").to_owned();
        if self.store.get(resource, &namespace, &name).is_some() {
            return Err(Refusal::already_exists(resource, &name));
        }
        tree.set("metadata.uid", self.random.uid());
        let now = self.now_text();
        tree.set("metadata.creationTimestamp", now);
        for not_yours in
            ["metadata.resourceVersion", "metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds", "metadata.selfLink"]
        {
            tree.remove(not_yours);
        }
        admission::admit(self, resource, &mut tree)?;
        Ok(tree)
    }

    /// Changes an object as it is now. `None` when it is gone. What changes nothing stores nothing. A new spec gets its defaults,
    /// as it does from the server whoever sends it: what is stored is complete, so that two of the same are equal.
    pub fn update(&mut self, reference: &Ref, change: impl FnOnce(&mut Tree)) -> Option<Arc<Object>> {
        let before = self.find(reference)?;
        let mut tree = before.tree.clone();
        change(&mut tree);
        // Of these nothing changes that has defaults, and there are too many of them, or of their heartbeats, to look.
        if !matches!(&*before.resource, "pods" | "leases.coordination.k8s.io") && !tree["spec"].equals(&before.tree["spec"]) {
            admission::default(self, &before.resource, &mut tree);
        }
        Some(self.commit(&before, tree))
    }

    /// Stores the next version of an object: nothing when nothing changed, a new generation when its spec did, and nothing
    /// is left of one that is on its way out and that nothing holds any more.
    pub fn commit(&mut self, before: &Arc<Object>, mut tree: Tree) -> Arc<Object> {
        if tree.equals(&before.tree) {
            return before.clone();
        }
        let generation = before.tree.int("metadata.generation", 0);
        // A binding is no update of a pod: `assignPod` does not count it.
        let unbound = |tree: &Tree| tree.text("spec.nodeName").is_empty();
        let binding = &*before.resource == "pods" && unbound(&before.tree) && !unbound(&tree);
        let counts = !binding && !tree["spec"].equals(&before.tree["spec"]);
        if generation > 0 && counts && tree.int("metadata.generation", 0) == generation {
            tree.set("metadata.generation", generation + 1);
        }
        let held = !tree.at("metadata.finalizers").is_empty() || tree.int("metadata.deletionGracePeriodSeconds", 0) > 0;
        let goes = !tree.at("metadata.deletionTimestamp").is_null() && !held && tree.at("spec.finalizers").is_empty();
        let object = self.store.put(&before.resource, tree);
        if goes {
            return self.store.remove(&object.reference()).unwrap_or(object);
        }
        object
    }
}

/// An owner reference of a controller: apimachinery's `NewControllerRef`.
pub fn controlled_by(owner: &Object) -> Tree {
    let mut reference = Tree::texts([
        ("apiVersion", owner.tree.text("apiVersion")),
        ("kind", owner.tree.text("kind")),
        ("name", &*owner.name),
        ("uid", &*owner.uid),
    ]);
    reference.set("controller", true);
    reference.set("blockOwnerDeletion", true);
    reference
}
