use serde_json::Value;

use super::super::nodes::{NodeSpec, make};
use super::*;

const NOON: Millis = 1_795_248_000_000;

fn world(count: usize) -> World {
    let mut world = World::kept_by(crate::demo::controllers::NODES, NOON, 1);
    let shop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    world.create("namespaces", shop.into()).expect("is made");
    make(&mut world, count, &NodeSpec { cpus: 4, memory: 8, pods: 20 }).expect("is made");
    world.settle();
    world
}

fn pod(world: &mut World, name: &str, labels: Value, spec: Value) -> Ref {
    let tree = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": name, "labels": labels, "generation": 1}, "spec": spec});
    let pod = world.create("pods", tree.into()).expect("is made").reference();
    world.settle();
    pod
}

fn asks(cpu: &str) -> Value {
    json!({"containers": [{"name": "app", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}]})
}

fn with(key: &str, value: Value) -> Value {
    let mut spec = asks("100m");
    spec[key] = value;
    spec
}

fn node(world: &World, pod: &Ref) -> String {
    world.find(pod).expect("is there").tree.text("spec.nodeName").to_owned()
}

fn why(world: &World, pod: &Ref) -> String {
    let pod = world.find(pod).expect("is there");
    let condition = pod.tree.item("status.conditions", "type", "PodScheduled").clone();
    assert_eq!((condition.text("status"), condition.text("reason")), ("False", "Unschedulable"), "{pod:?}");
    let told = world.store.list("events", Some("shop")).any(|e| {
        e.tree["reason"] == "FailedScheduling"
            && e.tree["message"] == condition["message"]
            && e.tree.at("involvedObject")["name"] == *pod.name
    });
    assert!(told, "{condition:?}");
    condition.text("message").to_owned()
}

