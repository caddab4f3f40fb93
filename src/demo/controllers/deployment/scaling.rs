//! Sizes of ReplicaSets: setting one, sharing out what a Deployment was scaled by, and cleaning up old ones.

use std::cmp::Ordering;
use std::sync::Arc;

use super::revision::revision;
use super::{COMPONENT, Step, arithmetic};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::Deletion;

/// How many pods its Deployment wanted when the ReplicaSet was scaled last.
pub const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// How many pods its Deployment might have had then.
pub const MAX: &str = "deployment.kubernetes.io/max-replicas";

/// `spec.replicas`.
pub fn size(replica_set: &Object) -> i64 {
    replica_set.tree.int("spec.replicas", 1)
}

/// The sum of sizes.
pub fn sizes<'a>(replica_sets: impl Iterator<Item = &'a Arc<Object>>) -> i64 {
    replica_sets.map(|replica_set| size(replica_set)).sum()
}

/// The sum of a count in their status.
pub fn counted<'a>(replica_sets: impl Iterator<Item = &'a Arc<Object>>, what: &str) -> i64 {
    replica_sets.map(|replica_set| replica_set.tree.at("status").int(what, 0)).sum()
}

/// Oldest first, then by name: `ReplicaSetsByCreationTimestamp`.
pub fn by_age(a: &Arc<Object>, b: &Arc<Object>) -> Ordering {
    let born = |replica_set: &Object| replica_set.tree.text("metadata.creationTimestamp").to_owned();
    born(a).cmp(&born(b)).then_with(|| a.name.cmp(&b.name))
}

/// The number in an annotation, where it is one.
fn noted(replica_set: &Object, annotation: &str) -> Option<i64> {
    replica_set.tree.at("metadata.annotations")[annotation].as_str()?.parse::<u32>().ok().map(i64::from)
}

/// How many pods the Deployment wanted when the ReplicaSet was scaled last.
pub fn desired(replica_set: &Object) -> Option<i64> {
    noted(replica_set, DESIRED)
}

/// Writes the two numbers into annotations.
pub fn annotate(annotations: &mut Tree, desired: i64, max: i64) {
    for (key, number) in [(DESIRED, desired), (MAX, max)] {
        let text = number.to_string();
        if annotations[key] != *text {
            annotations.put(key, text);
        }
    }
}

impl Step<'_> {
    /// Sets the size of a ReplicaSet and says so: `scaleReplicaSet`. `always` brings its annotations up to date even when
    /// the size stays. True when the size changed.
    pub(super) fn resize(&mut self, replica_set: &Arc<Object>, to: i64, always: bool) -> bool {
        let from = size(replica_set);
        if !always && from == to {
            return false;
        }
        let (wanted, surge) = (self.wanted(), arithmetic::max_surge(&self.d));
        let resized = self.world.update(&replica_set.reference(), |tree| {
            tree.set("spec.replicas", to);
            annotate(tree.at_mut("metadata.annotations"), wanted, wanted + surge);
        });
        let Some(resized) = resized else { return false };
        for kept in self.old.iter_mut().chain(&mut self.new).filter(|kept| kept.uid == resized.uid) {
            *kept = resized.clone();
        }
        if from != to {
            let direction = if from < to { "up" } else { "down" };
            let message = format!("Scaled {direction} replica set {} from {from} to {to}", resized.name);
            self.world.event(&self.stored, "Normal", "ScalingReplicaSet", &message, COMPONENT);
        }
        from != to
    }

    /// Shares out what it was scaled by: `scale`.
    pub(super) fn scale(&mut self) {
        let wanted = self.wanted();
        let mut active: Vec<Arc<Object>> = self.all().filter(|replica_set| size(replica_set) > 0).cloned().collect();
        match &*active {
            [] => {
                if let Some(latest) = self.new.clone().or_else(|| self.old.last().cloned()) {
                    self.resize(&latest, wanted, false);
                }
                return;
            }
            [only] => {
                let only = only.clone();
                self.resize(&only, wanted, false);
                return;
            }
            _ => {}
        }
        if self.is_saturated() {
            for old in self.old.clone().iter().filter(|old| size(old) > 0) {
                self.resize(old, 0, false);
            }
            return;
        }
        if !arithmetic::is_rolling(&self.d) {
            return;
        }
        let allowed = if wanted > 0 { wanted + arithmetic::max_surge(&self.d) } else { 0 };
        let to_add = allowed - sizes(active.iter());
        // Larger ones first; of equal ones the newer when there are more to come, the older when there are fewer.
        active.sort_by(|a, b| {
            let age = by_age(a, b);
            size(b).cmp(&size(a)).then(if to_add > 0 { age.reverse() } else { age })
        });
        let mut added = 0;
        let mut targets: Vec<i64> = Vec::with_capacity(active.len());
        for replica_set in &active {
            let share = self.proportion(replica_set, to_add, added);
            added += share;
            targets.push(size(replica_set) + share);
        }
        if let Some(largest) = targets.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (replica_set, target) in active.iter().zip(targets) {
            self.resize(replica_set, target, true);
        }
    }

    /// The new one has all pods, knows it, and all are available: `IsSaturated`.
    fn is_saturated(&self) -> bool {
        let wanted = self.wanted();
        self.new
            .as_ref()
            .is_some_and(|new| size(new) == wanted && desired(new) == Some(wanted) && new.tree.int("status.availableReplicas", 0) == wanted)
    }

    /// The share of one ReplicaSet of what is to be added or taken away: `GetReplicaSetProportion`.
    fn proportion(&self, replica_set: &Object, to_add: i64, added: i64) -> i64 {
        if to_add == 0 || to_add == added {
            return 0;
        }
        let fraction = self.fraction(replica_set);
        let left = to_add - added;
        if to_add > 0 { fraction.min(left) } else { fraction.max(left) }
    }

    fn fraction(&self, replica_set: &Object) -> i64 {
        let size = size(replica_set);
        if self.wanted() == 0 {
            return -size;
        }
        let max = self.wanted() + arithmetic::max_surge(&self.d);
        let before = noted(replica_set, MAX).filter(|before| *before > 0).unwrap_or_else(|| self.d.int("status.replicas", 0));
        if before == 0 {
            return 0;
        }
        ((size * max) as f64 / before as f64).round() as i64 - size
    }

    /// Deletes old ReplicaSets beyond `revisionHistoryLimit`: `cleanupDeployment`.
    pub(super) fn clean_up(&mut self) {
        let limit = self.d.int("spec.revisionHistoryLimit", 10);
        if limit == i64::from(i32::MAX) {
            return;
        }
        let mut cleanable: Vec<Arc<Object>> = self.old.iter().filter(|old| !old.terminating()).cloned().collect();
        let excess = cleanable.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        cleanable.sort_by(|a, b| revision(a).cmp(&revision(b)).then_with(|| by_age(a, b)));
        for old in cleanable.iter().take(excess) {
            let unseen = old.tree.int("metadata.generation", 0) > old.tree.int("status.observedGeneration", 0);
            if old.tree.int("status.replicas", 0) == 0 && size(old) == 0 && !unseen {
                // It may be gone by itself.
                let _ = self.world.delete(&old.reference(), &Deletion::default());
            }
        }
    }
}
