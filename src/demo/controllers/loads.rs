//! What the nodes carry, kept up with every change: the scheduler's and the kubelets' quick look at the cluster.
//!
//! All of it follows from the stored nodes and pods. It is here because a hundred thousand pods cannot be added up for each
//! pod that is to be placed.

use arcstr::ArcStr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::model::quantity;

/// What a pod asks for, or a node has: CPU in thousandths, the rest in thousandths of its unit too (of bytes, of pieces).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts {
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Thousandths of bytes.
    pub memory: i64,
    /// `ephemeral-storage`, in thousandths of bytes.
    pub storage: i64,
    /// Extended resources and huge pages, in thousandths.
    pub others: BTreeMap<ArcStr, i64>,
}

impl Amounts {
    /// Reads a map of quantities.
    pub fn of(list: &Tree) -> Amounts {
        let mut amounts = Amounts::default();
        for (name, quantity) in list.entries() {
            let value = amount(quantity);
            match name {
                "cpu" => amounts.cpu = value,
                "memory" => amounts.memory = value,
                "ephemeral-storage" => amounts.storage = value,
                "pods" => {}
                other => drop(amounts.others.insert(other.into(), value)),
            }
        }
        amounts
    }

    fn merge(&mut self, other: &Amounts, how: fn(i64, i64) -> i64) {
        self.cpu = how(self.cpu, other.cpu);
        self.memory = how(self.memory, other.memory);
        self.storage = how(self.storage, other.storage);
        for (name, value) in &other.others {
            let slot = self.others.entry(name.clone()).or_default();
            *slot = how(*slot, *value);
        }
    }
}

/// A quantity in thousandths; the API writes small ones as numbers too.
pub fn amount(quantity: &Tree) -> i64 {
    match quantity {
        Tree::Text(text) => quantity::millis(text).unwrap_or(0),
        other => other.as_i64().unwrap_or(0).saturating_mul(1000),
    }
}

/// A container that restarts for itself among the init containers: a sidecar.
pub fn is_sidecar(container: &Tree) -> bool {
    container["restartPolicy"] == "Always"
}

/// What a pod asks for: `PodRequests` (containers and sidecars together, or an init container's peak if that is
/// more; what the pod says for all of them; overhead).
pub fn requests(spec: &Tree) -> Amounts {
    let mut sum = Amounts::default();
    for container in spec["containers"].items() {
        sum.merge(&Amounts::of(container.at("resources.requests")), |a, b| a.saturating_add(b));
    }
    let (mut sidecars, mut peak) = (Amounts::default(), Amounts::default());
    for container in spec["initContainers"].items() {
        let mut own = Amounts::of(container.at("resources.requests"));
        if is_sidecar(container) {
            sum.merge(&own, |a, b| a.saturating_add(b));
            sidecars.merge(&own, |a, b| a.saturating_add(b));
            own = sidecars.clone();
        } else {
            own.merge(&sidecars, |a, b| a.saturating_add(b));
        }
        peak.merge(&own, i64::max);
    }
    sum.merge(&peak, i64::max);
    let whole = spec.at("resources.requests");
    let given = Amounts::of(whole);
    if !whole["cpu"].is_null() {
        sum.cpu = given.cpu;
    }
    if !whole["memory"].is_null() {
        sum.memory = given.memory;
    }
    sum.merge(&Amounts::of(&spec["overhead"]), |a, b| a.saturating_add(b));
    sum
}

/// The ports of the host that a pod takes: protocol, address, port.
pub fn host_ports(spec: &Tree) -> Vec<(ArcStr, ArcStr, i64)> {
    let containers = spec["containers"].items().iter().chain(spec["initContainers"].items().iter().filter(|c| is_sidecar(c)));
    let text = |t: &Tree, otherwise: &str| ArcStr::from(t.as_str().filter(|t| !t.is_empty()).unwrap_or(otherwise));
    containers
        .flat_map(|c| c["ports"].items())
        .filter(|port| port.int("hostPort", 0) > 0)
        .map(|port| (text(&port["protocol"], "TCP"), text(&port["hostIP"], "0.0.0.0"), port.int("hostPort", 0)))
        .collect()
}

/// A node as the scheduler sees it.
pub struct Host {
    /// The node.
    pub node: Arc<Object>,
    /// `status.allocatable`.
    pub allocatable: Amounts,
    /// Pods that it takes.
    pub room: usize,
    /// It does not take pods: `spec.unschedulable`.
    pub cordoned: bool,
}

