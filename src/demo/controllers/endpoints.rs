//! Who answers for a service: its EndpointSlices, and the Endpoints of old that the real control plane still makes
//! (`k8s.io/endpointslice`, `pkg/controller/endpoint`).

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use super::{Controller, pods};
use crate::demo::selector;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};

mod legacy;
mod slices;
#[cfg(test)]
mod tests;

/// The row of services' endpoints.
pub static ENDPOINTS: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "endpoints";
const SLICE: &str = "endpointslices.discovery.k8s.io";
const LEGACY: &str = "endpoints";

/// The annotation with the time of the change that made the endpoints what they are.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// The label of what belongs to a service without an address of its own.
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Changes of pods within this time are taken together.
const BATCH: Millis = 100;

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match &*object.resource {
        "services" => world.look(NAME, object.reference()),
        "pods" if matters(change) => {
            let services = world.store.list("services", Some(&object.namespace)).filter(|service| {
                let wanted = service.tree.at("spec.selector");
                let mut pods = change.before.iter().chain([object]);
                !wanted.is_empty() && pods.any(|pod| wanted.entries().all(|(label, value)| pod.labels()[label] == *value))
            });
            let services: Vec<(Ref, usize)> =
                services.map(|service| (service.reference(), world.store.owned(&service.uid).count())).collect();
            for (service, slices) in services {
                // A service of many slices has many pods that change: its batches are larger.
                world.look_in(NAME, service, (BATCH * (1 + slices as i64 / 4)).min(2 * SECOND));
            }
        }
        SLICE if change.verb == Verb::Deleted => {
            let owner = object.controller().filter(|owner| owner.text("kind") == "Service");
            if let Some(owner) = owner {
                world.look_in(NAME, Ref::new("services", &object.namespace, owner.text("name")), BATCH);
            }
        }
        LEGACY if change.verb == Verb::Deleted => world.look_in(NAME, Ref::new("services", &object.namespace, &object.name), BATCH),
        _ => {}
    }
}

/// A change of a pod that its services' endpoints show: `podEndpointsChanged`.
fn matters(change: &Change) -> bool {
    let Some(before) = change.before.as_ref().filter(|_| change.verb == Verb::Modified) else { return true };
    let now = &change.object;
    pods::is_ready(before) != pods::is_ready(now)
        || before.terminating() != now.terminating()
        || pods::has_ended(before) != pods::has_ended(now)
        || before.tree.at("status.podIPs") != now.tree.at("status.podIPs")
        || before.tree.at("status.podIP") != now.tree.at("status.podIP")
        || !before.labels().equals(now.labels())
}

fn sync(world: &mut World, about: &Ref) {
    let Some(service) = world.find(about) else {
        // There may be none: those without a selector are somebody else's.
        let _ = world.delete(&Ref::new(LEGACY, &about.namespace, &about.name), &Deletion::default());
        return;
    };
    let wanted = service.tree.at("spec.selector");
    // Without a selector somebody else makes the endpoints.
    if wanted.is_empty() || service.tree.text("spec.type") == "ExternalName" || service.terminating() {
        return;
    }
    let pods = world.store.pods(&service.namespace, &selector::of_map(wanted));
    let pods: Vec<Backend> = pods.into_iter().map(|pod| Backend { target: target(&pod), pod }).collect();
    slices::sync(world, &service, &pods);
    legacy::sync(world, &service, &pods);
}

/// A pod that a service selects. Both kinds of endpoints share what they say of it: there may be very many.
struct Backend {
    pod: Arc<Object>,
    target: Tree,
}

impl Deref for Backend {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.pod
    }
}

/// Whether a pod has an address to be reached at: `ShouldPodBeInEndpoints`.
fn belongs(pod: &Object, though_terminating: bool) -> bool {
    !pods::has_ended(pod) && !addresses(pod).is_empty() && (though_terminating || !pod.terminating())
}

/// The addresses of a pod.
fn addresses(pod: &Object) -> Vec<&Tree> {
    let all: Vec<&Tree> = pod.tree.at("status.podIPs").items().iter().map(|ip| &ip["ip"]).filter(|ip| !ip.is_empty()).collect();
    let one = pod.tree.at("status.podIP");
    if all.is_empty() && !one.is_empty() { vec![one] } else { all }
}

