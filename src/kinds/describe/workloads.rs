//! ReplicationControllers, ReplicaSets, Deployments, StatefulSets, DaemonSets.

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::{
    conditions, controlled_by, created, format_selector, is_controlled_by, joined, labels, labels_and_annotations, name_and_namespace,
    selector,
};
use super::storage::class_of;
use super::template::template;
use super::writer::{Writer, line};
use super::{Context, Related, list};

/// The pods that a workload's selector matches.
pub(super) fn pods(object: &Value) -> Vec<Related> {
    selected("/api/v1/pods", object, "pods")
}

/// The pods that a plain map of labels matches, as a ReplicationController has it.
pub(super) fn pods_of_map(object: &Value) -> Vec<Related> {
    let labels = object.pairs("spec.selector");
    let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    vec![list("/api/v1/pods", object.text("metadata.namespace"), "labelSelector", &selector, "pods")]
}

/// The ReplicaSets that a Deployment's selector matches.
pub(super) fn replica_sets(object: &Value) -> Vec<Related> {
    selected("/apis/apps/v1/replicasets", object, "replicasets")
}

/// What of a collection (`/apis/apps/v1/replicasets`) a workload's selector matches.
pub(in crate::kinds) fn selected(collection: &str, object: &Value, key: &'static str) -> Vec<Related> {
    // A selector that the API server took has no unknown operator.
    let selector = selector(object.at("spec.selector")).unwrap_or_default();
    vec![list(collection, object.text("metadata.namespace"), "labelSelector", &selector, key)]
}

/// `Pods Status:` of the pods that the object controls.
fn pods_status(w: &mut Writer, cx: &Context<'_>) {
    let pods = match cx.items("pods") {
        Ok(pods) => pods,
        Err(error) => {
            line!(w, 0, "Pods Status:\terror in fetching pods: {error}");
            return;
        }
    };
    let uid = cx.object.text("metadata.uid");
    let count = |phase: &str| pods.iter().filter(|pod| is_controlled_by(pod, uid) && pod.text("status.phase") == phase).count();
    let [running, waiting, succeeded, failed] = ["Running", "Pending", "Succeeded", "Failed"].map(count);
    line!(w, 0, "Pods Status:\t{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed");
}

pub(super) fn replication_controller(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    line!(w, 0, "Selector:\t{}", joined(&cx.object.pairs("spec.selector")));
    labels_and_annotations(w, cx.object);
    replicas(w, cx);
}

pub(super) fn replica_set(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    line!(w, 0, "Selector:\t{}", format_selector(cx.object.at("spec.selector")));
    labels_and_annotations(w, cx.object);
    controlled_by(w, cx.object);
    replicas(w, cx);
}

/// What a ReplicationController and a ReplicaSet have alike.
fn replicas(w: &mut Writer, cx: &Context<'_>) {
    let object = cx.object;
    line!(w, 0, "Replicas:\t{} current / {} desired", object.int("status.replicas"), object.int("spec.replicas"));
    pods_status(w, cx);
    template(w, object.at("spec.template"));
    conditions(w, object);
}

pub(super) fn deployment(w: &mut Writer, cx: &Context<'_>) {
    let object = cx.object;
    name_and_namespace(w, object);
    created(w, object);
    labels_and_annotations(w, object);
    line!(w, 0, "Selector:\t{}", selector(object.at("spec.selector")).unwrap_or_else(|error| error));
    let status = object.at("status");
    line!(
        w,
        0,
        "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable",
        object.int("spec.replicas"),
        status.int("updatedReplicas"),
        status.int("replicas"),
        status.int("availableReplicas"),
        status.int("unavailableReplicas")
    );
    line!(w, 0, "StrategyType:\t{}", object.text("spec.strategy.type"));
    line!(w, 0, "MinReadySeconds:\t{}", object.int("spec.minReadySeconds"));
    let rolling = object.at("spec.strategy.rollingUpdate");
    if !rolling.is_null() {
        let amount = |field| rolling.scalar(field).unwrap_or_else(|| "<nil>".to_owned());
        line!(w, 0, "RollingUpdateStrategy:\t{} max unavailable, {} max surge", amount("maxUnavailable"), amount("maxSurge"));
    }
    template(w, object.at("spec.template"));
    conditions(w, object);
    old_and_new(w, cx);
}

/// `OldReplicaSets:` and `NewReplicaSet:`, where there are any.
fn old_and_new(w: &mut Writer, cx: &Context<'_>) {
    let uid = cx.object.text("metadata.uid");
    let mut sets: Vec<&Value> = match cx.items("replicasets") {
        Ok(sets) => sets.iter().filter(|set| is_controlled_by(set, uid)).collect(),
        Err(error) => {
            line!(w, 0, "OldReplicaSets:\t<error: {error}>");
            line!(w, 0, "NewReplicaSet:\t<error: {error}>");
            return;
        }
    };
    sets.sort_by_key(|set| (set.text("metadata.creationTimestamp"), set.text("metadata.name")));
    let (templates, mut new) = (cx.object.at("spec.template"), Vec::new());
    if let Some(at) = sets.iter().position(|set| same_template(set.at("spec.template"), templates)) {
        new.push(sets.remove(at));
    }
    if !sets.is_empty() || !new.is_empty() {
        line!(w, 0, "OldReplicaSets:\t{}", created_replicas(&sets));
        line!(w, 0, "NewReplicaSet:\t{}", created_replicas(&new));
    }
}

