//! Nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::core::CoreCondition;
use super::partial::{ObjectMeta, Quantity};
use super::{AGE, Block, CPU, Enter, MEM, NAME, Object, Printed, decode, encode, text, wide};
use crate::model::facts::{Facts, NodeFacts, Resources};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `core.v1.Node`.
    Node {
        1 metadata: one ObjectMeta,
        2 spec: one NodeSpec,
        3 status: one NodeStatus,
    }

    /// `core.v1.NodeSpec`.
    NodeSpec {
        4 unschedulable: flag,
        5 taints: many Taint,
    }

    /// `core.v1.Taint`.
    Taint {
        1 key: text,
        2 value: text,
        3 effect: text,
    }

    /// `core.v1.NodeStatus`.
    NodeStatus {
        2 allocatable: map Quantity,
        4 conditions: many CoreCondition,
        5 addresses: many NodeAddress,
        7 node_info: one NodeSystemInfo,
    }

    /// `core.v1.NodeAddress`.
    NodeAddress {
        #[serde(rename = "type")]
        1 kind: text,
        2 address: text,
    }

    /// `core.v1.NodeSystemInfo`.
    NodeSystemInfo {
        4 kernel_version: text,
        5 os_image: text,
        6 container_runtime_version: text,
        7 kubelet_version: text,
        10 architecture: text,
    }
}

/// Nodes.
pub static NODE: Block = Block {
    group: "",
    version: "v1",
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short: &["no"],
    namespaced: false,
    columns: &[
        NAME,
        text("STATUS"),
        text("ROLES"),
        CPU,
        MEM,
        AGE,
        text("VERSION"),
        wide("INTERNAL-IP"),
        wide("EXTERNAL-IP"),
        wide("OS-IMAGE"),
        wide("KERNEL-VERSION"),
        wide("CONTAINER-RUNTIME"),
    ],
    enter: Enter::PodsOnNode,
    decode: decode::<Node>,
    encode: encode::<Node>,
};

