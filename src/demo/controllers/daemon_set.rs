//! DaemonSets: one pod on every node that they are for (`pkg/controller/daemon`).

use arcstr::ArcStr;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::condition::set_count;
use super::{Controller, family, pods, revisions};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};
use crate::model::facts::Selector;
use crate::model::time;

mod place;
mod rollout;
#[cfg(test)]
mod tests;

use place::Template;

/// The row of the controller.
pub static DAEMON_SETS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "daemonset";
const RESOURCE: &str = "daemonsets.apps";
const COMPONENT: &str = "daemonset-controller";

/// Pods that are made or deleted at one look: `BurstReplicas`.
const BURST: usize = 250;

/// So many nodes are a large cluster.
const MANY: usize = 50;

/// The first wait before a failed pod of a node is deleted again, and the longest.
const BACKOFF: (Millis, Millis) = (SECOND, 15 * 60 * SECOND);

/// Pods by the node that they are on, or are for.
type ByNode = BTreeMap<ArcStr, Vec<Arc<Object>>>;

fn see(world: &mut World, change: &Change) {
    if &*change.object.resource != "nodes" {
        // Each look goes over all nodes: with many of them, what their kubelets report is taken together.
        let delay = if world.loads.hosts().len() > MANY { SECOND / 2 } else { 0 };
        family::see_pods_in(delay, world, change, NAME, RESOURCE);
        return;
    }
    // Heartbeats are no news.
    let same = change.before.as_ref().is_some_and(|before| {
        let parts = [("metadata", "labels"), ("spec", "taints"), ("spec", "unschedulable")];
        parts.iter().all(|&(of, part)| before.tree[of][part].equals(&change.object.tree[of][part]))
    });
    if change.verb == Verb::Modified && same {
        return;
    }
    let all: Vec<Ref> = world.store.list(RESOURCE, None).map(|set| set.reference()).collect();
    for set in all {
        world.look(NAME, set);
    }
}

/// What one look needs.
struct Look<'a> {
    set: &'a Arc<Object>,
    nodes: &'a [Arc<Object>],
    template: Template,
    now: Millis,
    min_ready: i64,
}

fn sync(world: &mut World, about: &Ref) {
    let Some(set) = world.find(about) else { return };
    let selector = selector::of(set.tree.at("spec.selector"));
    if selector.requirements.is_empty() {
        let message = "This daemon set is selecting all pods. A non-empty selector is required.";
        world.event(&set, "Warning", "SelectingAll", message, COMPONENT);
        return;
    }
    if set.terminating() {
        return;
    }
    let mut history = revisions::of(world, &set, &selector);
    let known = set.tree.int("status.collisionCount", 0);
    let mut collisions = known;
    let Some(current) = revisions::update(world, &set, &mut history, revisions::POD_LABEL, &mut collisions) else {
        world.look_in(NAME, about.clone(), 10 * SECOND);
        return;
    };
    if collisions != known {
        world.update(about, |tree| tree.set("status.collisionCount", collisions));
    }
    let nodes: Vec<_> = world.store.list("nodes", None).cloned().collect();
    let look = Look {
        set: &set,
        nodes: &nodes,
        template: Template::of(&set, current.labels().text(revisions::POD_LABEL)),
        now: world.now(),
        min_ready: set.tree.int("spec.minReadySeconds", 0),
    };
    let by_node = look.by_node(world, &selector);
    look.manage(world, &by_node);
    let by_node = look.by_node(world, &selector);
    if set.tree.text("spec.updateStrategy.type") != "OnDelete" {
        let steps = rollout::next(&look, &by_node);
        look.act(world, &steps.delete, &steps.create);
    }
    let by_node = look.by_node(world, &selector);
    look.report(world, &by_node);
    look.prune(world, &history, &current, &by_node);
    let waits = by_node.values().flatten().filter_map(|pod| pods::available_at(pod, look.min_ready, look.now));
    if let Some(at) = waits.min() {
        world.look_at(NAME, about.clone(), at);
    }
}

