use serde_json::{Value, json};

use super::place;
use crate::demo::controllers::nodes::{NodeSpec, make};
use crate::demo::controllers::{CONTROLLERS, ground::Ground, pods};
use crate::demo::store::Ref;
use crate::demo::tree::Tree;
use crate::demo::world::Deletion;

/// A world with nodes whose kubelets run what is bound to them.
fn cluster(nodes: usize) -> Ground {
    let mut ground = Ground::kept_by(CONTROLLERS);
    make(&mut ground.world, nodes, &NodeSpec::default()).expect("is made");
    let all: Vec<Ref> = ground.world.store.list("nodes", None).map(|node| node.reference()).collect();
    for node in all {
        ground.world.update(&node, |tree| tree.set("metadata.labels.disk", "ssd"));
    }
    // A new node takes pods when its kubelet has said that it is ready.
    ground.pass(60);
    ground
}

fn change_node(ground: &mut Ground, name: &str, change: impl FnOnce(&mut Tree)) {
    ground.world.update(&Ref::new("nodes", "", name), change).expect("is there");
    ground.world.settle();
}

fn set(strategy: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": {
        "selector": {"matchLabels": {"app": "agent"}}, "updateStrategy": strategy, "revisionHistoryLimit": 1,
        "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {
            "nodeSelector": {"disk": "ssd"}, "terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "agent:1"}]}}}})
}

fn nodes_of(ground: &Ground) -> Vec<String> {
    let mut nodes: Vec<_> = ground.active().iter().map(|pod| place::target(pod).expect("has one").to_owned()).collect();
    nodes.sort();
    nodes
}

#[test]
fn every_node_that_fits_has_one() {
    let mut ground = cluster(3);
    let taint: Tree = json!([{"key": "k", "effect": "NoSchedule"}]).into();
    change_node(&mut ground, "node-3", |tree| tree.set("spec.taints", taint));
    change_node(&mut ground, "node-2", |tree| tree.set("spec.unschedulable", true));
    ground.make("daemonsets.apps", set(json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})));
    ground.pass(60);
    assert_eq!(nodes_of(&ground), ["node-1", "node-2"], "it goes to a cordoned one too");
    change_node(&mut ground, "node-3", |tree| drop(tree.remove("spec.taints")));
    assert_eq!(nodes_of(&ground), ["node-1", "node-2", "node-3"]);
    ground.pass(60);
    let status = ground.tree("daemonsets.apps", "agent")["status"].clone();
    for field in ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"] {
        assert_eq!(status.int(field, 0), 3, "{field}");
    }
    change_node(&mut ground, "node-3", |tree| tree.set("metadata.labels.disk", "hdd"));
    assert_eq!(nodes_of(&ground), ["node-1", "node-2"]);
}

#[test]
fn failed_pods_go_and_are_waited_for_longer_each_time() {
    let mut ground = cluster(1);
    ground.make("daemonsets.apps", set(json!({"type": "OnDelete"})));
    ground.pass(60);
    let fail = |ground: &mut Ground| {
        let name = ground.names("pods")[0].clone();
        ground.change("pods", &name, |tree| tree.set("status.phase", "Failed"));
        name
    };
    let first = fail(&mut ground);
    assert_eq!(ground.said("FailedDaemonPod"), [format!("Found failed daemon pod shop/{first} on node node-1, will try to kill it")]);
    assert_ne!(ground.names("pods"), [first], "there is another");
    let second = fail(&mut ground);
    assert_eq!(ground.names("pods"), [&*second], "not so soon");
    ground.pass(1);
    assert_ne!(ground.names("pods"), [second]);
}

#[test]
fn updates_keep_to_their_limits() {
    for (strategy, surge, unavailable) in
        [(json!({"maxUnavailable": 2, "maxSurge": 0}), 0, 2), (json!({"maxUnavailable": 0, "maxSurge": 1}), 1, 0)]
    {
        let mut ground = cluster(3);
        ground.make("daemonsets.apps", set(json!({"type": "RollingUpdate", "rollingUpdate": strategy})));
        ground.pass(60);
        for image in ["agent:2", "agent:3", "agent:4"] {
            ground.change("daemonsets.apps", "agent", |tree| {
                tree.at_mut("spec.template.spec.containers").items_mut()[0].set("image", image);
            });
            for _ in 0..150 {
                let serving = ground.active().iter().filter(|pod| pods::is_ready(pod)).count();
                assert!(serving >= 3 - unavailable, "{serving} serve");
                assert!(ground.active().len() <= 3 + surge);
                ground.pass(1);
            }
            assert!(ground.active().iter().all(|pod| pod.tree.at("spec.containers")[0]["image"] == *image), "{image}");
        }
        assert_eq!(ground.all("controllerrevisions.apps").len(), 2, "one old revision is kept");
        let pod = ground.names("pods")[0].clone();
        ground.world.delete(&Ref::new("pods", "shop", &pod), &Deletion::now()).expect("is there");
        ground.pass(60);
        assert_eq!(nodes_of(&ground).len(), 3);
    }
}
