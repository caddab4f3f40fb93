use serde_json::json;

use super::*;
use crate::demo::store::Ref;
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND, World};

const NOON: Millis = 1_795_248_000_000;

fn world(count: usize) -> World {
    let mut world = World::kept_by(crate::demo::controllers::NODES, NOON, 1);
    let shop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    world.create("namespaces", shop.into()).expect("is made");
    make(&mut world, count, &NodeSpec::default()).expect("is made");
    world.settle();
    world
}

fn ready(world: &World, node: &str) -> String {
    world.get("nodes", "", node).expect("is there").tree.item("status.conditions", "type", "Ready").text("status").to_owned()
}

fn taints(world: &World, node: &str) -> Vec<String> {
    let node = world.get("nodes", "", node).expect("is there");
    node.tree.at("spec.taints").items().iter().map(|t| format!("{}:{}", t.text("key"), t.text("effect"))).collect()
}

fn told(world: &World, reason: &str) -> usize {
    world.store.list("events", None).filter(|e| e.tree["reason"] == *reason).count()
}

fn pod(world: &mut World) -> Ref {
    let tolerate = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let tree = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "web"}, "spec": {
        "containers": [{"name": "app", "image": "app:1"}],
        "tolerations": [tolerate("node.kubernetes.io/not-ready"), tolerate("node.kubernetes.io/unreachable")]}});
    let pod = world.create("pods", tree.into()).expect("is made").reference();
    world.run_until(world.now() + 5 * SECOND);
    pod
}

#[test]
fn nodes_are_registered_as_kubelets_do_it() {
    let world = world(5);
    let names: Vec<String> = world.store.list("nodes", None).map(|n| n.name.to_string()).collect();
    assert_eq!(names, ["control-plane", "gpu-1", "node-1", "node-2", "node-3"]);
    assert_eq!(taints(&world, "control-plane"), ["node-role.kubernetes.io/control-plane:NoSchedule"]);
    let ranges: std::collections::BTreeSet<String> =
        world.store.list("nodes", None).map(|n| n.tree.text("spec.podCIDR").to_owned()).collect();
    assert_eq!(ranges.len(), 5, "{ranges:?}");
    assert_eq!((told(&world, "Starting"), told(&world, "RegisteredNode"), told(&world, "NodeHasSufficientMemory")), (5, 5, 5));
}

#[test]
fn heartbeats_keep_nodes_ready_and_are_not_many() {
    let mut few = world(3);
    let before = few.store.version();
    few.run_until(NOON + 600 * SECOND);
    assert_eq!(ready(&few, "node-1"), "True");
    assert!((170..=200).contains(&(few.store.version() - before)), "{}", few.store.version() - before);
    let mut many = world(300);
    many.run_until(NOON + 600 * SECOND);
    assert!(many.store.list("nodes", None).all(|n| n.tree.item("status.conditions", "type", "Ready")["status"] == "True"));
}

#[test]
fn a_node_whose_kubelet_stops_is_lost_and_found_again() {
    let mut world = world(1);
    let pod = pod(&mut world);
    assert!(stop_kubelet(&mut world, "node-1"));
    world.run_until(world.now() + 35 * SECOND);
    assert_eq!(ready(&world, "node-1"), "True");
    world.run_until(world.now() + 16 * SECOND);
    assert_eq!(ready(&world, "node-1"), "Unknown");
    assert_eq!(taints(&world, "node-1"), ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"]);
    let at = |world: &World| world.find(&pod).expect("is there").tree.item("status.conditions", "type", "Ready").text("status").to_owned();
    assert_eq!((at(&world), told(&world, "NodeNotReady")), ("False".to_owned(), 2));
    assert!(start_kubelet(&mut world, "node-1"));
    world.settle();
    assert_eq!((ready(&world, "node-1"), at(&world)), ("True".to_owned(), "True".to_owned()));
    assert!(taints(&world, "node-1").is_empty());
    world.run_until(world.now() + 400 * SECOND);
    assert!(!world.find(&pod).expect("stays").terminating());
}

#[test]
fn pods_leave_a_lost_node_after_five_minutes() {
    let mut world = world(1);
    let pod = pod(&mut world);
    stop_kubelet(&mut world, "node-1");
    world.run_until(world.now() + 51 * SECOND);
    assert_eq!(ready(&world, "node-1"), "Unknown");
    world.run_until(world.now() + 285 * SECOND);
    assert!(!world.find(&pod).expect("is there").terminating());
    world.run_until(world.now() + 15 * SECOND);
    let leaving = world.find(&pod).expect("nobody ends it");
    assert!(leaving.terminating());
    assert_eq!(leaving.tree.item("status.conditions", "type", "DisruptionTarget").text("reason"), "DeletionByTaintManager");
    assert_eq!(told(&world, "TaintManagerEviction"), 1);
    start_kubelet(&mut world, "node-1");
    world.run_until(world.now() + 5 * SECOND);
    assert!(world.find(&pod).is_none(), "its kubelet ends it when it is back");
}

#[test]
fn a_cordon_is_a_taint_too() {
    let mut world = world(1);
    world.update(&Ref::new("nodes", "", "node-1"), |tree| tree.set("spec.unschedulable", true));
    world.settle();
    assert_eq!(taints(&world, "node-1"), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    world.update(&Ref::new("nodes", "", "node-1"), |tree: &mut Tree| drop(tree.remove("spec.unschedulable")));
    world.settle();
    assert!(taints(&world, "node-1").is_empty());
}

#[test]
fn pods_of_a_node_that_is_gone_are_collected() {
    let mut world = world(1);
    let pod = pod(&mut world);
    world.delete(&Ref::new("nodes", "", "node-1"), &crate::demo::world::Deletion::default()).expect("is there");
    world.run_until(world.now() + 39 * SECOND);
    assert!(world.find(&pod).is_some());
    world.run_until(world.now() + 2 * SECOND);
    assert!(world.find(&pod).is_none());
}
