//! kube-scheduler: finds a node for each pod, or says why there is none, in its words.

mod claims;
mod filter;
mod score;
mod terms;

pub use terms::{node_selector, tolerated, tolerates};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::Controller;
use super::status::set_condition;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};

/// See the module.
pub static SCHEDULER: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "scheduler";
const COMPONENT: &str = "default-scheduler";

/// Pods that wait are tried again after this long, even if nothing changed: `podMaxInUnschedulablePodsDuration`.
const TRY_AGAIN: Millis = 300 * SECOND;

/// Nodes that fit are looked for until there are so many (`minFeasibleNodesToFind`), or the share that
/// `numFeasibleNodesToFind` takes.
const ENOUGH: usize = 100;

fn see(world: &mut World, change: &Change) {
    let wakes = world.loads.see(change);
    if wakes && !world.loads.waiting.is_empty() {
        // Those who wait try again together, and not more often than there is time for so many.
        let delay = SECOND.max(world.loads.waiting.len() as Millis * 5);
        world.look_in(NAME, Ref::new("nodes", "", ""), delay);
    }
    let pod = &change.object;
    if &*pod.resource == "pods" && change.verb != Verb::Deleted && pod.tree["spec"]["nodeName"].is_null() {
        let same = change.before.as_ref().is_some_and(|before| before.tree["spec"].same(&pod.tree["spec"]));
        if !same {
            world.look(NAME, pod.reference());
        }
    }
}

fn sync(world: &mut World, about: &Ref) {
    if &*about.resource == "nodes" {
        for pod in std::mem::take(&mut world.loads.waiting) {
            world.look(NAME, pod);
        }
        return;
    }
    let Some(pod) = world.find(about) else { return };
    let spec = &pod.tree["spec"];
    let ours = spec["schedulerName"].as_str().is_none_or(|name| name.is_empty() || name == COMPONENT);
    if !spec["nodeName"].is_null() || pod.terminating() || !ours || matches!(pod.tree.text("status.phase"), "Failed" | "Succeeded") {
        return;
    }
    if !spec["schedulingGates"].is_empty() {
        let why = "Scheduling is blocked due to non-empty scheduling gates";
        let condition = json!({"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": why});
        say(world, &pod, condition.into());
        return;
    }
    match place(world, &pod) {
        Found::Node(node) => bind(world, &pod, &node),
        Found::Later => world.look_in(NAME, about.clone(), 5 * SECOND),
        Found::None(why) => {
            world.event(&pod, "Warning", "FailedScheduling", &why, COMPONENT);
            let mut condition: Tree = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}).into();
            let generation = pod.tree.int("metadata.generation", 0);
            if generation > 0 {
                condition.set("observedGeneration", generation);
            }
            say(world, &pod, condition);
            world.loads.waiting.insert(about.clone());
            world.look_in(NAME, about.clone(), TRY_AGAIN);
        }
    }
}

fn say(world: &mut World, pod: &Object, condition: Tree) {
    let now = world.now_text();
    world.update(&pod.reference(), |tree| {
        tree.set_default("status.phase", "Pending");
        set_condition(tree, condition, &now);
    });
}

enum Found {
    Node(Arc<Object>),
    /// A node is chosen, and its volumes are being made.
    Later,
    None(String),
}

