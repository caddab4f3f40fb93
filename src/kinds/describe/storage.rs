//! PersistentVolumes, claims, and the classes and drivers behind them.

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::{
    annotations, created, joined, labels, labels_and_annotations, moment, multiline, name, name_and_namespace, since, yes_or_no,
};
use super::volumes::persistent;
use super::writer::{Writer, line, part};
use super::{Context, Related, list};
use crate::model::time::Seconds;

/// The annotation that named the class before the field did.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The class that a volume, a claim or the template of a claim names.
pub(super) fn class_of(object: &Value) -> &str {
    match object.at("metadata.annotations").get(BETA_CLASS).and_then(Value::as_str) {
        Some(class) => class,
        None => object.text("spec.storageClassName"),
    }
}

/// `RWO,ROX,RWX,RWOP`, in this order.
fn access_modes(object: &Value, path: &str) -> String {
    let modes = object.texts(path);
    let short = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    short.iter().filter(|(mode, _)| modes.contains(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn status(object: &Value, now: Seconds) -> String {
    if object.has("metadata.deletionTimestamp") {
        format!("Terminating (lasts {})", since(object, "metadata.deletionTimestamp", now))
    } else {
        object.text("status.phase").to_owned()
    }
}

fn finalizers(w: &mut Writer, object: &Value) {
    line!(w, 0, "Finalizers:\t[{}]", object.texts("metadata.finalizers").join(" "));
}

pub(super) fn persistent_volume(w: &mut Writer, cx: &Context<'_>) {
    let (volume, spec) = (cx.object, cx.object.at("spec"));
    name(w, volume);
    labels_and_annotations(w, volume);
    finalizers(w, volume);
    line!(w, 0, "StorageClass:\t{}", class_of(volume));
    line!(w, 0, "Status:\t{}", status(volume, cx.now));
    if spec.has("claimRef") {
        line!(w, 0, "Claim:\t{}/{}", spec.text("claimRef.namespace"), spec.text("claimRef.name"));
    } else {
        line!(w, 0, "Claim:\t");
    }
    line!(w, 0, "Reclaim Policy:\t{}", spec.text("persistentVolumeReclaimPolicy"));
    line!(w, 0, "Access Modes:\t{}", access_modes(spec, "accessModes"));
    if spec.has("volumeMode") {
        line!(w, 0, "VolumeMode:\t{}", spec.text("volumeMode"));
    }
    line!(w, 0, "Capacity:\t{}", or(spec.text("capacity.storage"), "0"));
    node_affinity(w, spec.at("nodeAffinity.required"));
    line!(w, 0, "Message:\t{}", volume.text("status.message"));
    line!(w, 0, "Source:");
    persistent(w, spec);
}

fn node_affinity(w: &mut Writer, required: &Value) {
    part!(w, 0, "Node Affinity:\t");
    if required.is_null() {
        w.line_end("<none>");
        return;
    }
    w.line_end("");
    let terms = required.list("nodeSelectorTerms");
    part!(w, 1, "Required Terms:\t");
    w.line_end(if terms.is_empty() { "<none>" } else { "" });
    for (at, term) in terms.iter().enumerate() {
        let lines = term.list("matchExpressions").iter().map(|r| expression(r, &r.text("operator").to_lowercase())).collect();
        requirements(w, 2, at, lines);
    }
}

/// `key in [a, b]`.
fn expression(requirement: &Value, operator: &str) -> String {
    let text = format!("{} {operator}", requirement.text("key"));
    let values = requirement.texts("values");
    if values.is_empty() { text } else { format!("{text} [{}]", values.join(", ")) }
}

/// The requirements of a term, one a line; each title and each tab at its level.
fn requirements(w: &mut Writer, level: usize, term: usize, lines: Vec<String>) {
    part!(w, level, "Term {term}:\t");
    if lines.is_empty() {
        w.line_end("<none>");
    }
    for (at, text) in lines.iter().enumerate() {
        if at > 0 {
            part!(w, level, "\t");
        }
        line!(w, 0, "{text}");
    }
}

/// Every pod of the namespace: only the pods know which claims they use.
pub(super) fn claim_related(claim: &Value) -> Vec<Related> {
    vec![list("/api/v1/pods", claim.text("metadata.namespace"), "", "", "pods")]
}

pub(super) fn persistent_volume_claim(w: &mut Writer, cx: &Context<'_>) {
    claim(w, cx.object, Some(cx.now));
    match cx.items("pods") {
        Ok(pods) => multiline(w, "", "Used By", &used_by(cx.object, pods)),
        Err(error) => line!(w, 0, "Used By:\t<error: {error}>"),
    }
    let conditions = cx.object.list("status.conditions");
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:");
        line!(w, 1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        line!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------");
    }
    for c in conditions {
        let (probe, transition) = (moment(c, "lastProbeTime"), moment(c, "lastTransitionTime"));
        let (kind, status, reason, message) = (c.text("type"), c.text("status"), c.text("reason"), c.text("message"));
        line!(w, 1, "{kind} \t{status} \t{probe} \t{transition} \t{reason} \t{message}");
    }
}

/// The names of the pods that use a claim or own it, sorted (kubectl's `getPodsForPVC`).
fn used_by<'a>(claim: &Value, pods: &'a [Value]) -> Vec<&'a str> {
    let name = claim.text("metadata.name");
    let owners: Vec<&str> =
        claim.list("metadata.ownerReferences").iter().filter(|o| o.text("kind") == "Pod").map(|o| o.text("uid")).collect();
    let mut names = Vec::new();
    for pod in pods {
        // A pod that mounts it twice is there twice, in kubectl too.
        let volumes = pod.list("spec.volumes").iter();
        let uses =
            volumes.filter(|volume| volume.has("persistentVolumeClaim") && volume.text("persistentVolumeClaim.claimName") == name).count();
        let owns = owners.contains(&pod.text("metadata.uid"));
        names.extend(std::iter::repeat_n(pod.text("metadata.name"), uses.max(owns.into())));
    }
    names.sort_unstable();
    names
}

/// kubectl's `printPersistentVolumeClaim`: a claim at a moment, or the template of one, which has no status.
pub(super) fn claim(w: &mut Writer, claim: &Value, now: Option<Seconds>) {
    let spec = claim.at("spec");
    if now.is_some() {
        name_and_namespace(w, claim);
    }
    line!(w, 0, "StorageClass:\t{}", class_of(claim));
    if let Some(now) = now {
        line!(w, 0, "Status:\t{}", status(claim, now));
    }
    line!(w, 0, "Volume:\t{}", spec.text("volumeName"));
    labels(w, "", "Labels", &claim.pairs("metadata.labels"));
    annotations(w, "Annotations", &claim.pairs("metadata.annotations"));
    if now.is_some() {
        finalizers(w, claim);
    }
    let bound = !spec.text("volumeName").is_empty();
    let (capacity, modes) = if bound {
        (or(claim.text("status.capacity.storage"), "0"), access_modes(claim, "status.accessModes"))
    } else {
        ("", String::new())
    };
    line!(w, 0, "Capacity:\t{capacity}");
    line!(w, 0, "Access Modes:\t{modes}");
    if spec.has("volumeMode") {
        line!(w, 0, "VolumeMode:\t{}", spec.text("volumeMode"));
    }
    let source = spec.at("dataSource");
    if !source.is_null() {
        line!(w, 0, "DataSource:");
        if source.has("apiGroup") {
            line!(w, 1, "APIGroup:\t{}", source.text("apiGroup"));
        }
        line!(w, 1, "Kind:\t{}", source.text("kind"));
        line!(w, 1, "Name:\t{}", source.text("name"));
    }
}

/// `Yes` for the class that claims without one get.
fn is_default(object: &Value) -> &'static str {
    let annotations = object.at("metadata.annotations");
    let default = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|key| annotations.get(key).and_then(Value::as_str) == Some("true"));
    if default { "Yes" } else { "No" }
}

