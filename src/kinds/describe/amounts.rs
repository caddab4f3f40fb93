//! What a pod requests and is limited to, all told: `PodRequests` and `PodLimits` of component-helpers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::Json;
use super::quantity::Quantity;

/// Amounts by name of resource.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// Which of the two lists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Requests.
    Requests,
    /// Limits.
    Limits,
}

impl Of {
    fn field(self) -> &'static str {
        match self {
            Of::Requests => "requests",
            Of::Limits => "limits",
        }
    }
}

/// The sum over a pod. With `in_place`, what its status says of a resize counts too (`UseStatusResources`).
pub(super) fn of_pod(pod: &Value, of: Of, in_place: bool) -> Amounts {
    let spec = pod.at("spec");
    let mut total = Amounts::new();
    for container in spec.list("containers") {
        add(&mut total, &of_container(pod, container, of, in_place));
    }
    // Init containers run one after the other, beside the sidecars that started before them.
    let (mut sidecars, mut most) = (Amounts::new(), Amounts::new());
    for container in spec.list("initContainers") {
        let sidecar = container.text("restartPolicy") == "Always";
        let own = of_container(pod, container, of, in_place && sidecar);
        if sidecar {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            maximum(&mut most, &sidecars);
        } else {
            let mut beside = own;
            add(&mut beside, &sidecars);
            maximum(&mut most, &beside);
        }
    }
    maximum(&mut total, &most);
    // Amounts of the pod as a whole replace those of its containers.
    for (name, amount) in amounts(spec.at("resources"), of.field()) {
        if matches!(&*name, "cpu" | "memory") || name.starts_with("hugepages-") {
            total.insert(name, amount);
        }
    }
    for (name, overhead) in amounts(spec, "overhead") {
        match total.get_mut(&name) {
            Some(amount) if of == Of::Requests || amount.sign() != 0 => amount.add(overhead),
            None if of == Of::Requests => _ = total.insert(name, overhead),
            _ => {}
        }
    }
    total
}

fn amounts(object: &Value, field: &str) -> Amounts {
    object.pairs(field).into_iter().map(|(name, amount)| (name.to_owned(), Quantity::parse(amount))).collect()
}

/// `determineEffectiveRequests` and `determineEffectiveLimits`: while a resize is under way the largest counts.
fn of_container(pod: &Value, container: &Value, of: Of, in_place: bool) -> Amounts {
    let wanted = amounts(container.at("resources"), of.field());
    let lists = ["status.containerStatuses", "status.initContainerStatuses"];
    let status = lists
        .iter()
        .flat_map(|list| pod.list(list).iter().rev())
        .find(|status| status.text("name") == container.text("name"))
        .filter(|status| in_place && status.has("resources"));
    let Some(status) = status else { return wanted };
    let infeasible = pod
        .list("status.conditions")
        .iter()
        .find(|c| c.text("type") == "PodResizePending")
        .is_some_and(|c| c.text("reason") == "Infeasible");
    let mut effective = if infeasible { Amounts::new() } else { wanted };
    maximum(&mut effective, &amounts(status.at("resources"), of.field()));
    if of == Of::Requests {
        maximum(&mut effective, &amounts(status, "allocatedResources"));
    }
    effective
}

/// Adds each amount.
pub(super) fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        total.entry(name.clone()).and_modify(|sum| sum.add(*amount)).or_insert(*amount);
    }
}

fn maximum(total: &mut Amounts, others: &Amounts) {
    for (name, amount) in others {
        let most = total.entry(name.clone()).or_insert(*amount);
        if amount.compare(*most).is_gt() {
            *most = *amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn init_containers_sidecars_and_overhead_count() {
        let container = |cpu: &str, policy: Option<&str>| json!({"restartPolicy": policy, "resources": {"requests": {"cpu": cpu}}});
        let mut pod = json!({"spec": {
            "containers": [container("100m", None), container("50m", None)],
            "initContainers": [container("10m", Some("Always")), container("1", None)],
            "overhead": {"cpu": "5m", "memory": "1Mi"},
        }});
        let requests = of_pod(&pod, Of::Requests, true);
        assert_eq!((requests["cpu"].to_string(), requests["memory"].to_string()), ("1015m".to_owned(), "1Mi".to_owned()));
        assert!(of_pod(&pod, Of::Limits, true).is_empty());
        pod["spec"]["resources"] = json!({"requests": {"cpu": "3", "nvidia.com/gpu": "1"}});
        let requests = of_pod(&pod, Of::Requests, true);
        assert_eq!((requests["cpu"].to_string(), requests.contains_key("nvidia.com/gpu")), ("3005m".to_owned(), false));
    }

    #[test]
    fn a_resize_counts_at_its_largest() {
        let pod = json!({
            "spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}]},
            "status": {"containerStatuses": [{"name": "a", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "1500m"}}]},
        });
        assert_eq!(of_pod(&pod, Of::Requests, true)["cpu"].to_string(), "2");
        assert_eq!(of_pod(&pod, Of::Requests, false)["cpu"].to_string(), "1");
    }
}
