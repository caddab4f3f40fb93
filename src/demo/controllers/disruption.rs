//! PodDisruptionBudgets: how many pods may be evicted now (`pkg/controller/disruption`).

use arcstr::ArcStr;
use std::collections::HashMap;
use std::sync::Arc;

use super::int_or_percent::scaled;
use super::{Controller, pods};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};
use crate::model::time;

/// The row of PodDisruptionBudgets.
pub static BUDGETS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "disruption";
const COMPONENT: &str = "controllermanager";
const BUDGET: &str = "poddisruptionbudgets.policy";

/// How long an evicted pod may take until it is on its way out: `DeletionTimeout`.
const DELETION_TIMEOUT: Millis = 120 * SECOND;

/// From this many pods on, changes of theirs are looked at together.
const MANY: i64 = 500;

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match &*object.resource {
        BUDGET => world.look(NAME, object.reference()),
        "pods" if matters(change) => look_at_budgets(world, change),
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "replicationcontrollers" => {
            let scaled = |before: &Arc<Object>| before.tree.at("spec.replicas") != object.tree.at("spec.replicas");
            if change.before.as_ref().is_some_and(scaled) && change.verb == Verb::Modified {
                let all: Vec<Ref> = world.store.list(BUDGET, Some(&object.namespace)).map(|budget| budget.reference()).collect();
                for budget in all {
                    world.look(NAME, budget);
                }
            }
        }
        _ => {}
    }
}

/// A change of a pod that a budget might count.
fn matters(change: &Change) -> bool {
    let Some(before) = change.before.as_ref().filter(|_| change.verb == Verb::Modified) else { return true };
    let now = &change.object;
    pods::is_ready(before) != pods::is_ready(now)
        || before.terminating() != now.terminating()
        || !before.labels().equals(now.labels())
        || before.controller_uid() != now.controller_uid()
}

fn look_at_budgets(world: &mut World, change: &Change) {
    let budgets = world.store.list(BUDGET, Some(&change.object.namespace)).filter(|budget| {
        let selector = selector_of(budget);
        let pods = change.before.iter().chain([&change.object]);
        selector.is_some_and(|selector| pods.into_iter().any(|pod| selector::matches(&selector, pod.labels())))
    });
    let found: Vec<(Ref, i64)> = budgets.map(|budget| (budget.reference(), budget.tree.int("status.expectedPods", 0))).collect();
    for (budget, expected) in found {
        if expected > MANY {
            world.look_in(NAME, budget, SECOND / 2);
        } else {
            world.look(NAME, budget);
        }
    }
}

/// The selector of a budget; `None` where it has none, which matches nothing. An empty one matches all.
fn selector_of(budget: &Object) -> Option<crate::model::facts::Selector> {
    let selector = budget.tree.at("spec.selector");
    (!selector.is_null()).then(|| selector::of(selector))
}