/// It is an address of IPv6.
fn is_v6(address: &Tree) -> bool {
    address.as_str().unwrap_or("").parse().is_ok_and(|address: IpAddr| address.is_ipv6())
}

/// The families of addresses that a service has: `IPv4`, `IPv6`.
fn families(service: &Object) -> Vec<&'static str> {
    let families = service.tree.at("spec.ipFamilies").items().iter();
    let known: Vec<_> = families.map(|family| if *family == "IPv6" { "IPv6" } else { "IPv4" }).collect();
    match known.is_empty() {
        true if is_v6(service.tree.at("spec.clusterIP")) => vec!["IPv6"],
        true => vec!["IPv4"],
        false => known,
    }
}

/// The ports of a service as one pod has them, those that it has not left out: `FindPort`. `unnamed` is whether a port
/// without a name has an empty one.
fn ports(service: &Object, pod: &Object, unnamed: bool) -> Vec<Tree> {
    let found = service.tree.at("spec.ports").items().iter().filter_map(|port| {
        let protocol = if port.text("protocol").is_empty() { "TCP" } else { port.text("protocol") };
        let number = match &port["targetPort"] {
            Tree::Text(name) => named(pod, name, protocol)?,
            target => target.as_i64().or_else(|| port["port"].as_i64())?,
        };
        let mut tree = Tree::texts([("protocol", protocol)]);
        if unnamed || !port.text("name").is_empty() {
            tree.put("name", port.text("name"));
        }
        tree.put("port", number);
        if let Some(protocol) = port["appProtocol"].as_str() {
            tree.put("appProtocol", protocol);
        }
        Some(tree)
    });
    found.collect()
}

fn named(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let sidecars = pod.tree.at("spec.initContainers").items().iter().filter(|container| container["restartPolicy"] == "Always");
    let containers = pod.tree.at("spec.containers").items().iter().chain(sidecars);
    let mut ports = containers.flat_map(|container| container["ports"].items());
    ports.find(|port| port["name"] == name && matches!(port.text("protocol"), p if p == protocol || (p.is_empty() && protocol == "TCP")))?
        ["containerPort"]
        .as_i64()
}

/// What endpoints say of the pod that they are.
fn target(pod: &Object) -> Tree {
    let mut target = Tree::texts([("kind", "Pod")]);
    for (key, text) in [("namespace", &pod.namespace), ("name", &pod.name), ("uid", &pod.uid)] {
        target.put(key, text);
    }
    target
}

/// The name by which a pod of a headless service is known: `ShouldSetHostname`.
fn hostname<'a>(pod: &'a Object, service: &Object) -> Option<&'a Tree> {
    let name = pod.tree.at("spec.hostname");
    (!name.is_empty() && *pod.tree.at("spec.subdomain") == *service.name).then_some(name)
}

fn is_headless(service: &Object) -> bool {
    service.tree.text("spec.clusterIP") == "None"
}

/// The labels of the service, and those that are the controller's.
fn labels(service: &Object, own: &[(&str, &str)]) -> Tree {
    let mut labels = if service.labels().is_null() { Tree::map() } else { service.labels().clone() };
    labels.take(HEADLESS);
    if is_headless(service) {
        labels.put(HEADLESS, "");
    }
    for (key, value) in own {
        labels.put(key, *value);
    }
    labels
}

/// The time of the newest change that made the endpoints what they are.
fn trigger(service: &Object, pods: &[Backend]) -> Tree {
    let of_pods = pods.iter().map(|pod| pod.tree.item("status.conditions", "type", "Ready")["lastTransitionTime"].clone());
    let times = of_pods.chain([service.tree.at("metadata.creationTimestamp").clone()]);
    times.max_by(|a, b| a.as_str().cmp(&b.as_str())).unwrap_or_default()
}

/// Writes when the change was that is stored now; it goes when nothing newer than the last is known.
fn set_trigger(tree: &mut Tree, time: &Tree) {
    let mut annotations = tree.at("metadata.annotations").clone();
    if time.as_str() > annotations[TRIGGER].as_str() {
        annotations.put(TRIGGER, time);
    } else {
        annotations.take(TRIGGER);
    }
    if annotations.is_empty() {
        tree.remove("metadata.annotations");
    } else {
        tree.set("metadata.annotations", annotations);
    }
}
