use serde_json::{Value, json};

use super::*;
use crate::demo::controllers::ground::Ground;

fn ground(service: Value) -> Ground {
    let mut ground = Ground::new();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z1"}}});
    ground.world.create("nodes", node.into()).expect("is made");
    let mut spec = service;
    spec["selector"] = json!({"app": "web"});
    ground.make(
        "services",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"team": "a"}}, "spec": spec}),
    );
    ground.pass(1);
    ground
}

fn http() -> Value {
    json!({"clusterIP": "10.96.0.9", "ipFamilies": ["IPv4"], "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}]})
}

fn pod(ground: &mut Ground, name: &str, port: i64, ready: bool) {
    let made = ground.make(
        "pods",
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}}, "spec": {
            "nodeName": "n1", "containers": [{"name": "c", "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}]}]}}),
    );
    ground.ready(&made, ready);
    ground.pass(1);
}

fn count(ground: &Ground) -> Vec<usize> {
    let mut counts: Vec<_> = ground.all(SLICE).iter().map(|slice| slice.tree["endpoints"].items().len()).collect();
    counts.sort_unstable();
    counts
}

#[test]
fn a_service_without_pods_has_a_slice_that_says_so() {
    let ground = ground(http());
    let slice = ground.all(SLICE).remove(0);
    assert!(slice.name.starts_with("web-") && slice.tree["endpoints"].is_null() && slice.tree["ports"].is_null());
    let managed = ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
    assert_eq!(*slice.labels(), Tree::texts([("team", "a"), ("kubernetes.io/service-name", "web"), managed]));
    assert!(ground.tree(LEGACY, "web")["subsets"].is_null());
}

#[test]
fn pods_are_endpoints_and_say_how_they_are() {
    let mut ground = ground(http());
    let placeholder = ground.names(SLICE);
    pod(&mut ground, "a", 8080, true);
    pod(&mut ground, "b", 8080, false);
    assert_eq!(ground.names(SLICE), placeholder, "the empty one is filled");
    let slice = ground.all(SLICE).remove(0).tree.clone();
    let endpoint = |name: &str| slice["endpoints"].items().iter().find(|e| e.text("targetRef.name") == name).expect(name).clone();
    assert_eq!(endpoint("a")["conditions"], Tree::from(json!({"ready": true, "serving": true, "terminating": false})));
    assert_eq!(endpoint("b")["conditions"], Tree::from(json!({"ready": false, "serving": false, "terminating": false})));
    assert_eq!((endpoint("a").text("zone"), endpoint("a").text("nodeName")), ("z1", "n1"));
    assert_eq!(slice["ports"], Tree::from(json!([{"name": "http", "port": 8080, "protocol": "TCP"}])));
    let legacy = ground.tree(LEGACY, "web");
    assert_eq!(legacy["subsets"][0]["addresses"][0].text("targetRef.name"), "a");
    assert_eq!(legacy["subsets"][0]["notReadyAddresses"][0].text("targetRef.name"), "b");
    ground.world.delete(&Ref::new("pods", "shop", "a"), &Deletion::default()).expect("is there");
    ground.pass(1);
    let slice = ground.all(SLICE).remove(0).tree.clone();
    let going = slice["endpoints"].items().iter().find(|e| e.text("targetRef.name") == "a").expect("is there yet").clone();
    assert_eq!(going["conditions"], Tree::from(json!({"ready": false, "serving": true, "terminating": true})));
    assert!(ground.tree(LEGACY, "web")["subsets"][0]["addresses"].is_null());
    ground.end_pods();
    ground.pass(1);
    assert_eq!(count(&ground), [1]);
}

#[test]
fn ports_by_name_are_each_pods_own() {
    let mut ground = ground(http());
    pod(&mut ground, "a", 8080, true);
    pod(&mut ground, "b", 9090, true);
    assert_eq!(count(&ground), [1, 1]);
    assert_eq!(ground.tree(LEGACY, "web")["subsets"].items().len(), 2);
}

#[test]
fn slices_hold_a_hundred_and_what_stays_does_not_move() {
    let mut ground = ground(http());
    for at in 0..250 {
        let made = ground.make(
            "pods",
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p{at:03}"), "labels": {"app": "web"}}, "spec": {
                "nodeName": "n1", "containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 80}]}]}}),
        );
        ground.ready(&made, true);
    }
    ground.pass(2);
    assert_eq!(count(&ground), [50, 100, 100]);
    let before = ground.all(SLICE);
    ground.ready(&ground.world.get("pods", "shop", "p007").expect("is there"), false);
    ground.pass(2);
    let after = ground.all(SLICE);
    let moved = before.iter().zip(&after).filter(|(a, b)| a.version != b.version).count();
    assert_eq!((moved, count(&ground)), (1, vec![50, 100, 100]));
}

#[test]
fn unready_addresses_are_published_where_asked_for_and_headless_ones_say_so() {
    let mut ground = ground(json!({"clusterIP": "None", "publishNotReadyAddresses": true}));
    pod(&mut ground, "a", 8080, false);
    let slice = ground.all(SLICE).remove(0).tree.clone();
    assert_eq!(slice["endpoints"][0]["conditions"], Tree::from(json!({"ready": true, "serving": false, "terminating": false})));
    assert!(slice["ports"].is_null() && slice.at("metadata.labels")[HEADLESS].as_str().is_some_and(str::is_empty));
    assert_eq!(ground.tree(LEGACY, "web")["subsets"][0]["addresses"].items().len(), 1);
}

#[test]
fn they_go_with_their_service() {
    let mut ground = ground(http());
    pod(&mut ground, "a", 8080, true);
    ground.world.delete(&Ref::new("services", "shop", "web"), &Deletion::default()).expect("is there");
    ground.pass(1);
    assert!(ground.all(SLICE).is_empty() && ground.all(LEGACY).is_empty());
}
