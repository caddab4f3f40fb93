//! What was made of a template's spec, so that the next pod of the template costs nothing and shares all of it.

use arcstr::ArcStr;
use std::collections::HashMap;

use crate::demo::tree::Tree;
use crate::demo::world::World;

use super::pods::CONTAINERS;

/// Owners that are remembered; beyond, all is forgotten and learnt again.
const OWNERS: usize = 20_000;

/// What admission remembers of the pods that it saw: for each owner the last one.
#[derive(Default)]
pub struct Memory(HashMap<ArcStr, Known>);

struct Known {
    basis: u64,
    asked: Tree,
    given: Tree,
}

impl Memory {
    /// The complete spec of a pod that asks for the very piece of memory that its owner's last one asked for.
    pub(super) fn spec(&self, owner: &str, asked: &Tree, basis: u64) -> Option<Tree> {
        self.0.get(owner).filter(|known| known.basis == basis && known.asked.same(asked)).map(|known| known.given.clone())
    }

    /// Puts complete containers in place of those that the owner's last pod had too: pods of a StatefulSet have volumes of
    /// their own, and the same containers.
    pub(super) fn containers(&self, owner: &str, basis: u64, tree: &mut Tree) {
        let Some(known) = self.0.get(owner).filter(|known| known.basis == basis) else { return };
        for list in CONTAINERS {
            let asked = &tree["spec"][list];
            if !asked.is_null() && asked.same(&known.asked[list]) {
                let given = known.given[list].clone();
                tree.slot("spec").put(list, given);
            }
        }
    }

    /// Remembers.
    pub(super) fn keep(&mut self, owner: &str, asked: Tree, basis: u64, given: Tree) {
        if owner.is_empty() {
            return;
        }
        if self.0.len() >= OWNERS {
            self.0.clear();
        }
        self.0.insert(owner.into(), Known { basis, asked, given });
    }
}

/// What else a pod is made of: when one of these objects changes, the next pod may be another. The versions of its account, of
/// the limits of its namespace, and of the classes that there are.
pub(super) fn basis(world: &World, tree: &Tree) -> u64 {
    let namespace = tree.text("metadata.namespace");
    let account = match tree.text("spec.serviceAccountName") {
        "" => "default",
        named => named,
    };
    let mut sum: u64 = world.store.get("serviceaccounts", namespace, account).map_or(0, |a| a.version);
    for (resource, namespace) in
        [("limitranges", Some(namespace)), ("priorityclasses.scheduling.k8s.io", None), ("runtimeclasses.node.k8s.io", None)]
    {
        for object in world.store.list(resource, namespace) {
            // Versions are of the whole cluster: no two objects have the same.
            sum = sum.wrapping_mul(31).wrapping_add(object.version);
        }
    }
    sum
}