impl Look<'_> {
    fn by_node(&self, world: &mut World, selector: &Selector) -> ByNode {
        let mut by_node = ByNode::new();
        for pod in pods::claim(world, self.set, selector, "pods") {
            if pods::has_ended(&pod) && pod.terminating() {
                continue;
            }
            if let Some(node) = place::target(&pod) {
                by_node.entry(node.into()).or_default().push(pod);
            }
        }
        for pods in by_node.values_mut() {
            pods.sort_by(|a, b| {
                let key =
                    |pod: &Object| (pod.tree.text("spec.nodeName").is_empty(), pod.tree.text("metadata.creationTimestamp").to_owned());
                key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
            });
        }
        by_node
    }

    fn available(&self, pod: &Object) -> bool {
        pods::is_available(pod, self.min_ready, self.now)
    }

    fn manage(&self, world: &mut World, by_node: &ByNode) {
        let (mut delete, mut create) = (Vec::new(), Vec::new());
        for node in self.nodes {
            self.one_node(world, node, by_node.get(&node.name), &mut delete, &mut create);
        }
        let names: HashSet<&ArcStr> = self.nodes.iter().map(|node| &node.name).collect();
        for (_, pods) in by_node.iter().filter(|(node, _)| !names.contains(node)) {
            // The garbage collector of pods takes those that ran there.
            delete.extend(pods.iter().filter(|pod| pod.tree.text("spec.nodeName").is_empty()).cloned());
        }
        self.act(world, &delete, &create);
    }

    /// `podsShouldBeOnNode`.
    fn one_node(
        &self,
        world: &mut World,
        node: &Arc<Object>,
        there: Option<&Vec<Arc<Object>>>,
        delete: &mut Vec<Arc<Object>>,
        create: &mut Vec<ArcStr>,
    ) {
        let (start, stay) = self.template.fits(node);
        let Some(pods) = there else {
            if start {
                create.push(node.name.clone());
            }
            return;
        };
        let alive = pods.iter().filter(|pod| !pod.terminating());
        if !stay {
            delete.extend(alive.cloned());
            return;
        }
        let mut running = Vec::new();
        for pod in alive {
            let what = match pod.tree.text("status.phase") {
                "Failed" => "failed",
                "Succeeded" => "succeeded",
                _ => {
                    running.push(pod);
                    continue;
                }
            };
            if what == "failed"
                && let Some(at) = self.waits_until(world, &node.name)
            {
                world.look_at(NAME, self.set.reference(), at);
                continue;
            }
            let verb = if what == "failed" { "kill" } else { "delete" };
            let message = format!("Found {what} daemon pod {}/{} on node {}, will try to {verb} it", pod.namespace, pod.name, node.name);
            let (kind, reason) = if what == "failed" { ("Warning", "FailedDaemonPod") } else { ("Normal", "SucceededDaemonPod") };
            world.event(self.set, kind, reason, &message, COMPONENT);
            delete.push(pod.clone());
        }
        if !rollout::surges(self.set) {
            delete.extend(running.into_iter().skip(1).cloned());
            return;
        }
        if running.is_empty() && start {
            create.push(node.name.clone());
        }
        if running.len() < 2 {
            return;
        }
        let (mut new, mut old) = (None, None);
        for pod in running {
            let slot = if self.template.made(pod) { &mut new } else { &mut old };
            if slot.is_none() {
                *slot = Some(pod);
            } else {
                delete.push(pod.clone());
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (!pods::is_ready(old) || self.available(new))
        {
            delete.push(old.clone());
        }
    }

    /// Until when a failed pod of a node is left alone: that doubles with each that was deleted. What was done already is
    /// read from the events.
    fn waits_until(&self, world: &World, node: &str) -> Option<Millis> {
        let tail = format!(" on node {node}, will try to kill it");
        let (mut times, mut last) = (0_i64, 0);
        for event in world.store.list("events", Some(&self.set.namespace)) {
            let ours = event.tree["reason"] == "FailedDaemonPod" && event.tree.at("involvedObject.uid") == &*self.set.uid;
            if ours && event.tree.text("message").ends_with(&tail) {
                times += event.tree.int("count", 1);
                last = last.max(time::parse(event.tree.text("lastTimestamp")).unwrap_or(0) * SECOND);
            }
        }
        if times == 0 || self.now - last > 2 * BACKOFF.1 {
            return None;
        }
        let wait = (BACKOFF.0 << (times - 1).min(20)).min(BACKOFF.1);
        Some(last + wait).filter(|at| *at > self.now)
    }

    fn act(&self, world: &mut World, delete: &[Arc<Object>], create: &[ArcStr]) {
        for node in create.iter().take(BURST) {
            match world.create("pods", self.template.pod(self.set, node)) {
                Ok(pod) => world.event(self.set, "Normal", "SuccessfulCreate", &format!("Created pod: {}", pod.name), COMPONENT),
                Err(refusal) => {
                    world.event(self.set, "Warning", "FailedCreate", &format!("Error creating: {}", refusal.message), COMPONENT);
                    world.look_in(NAME, self.set.reference(), 10 * SECOND);
                    break;
                }
            }
        }
        for pod in delete.iter().take(BURST) {
            if world.delete(&pod.reference(), &Deletion::default()).is_ok() {
                world.event(self.set, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name), COMPONENT);
            }
        }
        if create.len() > BURST || delete.len() > BURST {
            world.look(NAME, self.set.reference());
        }
    }

    fn report(&self, world: &mut World, by_node: &ByNode) {
        let (mut desired, mut current, mut misplaced, mut ready, mut updated, mut available) = (0_i64, 0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
        for node in self.nodes {
            let pods = by_node.get(&node.name);
            if !self.template.fits(node).0 {
                misplaced += i64::from(pods.is_some());
                continue;
            }
            desired += 1;
            let Some(pod) = pods.and_then(|pods| pods.first()) else { continue };
            current += 1;
            ready += i64::from(pods::is_ready(pod));
            available += i64::from(self.available(pod));
            updated += i64::from(self.template.made(pod));
        }
        world.update(&self.set.reference(), |tree| {
            set_count(tree, "status.observedGeneration", self.set.tree.int("metadata.generation", 0));
            tree.set("status.desiredNumberScheduled", desired);
            tree.set("status.currentNumberScheduled", current);
            tree.set("status.numberMisscheduled", misplaced);
            tree.set("status.numberReady", ready);
            set_count(tree, "status.updatedNumberScheduled", updated);
            set_count(tree, "status.numberAvailable", available);
            set_count(tree, "status.numberUnavailable", desired - available);
        });
    }

    /// `cleanupHistory`.
    fn prune(&self, world: &mut World, history: &[Arc<Object>], current: &Object, by_node: &ByNode) {
        let hash = |labels: &Tree| labels[revisions::POD_LABEL].as_str().map(str::to_owned);
        let live: HashSet<String> = by_node.values().flatten().filter_map(|pod| hash(pod.labels())).collect();
        let of_pods = history.iter().filter(|revision| hash(revision.labels()).is_some_and(|hash| live.contains(&hash)));
        let mut needed: HashSet<ArcStr> = of_pods.map(|revision| revision.name.clone()).collect();
        needed.insert(current.name.clone());
        let limit = usize::try_from(self.set.tree.int("spec.revisionHistoryLimit", 10)).unwrap_or(0);
        revisions::prune(world, history, &needed, history.len().saturating_sub(limit + 1));
    }
}