fn place(world: &mut World, pod: &Object) -> Found {
    let total = world.loads.hosts().len();
    if total == 0 {
        return Found::None("no nodes available to schedule pods".to_owned());
    }
    let claims = match claims::read(world, pod) {
        Ok(claims) => claims,
        // What PostFilter of the plugin for claims of devices says after a PreFilter has failed: it finds no state.
        Err(why) => return Found::None(format!("0/{total} nodes are available: {why}. not found")),
    };
    let wish = filter::Wish::of(world, pod);
    let hosts = world.loads.hosts();
    let enough = if total < ENOUGH { total } else { ENOUGH.max(total * (50 - total / 125).max(5) / 100) };
    let (mut fits, mut refused, mut looked) = (Vec::new(), Vec::new(), 0);
    for step in 0..total {
        let at = (world.loads.start + step) % total;
        looked += 1;
        match wish.refuses(&hosts[at], world.loads.of(&hosts[at].node.name), &claims) {
            None => fits.push(at),
            Some(refusal) => refused.push((at, refusal)),
        }
        if fits.len() >= enough {
            break;
        }
    }
    let start = (world.loads.start + looked) % total;
    let Some(best) = score::best(world, pod, &wish, &fits) else {
        let hopeless = refused.iter().all(|(_, refusal)| refusal.for_good);
        let mut why = words(total, refused.iter().map(|(at, refusal)| (hosts[*at].node.as_ref(), refusal)), &wish, world);
        let places: Vec<usize> = refused.iter().map(|(at, _)| *at).collect();
        if !hopeless && let Some(node) = filter::make_room(world, pod, &wish, &places, &claims) {
            set_nominated(world, pod, &node);
            // A PostFilter that succeeds adds nothing to the message.
            why.truncate(why.find(AFTER).unwrap_or(why.len()));
        }
        world.loads.start = start;
        return Found::None(why);
    };
    let node = hosts[best].node.clone();
    world.loads.start = start;
    if claims.choose(world, &node) {
        return Found::Later;
    }
    Found::Node(node)
}

fn set_nominated(world: &mut World, pod: &Object, node: &str) {
    world.update(&pod.reference(), |tree| tree.set("status.nominatedNodeName", node));
}

/// What the plugins of PostFilter say: that for claims of devices, and the beginning of that for preemption.
const AFTER: &str = " no new claims to deallocate, preemption: ";

/// The message of a `FitError`, with what the plugins of PostFilter add.
fn words<'a>(total: usize, refused: impl Iterator<Item = (&'a Object, &'a filter::Refused)>, wish: &filter::Wish, world: &World) -> String {
    let (mut counts, mut after): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let mut not_helpful = total;
    for (node, refusal) in refused {
        for why in &refusal.why {
            *counts.entry(why).or_default() += 1;
        }
        if refusal.for_good {
            continue;
        }
        not_helpful -= 1;
        let why = if world.loads.of(&node.name).is_some_and(|load| load.has_less_than(wish.priority)) {
            refusal.why.first().map_or("", |why| why)
        } else {
            "No preemption victims found for incoming pod"
        };
        *after.entry(why).or_default() += 1;
    }
    if not_helpful > 0 {
        *after.entry("Preemption is not helpful for scheduling").or_default() += not_helpful;
    }
    let list = |counts: &BTreeMap<&str, usize>| {
        let mut texts: Vec<String> = counts.iter().map(|(why, count)| format!("{count} {why}")).collect();
        texts.sort();
        texts.join(", ")
    };
    let preemption = if wish.never_preempts {
        "not eligible due to preemptionPolicy=Never.".to_owned()
    } else {
        format!("0/{total} nodes are available: {}.", list(&after))
    };
    format!("0/{total} nodes are available: {}.{AFTER}{preemption}", list(&counts))
}

fn bind(world: &mut World, pod: &Object, node: &Object) {
    let now = world.now_text();
    let bound = world.update(&pod.reference(), |tree| assign(tree, node, &now));
    world.loads.waiting.remove(&pod.reference());
    if let Some(bound) = bound {
        let message = format!("Successfully assigned {}/{} to {}", pod.namespace, pod.name, node.name);
        world.event(&bound, "Normal", "Scheduled", &message, COMPONENT);
    }
}

/// What `POST …/pods/NAME/binding` does to a pod: the node, the condition, and the labels of the node's place (the admission
/// plugin `PodTopologyLabels`). A binding does not make a new generation.
pub fn assign(pod: &mut Tree, node: &Object, now: &Tree) {
    let generation = pod.int("metadata.generation", 0);
    pod.set("spec.nodeName", &node.name);
    if pod.at("status.nominatedNodeName").as_str().is_some() {
        pod.remove("status.nominatedNodeName");
    }
    for key in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
        if let Some(value) = node.labels().get(key) {
            pod.at_mut("metadata.labels").put(key, value);
        }
    }
    let mut condition = Tree::texts([("type", "PodScheduled"), ("status", "True")]);
    if generation > 0 {
        condition.set("observedGeneration", generation);
    }
    pod.set_default("status.phase", "Pending");
    set_condition(pod, condition, now);
}

#[cfg(test)]
mod tests;
