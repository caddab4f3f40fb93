//! Revisions: which ReplicaSet has the Deployment's template, its number, and the making of a new one
//! (`getNewReplicaSet`, `SetNewReplicaSetAnnotations`).

use std::sync::Arc;

use super::{COMPONENT, Ended, REPLICA_SET, Step, arithmetic, scaling};
use crate::demo::controllers::pods::template_hash;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{SECOND, controlled_by};

/// Which revision of the Deployment a ReplicaSet is.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Which revisions it was before it was rolled back to.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The label that tells the pods of one ReplicaSet from those of another.
const HASH: &str = "pod-template-hash";

/// The longest history, in letters.
const LONGEST_HISTORY: usize = 2000;

/// Annotations that are the Deployment's own: `annotationsToSkip`.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    scaling::DESIRED,
    scaling::MAX,
    "deprecated.deployment.rollback.to",
];

/// Both templates make the same pods, the hash aside: `EqualIgnoreHash`.
pub fn same_template(a: &Tree, b: &Tree) -> bool {
    let without = |template: &Tree| {
        let mut template = template.clone();
        if !template.at("metadata.labels")[HASH].is_null() {
            template.at_mut("metadata.labels").take(HASH);
        }
        template
    };
    semantically_equal(&without(a), &without(b))
}

/// Equal, where what is empty and what is not there are the same: apimachinery's `Semantic.DeepEqual`.
fn semantically_equal(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Map(_), Tree::Map(_)) => {
            a.same(b)
                || (a.entries().all(|(key, value)| semantically_equal(value, &b[key]))
                    && b.entries().all(|(key, value)| !a[key].is_null() || value.is_empty()))
        }
        (Tree::List(_), Tree::List(_)) => {
            let (x, y) = (a.items(), b.items());
            a.same(b) || (x.len() == y.len() && x.iter().zip(y).all(|(x, y)| semantically_equal(x, y)))
        }
        _ => (a.is_empty() && b.is_empty()) || a == b,
    }
}

/// The revision of a ReplicaSet; 0 where it has none that is a number.
pub fn revision(replica_set: &Object) -> i64 {
    replica_set.tree.at("metadata.annotations")[REVISION].as_str().and_then(|number| number.parse().ok()).unwrap_or(0)
}