/// What the pods of one node come to.
#[derive(Default)]
pub struct Load {
    /// What they ask for.
    pub asked: Amounts,
    /// How many they are, those that have ended left out.
    pub pods: usize,
    /// Ports of the host that are taken.
    pub ports: Vec<(ArcStr, ArcStr, i64)>,
    /// Pods by the UID of their controller.
    pub owners: HashMap<ArcStr, u32>,
    /// Pods by their priority.
    priorities: BTreeMap<i64, u32>,
    addresses: HashSet<Ipv4Addr>,
    last: u32,
}

impl Load {
    /// One of the pods matters less than this.
    pub fn has_less_than(&self, priority: i64) -> bool {
        self.priorities.range(..priority).next().is_some()
    }
}

/// All nodes and what they carry.
#[derive(Default)]
pub struct Loads {
    hosts: Vec<Host>,
    places: HashMap<ArcStr, usize>,
    loads: HashMap<ArcStr, Load>,
    /// Bound pods with a required anti-affinity: they keep others away.
    pub(super) unsociable: BTreeSet<Ref>,
    /// Pods that found no node: they try again when something changes.
    pub(super) waiting: BTreeSet<Ref>,
    /// The node at which the next search starts.
    pub(super) start: usize,
}

impl Loads {
    /// The nodes, in order of their names.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// What a node carries.
    pub fn of(&self, node: &str) -> Option<&Load> {
        self.loads.get(node)
    }

    /// Follows a change of a pod or node. True when a pod that found no place may find one now.
    pub fn see(&mut self, change: &Change) -> bool {
        match &*change.object.resource {
            "pods" => self.see_pod(change),
            "nodes" => self.see_node(change),
            "persistentvolumeclaims" => change.verb != Verb::Deleted,
            _ => false,
        }
    }

    fn see_node(&mut self, change: &Change) -> bool {
        let node = &change.object;
        if change.verb == Verb::Deleted {
            self.hosts.retain(|host| host.node.name != node.name);
            self.places = self.hosts.iter().enumerate().map(|(at, host)| (host.node.name.clone(), at)).collect();
            return false;
        }
        let tree = &node.tree;
        if let (Some(&at), Some(before)) = (self.places.get(&node.name), &change.before) {
            let part = |path: &str| tree.at(path).equals(before.tree.at(path));
            self.hosts[at].node = node.clone();
            if part("spec") && part("status.allocatable") && part("metadata.labels") {
                return false;
            }
        }
        let host = Host {
            node: node.clone(),
            allocatable: Amounts::of(tree.at("status.allocatable")),
            room: usize::try_from(amount(tree.at("status.allocatable.pods")) / 1000).unwrap_or(0),
            cordoned: tree.flag("spec.unschedulable"),
        };
        match self.places.get(&node.name) {
            Some(&at) => self.hosts[at] = host,
            None => {
                let at = self.hosts.partition_point(|other| other.node.name < node.name);
                self.hosts.insert(at, host);
                for (place, host) in self.hosts.iter().enumerate().skip(at) {
                    self.places.insert(host.node.name.clone(), place);
                }
            }
        }
        true
    }

    fn see_pod(&mut self, change: &Change) -> bool {
        let reference = change.object.reference();
        let after = (change.verb != Verb::Deleted).then_some(&change.object);
        let before = change.before.as_ref();
        if after.is_none_or(|pod| !pod.tree["spec"]["nodeName"].is_null()) {
            self.waiting.remove(&reference);
        }
        let (was, is) = (before.filter(|pod| counts(pod)), after.filter(|pod| counts(pod)));
        if let (Some(was), Some(is)) = (was, is)
            && was.tree["spec"].same(&is.tree["spec"])
        {
            self.address(was, is);
            return false;
        }
        if let Some(pod) = was {
            self.count(pod, false);
            self.unsociable.remove(&reference);
        }
        if let Some(pod) = is {
            self.count(pod, true);
            if !pod.tree.at("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution").is_empty() {
                self.unsociable.insert(reference);
            }
        }
        was.is_some() != is.is_some()
    }

    fn address(&mut self, was: &Object, is: &Object) {
        let (old, new) = (&was.tree["status"]["podIP"], &is.tree["status"]["podIP"]);
        if old == new {
            return;
        }
        let Some(load) = self.loads.get_mut(is.tree.text("spec.nodeName")) else { return };
        if let Some(old) = old.as_str().and_then(|ip| ip.parse().ok()) {
            load.addresses.remove(&old);
        }
        if let Some(new) = new.as_str().and_then(|ip| ip.parse().ok()) {
            load.addresses.insert(new);
        }
    }

