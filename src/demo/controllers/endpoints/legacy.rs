//! The Endpoints of a service: one object with all addresses, by ports.

use std::net::IpAddr;

use super::{Backend, LEGACY, addresses, belongs, families, hostname, is_headless, is_v6, labels, ports, set_trigger, trigger};
use crate::demo::controllers::pods;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// Addresses that one object holds: `maxCapacity`.
const CAPACITY: usize = 1000;
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// Addresses with the same ports.
struct Subset {
    ports: Vec<Tree>,
    ready: Vec<Tree>,
    unready: Vec<Tree>,
}

/// Brings the Endpoints of a service up to date.
pub fn sync(world: &mut World, service: &Object, pods: &[Backend]) {
    let mut subsets = subsets(service, pods);
    let truncated = truncate(&mut subsets);
    let labels = labels(service, &[("endpoints.kubernetes.io/managed-by", "endpoint-controller")]);
    let written: Tree = subsets.into_iter().map(Subset::written).collect();
    let time = trigger(service, pods);
    let change = |tree: &mut Tree| {
        if tree["subsets"].items() == written.items() && tree.at("metadata.labels").equals(&labels) && !tree.at("metadata.uid").is_null() {
            return;
        }
        if written.is_empty() {
            tree.remove("subsets");
        } else {
            tree.set("subsets", &written);
        }
        tree.set("metadata.labels", &labels);
        set_trigger(tree, &time);
        if truncated {
            tree.at_mut("metadata.annotations").put(OVER_CAPACITY, "truncated");
        } else if !tree.at("metadata.annotations")[OVER_CAPACITY].is_null() {
            tree.at_mut("metadata.annotations").take(OVER_CAPACITY);
        }
    };
    if world.update(&Ref::new(LEGACY, &service.namespace, &service.name), change).is_none() {
        let mut tree = Tree::texts([("apiVersion", "v1"), ("kind", "Endpoints")]);
        tree.put("metadata", Tree::texts([("name", &*service.name), ("namespace", &*service.namespace)]));
        change(&mut tree);
        // Only a namespace that is on its way out refuses it.
        let _ = world.create(LEGACY, tree);
    }
}

fn subsets(service: &Object, pods: &[Backend]) -> Vec<Subset> {
    let even_unready = service.tree.flag("spec.publishNotReadyAddresses");
    let v6 = families(service).first() == Some(&"IPv6");
    let portless = service.tree.at("spec.ports").is_empty();
    let mut subsets: Vec<Subset> = Vec::new();
    for pod in pods.iter().filter(|pod| belongs(pod, even_unready)) {
        let Some(ip) = addresses(pod).into_iter().find(|ip| is_v6(ip) == v6) else { continue };
        let ports = ports(service, pod, false);
        if ports.is_empty() && !(portless && is_headless(service)) {
            continue;
        }
        let mut address = Tree::map();
        address.put("ip", ip);
        if !pod.tree.text("spec.nodeName").is_empty() {
            address.put("nodeName", pod.tree.at("spec.nodeName"));
        }
        if let Some(hostname) = hostname(pod, service) {
            address.put("hostname", hostname);
        }
        address.put("targetRef", &pod.target);
        let at = subsets.iter().position(|subset| subset.ports == ports).unwrap_or_else(|| {
            subsets.push(Subset { ports, ready: Vec::new(), unready: Vec::new() });
            subsets.len() - 1
        });
        let subset = &mut subsets[at];
        if even_unready || pods::is_ready(pod) { &mut subset.ready } else { &mut subset.unready }.push(address);
    }
    let ip = |address: &Tree| address.text("ip").parse::<IpAddr>().ok();
    for subset in &mut subsets {
        subset.ready.sort_by_key(ip);
        subset.unready.sort_by_key(ip);
    }
    subsets
}

/// Leaves out what is too much, those that are not ready first: `truncateEndpoints`.
fn truncate(subsets: &mut [Subset]) -> bool {
    let mut room = CAPACITY;
    let total: usize = subsets.iter().map(|subset| subset.ready.len() + subset.unready.len()).sum();
    let (ready, unready): (Vec<_>, Vec<_>) = subsets.iter_mut().map(|subset| (&mut subset.ready, &mut subset.unready)).unzip();
    for list in ready.into_iter().chain(unready) {
        list.truncate(room);
        room -= list.len();
    }
    total > CAPACITY
}

impl Subset {
    fn written(self) -> Tree {
        let mut subset = Tree::map();
        for (name, list) in [("addresses", self.ready), ("notReadyAddresses", self.unready), ("ports", self.ports)] {
            if !list.is_empty() {
                subset.put(name, list);
            }
        }
        subset
    }
}
