//! `kubectl describe node`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::amounts::{Amounts, Of, add, of_pod};
use super::json::{Json, or};
use super::metadata::{created, labels_and_annotations, moment, multiline, name, since};
use super::quantity::Quantity;
use super::writer::{Writer, line};
use super::{Context, Related, list};
use crate::model::time::Seconds;

/// The node's lease, its pods that have not ended, and the devices that only it has.
pub(super) fn related(node: &Value) -> Vec<Related> {
    let name = node.text("metadata.name");
    let pods = format!("spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed");
    vec![
        Related { path: format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"), key: "lease" },
        list("/api/v1/pods", "", "fieldSelector", &pods, "pods"),
        list("/apis/resource.k8s.io/v1/resourceslices", "", "fieldSelector", &format!("spec.nodeName={name}"), "resourceslices"),
    ]
}

pub(super) fn describe(w: &mut Writer, cx: &Context<'_>) {
    let (node, spec, status) = (cx.object, cx.object.at("spec"), cx.object.at("status"));
    name(w, node);
    line!(w, 0, "Roles:\t{}", or(&roles(node), "<none>"));
    labels_and_annotations(w, node);
    created(w, node);
    taints(w, spec.list("taints"));
    line!(w, 0, "Unschedulable:\t{}", spec.flag("unschedulable"));
    match cx.answer("lease") {
        Ok(found) => lease(w, found),
        Err(error) => line!(w, 0, "Lease:\tFailed to get lease: {error}"),
    }
    conditions(w, status.list("conditions"));
    line!(w, 0, "Addresses:");
    for address in status.list("addresses") {
        line!(w, 1, "{}:\t{}", address.text("type"), address.text("address"));
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let amounts = status.pairs(field);
        if !amounts.is_empty() {
            line!(w, 0, "{title}:");
        }
        for (name, amount) in amounts {
            line!(w, 1, "{name}:\t{amount}");
        }
    }
    // Like kubectl: clusters without the API, or without the right to read it, show none.
    devices(w, cx.items("resourceslices").unwrap_or_default());
    line!(w, 0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        line!(w, 1, "{title}:\t{}", status.at("nodeInfo").text(field));
    }
    for (title, text) in [
        ("PodCIDR", spec.text("podCIDR").to_owned()),
        ("PodCIDRs", spec.texts("podCIDRs").join(",")),
        ("ProviderID", spec.text("providerID").to_owned()),
    ] {
        if !text.is_empty() {
            line!(w, 0, "{title}:\t{text}");
        }
    }
    match cx.items("pods") {
        Ok(found) => pods(w, node, found, cx.now),
        Err(error) if error.to_lowercase().contains("forbidden") => line!(w, 0, "Pods:\tnot authorized"),
        Err(error) => line!(w, 0, "Pods:\t<error: {error}>"),
    }
}

/// Roles by label, sorted.
fn roles(node: &Value) -> String {
    let labels = node.pairs("metadata.labels");
    let roles: BTreeSet<&str> = labels
        .iter()
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => (*key == "kubernetes.io/role").then_some(*value),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.into_iter().collect::<Vec<_>>().join(",")
}

/// `Taints:`, sorted by effect and key.
fn taints(w: &mut Writer, taints: &[Value]) {
    let mut taints: Vec<&Value> = taints.iter().collect();
    taints.sort_by_key(|taint| format!("{},{}", taint.text("effect"), taint.text("key")));
    let lines: Vec<_> = taints
        .into_iter()
        .map(|taint| match (taint.text("key"), taint.text("value"), taint.text("effect")) {
            (key, "", "") => key.to_owned(),
            (key, "", effect) => format!("{key}:{effect}"),
            (key, value, effect) => format!("{key}={value}:{effect}"),
        })
        .collect();
    multiline(w, "", "Taints", &lines);
}

fn lease(w: &mut Writer, lease: &Value) {
    line!(w, 0, "Lease:");
    line!(w, 1, "HolderIdentity:\t{}", lease.scalar("spec.holderIdentity").unwrap_or_else(|| "<unset>".to_owned()));
    for (title, path) in [("AcquireTime", "spec.acquireTime"), ("RenewTime", "spec.renewTime")] {
        let at = if lease.has(path) { moment(lease, path) } else { "<unset>".to_owned() };
        line!(w, 1, "{title}:\t{at}");
    }
}

fn conditions(w: &mut Writer, conditions: &[Value]) {
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        line!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------");
    }
    for c in conditions {
        let (heartbeat, transition) = (moment(c, "lastHeartbeatTime"), moment(c, "lastTransitionTime"));
        let (kind, status, reason, message) = (c.text("type"), c.text("status"), c.text("reason"), c.text("message"));
        line!(w, 1, "{kind} \t{status} \t{heartbeat} \t{transition} \t{reason} \t{message}");
    }
}

