//! ResourceQuotas: what of them is used (`pkg/controller/resourcequota` and `pkg/quota/v1/evaluator/core`). That nothing is
//! made beyond them is the matter of admission.

use super::{Controller, pods};
use crate::demo::store::{Change, Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{SECOND, World};
use crate::model::quantity;

/// The row of the controller.
pub static QUOTAS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "resourcequota";
const RESOURCE: &str = "resourcequotas";

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    if &*object.resource == RESOURCE {
        return world.look(NAME, object.reference());
    }
    // A change that uses neither more nor less is no news: a pod that only reports is the most frequent of all.
    let same = change.before.as_ref().is_some_and(|before| {
        before.tree["spec"].same(&object.tree["spec"])
            && (&*object.resource != "pods" || pods::has_ended(before) == pods::has_ended(object))
    });
    if object.namespace.is_empty() || (same && change.verb != crate::demo::store::Verb::Deleted) || &*object.resource == "events" {
        return;
    }
    let quotas: Vec<Ref> = world.store.list(RESOURCE, Some(&object.namespace)).map(|quota| quota.reference()).collect();
    for quota in quotas {
        // Many changes are one count.
        world.look_in(NAME, quota, SECOND / 2);
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(quota) = world.find(about) else { return };
    let hard = quota.tree.at("spec.hard").clone();
    let mut used = Tree::map();
    for (name, _) in hard.entries() {
        if let Some(amount) = amount(world, &quota, name) {
            used.put(name, amount);
        }
    }
    world.update(about, |tree| {
        tree.set("status.hard", hard);
        tree.set("status.used", used);
    });
}

/// How much of one resource is used; `None` for one that nobody counts.
fn amount(world: &World, quota: &Object, name: &str) -> Option<String> {
    let list = |resource: &str| world.store.list(resource, Some(&quota.namespace));
    let running = || list("pods").filter(|pod| !pods::has_ended(pod) && in_scope(quota, pod));
    let count = match name {
        "pods" => running().count(),
        "services" | "configmaps" | "secrets" | "persistentvolumeclaims" | "replicationcontrollers" | "resourcequotas" => {
            list(name).count()
        }
        "services.loadbalancers" => list("services").filter(|service| service.tree.text("spec.type") == "LoadBalancer").count(),
        "services.nodeports" => list("services")
            .filter(|service| matches!(service.tree.text("spec.type"), "NodePort" | "LoadBalancer"))
            .map(|service| service.tree.at("spec.ports").items().len())
            .sum(),
        _ if name.starts_with("count/") => list(name.trim_start_matches("count/")).count(),
        _ => return sum(name, running(), list("persistentvolumeclaims")),
    };
    Some(count.to_string())
}

fn sum<'a>(
    name: &str,
    pods: impl Iterator<Item = &'a std::sync::Arc<Object>>,
    claims: impl Iterator<Item = &'a std::sync::Arc<Object>>,
) -> Option<String> {
    if name == "requests.storage" {
        let asked = claims.filter_map(|claim| quantity::millis(claim.tree.text("spec.resources.requests.storage")));
        return Some(written(name, asked.sum()));
    }
    let (kind, resource) = match name.split_once('.') {
        Some((kind @ ("requests" | "limits"), resource)) => (kind, resource),
        _ if matches!(name, "cpu" | "memory" | "ephemeral-storage") => ("requests", name),
        _ => return None,
    };
    let of = |container: &Tree| container["resources"][kind][resource].as_str().and_then(quantity::millis).unwrap_or(0);
    let pod = |pod: &Object| {
        let spec = &pod.tree["spec"];
        let all: i64 = spec["containers"].items().iter().map(of).sum();
        let first = spec["initContainers"].items().iter().map(of).max().unwrap_or(0);
        all.max(first)
    };
    Some(written(resource, pods.map(|p| pod(p)).sum()))
}

/// Thousandths as the API writes them: memory and storage in powers of 1024 where they are whole.
fn written(resource: &str, millis: i64) -> String {
    let whole = millis / 1000;
    if millis % 1000 != 0 {
        return format!("{millis}m");
    }
    if resource.contains("memory") || resource.contains("storage") {
        for (shift, suffix) in [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")] {
            if whole != 0 && whole % (1 << shift) == 0 {
                return format!("{}{suffix}", whole >> shift);
            }
        }
    }
    whole.to_string()
}

/// `spec.scopes`: of best effort or not, with an end or not.
fn in_scope(quota: &Object, pod: &Object) -> bool {
    let spec = &pod.tree["spec"];
    let best_effort = || {
        spec["containers"]
            .items()
            .iter()
            .chain(spec["initContainers"].items())
            .all(|container| container.at("resources.requests").is_empty() && container.at("resources.limits").is_empty())
    };
    quota.tree.at("spec.scopes").items().iter().all(|scope| match scope.as_str().unwrap_or("") {
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "Terminating" => spec["activeDeadlineSeconds"].as_i64().is_some(),
        "NotTerminating" => spec["activeDeadlineSeconds"].as_i64().is_none(),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::ground::Ground;

    #[test]
    fn what_is_used_is_counted() {
        let mut ground = Ground::new();
        let hard = json!({"pods": "10", "requests.cpu": "4", "limits.memory": "8Gi", "count/deployments.apps": "3", "services.nodeports": "2", "strange": "1"});
        ground.make(RESOURCE, json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}));
        for name in ["a", "b", "ended"] {
            let resources = json!({"requests": {"cpu": "250m"}, "limits": {"memory": "512Mi"}});
            ground.make("pods", json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "resources": resources}]}}));
        }
        ground.change("pods", "ended", |tree| tree.set("status.phase", "Succeeded"));
        ground.make("services", json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{}, {}]}}));
        ground.pass(1);
        let used = ground.tree(RESOURCE, "q").at("status.used").clone();
        let expected =
            json!({"pods": "2", "requests.cpu": "500m", "limits.memory": "1Gi", "count/deployments.apps": "0", "services.nodeports": "2"});
        assert_eq!(used, Tree::from(expected));
    }
}
