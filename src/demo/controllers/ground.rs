//! A world for the tests of controllers, with a kubelet that does nothing but start and stop what it is told to.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::demo::admission;
use crate::demo::controllers::{Controller, WORKLOADS, pods};
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};

/// 2026-11-21T08:00:00Z.
const START: Millis = 1_795_248_000_000;

/// The world and its namespace `shop`.
pub struct Ground {
    /// The world, at its start at eight o'clock in the morning.
    pub world: World,
}

impl Ground {
    /// One with nothing but its namespace, and nobody who plays the nodes.
    pub fn new() -> Ground {
        Ground::kept_by(WORKLOADS)
    }

    /// One that only these controllers keep.
    pub fn kept_by(controllers: &'static [&'static Controller]) -> Ground {
        let mut world = World::kept_by(controllers, START, 7);
        world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
        world.settle();
        Ground { world }
    }

    /// Makes an object in `shop`. One that comes with a status gets it right after that, as from whoever reports it: the API
    /// takes none from those who make objects.
    pub fn make(&mut self, resource: &str, object: Value) -> Arc<Object> {
        let mut tree = Tree::from(object);
        tree.set("metadata.namespace", "shop");
        let status = tree["status"].clone();
        let made = self.world.create(resource, tree).expect("is made");
        if status.is_null() {
            return made;
        }
        self.world.update(&made.reference(), |tree| tree.put("status", status)).expect("is there")
    }

    /// An object of `shop` as it is.
    pub fn tree(&self, resource: &str, name: &str) -> Tree {
        self.world.get(resource, "shop", name).unwrap_or_else(|| panic!("{resource} {name}")).tree.clone()
    }

    /// Changes an object of `shop`, as a call does.
    pub fn change(&mut self, resource: &str, name: &str, change: impl FnOnce(&mut Tree)) {
        let before = self.world.get(resource, "shop", name).expect("is there");
        let mut tree = before.tree.clone();
        change(&mut tree);
        admission::amend(&mut self.world, resource, &before.tree, &mut tree).expect("is taken");
        self.world.commit(&before, tree);
        self.world.settle();
    }

    /// All of a resource in `shop`.
    pub fn all(&self, resource: &str) -> Vec<Arc<Object>> {
        self.world.store.list(resource, Some("shop")).cloned().collect()
    }

    /// Names of all of a resource in `shop`.
    pub fn names(&self, resource: &str) -> Vec<String> {
        self.all(resource).iter().map(|object| object.name.to_string()).collect()
    }

    /// Lets time pass, in seconds.
    pub fn pass(&mut self, seconds: i64) {
        self.world.run_until(self.world.now() + seconds * SECOND);
    }

    /// Makes a pod ready, or not.
    pub fn ready(&mut self, pod: &Object, ready: bool) {
        let now = self.world.now_text();
        let octet = pod.uid.bytes().fold(1_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        self.world.update(&pod.reference(), |tree| {
            tree.set_default("spec.nodeName", "n1");
            tree.set("status.phase", "Running");
            tree.set_default("status.podIP", format!("10.0.0.{octet}"));
            tree.set_default("status.podIPs", Tree::from(json!([{"ip": format!("10.0.0.{octet}")}])));
            let mut condition = Tree::texts([("type", "Ready"), ("status", if ready { "True" } else { "False" })]);
            condition.set("lastTransitionTime", now);
            tree.set("status.conditions", Tree::list_of(vec![condition]));
        });
        self.world.settle();
    }

    /// The pods of `shop` that are neither gone nor going.
    pub fn active(&self) -> Vec<Arc<Object>> {
        self.all("pods").into_iter().filter(|pod| pods::is_active(pod)).collect()
    }

    /// Makes all pods ready, and ends those that are on their way out.
    pub fn run_pods(&mut self) {
        self.end_pods();
        for pod in self.active().iter().filter(|pod| !pods::is_ready(pod)) {
            self.ready(pod, true);
        }
        self.world.settle();
    }

    /// Ends the pods that are on their way out.
    pub fn end_pods(&mut self) {
        for pod in self.all("pods").iter().filter(|pod| pod.terminating()) {
            self.world.delete(&pod.reference(), &Deletion::now()).expect("is there");
        }
        self.world.settle();
    }

    /// Runs pods until a second of that changes nothing more.
    pub fn rest(&mut self) {
        for _ in 0..200 {
            let version = self.world.store.version();
            self.run_pods();
            self.pass(1);
            if self.world.store.version() == version {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// Messages of the events of a reason, oldest first.
    pub fn said(&self, reason: &str) -> Vec<String> {
        let mut events: Vec<_> = self.all("events").into_iter().filter(|event| event.tree.text("reason") == reason).collect();
        events.sort_by_key(|event| event.version);
        events.iter().map(|event| event.tree.text("message").to_owned()).collect()
    }
}
