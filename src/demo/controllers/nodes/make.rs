//! Nodes as a cluster of kubeadm with containerd shows them.

use serde_json::json;

use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// How the worker nodes are.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// Whole CPUs.
    pub cpus: u32,
    /// GiB of memory.
    pub memory: u32,
    /// Pods that it takes (`maxPods`).
    pub pods: u32,
}

impl Default for NodeSpec {
    fn default() -> NodeSpec {
        NodeSpec { cpus: 8, memory: 32, pods: 110 }
    }
}

const ZONES: [&str; 3] = ["a", "b", "c"];

/// Registers `count` nodes: from four on the first is the control plane (`control-plane`), the last has a GPU and is kept for
/// those who want one (`gpu-1`), and the others are `node-1`, `node-2`, …, spread over three zones. They are ready. The namespaces
/// `default` and `kube-node-lease` are made where they are missing.
///
/// # Errors
/// A name is taken.
pub fn make(world: &mut World, count: usize, spec: &NodeSpec) -> Result<(), Refusal> {
    // Leases live in the one, events about nodes in the other.
    for home in ["default", "kube-node-lease"] {
        if world.get("namespaces", "", home).is_none() {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
            world.create("namespaces", namespace.into())?;
        }
    }
    for at in 0..count {
        let role = match at {
            0 if count >= 4 => Role::ControlPlane,
            _ if count >= 4 && at + 1 == count => Role::Gpu,
            _ => Role::Worker,
        };
        let name = match role {
            Role::ControlPlane => "control-plane".to_owned(),
            Role::Gpu => "gpu-1".to_owned(),
            Role::Worker => format!("node-{}", if count >= 4 { at } else { at + 1 }),
        };
        let tree = node(world, at, &name, role, spec);
        let node = world.create("nodes", tree)?;
        super::health::registered(world, &node)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    ControlPlane,
    Worker,
    Gpu,
}

/// The address of the node at a place: 10.0.0.0/14 is the hosts', 10.64.0.0/10 the pods'.
fn addresses(at: usize, pods: u32) -> (String, String) {
    let host = at as u32 + 10;
    // A power of two that has room for all pods of a node, twice over as the kubelet is told to have it.
    let bits = (pods.saturating_mul(2).max(254) + 2).next_power_of_two().trailing_zeros();
    let base = (10u32 << 24 | 64 << 16).wrapping_add((at as u32) << bits);
    (format!("10.{}.{}.{}", host >> 16 & 3, host >> 8 & 255, host & 255), format!("{}/{}", std::net::Ipv4Addr::from(base), 32 - bits))
}

fn node(world: &mut World, at: usize, name: &str, role: Role, spec: &NodeSpec) -> Tree {
    let now = world.now_text();
    let (ip, cidr) = addresses(at, spec.pods);
    let zone = format!("eu-central-1{}", ZONES[at % ZONES.len()]);
    let kind = match role {
        Role::ControlPlane => "c5.xlarge",
        Role::Gpu => "g5.2xlarge",
        Role::Worker => "m5.2xlarge",
    };
    let mut labels = Tree::texts([
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/os", "linux"),
        ("node.kubernetes.io/instance-type", kind),
        ("topology.kubernetes.io/region", "eu-central-1"),
        ("topology.kubernetes.io/zone", &*zone),
    ]);
    let mut taints = Vec::new();
    match role {
        Role::ControlPlane => {
            labels.put("node-role.kubernetes.io/control-plane", "");
            labels.put("node.kubernetes.io/exclude-from-external-load-balancers", "");
            taints.push(Tree::texts([("effect", "NoSchedule"), ("key", "node-role.kubernetes.io/control-plane")]));
        }
        Role::Gpu => {
            labels.put("nvidia.com/gpu.present", "true");
            taints.push(Tree::texts([("effect", "NoSchedule"), ("key", "nvidia.com/gpu"), ("value", "present")]));
        }
        Role::Worker => {}
    }
    let memory = i64::from(spec.memory) * 1024 * 1024;
    let mut capacity: Tree = json!({
        "cpu": spec.cpus.to_string(), "ephemeral-storage": "103807980Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
        "memory": format!("{memory}Ki"), "pods": spec.pods.to_string(),
    })
    .into();
    if role == Role::Gpu {
        capacity.put("nvidia.com/gpu", "1");
    }
    let mut allocatable = capacity.clone();
    // What a kubelet keeps for eviction: 100 MiB of memory and a tenth of the disk.
    allocatable.put("memory", format!("{}Ki", memory - 102_400));
    allocatable.put("ephemeral-storage", "95669434297");
    let (machine, boot) = (world.random.uid(), world.random.uid());
    let mut tree: Tree = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": {"podCIDR": cidr, "podCIDRs": [cidr], "providerID": format!("demo:///{zone}/{name}")},
        "status": {
            "addresses": [{"address": ip, "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": [],
            "nodeInfo": {
                "architecture": "amd64", "bootID": boot, "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.8.0-64-generic", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3",
                "machineID": machine.replace('-', ""), "operatingSystem": "linux", "osImage": "Ubuntu 24.04.3 LTS", "systemUUID": machine,
            },
        },
    })
    .into();
    tree.set("metadata.labels", labels);
    tree.set("status.capacity", capacity);
    tree.set("status.allocatable", allocatable);
    if !taints.is_empty() {
        tree.set("spec.taints", taints);
    }
    let mut network: Tree =
        json!({"type": "NetworkUnavailable", "status": "False", "reason": "RouteCreated", "message": "RouteController created a route"})
            .into();
    network.set("lastHeartbeatTime", &now);
    network.set("lastTransitionTime", &now);
    tree.push("status.conditions", network);
    super::health::report(&mut tree, &now);
    tree
}