/// Pools of devices that are shown.
const POOLS: usize = 10;

/// kubectl's `describeNodeResourceSlices`.
fn devices(w: &mut Writer, slices: &[Value]) {
    let mut pools: BTreeMap<String, (&str, &str, usize, usize)> = BTreeMap::new();
    for slice in slices {
        let (driver, pool) = (slice.text("spec.driver"), slice.text("spec.pool.name"));
        let entry = pools.entry(format!("{driver}/{pool}")).or_insert((driver, pool, 0, 0));
        entry.2 += 1;
        entry.3 += slice.list("spec.devices").len();
    }
    if pools.is_empty() {
        return;
    }
    line!(w, 0, "Node-Local ResourceSlices:");
    line!(w, 1, "Driver\tPool\tSlices\tDevices");
    line!(w, 1, "------\t----\t------\t-------");
    for (driver, pool, slices, devices) in pools.values().take(POOLS) {
        line!(w, 1, "{driver}\t{pool}\t{slices}\t{devices}");
    }
    if pools.len() > POOLS {
        line!(w, 1, "...and {} more pools", pools.len() - POOLS);
    }
}

/// kubectl's `describeNodeResource`.
fn pods(w: &mut Writer, node: &Value, pods: &[Value], now: Seconds) {
    line!(w, 0, "Non-terminated Pods:\t({} in total)", pods.len());
    line!(w, 1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    line!(w, 1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let field = if node.pairs("status.allocatable").is_empty() { "status.capacity" } else { "status.allocatable" };
    let allocatable: Amounts = node.pairs(field).into_iter().map(|(name, amount)| (name.to_owned(), Quantity::parse(amount))).collect();
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in pods {
        let (request, limit) = (of_pod(pod, Of::Requests, true), of_pod(pod, Of::Limits, true));
        let share = |amounts: &Amounts, name: &str| share(amounts, &allocatable, name);
        line!(
            w,
            1,
            "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
            pod.text("metadata.namespace"),
            pod.text("metadata.name"),
            share(&request, "cpu"),
            share(&limit, "cpu"),
            share(&request, "memory"),
            share(&limit, "memory"),
            since(pod, "metadata.creationTimestamp", now)
        );
        // The sums leave resizes out, in kubectl too.
        add(&mut requests, &of_pod(pod, Of::Requests, false));
        add(&mut limits, &of_pod(pod, Of::Limits, false));
    }
    line!(w, 0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    line!(w, 1, "Resource\tRequests\tLimits");
    line!(w, 1, "--------\t--------\t------");
    let standard = ["cpu", "memory", "ephemeral-storage"];
    let huge = allocatable.keys().map(String::as_str).filter(|name| name.starts_with("hugepages-"));
    for name in standard.into_iter().chain(huge) {
        line!(w, 1, "{name}\t{}\t{}", share(&requests, &allocatable, name), share(&limits, &allocatable, name));
    }
    for name in allocatable.keys().filter(|name| !standard.contains(&name.as_str()) && *name != "pods" && !name.starts_with("hugepages-")) {
        line!(w, 1, "{name}\t{}\t{}", amount(&requests, name), amount(&limits, name));
    }
}

fn amount(amounts: &Amounts, name: &str) -> Quantity {
    amounts.get(name).copied().unwrap_or(Quantity::ZERO)
}

/// `250m (12%)`. Of a node that has none of it, 0 %; kubectl prints what Go makes of a division by zero for single pods.
fn share(amounts: &Amounts, of: &Amounts, name: &str) -> String {
    let units = |quantity: Quantity| if name == "cpu" { quantity.millis() } else { quantity.value() } as f64;
    let (part, whole) = (amount(amounts, name), units(amount(of, name)));
    let percent = if whole == 0.0 { 0 } else { (units(part) / whole * 100.0) as i64 };
    format!("{part} ({percent}%)")
}