fn sync(world: &mut World, about: &Ref) {
    let Some(budget) = world.find(about) else { return };
    let pods = selector_of(&budget).map(|selector| world.store.pods(&budget.namespace, &selector)).unwrap_or_default();
    if pods.is_empty() {
        world.event(&budget, "Normal", "NoPods", "No matching pods found", COMPONENT);
    }
    let wants = match Wants::of(world, &budget, &pods) {
        Ok(wants) => wants,
        Err(why) => return fail(world, &budget, &why),
    };
    if wants.unmanaged {
        let selector = spelled(budget.tree.at("spec.selector"));
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        world.event(&budget, "Warning", "UnmanagedPods", &message, COMPONENT);
    }
    let now = world.now();
    let disrupted = Disrupted::of(world, &budget, &pods);
    let counts = |pod: &&Arc<Object>| !pod.terminating() && pods::is_ready(pod) && disrupted.pods[&*pod.name].is_null();
    let healthy = pods.iter().filter(counts).count() as i64;
    let allowed = if wants.expected > 0 { (healthy - wants.healthy).max(0) } else { 0 };
    let stamp = world.now_text();
    world.update(about, |tree| {
        let generation = tree.int("metadata.generation", 0);
        let status = tree.slot("status");
        status.put("currentHealthy", healthy);
        status.put("desiredHealthy", wants.healthy);
        status.put("expectedPods", wants.expected);
        status.put("disruptionsAllowed", allowed);
        if generation > 0 {
            status.put("observedGeneration", generation);
        }
        if disrupted.pods.is_empty() {
            status.take("disruptedPods");
        } else {
            status.put("disruptedPods", disrupted.pods);
        }
        let (condition, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        allow(tree, condition, reason, "", generation, &stamp);
    });
    if let Some(at) = disrupted.again {
        world.look_at(NAME, about.clone(), at.max(now));
    }
}

/// What a budget asks for: `getExpectedPodCount`.
struct Wants {
    expected: i64,
    healthy: i64,
    unmanaged: bool,
}

impl Wants {
    fn of(world: &World, budget: &Object, pods: &[Arc<Object>]) -> Result<Wants, String> {
        let (most_down, least_up) = (budget.tree.at("spec.maxUnavailable"), budget.tree.at("spec.minAvailable"));
        if most_down.is_null()
            && let Some(least) = least_up.as_i64()
        {
            return Ok(Wants { expected: pods.len() as i64, healthy: least, unmanaged: false });
        }
        if most_down.is_null() && least_up.is_null() {
            return Ok(Wants { expected: 0, healthy: 0, unmanaged: false });
        }
        let (expected, unmanaged) = expected_scale(world, pods)?;
        let healthy =
            if most_down.is_null() { scaled(least_up, expected, true) } else { (expected - scaled(most_down, expected, true)).max(0) };
        Ok(Wants { expected, healthy, unmanaged })
    }
}

/// The pods that the controllers of these pods want, and whether one has no controller: `getExpectedScale`.
fn expected_scale(world: &World, pods: &[Arc<Object>]) -> Result<(i64, bool), String> {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    let mut scales: HashMap<ArcStr, i64> = HashMap::new();
    let mut unmanaged = false;
    for pod in pods {
        if pod.controller().is_none() {
            unmanaged = true;
            continue;
        }
        if seen.insert(pod.controller_uid(), ()).is_some() {
            continue;
        }
        let lost = || format!("found no controllers for pod \"{}\"", pod.name);
        let mut owner = world.store.by_uid(pod.controller_uid()).ok_or_else(lost)?;
        if let Some(deployment) = owner.controller().filter(|of| of.text("kind") == "Deployment").map(|of| of.text("uid")) {
            owner = world.store.by_uid(deployment).ok_or_else(lost)?;
        }
        let scale = match &*owner.resource {
            "daemonsets.apps" | "jobs.batch" | "nodes" => {
                return Err(format!("{} does not implement the scale subresource", owner.resource));
            }
            _ => owner.tree.int("spec.replicas", 1),
        };
        scales.insert(owner.uid.clone(), scale);
    }
    Ok((scales.values().sum(), unmanaged))
}

/// Pods whose eviction was allowed and that are not on their way out yet: `buildDisruptedPodMap`.
struct Disrupted {
    pods: Tree,
    /// When the first of them is given up.
    again: Option<Millis>,
}

impl Disrupted {
    fn of(world: &mut World, budget: &Object, pods: &[Arc<Object>]) -> Disrupted {
        let mut disrupted = Disrupted { pods: Tree::map(), again: None };
        let noted = budget.tree.at("status.disruptedPods");
        if noted.is_empty() {
            return disrupted;
        }
        let now = world.now();
        for pod in pods.iter().filter(|pod| !pod.terminating()) {
            let Some(since) = noted[&*pod.name].as_str().and_then(time::parse) else { continue };
            let until = since * SECOND + DELETION_TIMEOUT;
            if until < now {
                // Upstream names the namespace twice.
                let message = format!("Pod was expected by PDB {0}/{0} to be deleted but it wasn't", budget.namespace);
                world.event(pod, "Warning", "NotDeleted", &message, COMPONENT);
            } else {
                disrupted.again = Some(disrupted.again.map_or(until + 1, |other: Millis| other.min(until + 1)));
                disrupted.pods.put(&pod.name, &noted[&*pod.name]);
            }
        }
        disrupted
    }
}

/// Allows nothing where nothing is known: `failSafe`.
fn fail(world: &mut World, budget: &Arc<Object>, why: &str) {
    let message = format!("Failed to calculate the number of expected pods: {why}");
    world.event(budget, "Warning", "CalculateExpectedPodCountFailed", &message, COMPONENT);
    let stamp = world.now_text();
    world.update(&budget.reference(), |tree| {
        for count in ["currentHealthy", "desiredHealthy", "expectedPods"] {
            tree.slot("status").set_default(count, 0);
        }
        tree.set("status.disruptionsAllowed", 0);
        let observed = tree.int("status.observedGeneration", 0);
        allow(tree, "False", "SyncFailed", why, observed, &stamp);
    });
}

/// Sets the condition `DisruptionAllowed`: apimachinery's `SetStatusCondition`.
fn allow(tree: &mut Tree, status: &str, reason: &str, message: &str, generation: i64, now: &Tree) {
    let current = tree.item("status.conditions", "type", "DisruptionAllowed");
    let since = if current["status"] == status { current["lastTransitionTime"].clone() } else { now.clone() };
    let mut condition = Tree::texts([("type", "DisruptionAllowed"), ("status", status), ("reason", reason), ("message", message)]);
    condition.set("lastTransitionTime", since);
    if generation > 0 {
        condition.set("observedGeneration", generation);
    }
    tree.set("status.conditions", Tree::list_of(vec![condition]));
}

/// A selector as Go prints it: `&LabelSelector{MatchLabels:map[string]string{app: web,},…}`.
fn spelled(selector: &Tree) -> String {
    let labels: String =
        selector["matchLabels"].entries().map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or(""))).collect();
    let expressions: String = selector["matchExpressions"]
        .items()
        .iter()
        .map(|expression| {
            let values: Vec<&str> = expression["values"].items().iter().filter_map(Tree::as_str).collect();
            let (key, operator) = (expression.text("key"), expression.text("operator"));
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
        })
        .collect();
    format!("&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::controllers::ground::Ground;

    fn ground(budget: Value) -> Ground {
        let mut ground = Ground::new();
        ground.make(
            "deployments.apps",
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
                "replicas": 7, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}}),
        );
        let mut spec = budget;
        spec["selector"] = json!({"matchLabels": {"app": "web"}});
        ground.make(BUDGET, json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}));
        ground.world.settle();
        ground.rest();
        ground
    }

    /// Expected, healthy, to be healthy, allowed.
    fn numbers(ground: &Ground) -> [i64; 4] {
        let status = ground.tree(BUDGET, "web")["status"].clone();
        ["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"].map(|name| status.int(name, -1))
    }

    #[test]
    fn numbers_are_upstreams() {
        for (budget, expected) in [
            (json!({"minAvailable": 2}), [7, 7, 2, 5]),
            (json!({"minAvailable": "50%"}), [7, 7, 4, 3]),
            (json!({"maxUnavailable": "30%"}), [7, 7, 4, 3]),
            (json!({"maxUnavailable": 1}), [7, 7, 6, 1]),
            (json!({"minAvailable": 9}), [7, 7, 9, 0]),
        ] {
            assert_eq!(numbers(&ground(budget.clone())), expected, "{budget}");
        }
    }

    #[test]
    fn a_pod_that_is_not_ready_takes_from_what_is_allowed() {
        let mut ground = ground(json!({"maxUnavailable": 1}));
        let condition = |ground: &Ground| {
            let tree = ground.tree(BUDGET, "web");
            let condition = tree.item("status.conditions", "type", "DisruptionAllowed");
            (condition.text("status").to_owned(), condition.text("reason").to_owned())
        };
        assert_eq!(condition(&ground), ("True".into(), "SufficientPods".into()));
        let pod = ground.active().remove(0);
        ground.ready(&pod, false);
        assert_eq!(numbers(&ground), [7, 6, 6, 0]);
        assert_eq!(condition(&ground), ("False".into(), "InsufficientPods".into()));
    }

    #[test]
    fn an_evicted_pod_counts_as_gone_until_its_time_is_over() {
        let mut ground = ground(json!({"maxUnavailable": 2}));
        let pod = ground.names("pods").remove(0);
        let now = ground.world.now_text();
        ground.change(BUDGET, "web", |tree| tree.at_mut("status.disruptedPods").put(&pod, now));
        assert_eq!(numbers(&ground), [7, 6, 5, 1]);
        ground.pass(125);
        assert_eq!(numbers(&ground), [7, 7, 5, 2]);
        assert_eq!(ground.said("NotDeleted").len(), 1);
    }

    #[test]
    fn bare_pods_cannot_be_a_share_of_anything() {
        let mut ground = Ground::new();
        ground.make("pods", json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"app": "bare"}}}));
        let spec = json!({"minAvailable": "50%", "selector": {"matchLabels": {"app": "bare"}}});
        ground.make(BUDGET, json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}));
        ground.world.settle();
        assert_eq!(numbers(&ground), [0, 0, 0, 0]);
        assert!(ground.said("UnmanagedPods")[0].contains("&LabelSelector{MatchLabels:map[string]string{app: bare,},"));
    }
}
