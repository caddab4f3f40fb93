//! The admission plugin ResourceQuota: no more of a namespace than it was given.
//!
//! What is used is counted when it is asked for, and not read from the quota's status: the controller that writes the status
//! may be late, and the answer would depend on when.

use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::describe::quantity::{Format, Quantity};

use super::pods;

/// What an object uses of a resource of a quota: `pods`, `requests.cpu`, `count/deployments.apps`, …
pub(crate) fn usage(resource: &str, tree: &Tree, name: &str) -> Quantity {
    let one = |counts: bool| Quantity::of(i64::from(counts), Format::DecimalSi);
    if let Some(counted) = name.strip_prefix("count/") {
        return one(counted == resource);
    }
    match resource {
        "pods" if matches!(tree.text("status.phase"), "Succeeded" | "Failed") => Quantity::ZERO,
        "pods" => match name.split_once('.') {
            None if name == "pods" => one(true),
            None if matches!(name, "cpu" | "memory" | "ephemeral-storage") => pods::total(&tree["spec"], "requests", name),
            Some((which @ ("requests" | "limits"), of)) if of != "storage" => pods::total(&tree["spec"], which, of),
            _ => Quantity::ZERO,
        },
        "services" => match name {
            "services" => one(true),
            "services.loadbalancers" => one(tree.text("spec.type") == "LoadBalancer"),
            "services.nodeports" => {
                let ports = tree.at("spec.ports").items().iter().filter(|p| p.int("nodePort", 0) > 0).count();
                Quantity::of(ports as i64, Format::DecimalSi)
            }
            _ => Quantity::ZERO,
        },
        "persistentvolumeclaims" => {
            let size = || Quantity::parse(tree.at("spec.resources.requests")["storage"].as_str().unwrap_or("0"));
            let class = tree.text("spec.storageClassName");
            match name.split_once(".storageclass.storage.k8s.io/") {
                Some((of, which)) if of == class && which == "requests.storage" => size(),
                Some((of, which)) if of == class && which == "persistentvolumeclaims" => one(true),
                None if name == "requests.storage" => size(),
                None if name == "persistentvolumeclaims" => one(true),
                _ => Quantity::ZERO,
            }
        }
        "configmaps" | "secrets" | "replicationcontrollers" | "resourcequotas" => one(name == resource),
        _ => Quantity::ZERO,
    }
}

/// A quota is about a pod. Quotas without scopes are about everything.
pub(crate) fn covers(quota: &Tree, resource: &str, tree: &Tree) -> bool {
    let said = quota.at("spec.scopes").items().iter().filter_map(Tree::as_str).all(|scope| scoped(scope, resource, tree));
    said && quota.at("spec.scopeSelector.matchExpressions").items().iter().all(|expression| {
        let class = tree.text("spec.priorityClassName");
        let listed = expression["values"].items().iter().any(|v| *v == class);
        match (expression.text("scopeName"), expression.text("operator")) {
            ("PriorityClass", "In") => resource == "pods" && listed,
            ("PriorityClass", "NotIn") => resource == "pods" && !listed,
            ("PriorityClass", "Exists") => resource == "pods" && !class.is_empty(),
            ("PriorityClass", "DoesNotExist") => resource == "pods" && class.is_empty(),
            (scope, _) => scoped(scope, resource, tree),
        }
    })
}

fn scoped(scope: &str, resource: &str, tree: &Tree) -> bool {
    let ends = tree.int("spec.activeDeadlineSeconds", -1) >= 0;
    let effort = || pods::quality(&tree["spec"]) == "BestEffort";
    resource == "pods"
        && match scope {
            "Terminating" => ends,
            "NotTerminating" => !ends,
            "BestEffort" => effort(),
            "NotBestEffort" => !effort(),
            "PriorityClass" => !tree.text("spec.priorityClassName").is_empty(),
            _ => false,
        }
}

/// What the objects of a namespace use of a resource of a quota.
pub(crate) fn used(world: &World, quota: &Tree, namespace: &str, name: &str) -> Quantity {
    let mut sum = Quantity::ZERO;
    let of = match name {
        _ if name.starts_with("count/") => name.trim_start_matches("count/"),
        _ if name.starts_with("services") => "services",
        "configmaps" | "secrets" | "replicationcontrollers" | "resourcequotas" => name,
        _ if name == "requests.storage" || name.contains("persistentvolumeclaims") || name.contains(".storageclass.") => {
            "persistentvolumeclaims"
        }
        _ => "pods",
    };
    for object in world.store.list(of, Some(namespace)).filter(|o| covers(quota, of, &o.tree)) {
        sum.add(usage(of, &object.tree, name));
    }
    sum
}

/// Whether a new object fits.
///
/// # Errors
/// It does not, or does not say what it uses where a quota wants to know.
pub(in crate::demo) fn check(world: &World, resource: &str, tree: &Tree) -> Result<(), Refusal> {
    let namespace = tree.text("metadata.namespace");
    let refuse = |why: String| Err(Refusal::forbidden(resource, tree.text("metadata.name"), &why));
    for quota in world.store.list("resourcequotas", Some(namespace)).filter(|q| covers(&q.tree, resource, tree)) {
        let hard = quota.tree.at("spec.hard");
        if resource == "pods"
            && let Some(why) = unsaid(hard, tree)
        {
            return refuse(format!("failed quota: {}: {why}", quota.name));
        }
        let (mut asked, mut before, mut limited) = (Vec::new(), Vec::new(), Vec::new());
        for (name, hard) in hard.entries() {
            let new = usage(resource, tree, name);
            if new.sign() <= 0 {
                continue;
            }
            let hard = Quantity::parse(hard.as_str().unwrap_or("0"));
            let now = used(world, &quota.tree, namespace, name);
            let mut then = now;
            then.add(new);
            if then.compare(hard).is_gt() {
                asked.push(format!("{name}={new}"));
                before.push(format!("{name}={now}"));
                limited.push(format!("{name}={hard}"));
            }
        }
        if !asked.is_empty() {
            let (asked, before, limited) = (asked.join(","), before.join(","), limited.join(","));
            return refuse(format!("exceeded quota: {}, requested: {asked}, used: {before}, limited: {limited}", quota.name));
        }
    }
    Ok(())
}

/// Containers have to say what a quota limits (`podEvaluator.Constraints`).
fn unsaid(hard: &Tree, tree: &Tree) -> Option<String> {
    let mut missing = Vec::new();
    for (name, _) in hard.entries() {
        let (which, of) = match name.split_once('.') {
            None if matches!(name, "cpu" | "memory") => ("requests", name),
            Some((which @ ("requests" | "limits"), of @ ("cpu" | "memory"))) => (which, of),
            _ => continue,
        };
        if !tree.at("spec.resources")[which][of].is_null() {
            continue;
        }
        let containers = tree.at("spec.containers").items().iter().chain(tree.at("spec.initContainers").items());
        let mut names: Vec<&str> = containers.filter(|c| c["resources"][which][of].is_null()).map(|c| c.text("name")).collect();
        names.sort_unstable();
        if !names.is_empty() {
            missing.push(format!("{name} for: {}", names.join(",")));
        }
    }
    (!missing.is_empty()).then(|| format!("must specify {}", missing.join("; ")))
}