/// `kubectl describe storageclass`.
pub(super) fn storage_class(w: &mut Writer, cx: &Context<'_>) {
    let class = cx.object;
    name(w, class);
    line!(w, 0, "IsDefaultClass:\t{}", is_default(class));
    line!(w, 0, "Annotations:\t{}", joined(&class.pairs("metadata.annotations")));
    line!(w, 0, "Provisioner:\t{}", class.text("provisioner"));
    line!(w, 0, "Parameters:\t{}", joined(&class.pairs("parameters")));
    line!(w, 0, "AllowVolumeExpansion:\t{}", yes_or_no(class.at("allowVolumeExpansion")));
    let options = class.texts("mountOptions");
    line!(w, 0, "MountOptions:{}", if options.is_empty() { "\t<none>" } else { "" });
    for option in options {
        line!(w, 1, "{option}");
    }
    for (title, field) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if class.has(field) {
            line!(w, 0, "{title}:\t{}", class.text(field));
        }
    }
    let topologies = class.list("allowedTopologies");
    if class.has("allowedTopologies") {
        part!(w, 0, "AllowedTopologies:\t");
        w.line_end(if topologies.is_empty() { "<none>" } else { "" });
    }
    for (at, term) in topologies.iter().enumerate() {
        requirements(w, 1, at, term.list("matchLabelExpressions").iter().map(|r| expression(r, "in")).collect());
    }
}

pub(super) fn volume_attributes_class(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    line!(w, 0, "Annotations:\t{}", joined(&cx.object.pairs("metadata.annotations")));
    line!(w, 0, "DriverName:\t{}", cx.object.text("driverName"));
    line!(w, 0, "Parameters:\t{}", joined(&cx.object.pairs("parameters")));
}

pub(super) fn csi_node(w: &mut Writer, cx: &Context<'_>) {
    let node = cx.object;
    name(w, node);
    labels_and_annotations(w, node);
    created(w, node);
    line!(w, 0, "Spec:");
    if node.has("spec.drivers") {
        line!(w, 1, "Drivers:");
    }
    for driver in node.list("spec.drivers") {
        line!(w, 2, "{}:", driver.text("name"));
        line!(w, 3, "Node ID:\t{}", driver.text("nodeID"));
        if driver.has("allocatable.count") {
            line!(w, 3, "Allocatables:");
            line!(w, 4, "Count:\t{}", driver.int("allocatable.count"));
        }
        if driver.has("topologyKeys") {
            line!(w, 3, "Topology Keys:\t[{}]", driver.texts("topologyKeys").join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_used_by_pods_that_mount_or_are_its_owner() {
        let claim = json!({"metadata": {"name": "c", "ownerReferences": [{"kind": "Pod", "uid": "2"}, {"kind": "Job", "uid": "3"}]}});
        let pods = [
            json!({"metadata": {"name": "z", "uid": "1"}, "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "c"}}]}}),
            json!({"metadata": {"name": "a", "uid": "2"}}),
            json!({"metadata": {"name": "no", "uid": "3"}, "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "d"}}]}}),
        ];
        assert_eq!(used_by(&claim, &pods), ["a", "z"]);
    }
}
