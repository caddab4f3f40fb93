//! The admission plugin LimitRanger: what a namespace gives containers that say nothing, and what it does not allow.

use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::kinds::describe::quantity::Quantity;

use super::pods;

/// Defaults of every LimitRange (`mergePodResourceRequirements`), noted in an annotation.
pub(super) fn fill_in(world: &World, tree: &mut Tree) {
    let ranges: Vec<_> = world.store.list("limitranges", Some(tree.text("metadata.namespace"))).cloned().collect();
    for range in ranges {
        let (mut requests, mut limits) = (Tree::map(), Tree::map());
        for item in range.tree.at("spec.limits").items().iter().filter(|i| i.text("type") == "Container") {
            item["defaultRequest"].entries().for_each(|(name, amount)| requests.put(name, amount));
            item["default"].entries().for_each(|(name, amount)| limits.put(name, amount));
        }
        let mut notes = Vec::new();
        for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
            for at in 0..tree.at("spec")[list].items().len() {
                for (which, given, what) in [("limits", &limits, "limit"), ("requests", &requests, "request")] {
                    let now = tree["spec"][list][at]["resources"][which].clone();
                    let missing: Vec<(&str, &Tree)> = given.entries().filter(|(name, _)| now[*name].is_null()).collect();
                    if missing.is_empty() {
                        continue;
                    }
                    let container = &mut tree.slot("spec").slot(list).items_mut()[at];
                    for (name, amount) in &missing {
                        container.slot("resources").slot(which).put(name, *amount);
                    }
                    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
                    notes.push((what, format!("{} {what} for {word} {}", names.join(", "), container.text("name"))));
                }
            }
        }
        // Requests are noted before limits.
        notes.sort_by_key(|(what, _)| std::cmp::Reverse(*what));
        if !notes.is_empty() {
            let notes: Vec<String> = notes.into_iter().map(|(_, note)| note).collect();
            tree.at_mut("metadata.annotations").put("kubernetes.io/limit-ranger", format!("LimitRanger plugin set: {}", notes.join("; ")));
        }
    }
}

/// `PodValidateLimitFunc`, `PersistentVolumeClaimValidateLimitFunc`.
///
/// # Errors
/// A limit of the namespace is not kept.
pub(super) fn check(world: &World, resource: &str, tree: &Tree) -> Result<(), Refusal> {
    let mut wrong = Vec::new();
    for range in world.store.list("limitranges", Some(tree.text("metadata.namespace"))) {
        for item in range.tree.at("spec.limits").items() {
            match (item.text("type"), resource) {
                ("Container", "pods") => {
                    for container in tree.at("spec.containers").items().iter().chain(tree.at("spec.initContainers").items()) {
                        let amount = |which: &str, name: &str| container["resources"][which][name].as_str().map(Quantity::parse);
                        bounds(item, &amount, &mut wrong);
                    }
                }
                ("Pod", "pods") => {
                    let amount = |which: &str, name: &str| {
                        let total = pods::total(&tree["spec"], which, name);
                        (total.sign() != 0).then_some(total)
                    };
                    bounds(item, &amount, &mut wrong);
                }
                ("PersistentVolumeClaim", "persistentvolumeclaims") => claim(item, tree, &mut wrong),
                _ => {}
            }
        }
    }
    let all = match wrong.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Err(Refusal::forbidden(resource, tree.text("metadata.name"), &all))
}

fn claim(item: &Tree, tree: &Tree, wrong: &mut Vec<String>) {
    let asked = |name: &str| Quantity::parse(tree.at("spec.resources.requests")[name].as_str().unwrap_or("0"));
    for (word, field, beyond) in [("minimum", "min", std::cmp::Ordering::Less), ("maximum", "max", std::cmp::Ordering::Greater)] {
        for (name, bound) in item[field].entries() {
            let (bound, asked) = (Quantity::parse(bound.as_str().unwrap_or("0")), asked(name));
            if asked.compare(bound) == beyond {
                wrong.push(format!("{word} {name} usage per PersistentVolumeClaim is {bound}, but request is {asked}"));
            }
        }
    }
}

fn bounds(item: &Tree, amount: &dyn Fn(&str, &str) -> Option<Quantity>, wrong: &mut Vec<String>) {
    let kind = item.text("type");
    let read = |bound: &Tree| Quantity::parse(bound.as_str().unwrap_or("0"));
    for (name, bound) in item["min"].entries() {
        let (bound, request, limit) = (read(bound), amount("requests", name), amount("limits", name));
        let rule = format!("minimum {name} usage per {kind} is {bound}");
        match (request, limit) {
            (None, _) => wrong.push(format!("{rule}.  No request is specified")),
            (Some(request), _) if request.compare(bound).is_lt() => wrong.push(format!("{rule}, but request is {request}")),
            (_, Some(limit)) if limit.compare(bound).is_lt() => wrong.push(format!("{rule}, but limit is {limit}")),
            _ => {}
        }
    }
    for (name, bound) in item["max"].entries() {
        let (bound, request, limit) = (read(bound), amount("requests", name), amount("limits", name));
        let rule = format!("maximum {name} usage per {kind} is {bound}");
        match (request, limit) {
            (_, None) => wrong.push(format!("{rule}.  No limit is specified")),
            (_, Some(limit)) if limit.compare(bound).is_gt() => wrong.push(format!("{rule}, but limit is {limit}")),
            (Some(request), _) if request.compare(bound).is_gt() => wrong.push(format!("{rule}, but request is {request}")),
            _ => {}
        }
    }
    for (name, bound) in item["maxLimitRequestRatio"].entries() {
        let bound = read(bound);
        let rule = format!("{name} max limit to request ratio per {kind} is {bound}");
        let given = |which: &str| amount(which, name).filter(|a| a.sign() != 0);
        match (given("requests"), given("limits")) {
            (None, _) => wrong.push(format!("{rule}, but no request is specified or request is 0")),
            (_, None) => wrong.push(format!("{rule}, but no limit is specified or limit is 0")),
            (Some(request), Some(limit)) => {
                let ratio = limit.millis() as f64 / request.millis().max(1) as f64;
                if ratio * 1000.0 > bound.millis() as f64 {
                    wrong.push(format!("{rule}, but provided ratio is {ratio:.6}"));
                }
            }
        }
    }
}
