//! StatefulSets: pods with a name and volumes of their own, made, replaced and taken away in order
//! (`pkg/controller/statefulset`).

use arcstr::ArcStr;
use std::collections::HashSet;
use std::sync::Arc;

use super::condition::set_count;
use super::{Controller, family, pods, revisions};
use crate::demo::selector;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};

mod claims;
mod identity;
#[cfg(test)]
mod tests;

/// The row of the controller.
pub static STATEFUL_SETS: Controller = Controller { name: NAME, see: |world, change| family::see(world, change, NAME, RESOURCE), sync };

const NAME: &str = "statefulset";
const RESOURCE: &str = "statefulsets.apps";
const COMPONENT: &str = "statefulset-controller";

/// The label that a revision has its hash in.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// How long until it is tried again when something is in the way that no change will tell of.
const AGAIN: Millis = 10 * SECOND;

/// A place of the set: there is a pod, or one is to be made.
enum Place {
    There(Arc<Object>),
    Missing(i64),
}

/// What one look needs.
struct Look<'a> {
    set: &'a Arc<Object>,
    current: &'a Arc<Object>,
    update: &'a Arc<Object>,
    now: Millis,
    min_ready: i64,
    /// One after the other: `OrderedReady`.
    ordered: bool,
}

fn sync(world: &mut World, about: &Ref) {
    let Some(set) = world.find(about) else { return };
    let selector = selector::of(set.tree.at("spec.selector"));
    if selector.requirements.is_empty() {
        return;
    }
    let mut history = revisions::of(world, &set, &selector);
    let pods = pods::claim_where(world, &set, &selector, "pods", |pod| identity::ordinal(&set, pod).is_some());
    let mut collisions = set.tree.int("status.collisionCount", 0);
    let Some(update) = revisions::update(world, &set, &mut history, HASH_LABEL, &mut collisions) else {
        world.look_in(NAME, about.clone(), AGAIN);
        return;
    };
    let known = set.tree.text("status.currentRevision");
    let current = history.iter().find(|revision| *revision.name == *known).unwrap_or(&update).clone();
    let look = Look {
        set: &set,
        current: &current,
        update: &update,
        now: world.now(),
        min_ready: set.tree.int("spec.minReadySeconds", 0),
        ordered: set.tree.text("spec.podManagementPolicy") != "Parallel",
    };
    if !set.terminating() {
        look.manage(world, &pods);
    }
    // What was made or deleted just now counts at once: it is seen by the same world.
    let pods: Vec<_> = pods::claim_where(world, &set, &selector, "pods", |pod| identity::ordinal(&set, pod).is_some());
    look.report(world, &pods, collisions);
    let mut needed: HashSet<ArcStr> = HashSet::from([current.name.clone(), update.name.clone()]);
    needed.extend(pods.iter().filter_map(|pod| pod.labels()[revisions::POD_LABEL].as_str().map(ArcStr::from)));
    let limit = usize::try_from(set.tree.int("spec.revisionHistoryLimit", 10)).unwrap_or(0);
    let unneeded = history.iter().filter(|revision| !needed.contains(&revision.name)).count();
    revisions::prune(world, &history, &needed, unneeded.saturating_sub(limit));
    if let Some(at) = pods.iter().filter_map(|pod| pods::available_at(pod, look.min_ready, look.now)).min() {
        world.look_at(NAME, about.clone(), at);
    }
}