impl Step<'_> {
    /// Brings numbers and annotations of the new ReplicaSet up to date, and makes it where there is none and `make` says so.
    pub(super) fn sync_revision(&mut self, make: bool) -> Result<(), Ended> {
        let next = self.old.iter().map(|replica_set| revision(replica_set)).max().unwrap_or(0) + 1;
        let Some(new) = self.new.clone() else {
            return if make { self.make(next) } else { Ok(()) };
        };
        let mut tree = new.tree.clone();
        self.annotate(&mut tree, next, true);
        let min_ready = self.d.at("spec.minReadySeconds");
        if tree.int("spec.minReadySeconds", 0) != min_ready.as_i64().unwrap_or(0) {
            tree.set("spec.minReadySeconds", min_ready);
        }
        if !tree.equals(&new.tree) {
            self.new = Some(self.world.commit(&new, tree));
            return Err(Ended);
        }
        let mut changed = self.take_revision(new.tree.at("metadata.annotations")[REVISION].as_str().unwrap_or(""));
        if self.has_deadline() && self.progressing().is_null() {
            self.set_progressing("True", "FoundNewReplicaSet", &format!("Found new replica set \"{}\"", new.name));
            changed = true;
        }
        if changed {
            self.store_status();
        }
        Ok(())
    }

    /// The Deployment's own revision is that of its new ReplicaSet.
    fn take_revision(&mut self, revision: &str) -> bool {
        if revision.is_empty() || self.d.at("metadata.annotations")[REVISION] == revision {
            return false;
        }
        self.d.at_mut("metadata.annotations").put(REVISION, revision);
        true
    }

    /// `SetNewReplicaSetAnnotations`.
    fn annotate(&self, replica_set: &mut Tree, next: i64, exists: bool) {
        let mut annotations = replica_set.at("metadata.annotations").clone();
        for (key, value) in self.d.at("metadata.annotations").entries() {
            if !OWN.contains(&key) && annotations[key] != *value {
                annotations.put(key, value);
            }
        }
        let before = annotations[REVISION].as_str().map(str::to_owned);
        let number = match before.as_deref() {
            None | Some("") => Some(0),
            Some(text) => text.parse::<i64>().ok(),
        };
        if number.is_some_and(|number| number < next) {
            annotations.put(REVISION, next.to_string());
            if let Some(before) = before {
                let history = history(annotations[HISTORY].as_str().unwrap_or(""), &before);
                annotations.put(HISTORY, history);
            }
        }
        if !exists {
            scaling::annotate(&mut annotations, self.wanted(), self.wanted() + arithmetic::max_surge(&self.d));
        }
        if !annotations.is_empty() && !annotations.equals(replica_set.at("metadata.annotations")) {
            replica_set.at_mut("metadata").put("annotations", annotations);
        }
    }

    /// Makes the ReplicaSet of the template.
    fn make(&mut self, revision: i64) -> Result<(), Ended> {
        let template = self.d.at("spec.template").clone();
        let hash = template_hash(&template, self.d.at("status.collisionCount").as_i64());
        let longest = 253 - 1 - hash.len();
        let stem: String = self.stored.name.chars().take(longest).collect();
        let name = format!("{stem}-{hash}");
        let mut labelled = template.clone();
        labelled.at_mut("metadata.labels").put(HASH, &*hash);
        let mut selector = self.d.at("spec.selector").clone();
        selector.slot("matchLabels").put(HASH, &*hash);
        let mut tree = Tree::texts([("apiVersion", "apps/v1"), ("kind", "ReplicaSet")]);
        tree.set("metadata.name", &*name);
        tree.set("metadata.namespace", &self.stored.namespace);
        tree.set("metadata.generation", 1);
        tree.set("metadata.labels", labelled.at("metadata.labels"));
        tree.push("metadata.ownerReferences", controlled_by(&self.stored));
        if self.d.int("spec.minReadySeconds", 0) > 0 {
            tree.set("spec.minReadySeconds", self.d.at("spec.minReadySeconds"));
        }
        tree.set("spec.selector", selector);
        tree.set("spec.template", labelled);
        tree.set("status.replicas", 0);
        let size = arithmetic::new_size(&self.d, scaling::sizes(self.old.iter()), 0);
        tree.set("spec.replicas", size);
        self.annotate(&mut tree, revision, false);
        if let Some(taken) = self.world.get(REPLICA_SET, &self.stored.namespace, &name) {
            return self.collide(taken, &template, revision);
        }
        match self.world.create(REPLICA_SET, tree) {
            Ok(made) => {
                if size > 0 {
                    let message = format!("Scaled up replica set {name} from 0 to {size}");
                    self.world.event(&self.stored, "Normal", "ScalingReplicaSet", &message, COMPONENT);
                }
                self.new = Some(made);
                let mut changed = self.take_revision(&revision.to_string());
                if self.has_deadline() {
                    self.set_progressing("True", "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
                    changed = true;
                }
                if changed {
                    self.store_status();
                }
                Ok(())
            }
            Err(_) if self.world.get("namespaces", "", &self.stored.namespace).is_some_and(|home| home.terminating()) => Err(Ended),
            Err(refusal) => {
                let message = format!("Failed to create new replica set \"{name}\": {}", refusal.message);
                if self.has_deadline() {
                    self.set_progressing("False", "ReplicaSetCreateError", &message);
                    self.store_status();
                }
                self.world.event(&self.stored, "Warning", "ReplicaSetCreateError", &message, COMPONENT);
                self.world.look_in(super::NAME, self.stored.reference(), 5 * SECOND);
                Err(Ended)
            }
        }
    }

    /// The name is taken: by ours, or by one with another template, and then the next hash is tried.
    fn collide(&mut self, taken: Arc<Object>, template: &Tree, revision: i64) -> Result<(), Ended> {
        if taken.controller_uid() == &*self.stored.uid && same_template(taken.tree.at("spec.template"), template) {
            self.new = Some(taken);
            if self.take_revision(&revision.to_string()) {
                self.store_status();
            }
            return Ok(());
        }
        self.d.set("status.collisionCount", self.d.int("status.collisionCount", 0) + 1);
        self.store_status();
        Err(Ended)
    }
}

/// A history with one revision more; the oldest go when it gets too long.
fn history(history: &str, revision: &str) -> String {
    let mut all: Vec<&str> = history.split(',').filter(|number| !number.is_empty()).chain([revision]).collect();
    while all.iter().map(|number| number.len() + 1).sum::<usize>() > LONGEST_HISTORY + 1 {
        all.remove(0);
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_equal_when_their_pods_are() {
        let a: Tree = json!({"metadata": {"labels": {"app": "web"}, "creationTimestamp": null}, "spec": {"containers": [{"name": "c", "resources": {}}]}}).into();
        let b: Tree =
            json!({"metadata": {"labels": {"app": "web", HASH: "x"}}, "spec": {"containers": [{"name": "c"}], "volumes": []}}).into();
        assert!(same_template(&a, &b) && same_template(&b, &a));
        let c: Tree = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}).into();
        assert!(!same_template(&a, &c) && !same_template(&c, &a));
    }

    #[test]
    fn history_forgets_the_oldest() {
        assert_eq!((history("", "1"), history("1,3", "5")), ("1".to_owned(), "1,3,5".to_owned()));
        let long = (100..600).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let longer = history(&long, "600");
        assert!(longer.len() <= LONGEST_HISTORY && longer.starts_with("101,") && longer.ends_with(",600"), "{longer}");
    }
}