fn created_replicas(sets: &[&Value]) -> String {
    let texts = sets
        .iter()
        .map(|set| format!("{} ({}/{} replicas created)", set.text("metadata.name"), set.int("status.replicas"), set.int("spec.replicas")));
    or(&texts.collect::<Vec<_>>().join(", "), "<none>").to_owned()
}

/// kubectl's `equalIgnoreHash`: the templates are the same but for the label with the hash. Nothing and empty are the same.
fn same_template(one: &Value, other: &Value) -> bool {
    same(one, other, "")
}

fn same(one: &Value, other: &Value, path: &str) -> bool {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).all(|key| {
            (path == ".metadata.labels" && key == "pod-template-hash")
                || same(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))
        }),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, path)),
        (Value::Null, filled) | (filled, Value::Null) => match filled {
            Value::Null => true,
            // Labels that are nothing but the hash are none.
            Value::Object(map) => map.iter().all(|(key, value)| {
                (path == ".metadata.labels" && key == "pod-template-hash") || same(value, &Value::Null, &format!("{path}.{key}"))
            }),
            Value::Array(items) => items.is_empty(),
            _ => false,
        },
        (a, b) => a == b,
    }
}

pub(super) fn stateful_set(w: &mut Writer, cx: &Context<'_>) {
    let object = cx.object;
    name_and_namespace(w, object);
    created(w, object);
    line!(w, 0, "Selector:\t{}", selector(object.at("spec.selector")).unwrap_or_else(|error| error));
    labels_and_annotations(w, object);
    line!(w, 0, "Replicas:\t{} desired | {} total", object.int("spec.replicas"), object.int("status.replicas"));
    line!(w, 0, "Update Strategy:\t{}", object.text("spec.updateStrategy.type"));
    let rolling = object.at("spec.updateStrategy.rollingUpdate");
    if rolling.has("partition") {
        line!(w, 1, "Partition:\t{}", rolling.int("partition"));
        if let Some(most) = rolling.scalar("maxUnavailable") {
            line!(w, 1, "MaxUnavailable:\t{most}");
        }
    }
    pods_status(w, cx);
    template(w, object.at("spec.template"));
    claims(w, object.list("spec.volumeClaimTemplates"));
}

/// kubectl's `describeVolumeClaimTemplates`.
fn claims(w: &mut Writer, claims: &[Value]) {
    line!(w, 0, "Volume Claims:{}", if claims.is_empty() { "\t<none>" } else { "" });
    for claim in claims {
        line!(w, 1, "Name:\t{}", claim.text("metadata.name"));
        line!(w, 1, "StorageClass:\t{}", class_of(claim));
        labels(w, "  ", "Labels", &claim.pairs("metadata.labels"));
        labels(w, "  ", "Annotations", &claim.pairs("metadata.annotations"));
        line!(w, 1, "Capacity:\t{}", or(claim.text("spec.resources.requests.storage"), "<default>"));
        line!(w, 1, "Access Modes:\t[{}]", claim.texts("spec.accessModes").join(" "));
    }
}

pub(super) fn daemon_set(w: &mut Writer, cx: &Context<'_>) {
    let object = cx.object;
    name_and_namespace(w, object);
    line!(w, 0, "Selector:\t{}", selector(object.at("spec.selector")).unwrap_or_else(|error| error));
    line!(w, 0, "Node-Selector:\t{}", joined(&object.pairs("spec.template.spec.nodeSelector")));
    labels_and_annotations(w, object);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        line!(w, 0, "{title}: {}", object.at("status").int(field));
    }
    pods_status(w, cx);
    template(w, object.at("spec.template"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_compared_without_the_hash() {
        let old = json!({"metadata": {"labels": {"a": "1", "pod-template-hash": "x"}}, "spec": {"containers": [{"image": "a"}]}});
        let same =
            json!({"metadata": {"creationTimestamp": null, "labels": {"a": "1"}}, "spec": {"containers": [{"image": "a"}], "volumes": []}});
        let other = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"containers": [{"image": "b"}]}});
        assert!(same_template(&old, &same));
        assert!(!same_template(&old, &other));
        assert!(!same_template(&same, &json!({})));
    }

    #[test]
    fn a_selector_becomes_a_query() {
        let object = json!({"metadata": {"namespace": "n"}, "spec": {"selector": {"matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]}]}}});
        assert_eq!(pods(&object)[0].path, "/api/v1/namespaces/n/pods?labelSelector=app%3Dweb%2Ct%20in%20%28a%2Cb%29");
    }
}
