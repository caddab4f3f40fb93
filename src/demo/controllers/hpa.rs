//! HorizontalPodAutoscalers: as many pods as their load asks for (`pkg/controller/podautoscaler`), of resource metrics.

use arcstr::ArcStr;
use std::collections::HashMap;

use super::{Controller, condition};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};

mod limits;
mod load;
#[cfg(test)]
mod tests;

/// The row of the controller.
pub static AUTOSCALERS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "horizontal-pod-autoscaler";
const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";
const COMPONENT: &str = "horizontal-pod-autoscaler";

/// How often it looks: `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Millis = 15 * SECOND;

/// What autoscalers have in memory, by their UID: the real ones keep it nowhere else either.
#[derive(Default)]
pub struct Memory(HashMap<ArcStr, Past>);

/// What one of them remembers.
#[derive(Clone, Default)]
struct Past {
    /// When, and how many pods the metrics asked for.
    asked: Vec<(Millis, i64)>,
    /// When, and by how many it changed.
    changes: Vec<(Millis, i64)>,
}

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    if &*object.resource != RESOURCE {
        return;
    }
    if change.verb == Verb::Deleted {
        world.autoscalers.0.remove(&object.uid);
    } else if change.before.as_ref().is_none_or(|before| !before.tree["spec"].same(&object.tree["spec"])) {
        world.look(NAME, object.reference());
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(hpa) = world.find(about) else { return };
    world.look_in(NAME, about.clone(), PERIOD);
    let mut past = world.autoscalers.0.remove(&hpa.uid).unwrap_or_default();
    let mut tree = hpa.tree.clone();
    let rescaled = round(world, &hpa, &mut tree, &mut past);
    world.autoscalers.0.insert(hpa.uid.clone(), past);
    if tree.at("metadata.generation").as_i64().is_some() {
        tree.set("status.observedGeneration", tree.at("metadata.generation").clone());
    }
    if let Some(said) = rescaled {
        let now = world.now_text();
        tree.set("status.lastScaleTime", now);
        world.event(&hpa, "Normal", "SuccessfulRescale", &said, COMPONENT);
    }
    world.update(about, |stored| stored.set("status", tree["status"].clone()));
}

/// Where the target of an autoscaler is stored, and what scales.
fn target(hpa: &Object) -> Option<Ref> {
    let target = hpa.tree.at("spec.scaleTargetRef");
    let resource = match (target.text("kind"), target.text("apiVersion").split('/').next().unwrap_or("")) {
        ("Deployment", "apps") => "deployments.apps",
        ("StatefulSet", "apps") => "statefulsets.apps",
        ("ReplicaSet", "apps") => "replicasets.apps",
        ("ReplicationController", _) => "replicationcontrollers",
        _ => return None,
    };
    Some(Ref::new(resource, &hpa.namespace, target.text("name")))
}

/// Sets a condition of the status with its own words: `setCondition`, which keeps its place.
fn say(tree: &mut Tree, now: &Tree, kind: &str, status: &str, reason: &str, message: &str) {
    let list = tree.at_mut("status.conditions").items_mut();
    let known = list.iter().position(|condition| condition["type"] == *kind);
    let since =
        known.and_then(|at| list.get(at)).filter(|known| known["status"] == *status).map(|known| known["lastTransitionTime"].clone());
    let mut new = Tree::texts([("type", kind), ("status", status), ("reason", reason), ("message", message)]);
    new.set("lastTransitionTime", since.unwrap_or_else(|| now.clone()));
    match known.and_then(|at| list.get_mut(at)) {
        Some(known) => *known = new,
        None => list.push(new),
    }
}

/// One round (`reconcileAutoscaler`). What is said when it changed the target.
fn round(world: &mut World, hpa: &Object, tree: &mut Tree, past: &mut Past) -> Option<String> {
    let now = world.now_text();
    let reference = hpa.tree.at("spec.scaleTargetRef");
    let (kind, name) = (reference.text("kind"), reference.text("name"));
    let Some(scaled) = target(hpa).and_then(|target| world.find(&target)) else {
        let why = match target(hpa) {
            Some(target) => format!("{} {name:?} not found", target.resource),
            None => format!(
                "no matches for kind {kind:?} in group {:?}",
                reference.text("apiVersion").split_once('/').map_or("", |(group, _)| group)
            ),
        };
        world.event(hpa, "Warning", "FailedGetScale", &why, COMPONENT);
        let message = format!("the HPA controller was unable to get the target's current scale: {why}");
        say(tree, &now, "AbleToScale", "False", "FailedGetScale", &message);
        return None;
    };
    say(tree, &now, "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
    let current = scaled.tree.int("spec.replicas", 1);
    if past.asked.is_empty() {
        past.asked.push((world.now(), current));
    }
    let (least, most) = (hpa.tree.int("spec.minReplicas", 1), hpa.tree.int("spec.maxReplicas", 1));
    let report = |tree: &mut Tree, desired: i64| {
        condition::set_count(tree, "status.currentReplicas", scaled.tree.int("status.replicas", 0));
        tree.set("status.desiredReplicas", desired);
    };
    let (desired, why) = if current == 0 {
        say(tree, &now, "ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
        report(tree, 0);
        return None;
    } else if current > most {
        (most, "Current number of replicas above Spec.MaxReplicas".to_owned())
    } else if current < least {
        (least, "Current number of replicas below Spec.MinReplicas".to_owned())
    } else {
        let pods = match scaled.tree.text("kind") {
            "ReplicationController" => selector::of_map(scaled.tree.at("spec.selector")),
            _ => selector::of(scaled.tree.at("spec.selector")),
        };
        let pods = world.store.pods(&hpa.namespace, &pods);
        let asked = match load::asked(world, hpa, &pods, current) {
            Ok(asked) => asked,
            Err(load::Failure { reason, message, first }) => {
                world.event(hpa, "Warning", reason, &message, COMPONENT);
                world.event(hpa, "Warning", "FailedComputeMetricsReplicas", &first, COMPONENT);
                let words = format!("the HPA was unable to compute the replica count: {message}");
                say(tree, &now, "ScalingActive", "False", reason, &words);
                report(tree, tree.int("status.desiredReplicas", 0));
                return None;
            }
        };
        let message = format!("the HPA was able to successfully calculate a replica count from {}", asked.metric);
        say(tree, &now, "ScalingActive", "True", "ValidMetricFound", &message);
        tree.set("status.currentMetrics", Tree::list_of(asked.statuses));
        let allowed = limits::allowed(&hpa.tree, past, world.now(), current, asked.replicas);
        let (reason, message) = allowed.able;
        say(tree, &now, "AbleToScale", "True", reason, message);
        let (reason, message) = allowed.limited;
        say(tree, &now, "ScalingLimited", if allowed.held { "True" } else { "False" }, reason, message);
        let why = if asked.replicas > current { format!("{} above target", asked.metric) } else { "All metrics below target".to_owned() };
        (allowed.replicas, why)
    };
    report(tree, desired);
    if desired == current {
        return None;
    }
    world.update(&scaled.reference(), |tree| tree.set("spec.replicas", desired));
    past.changes.push((world.now(), desired - current));
    let message = format!("the HPA controller was able to update the target scale to {desired}");
    say(tree, &now, "AbleToScale", "True", "SucceededRescale", &message);
    Some(format!("New size: {desired}; reason: {why}"))
}
