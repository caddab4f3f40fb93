//! `kubectl describe pod`.

use serde_json::Value;

use super::Context;
use super::containers::{containers, resources, seccomp};
use super::json::Json;
use super::metadata::{controlled_by, labels, labels_and_annotations, moment, name_and_namespace, since};
use super::quantity::Quantity;
use super::template::{scheduling_group, spread, tolerations};
use super::volumes::volumes;
use super::writer::{Writer, line};

pub(super) fn describe(w: &mut Writer, cx: &Context<'_>) {
    let pod = cx.object;
    let (spec, status) = (pod.at("spec"), pod.at("status"));
    name_and_namespace(w, pod);
    if spec.has("priority") {
        line!(w, 0, "Priority:\t{}", spec.int("priority"));
    }
    for (title, field) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        optional(w, title, spec.text(field));
    }
    match spec.text("nodeName") {
        "" => line!(w, 0, "Node:\t<none>"),
        node => line!(w, 0, "Node:\t{node}/{}", status.text("hostIP")),
    }
    if status.has("startTime") {
        line!(w, 0, "Start Time:\t{}", moment(status, "startTime"));
    }
    labels_and_annotations(w, pod);
    if pod.has("metadata.deletionTimestamp") && !matches!(status.text("phase"), "Failed" | "Succeeded") {
        line!(w, 0, "Status:\tTerminating (lasts {})", since(pod, "metadata.deletionTimestamp", cx.now));
        line!(w, 0, "Termination Grace Period:\t{}s", pod.int("metadata.deletionGracePeriodSeconds"));
    } else {
        line!(w, 0, "Status:\t{}", status.text("phase"));
    }
    optional(w, "Reason", status.text("reason"));
    optional(w, "Message", status.text("message"));
    seccomp(w, spec.at("securityContext.seccompProfile"), 0, 0);
    addresses(w, status);
    controlled_by(w, pod);
    optional(w, "NominatedNodeName", status.text("nominatedNodeName"));
    if spec.has("resources") {
        line!(w, 0, "Resources:");
        resources(w, spec.at("resources"), 1);
    }
    if !spec.list("initContainers").is_empty() {
        containers(w, "Init Containers", spec.list("initContainers"), status.list("initContainerStatuses"), Some(pod), "");
    }
    containers(w, "Containers", spec.list("containers"), status.list("containerStatuses"), Some(pod), "");
    if !spec.list("ephemeralContainers").is_empty() {
        let statuses = status.list("ephemeralContainerStatuses");
        containers(w, "Ephemeral Containers", spec.list("ephemeralContainers"), statuses, Some(pod), "");
    }
    conditions(w, pod);
    volumes(w, spec, "");
    line!(w, 0, "QoS Class:\t{}", qos(pod));
    labels(w, "", "Node-Selectors", &spec.pairs("nodeSelector"));
    tolerations(w, "Tolerations", spec);
    spread(w, spec, "");
    scheduling_group(w, spec, "");
}

/// A line that is only there when it says something.
fn optional(w: &mut Writer, title: &str, text: &str) {
    if !text.is_empty() {
        line!(w, 0, "{title}:\t{text}");
    }
}

fn addresses(w: &mut Writer, status: &Value) {
    line!(w, 0, "IP:\t{}", status.text("podIP"));
    let addresses = status.list("podIPs");
    line!(w, 0, "IPs:{}", if addresses.is_empty() { "\t<none>" } else { "" });
    for address in addresses {
        line!(w, 1, "IP:\t{}", address.text("ip"));
    }
}

/// Readiness gates with what became of them, and the conditions.
fn conditions(w: &mut Writer, pod: &Value) {
    let conditions = pod.list("status.conditions");
    let gates = pod.list("spec.readinessGates");
    if !gates.is_empty() {
        line!(w, 0, "Readiness Gates:\n  Type\tStatus");
    }
    for gate in gates {
        let kind = gate.text("conditionType");
        let status = conditions.iter().find(|c| c.text("type") == kind).map_or("<none>", |c| c.text("status"));
        line!(w, 1, "{kind} \t{status} ");
    }
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:\n  Type\tStatus");
    }
    for c in conditions {
        line!(w, 1, "{} \t{} ", c.text("type"), c.text("status"));
    }
}

/// The class of service that the status says, else what follows from the containers (kubectl's `ComputePodQOS`).
fn qos(pod: &Value) -> &str {
    if !pod.text("status.qosClass").is_empty() {
        return pod.text("status.qosClass");
    }
    let spec = pod.at("spec");
    let own = [spec.at("resources")];
    let of_containers = spec.list("containers").iter().chain(spec.list("initContainers")).map(|c| c.at("resources"));
    let all: Vec<&Value> = if spec.has("resources") { own.to_vec() } else { of_containers.collect() };
    let amount = |resources: &Value, list: &str, name: &str| Quantity::parse(resources.at(list).text(name));
    let total = |list: &str, name: &str| {
        all.iter().fold(Quantity::ZERO, |mut sum, resources| {
            sum.add(amount(resources, list, name));
            sum
        })
    };
    const NAMES: [&str; 2] = ["cpu", "memory"];
    if NAMES.iter().all(|name| total("requests", name).sign() == 0 && total("limits", name).sign() == 0) {
        return "BestEffort";
    }
    let limited = all.iter().all(|resources| NAMES.iter().all(|name| amount(resources, "limits", name).sign() > 0));
    let equal = NAMES.iter().all(|name| total("requests", name).compare(total("limits", name)).is_eq());
    if limited && equal { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use super::qos;
    use serde_json::json;

    #[test]
    fn the_class_of_service_follows_from_the_containers() {
        let pod = |resources| json!({"spec": {"containers": [{"resources": resources}]}});
        assert_eq!(qos(&pod(json!({}))), "BestEffort");
        assert_eq!(qos(&pod(json!({"requests": {"cpu": "1"}}))), "Burstable");
        let all = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(qos(&pod(json!({"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": all}))), "Guaranteed");
        assert_eq!(qos(&json!({"status": {"qosClass": "Burstable"}})), "Burstable");
    }
}
