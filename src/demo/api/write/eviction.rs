//! Evictions: deletions of pods that a PodDisruptionBudget may refuse. (pkg/registry/core/pod/storage/eviction.go)

use std::sync::Arc;

use super::{Written, body, remove, success};
use crate::demo::api::call::{Call, Options};
use crate::demo::controllers::condition::set_condition;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::selector;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::World;

const BUDGETS: &str = "poddisruptionbudgets.policy";
/// Evictions that a budget's controller has not confirmed yet.
const MOST_DISRUPTED: usize = 2000;

/// POST of an Eviction.
pub(super) fn evict(world: &mut World, call: &Call, options: &Options) -> Result<Written, Refusal> {
    let eviction = body::object(&call.request.body, call.request.header("content-type"), "Eviction")?.tree;
    if !matches!(eviction.text("apiVersion"), "" | "policy/v1" | "policy/v1beta1") || !matches!(eviction.text("kind"), "" | "Eviction") {
        let (kind, version) = (eviction.text("kind"), eviction.text("apiVersion"));
        return Err(Refusal::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    if !matches!(eviction.text("metadata.namespace"), namespace if namespace.is_empty() || namespace == call.namespace) {
        return Err(Refusal::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
    if eviction.text("metadata.name") != call.name {
        return Err(Refusal::bad_request("name in URL does not match name in Eviction object"));
    }
    let mut deletion = remove::options_in(eviction.at("deleteOptions"))?;
    deletion.dry_run |= options.dry_run;
    let Some(pod) = world.find(&call.reference()) else { return Err(Refusal::not_found("pods", call.name)) };
    if !budgets_do_not_count(&pod) {
        guard(world, &pod, deletion.dry_run)?;
    }
    if !deletion.dry_run {
        let now = world.now_text();
        // The deletion's own precondition is of the pod before this.
        if deletion.version.as_deref().is_none_or(|version| version == pod.version.to_string()) {
            let after = world.update(&pod.reference(), |tree| {
                let message = "Eviction API: evicting";
                set_condition(tree, "status.conditions", "DisruptionTarget", "True", "EvictionByEvictionAPI", message, &now);
            });
            deletion.version = deletion.version.and(after.map(|after| after.version.to_string()));
        }
    }
    world.delete(&pod.reference(), &deletion)?;
    Ok(Written { status: 201, tree: success(Tree::Null), warnings: Vec::new() })
}

/// A pod that has ended, has not begun or is going disrupts nothing. (`canIgnorePDB`)
fn budgets_do_not_count(pod: &Object) -> bool {
    matches!(pod.tree.text("status.phase"), "Succeeded" | "Failed" | "Pending") || pod.terminating()
}

/// Asks the budget of a pod, and takes one disruption from it.
fn guard(world: &mut World, pod: &Object, dry_run: bool) -> Result<(), Refusal> {
    let selects = |budget: &&Arc<Object>| {
        let selector = budget.tree.at("spec.selector");
        !selector.is_null() && selector::matches(&selector::of(selector), pod.labels())
    };
    let budgets: Vec<Arc<Object>> = world.store.list(BUDGETS, Some(&pod.namespace)).filter(selects).cloned().collect();
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [budget] => budget,
        _ => {
            let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Refusal::new(500, "", why));
        }
    };
    let status = &budget.tree["status"];
    let (healthy, desired) = (status.int("currentHealthy", 0), status.int("desiredHealthy", 0));
    if pod.tree.item("status.conditions", "type", "Ready").text("status") != "True" {
        let always = budget.tree.text("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow";
        if always || (healthy >= desired && desired > 0) {
            return Ok(());
        }
    }
    let name = &budget.name;
    let refuse = |message: String, retry: u32| {
        let cause = Cause { reason: "DisruptionBudget", field: String::new(), message };
        Err(Refusal::too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.", vec![cause], retry))
    };
    if status.int("observedGeneration", 0) < budget.tree.int("metadata.generation", 0) {
        return refuse(format!("The disruption budget {name} is still being processed by the server."), 10);
    }
    let allowed = status.int("disruptionsAllowed", 0);
    if allowed < 0 {
        return Err(Refusal::forbidden("poddisruptionbudget.policy", name, "pdb disruptions allowed is negative"));
    }
    if status.at("disruptedPods").entries().count() > MOST_DISRUPTED {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(Refusal::forbidden("poddisruptionbudget.policy", name, why));
    }
    if allowed == 0 {
        let condition = status.item("conditions", "type", "DisruptionAllowed");
        let (reason, message) = (condition.text("reason"), condition.text("message"));
        let says = condition.text("status") == "False" && !message.is_empty();
        return refuse(
            if says && reason == "SyncFailed" {
                format!("The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}")
            } else if healthy <= desired {
                format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
            } else if says {
                format!("The disruption budget {name} does not allow evicting pods currently ({reason}): {message}")
            } else {
                format!("The disruption budget {name} does not allow evicting pods currently")
            },
            0,
        );
    }
    if dry_run {
        return Ok(());
    }
    let now = world.now_text();
    world.update(&budget.reference(), |tree| {
        tree.set("status.disruptionsAllowed", allowed - 1);
        tree.at_mut("status.disruptedPods").put(&pod.name, &now);
        if allowed == 1 {
            set_condition(tree, "status.conditions", "DisruptionAllowed", "False", "InsufficientPods", "", &now);
        }
    });
    Ok(())
}
