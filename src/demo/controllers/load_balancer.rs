//! Addresses from outside, as a cloud gives them: Services of type LoadBalancer get one after a moment, and Ingresses share
//! one (cloud-provider's service controller, and an ingress controller).

use arcstr::ArcStr;
use std::collections::HashSet;

use super::Controller;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};

/// The row of Services.
pub static LOAD_BALANCERS: Controller = Controller { name: SERVICE, see, sync: service };

/// The row of Ingresses. Its changes are seen by the row above.
pub static INGRESSES: Controller = Controller { name: INGRESS, see: |_, _| {}, sync: ingress };

const SERVICE: &str = "service-lb";
const INGRESS: &str = "ingress";
const SERVICES: &str = "services";
const INGRESSES_OF: &str = "ingresses.networking.k8s.io";
const COMPONENT: &str = "service-controller";

/// The annotation of a Service that is to stay without an address.
pub const NONE: &str = "kubetui.test/no-load-balancer";

/// The finalizer of a Service that has one.
const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";

/// How long a cloud takes.
const MAKING: Millis = 2 * SECOND;

/// The first three parts of the addresses that are given: those of RFC 5737.
const NET: &str = "192.0.2";
/// The last part of the address that all Ingresses have, and of the first one of Services.
const SHARED: u8 = 10;

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match (&*object.resource, change.verb) {
        (_, Verb::Deleted) => {}
        (SERVICES, _) if is_balanced(object) || !object.tree.at("status.loadBalancer.ingress").is_null() || holds(object) => {
            let new = change.before.as_ref().is_none_or(|before| !is_balanced(before)) && is_balanced(object);
            if new && !object.terminating() {
                world.event(object, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", COMPONENT);
                world.look_in(SERVICE, object.reference(), MAKING);
            } else if object.terminating() || !is_balanced(object) {
                world.look(SERVICE, object.reference());
            }
        }
        (INGRESSES_OF, _) if object.tree.at("status.loadBalancer.ingress").is_empty() => {
            world.look_in(INGRESS, object.reference(), MAKING);
        }
        _ => {}
    }
}

fn is_balanced(service: &Object) -> bool {
    service.tree.text("spec.type") == "LoadBalancer"
        && service.tree.at("spec.loadBalancerClass").is_null()
        && service.tree.at("metadata.annotations")[NONE].is_null()
}

fn holds(service: &Object) -> bool {
    service.tree.at("metadata.finalizers").items().iter().any(|held| *held == FINALIZER)
}

fn addresses(ip: &str, mode: bool) -> Tree {
    let mut address = Tree::texts([("ip", ip)]);
    if mode {
        address.set("ipMode", "VIP");
    }
    Tree::list_of(vec![address])
}

fn service(world: &mut World, about: &Ref) {
    let Some(service) = world.find(about) else { return };
    let has = !service.tree.at("status.loadBalancer.ingress").is_empty();
    if service.terminating() || !is_balanced(&service) {
        if has || holds(&service) {
            world.event(&service, "Normal", "DeletingLoadBalancer", "Deleting load balancer", COMPONENT);
            world.update(about, |tree| {
                tree.set("status.loadBalancer", Tree::map());
                tree.retain("metadata.finalizers", |held| *held != FINALIZER);
            });
            world.event(&service, "Normal", "DeletedLoadBalancer", "Deleted load balancer", COMPONENT);
        }
        return;
    }
    if has {
        return;
    }
    let taken: HashSet<ArcStr> = world
        .store
        .list(SERVICES, None)
        .flat_map(|other| other.tree.at("status.loadBalancer.ingress").items())
        .filter_map(|address| address["ip"].as_str().map(ArcStr::from))
        .collect();
    let asked = service.tree.text("spec.loadBalancerIP");
    let free = (SHARED + 1..=254).map(|last| format!("{NET}.{last}")).find(|ip| !taken.contains(&**ip));
    let ip = if asked.is_empty() { free } else { Some(asked.to_owned()) };
    let Some(ip) = ip else {
        let message = "Error syncing load balancer: failed to ensure load balancer: no address is free";
        world.event(&service, "Warning", "SyncLoadBalancerFailed", message, COMPONENT);
        return world.look_in(SERVICE, about.clone(), 60 * SECOND);
    };
    world.update(about, |tree| {
        if !holds(&service) {
            tree.push("metadata.finalizers", FINALIZER);
        }
        tree.set("status.loadBalancer.ingress", addresses(&ip, true));
    });
    world.event(&service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", COMPONENT);
}

fn ingress(world: &mut World, about: &Ref) {
    world.update(about, |tree| {
        if tree.at("metadata.deletionTimestamp").is_null() {
            tree.set("status.loadBalancer.ingress", addresses(&format!("{NET}.{SHARED}"), false));
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::controllers::ground::Ground;

    #[test]
    fn balancers_come_after_a_moment_unless_there_is_to_be_none() {
        let mut ground = Ground::new();
        for (name, annotations) in [("a", json!({})), ("b", json!({})), ("never", json!({NONE: ""}))] {
            let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "annotations": annotations}, "spec": {"type": "LoadBalancer"}});
            ground.make("services", service);
        }
        ground.make(
            "ingresses.networking.k8s.io",
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}}),
        );
        let ip = |ground: &Ground, resource: &str, name: &str| {
            ground.tree(resource, name).at("status.loadBalancer.ingress")[0].text("ip").to_owned()
        };
        ground.pass(1);
        assert_eq!(ip(&ground, SERVICES, "a"), "");
        ground.pass(60);
        assert_eq!(["a", "b", "never"].map(|name| ip(&ground, SERVICES, name)), ["192.0.2.11", "192.0.2.12", ""]);
        assert_eq!(ip(&ground, INGRESSES_OF, "web"), "192.0.2.10");
        assert_eq!(ground.said("EnsuredLoadBalancer"), ["Ensured load balancer"; 2]);
        ground.change(SERVICES, "a", |tree| tree.set("spec.type", "ClusterIP"));
        assert_eq!(ip(&ground, SERVICES, "a"), "");
        ground.world.delete(&Ref::new(SERVICES, "shop", "b"), &crate::demo::world::Deletion::default()).expect("is there");
        ground.world.settle();
        assert_eq!(ground.names(SERVICES), ["a", "never"], "nothing holds it");
    }
}