#[test]
fn why_a_pod_fits_nowhere_is_said_as_the_scheduler_says_it() {
    let mut world = world(3);
    let tail = "no new claims to deallocate, preemption: 0/3 nodes are available:";
    let not_helpful = "3 Preemption is not helpful for scheduling.";
    let required = |terms: Value| json!({"requiredDuringSchedulingIgnoredDuringExecution": terms});
    let lonely = json!({"podAffinity": required(json!([{"labelSelector": {"matchLabels": {"app": "none"}}, "topologyKey": "kubernetes.io/hostname"}]))});
    let far = json!({"nodeAffinity": required(json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "cpus", "operator": "Gt", "values": ["3"]}]}]}))});
    let claim = |name: &str| json!([{"name": "data", "persistentVolumeClaim": {"claimName": name}}]);
    let unbound =
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"namespace": "shop", "name": "data"}, "spec": {}});
    world.create("persistentvolumeclaims", unbound.into()).expect("is made");
    for (at, (spec, expected)) in [
        (asks("5"), format!("3 Insufficient cpu. {tail} {not_helpful}")),
        (
            with("nodeSelector", json!({"disk": "ssd"})),
            format!("3 node(s) didn't match Pod's node affinity/selector. {tail} {not_helpful}"),
        ),
        (with("affinity", far), format!("3 node(s) didn't match Pod's node affinity/selector. {tail} {not_helpful}")),
        (with("affinity", lonely), format!("3 node(s) didn't match pod affinity rules. {tail} {not_helpful}")),
        (with("volumes", claim("gone")), "persistentvolumeclaim \"gone\" not found. not found".to_owned()),
        (with("volumes", claim("data")), "pod has unbound immediate PersistentVolumeClaims. not found".to_owned()),
        (
            with(
                "topologySpreadConstraints",
                json!([{"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}]),
            ),
            format!("3 node(s) didn't match pod topology spread constraints (missing required label). {tail} {not_helpful}"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let pod = pod(&mut world, &format!("p{at}"), json!({}), spec);
        assert_eq!(why(&world, &pod), format!("0/3 nodes are available: {expected}"));
    }
}

#[test]
fn taints_cordons_and_fullness_are_counted_apart() {
    let mut world = world(5);
    for at in 1..=3 {
        pod(&mut world, &format!("big-{at}"), json!({}), asks("3900m"));
    }
    world.update(&Ref::new("nodes", "", "node-3"), |tree| tree.set("spec.unschedulable", true));
    world.settle();
    let late = pod(&mut world, "late", json!({}), asks("500m"));
    assert_eq!(
        why(&world, &late),
        "0/5 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu, 2 node(s) had untolerated taint(s). \
         no new claims to deallocate, preemption: 0/5 nodes are available: 2 No preemption victims found for incoming pod, \
         3 Preemption is not helpful for scheduling."
    );
    let gpu = with("tolerations", json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]));
    let gpu = pod(&mut world, "gpu", json!({}), gpu);
    assert!(["gpu-1", "node-1", "node-2"].contains(&&*node(&world, &gpu)));
}

#[test]
fn who_waits_gets_the_place_that_becomes_free() {
    let mut world = world(1);
    let first = pod(&mut world, "first", json!({}), asks("3"));
    let second = pod(&mut world, "second", json!({}), asks("3"));
    assert_eq!((node(&world, &first), node(&world, &second)), ("node-1".to_owned(), String::new()));
    world.delete(&first, &crate::demo::world::Deletion::default()).expect("is there");
    world.run_until(world.now() + 4 * SECOND);
    assert_eq!(node(&world, &second), "node-1");
    let bound = world.find(&second).expect("is there");
    assert_eq!(bound.labels()["topology.kubernetes.io/zone"].as_str(), Some("eu-central-1a"));
    assert_eq!(bound.tree.int("metadata.generation", 0), 1, "binding is not a change of what was asked for");
    let told: Vec<_> = world
        .store
        .list("events", Some("shop"))
        .filter(|e| e.tree["reason"] == "Scheduled")
        .map(|e| e.tree.text("message").to_owned())
        .collect();
    assert!(told.contains(&"Successfully assigned shop/second to node-1".to_owned()), "{told:?}");
}

#[test]
fn pods_of_one_owner_spread_and_rules_of_company_hold() {
    let mut world = world(3);
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        [{"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}]}});
    let all: Vec<Ref> =
        (0..4).map(|at| pod(&mut world, &format!("db-{at}"), json!({"app": "db"}), with("affinity", apart.clone()))).collect();
    let nodes: std::collections::BTreeSet<String> = all[..3].iter().map(|pod| node(&world, pod)).collect();
    assert_eq!(nodes.len(), 3);
    assert!(why(&world, &all[3]).starts_with("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. "));
    // Others are kept away too, by those who are there.
    let plain = pod(&mut world, "plain", json!({"app": "db"}), asks("100m"));
    assert!(why(&world, &plain).starts_with("0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules. "));
    let near = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        [{"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}]}});
    let guest = pod(&mut world, "guest", json!({"app": "web"}), with("affinity", near));
    assert!(nodes.contains(&node(&world, &guest)));
    let port = |port: u16| json!([{"name": "app", "image": "app:1", "ports": [{"containerPort": 80, "hostPort": port}]}]);
    let ports: Vec<Ref> = (0..4).map(|at| pod(&mut world, &format!("port-{at}"), json!({}), with("containers", port(8080)))).collect();
    assert!(why(&world, &ports[3]).starts_with("0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports. "));
}

#[test]
fn who_matters_more_takes_the_place_of_others() {
    let mut world = world(1);
    let small = pod(&mut world, "small", json!({}), asks("3"));
    world.run_until(world.now() + 5 * SECOND);
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000});
    world.create("priorityclasses.scheduling.k8s.io", class.into()).expect("is made");
    let mut spec = asks("3");
    spec["priorityClassName"] = json!("high");
    let important = pod(&mut world, "important", json!({}), spec);
    assert_eq!(why(&world, &important), "0/1 nodes are available: 1 Insufficient cpu.");
    assert_eq!(world.find(&important).expect("is there").tree.text("status.nominatedNodeName"), "node-1");
    world.run_until(world.now() + 5 * SECOND);
    assert!(world.find(&small).is_none());
    assert_eq!(node(&world, &important), "node-1");
    assert!(world.store.list("events", Some("shop")).any(|e| e.tree["reason"] == "Preempted"));
}

#[test]
fn gates_hold_a_pod_back() {
    let mut world = world(1);
    let pod = pod(&mut world, "gated", json!({}), with("schedulingGates", json!([{"name": "example.com/hold"}])));
    assert_eq!(
        world.find(&pod).expect("is there").tree.item("status.conditions", "type", "PodScheduled").text("reason"),
        "SchedulingGated"
    );
    world.update(&pod, |tree| drop(tree.remove("spec.schedulingGates")));
    world.settle();
    assert_eq!(node(&world, &pod), "node-1");
}

#[test]
fn pods_spread_over_a_thousand_nodes() {
    let mut world = world(1000);
    for at in 0..200 {
        pod(&mut world, &format!("web-{at}"), json!({"app": "web"}), asks("100m"));
    }
    let placed: std::collections::BTreeSet<String> =
        world.store.list("pods", None).map(|p| p.tree.text("spec.nodeName").to_owned()).collect();
    assert!(placed.len() > 150, "they spread: {}", placed.len());
}