    fn count(&mut self, pod: &Object, comes: bool) {
        let spec = &pod.tree["spec"];
        let node = spec.text("nodeName");
        if !self.loads.contains_key(node) {
            self.loads.insert(node.into(), Load::default());
        }
        let Some(load) = self.loads.get_mut(node) else { return };
        let owner = pod.controller_uid();
        let address = pod.tree.text("status.podIP").parse::<Ipv4Addr>().ok();
        let ports = host_ports(spec);
        let priority = spec.int("priority", 0);
        if comes {
            *load.priorities.entry(priority).or_default() += 1;
            load.asked.merge(&requests(spec), |a, b| a.saturating_add(b));
            load.pods += 1;
            load.ports.extend(ports);
            load.addresses.extend(address);
            if !owner.is_empty() {
                *load.owners.entry(owner.into()).or_default() += 1;
            }
        } else {
            load.asked.merge(&requests(spec), |a, b| a.saturating_sub(b));
            load.pods = load.pods.saturating_sub(1);
            if let Some(count) = load.priorities.get_mut(&priority) {
                *count -= 1;
                if *count == 0 {
                    load.priorities.remove(&priority);
                }
            }
            load.ports.retain(|taken| !ports.contains(taken));
            if let Some(address) = address {
                load.addresses.remove(&address);
            }
            if let Some(count) = load.owners.get_mut(owner) {
                *count -= 1;
                if *count == 0 {
                    load.owners.remove(owner);
                }
            }
        }
    }

    /// An address of the node's range (`spec.podCIDR`) that no pod of it has. The first two are the network's and the bridge's.
    /// `None` when all are taken, or there is no range.
    pub fn free_address(&mut self, node: &Object) -> Option<Ipv4Addr> {
        let (base, bits) = node.tree.text("spec.podCIDR").split_once('/')?;
        let (base, bits): (Ipv4Addr, u32) = (base.parse().ok()?, bits.parse().ok()?);
        let size = 1u32.checked_shl(32 - bits)?;
        let load = self.loads.entry(node.name.clone()).or_default();
        for _ in 0..size {
            load.last = if load.last + 2 >= size { 2 } else { (load.last + 1).max(2) };
            let address = Ipv4Addr::from(u32::from(base).checked_add(load.last)?);
            if !load.addresses.contains(&address) {
                return Some(address);
            }
        }
        None
    }
}

/// It is bound and has not ended.
fn counts(pod: &Arc<Object>) -> bool {
    !pod.tree["spec"]["nodeName"].is_null() && !matches!(pod.tree.text("status.phase"), "Succeeded" | "Failed")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_asks_for_its_peak() {
        let cpu = |text: &str| json!({"requests": {"cpu": text, "memory": "1Mi"}});
        let spec: Tree = json!({
            "containers": [{"resources": cpu("100m")}, {"resources": cpu("200m")}],
            "initContainers": [{"resources": cpu("50m"), "restartPolicy": "Always"}, {"resources": cpu("1")}],
            "overhead": {"cpu": "10m"},
        })
        .into();
        // The second init container runs beside the sidecar: 1 + 0.05 is more than 0.1 + 0.2 + 0.05.
        assert_eq!(requests(&spec).cpu, 1060);
        assert_eq!(requests(&spec).memory, 3 * 1_048_576_000);
    }

    #[test]
    fn a_terminated_pod_gives_its_place_back() {
        let mut loads = Loads::default();
        let pod = |phase: &str| {
            let tree: Tree = json!({"metadata": {"name": "a", "namespace": "shop", "uid": "a"},
                "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": "1"}}}]}, "status": {"phase": phase}})
            .into();
            crate::demo::store::Store::default().put("pods", tree)
        };
        let (runs, ended) = (pod("Running"), pod("Succeeded"));
        assert!(loads.see(&Change { verb: Verb::Added, object: runs.clone(), before: None }));
        assert_eq!(loads.of("n").map(|l| (l.asked.cpu, l.pods)), Some((1000, 1)));
        assert!(loads.see(&Change { verb: Verb::Modified, object: ended, before: Some(runs) }));
        assert_eq!(loads.of("n").map(|l| (l.asked.cpu, l.pods)), Some((0, 0)));
    }
}
