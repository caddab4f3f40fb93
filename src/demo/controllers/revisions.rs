//! ControllerRevisions: the templates that StatefulSets and DaemonSets had (`pkg/controller/history`).

use arcstr::ArcStr;
use std::collections::HashSet;
use std::sync::Arc;

use super::pods;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, World, controlled_by};
use crate::model::facts::Selector;

/// Where they are stored.
pub const RESOURCE: &str = "controllerrevisions.apps";

/// The label of pods that says which revision they are of: the name of it for StatefulSets, its hash for DaemonSets.
pub const POD_LABEL: &str = "controller-revision-hash";

/// Revisions of an owner, oldest first.
pub fn of(world: &mut World, owner: &Object, selector: &Selector) -> Vec<Arc<Object>> {
    let mut all = pods::claim(world, owner, selector, RESOURCE);
    sort(&mut all);
    all
}

fn sort(all: &mut [Arc<Object>]) {
    all.sort_by(|a, b| {
        let key = |o: &Object| (o.tree.int("revision", 0), o.tree.text("metadata.creationTimestamp").to_owned());
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
}

/// The patch that puts an owner's template back: `getPatch`.
fn patch(owner: &Object) -> Tree {
    let mut template = owner.tree.at("spec.template").clone();
    template.put("$patch", "replace");
    let mut patch = Tree::map();
    patch.set("spec.template", template);
    patch
}

/// The pod template that a revision has.
pub fn template(revision: &Object) -> Tree {
    let mut template = revision.tree.at("data.spec.template").clone();
    template.take("$patch");
    template
}

/// The revision of the owner's template as it is now: the newest, one that is made newest again (an undo), or a new one,
/// which gets its hash as `hash_label`. `collisions` counts names that were taken by something else. `None` while it cannot
/// be made.
pub fn update(
    world: &mut World,
    owner: &Object,
    all: &mut Vec<Arc<Object>>,
    hash_label: &str,
    collisions: &mut i64,
) -> Option<Arc<Object>> {
    let patch = patch(owner);
    let next = all.last().map_or(0, |last| last.tree.int("revision", 0)) + 1;
    if let Some(at) = all.iter().rposition(|revision| revision.tree["data"].equals(&patch)) {
        if at + 1 < all.len() {
            all[at] = world.update(&all[at].reference(), |tree| tree.set("revision", next))?;
            sort(all);
        }
        return all.last().cloned();
    }
    loop {
        let hash = pods::template_hash(owner.tree.at("spec.template"), Some(*collisions));
        let mut tree = Tree::texts([("apiVersion", "apps/v1"), ("kind", "ControllerRevision")]);
        tree.set("metadata.namespace", &owner.namespace);
        let name = format!("{}-{hash}", owner.name);
        tree.set("metadata.name", name.clone());
        tree.at_mut("metadata").put("labels", owner.tree.at("spec.template.metadata.labels"));
        tree.at_mut("metadata.labels").put(hash_label, hash);
        if !owner.tree.at("metadata.annotations").is_empty() {
            tree.at_mut("metadata").put("annotations", owner.tree.at("metadata.annotations"));
        }
        tree.push("metadata.ownerReferences", controlled_by(owner));
        tree.put("data", &patch);
        tree.put("revision", next);
        match world.create(RESOURCE, tree) {
            Ok(made) => {
                all.push(made.clone());
                return Some(made);
            }
            Err(refusal) if refusal.reason == "AlreadyExists" => {
                let there = world.get(RESOURCE, &owner.namespace, &name)?;
                if there.tree["data"].equals(&patch) && there.controller_uid() == &*owner.uid {
                    return Some(there);
                }
                *collisions += 1;
            }
            Err(_) => return None,
        }
    }
}

/// Deletes the oldest revisions that nobody needs. `needed` has names. Of `old` as many are kept as `revisionHistoryLimit`
/// says; whether those that are needed count among them is the caller's matter.
pub fn prune(world: &mut World, old: &[Arc<Object>], needed: &HashSet<ArcStr>, too_many: usize) {
    for revision in old.iter().filter(|revision| !needed.contains(&revision.name)).take(too_many) {
        // Who deleted it meanwhile did what was to be done.
        let _gone = world.delete(&revision.reference(), &Deletion::default());
    }
}