impl Object for Node {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printNode`. A node under pressure is as unhealthy as one that is not ready, a cordoned one is on the way.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let status = self.status.unwrap_or_default();
        let info = status.node_info.unwrap_or_default();
        let cordoned = spec.unschedulable();
        // The last one of a type counts, as in the map that kubectl makes of them.
        let ready = status.conditions.iter().rfind(|c| c.kind == "Ready");
        let problem = status.conditions.iter().find(|c| c.holds() && is_problem(&c.kind));
        let is_ready = ready.is_some_and(CoreCondition::holds);
        let (condition, words) = match (is_ready, problem, cordoned) {
            (false, _, _) => (Health::Unhealthy, ready.and_then(CoreCondition::words)),
            (true, Some(problem), _) => (Health::Unhealthy, problem.words()),
            (true, None, true) => (Health::Progressing, None),
            (true, None, false) => (Health::Healthy, None),
        };
        let word = match (ready, is_ready, cordoned) {
            (None, _, false) => "Unknown",
            (None, _, true) => "Unknown,SchedulingDisabled",
            (Some(_), true, false) => "Ready",
            (Some(_), true, true) => "Ready,SchedulingDisabled",
            (Some(_), false, false) => "NotReady",
            (Some(_), false, true) => "NotReady,SchedulingDisabled",
        };
        let address = |kind: &str| status.addresses.iter().find(|a| a.kind == kind).map_or("", |a| a.address.as_str());
        let mut kernel = if info.kernel_version.is_empty() { "<unknown>".to_owned() } else { info.kernel_version };
        if !info.architecture.is_empty() {
            kernel = format!("{kernel} ({})", info.architecture);
        }
        let cells = vec![
            Cell::Status(interner.text(word), condition),
            Cell::text_or_none(roles(&meta.labels, interner)),
            Cell::Text(interner.text(&info.kubelet_version)),
            Cell::text_or_none(address("InternalIP").into()),
            Cell::text_or_none(address("ExternalIP").into()),
            or_unknown(&info.os_image, interner),
            Cell::Text(interner.text(&kernel)),
            or_unknown(&info.container_runtime_version, interner),
        ];
        let label = |names: [&str; 2]| names.iter().find_map(|&name| meta.labels.get(name)).map_or("", String::as_str);
        let facts = NodeFacts {
            allocatable: resources(&status.allocatable),
            pods: status.allocatable.get("pods").map_or(0, Quantity::value),
            taints: spec.taints.iter().map(|taint| interner.text(&spelled(taint))).collect(),
            conditions: status.conditions.iter().map(|c| c.fact(interner)).collect(),
            cordoned,
            zone: interner.text(label(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"])),
            instance: interner.text(label(["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"])),
        };
        Printed {
            cells,
            facts: Facts::Node(Box::new(facts)),
            condition,
            message: words.map(|words| interner.text(words)),
            ..Printed::default()
        }
    }
}

/// Whether a condition says, when it holds, that something is wrong: the API's own (`MemoryPressure`,
/// `NetworkUnavailable`, …) and those of the node problem detector. Others can mean either.
fn is_problem(kind: &str) -> bool {
    ["Pressure", "Unavailable", "Problem", "Deadlock", "Restart", "ReadonlyFilesystem"].iter().any(|end| kind.ends_with(end))
}

fn or_unknown(text: &str, interner: &mut Interner) -> Cell {
    if text.is_empty() { Cell::Unknown } else { Cell::Text(interner.text(text)) }
}

/// kubectl's `findNodeRoles`: `node-role.kubernetes.io/ROLE` and `kubernetes.io/role=ROLE`, sorted, each once.
fn roles(labels: &BTreeMap<String, String>, interner: &mut Interner) -> Arc<str> {
    let roles: BTreeSet<&str> = labels
        .iter()
        .filter_map(
            |(key, value)| if key == "kubernetes.io/role" { Some(value.as_str()) } else { key.strip_prefix("node-role.kubernetes.io/") },
        )
        .filter(|role| !role.is_empty())
        .collect();
    interner.text(&roles.into_iter().collect::<Vec<_>>().join(","))
}

/// `Taint.ToString` of the API: `key=value:Effect`.
fn spelled(taint: &Taint) -> String {
    let Taint { key, value, effect } = taint;
    match (value.is_empty(), effect.is_empty()) {
        (true, true) => key.clone(),
        (false, true) => format!("{key}={value}:"),
        (true, false) => format!("{key}:{effect}"),
        (false, false) => format!("{key}={value}:{effect}"),
    }
}

/// CPU in thousandths and memory in bytes of a resource list.
pub(super) fn resources(list: &BTreeMap<String, Quantity>) -> Resources {
    Resources { cpu: list.get("cpu").map_or(0, Quantity::millis), memory: list.get("memory").map_or(0, Quantity::value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::{Value, json};

    fn node(conditions: Value, unschedulable: bool) -> (String, Health, Option<String>) {
        let row = row(&NODE, json!({"spec": {"unschedulable": unschedulable}, "status": {"conditions": conditions}}));
        (cells(&row, 0)[0].clone(), row.condition, row.message.map(|m| m.to_string()))
    }

    #[test]
    fn status_and_health() {
        let ready = json!({"type": "Ready", "status": "True", "message": "kubelet is posting ready status"});
        let lost =
            json!({"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."});
        let other = json!({"type": "StorageReady", "status": "True", "message": "storage is fine"});
        let full = json!({"type": "DiskPressure", "status": "True", "reason": "KubeletHasDiskPressure"});
        for (conditions, cordoned, word, health, message) in [
            (json!([ready, other]), false, "Ready", Health::Healthy, None),
            (json!([ready]), true, "Ready,SchedulingDisabled", Health::Progressing, None),
            (json!([full, ready]), false, "Ready", Health::Unhealthy, Some("KubeletHasDiskPressure")),
            (json!([lost]), false, "NotReady", Health::Unhealthy, Some("Kubelet stopped posting node status.")),
            (json!([lost]), true, "NotReady,SchedulingDisabled", Health::Unhealthy, Some("Kubelet stopped posting node status.")),
            (json!([]), true, "Unknown,SchedulingDisabled", Health::Unhealthy, None),
        ] {
            assert_eq!(node(conditions, cordoned), (word.to_owned(), health, message.map(str::to_owned)));
        }
    }

    #[test]
    fn a_node_is_printed_as_kubectl_prints_it() {
        let node = row(
            &NODE,
            json!({
                "metadata": {"labels": {
                    "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/": "x", "kubernetes.io/role": "edge",
                    "topology.kubernetes.io/zone": "z1", "beta.kubernetes.io/instance-type": "m5",
                }},
                "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "NoExecute"}]},
                "status": {
                    "allocatable": {"cpu": "3920m", "memory": "8Gi", "pods": "110"},
                    "addresses": [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "10.0.0.9"}],
                    "nodeInfo": {"kubeletVersion": "v1.36.3", "osImage": "Debian", "kernelVersion": "6.1", "architecture": "arm64"},
                },
            }),
        );
        assert_eq!(cells(&node, 0), ["Unknown", "edge,worker", "v1.36.3", "10.0.0.9", "<none>", "Debian", "6.1 (arm64)", "<unknown>"]);
        let Facts::Node(facts) = &node.facts else { panic!("no facts") };
        assert_eq!((facts.allocatable, facts.pods), (Resources { cpu: 3920, memory: 8 << 30 }, 110));
        assert_eq!(facts.taints.join(" "), "a=b:NoSchedule c:NoExecute");
        assert_eq!((&*facts.zone, &*facts.instance), ("z1", "m5"));
    }
}