impl Look<'_> {
    fn unavailable(&self, pod: &Object) -> bool {
        pod.terminating() || !pods::is_available(pod, self.min_ready, self.now)
    }

    /// Does the next step: makes what is missing, takes away what is too much, then replaces what is old
    /// (`updateStatefulSet`).
    fn manage(&self, world: &mut World, pods: &[Arc<Object>]) {
        let (start, replicas) = (self.set.tree.int("spec.ordinals.start", 0), self.set.tree.int("spec.replicas", 1));
        let range = start..start + replicas;
        let mut places: Vec<Place> = range.clone().map(Place::Missing).collect();
        let mut condemned: Vec<(i64, Arc<Object>)> = Vec::new();
        for pod in pods {
            let Some(ordinal) = identity::ordinal(self.set, pod) else { continue };
            match usize::try_from(ordinal - start).ok().and_then(|at| places.get_mut(at)) {
                Some(place) => *place = Place::There(pod.clone()),
                None => condemned.push((ordinal, pod.clone())),
            }
        }
        condemned.sort_by_key(|(ordinal, _)| -ordinal);
        let there = |place: &Place| matches!(place, Place::There(pod) if !self.unavailable(pod));
        let healthy = places.iter().all(there);
        let first_sick = condemned.iter().rev().map(|(_, pod)| pod).find(|pod| healthy && self.unavailable(pod)).map(|pod| pod.uid.clone());
        for place in &places {
            if self.replica(world, place) && self.ordered {
                return;
            }
        }
        for (_, pod) in &condemned {
            claims::keep_or_not(world, self.set, pod, true);
        }
        for (_, pod) in &condemned {
            if pod.terminating() {
                if self.ordered {
                    return;
                }
                continue;
            }
            if self.ordered && self.unavailable(pod) && first_sick.as_ref() != Some(&pod.uid) {
                return;
            }
            self.delete(world, pod);
            if self.ordered {
                return;
            }
        }
        if self.set.tree.text("spec.updateStrategy.type") == "OnDelete" {
            return;
        }
        // `maxUnavailable` is behind a gate that is off: one at a time.
        let partition = usize::try_from(self.set.tree.int("spec.updateStrategy.rollingUpdate.partition", 0)).unwrap_or(0);
        for place in places.iter().skip(partition).rev() {
            let Place::There(pod) = place else { return };
            if pod.labels()[revisions::POD_LABEL] != *self.update.name && !pod.terminating() {
                self.delete(world, pod);
                return;
            }
            if self.unavailable(pod) {
                return;
            }
        }
    }

    /// One place of the set. True when those after it have to wait (`processReplica`).
    fn replica(&self, world: &mut World, place: &Place) -> bool {
        match place {
            Place::Missing(ordinal) => {
                self.create(world, *ordinal);
                true
            }
            Place::There(pod) if pods::has_ended(pod) => {
                if !pod.terminating() {
                    self.delete(world, pod);
                }
                true
            }
            Place::There(pod) => {
                if pod.tree.text("status.phase") == "Pending"
                    && let Some(ordinal) = identity::ordinal(self.set, pod)
                    && let Err(why) = claims::make(world, self.set, &pod.name, ordinal)
                {
                    self.said(world, false, "Update", &pod.name, &why);
                    return true;
                }
                if self.ordered && self.unavailable(pod) {
                    return true;
                }
                claims::keep_or_not(world, self.set, pod, false);
                identity::restore(world, self.set, pod);
                false
            }
        }
    }

    fn create(&self, world: &mut World, ordinal: i64) {
        if world.get("namespaces", "", &self.set.namespace).is_some_and(|home| home.terminating()) {
            return;
        }
        let name = identity::pod_name(self.set, ordinal);
        if claims::are_stale(world, self.set, &name, ordinal) {
            world.look_in(NAME, self.set.reference(), AGAIN);
            return;
        }
        let revision = if self.is_of_current(ordinal) { self.current } else { self.update };
        let pod = identity::pod(self.set, &revisions::template(revision), &revision.name, ordinal);
        let made =
            claims::make(world, self.set, &name, ordinal).and_then(|()| world.create("pods", pod).map_err(|refusal| refusal.message));
        match made {
            Ok(pod) => {
                claims::keep_or_not(world, self.set, &pod, false);
                self.said(world, true, "Create", &name, "");
            }
            Err(why) => {
                self.said(world, false, "Create", &name, &why);
                world.look_in(NAME, self.set.reference(), AGAIN);
            }
        }
    }

    /// A pod that is made now is of the revision before the update (`newVersionedStatefulSetPod`).
    fn is_of_current(&self, ordinal: i64) -> bool {
        let (tree, start) = (&self.set.tree, self.set.tree.int("spec.ordinals.start", 0));
        let rolling = tree.at("spec.updateStrategy.rollingUpdate");
        if rolling.is_null() {
            let strategy = tree.text("spec.updateStrategy.type");
            return strategy == "RollingUpdate" && ordinal < start + tree.int("status.currentReplicas", 0);
        }
        ordinal < start + rolling.int("partition", 0)
    }

    fn delete(&self, world: &mut World, pod: &Object) {
        match world.delete(&pod.reference(), &Deletion::default()) {
            Ok(_) => self.said(world, true, "Delete", &pod.name, ""),
            Err(refusal) => self.said(world, false, "Delete", &pod.name, &refusal.message),
        }
    }

    fn said(&self, world: &mut World, well: bool, verb: &str, pod: &str, why: &str) {
        let set = &self.set.name;
        if well {
            let message = format!("{verb} Pod {pod} in StatefulSet {set} successful");
            world.event(self.set, "Normal", &format!("Successful{verb}"), &message, COMPONENT);
        } else {
            let message = format!("{verb} Pod {pod} in StatefulSet {set} failed error: {why}");
            world.event(self.set, "Warning", &format!("Failed{verb}"), &message, COMPONENT);
        }
    }

    fn report(&self, world: &mut World, pods: &[Arc<Object>], collisions: i64) {
        let count = |which: &dyn Fn(&Object) -> bool| pods.iter().filter(|pod| which(pod)).count() as i64;
        let of = |revision: &Object| count(&|pod| !pod.terminating() && pod.labels()[revisions::POD_LABEL] == *revision.name);
        let running = |pod: &Object| pod.tree.text("status.phase") == "Running" && pods::is_ready(pod);
        let replicas = pods.len() as i64;
        let ready = count(&running);
        let available = count(&|pod| running(pod) && pods::is_available(pod, self.min_ready, self.now));
        let updated = of(self.update);
        let (mut current, mut revision) = (of(self.current), &self.current.name);
        let wanted = self.set.tree.int("spec.replicas", 1);
        let rolling = self.set.tree.text("spec.updateStrategy.type") != "OnDelete";
        if rolling && updated == wanted && ready == wanted && replicas == wanted {
            (current, revision) = (updated, &self.update.name);
        }
        world.update(&self.set.reference(), |tree| {
            tree.set("status.observedGeneration", self.set.tree.int("metadata.generation", 0));
            tree.set("status.replicas", replicas);
            set_count(tree, "status.readyReplicas", ready);
            tree.set("status.availableReplicas", available);
            set_count(tree, "status.currentReplicas", current);
            set_count(tree, "status.updatedReplicas", updated);
            tree.set("status.currentRevision", revision);
            tree.set("status.updateRevision", Tree::from(&self.update.name));
            tree.set("status.collisionCount", collisions);
        });
    }
}
