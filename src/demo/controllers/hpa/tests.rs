use serde_json::{Value, json};

use crate::demo::controllers::ground::Ground;
use crate::demo::controllers::pods;

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";

/// A ReplicaSet of two pods that ask for a tenth of a CPU, each with its load in thousandths, and an autoscaler for 50 %.
fn start(load: &str, spec: Value) -> Ground {
    let mut ground = Ground::new();
    let container = json!({"name": "c", "image": "i", "resources": {"requests": {"cpu": "100m"}}});
    let template =
        json!({"metadata": {"labels": {"app": "web"}, "annotations": {"kubetui.test/cpu": load}}, "spec": {"containers": [container]}});
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}});
    ground.make("replicasets.apps", set);
    ground.world.settle();
    run(&mut ground);
    let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}});
    let mut hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web"}, "minReplicas": 1, "maxReplicas": 10, "metrics": [metric]}});
    for (key, value) in spec.as_object().expect("a map") {
        hpa["spec"][key] = value.clone();
    }
    ground.make(RESOURCE, hpa);
    ground.world.settle();
    ground
}

/// Lets the pods run for long enough to be measured.
fn run(ground: &mut Ground) {
    ground.end_pods();
    let now = ground.world.now_text();
    for pod in ground.active().iter().filter(|pod| !pods::is_ready(pod)) {
        ground.ready(pod, true);
        ground.world.update(&pod.reference(), |tree| {
            tree.set("status.startTime", now.clone());
            tree.set("status.containerStatuses", crate::demo::tree::Tree::from(json!([{"name": "c", "state": {"running": {}}}])));
        });
    }
    ground.pass(45);
}

fn replicas(ground: &Ground) -> i64 {
    ground.tree("replicasets.apps", "web").int("spec.replicas", 0)
}

fn condition(ground: &Ground, kind: &str) -> (String, String) {
    let hpa = ground.tree(RESOURCE, "web");
    let condition = hpa.item("status.conditions", "type", kind);
    (condition.text("status").to_owned(), condition.text("reason").to_owned())
}

#[test]
fn load_makes_pods_and_less_of_it_takes_them_away_later() {
    let mut ground = start("200m", json!({}));
    assert_eq!(replicas(&ground), 4, "not more than twice as many, or four, at once");
    assert_eq!(condition(&ground, "ScalingLimited"), ("True".into(), "ScaleUpLimit".into()));
    assert_eq!(ground.said("SuccessfulRescale"), ["New size: 4; reason: cpu resource utilization (percentage of request) above target"]);
    assert_eq!(ground.tree(RESOURCE, "web").at("status.currentMetrics")[0].int("resource.current.averageUtilization", 0), 201);
    let quiet = |ground: &mut Ground| {
        for pod in ground.active() {
            ground.world.update(&pod.reference(), |tree| tree.at_mut("metadata.annotations").put("kubetui.test/cpu", "10m"));
        }
    };
    run(&mut ground);
    let most = replicas(&ground);
    quiet(&mut ground);
    run(&mut ground);
    quiet(&mut ground);
    ground.pass(120);
    assert!(replicas(&ground) >= most, "five minutes have not passed");
    assert_eq!(condition(&ground, "AbleToScale").1, "ScaleDownStabilized");
    ground.pass(300);
    assert!(replicas(&ground) < most);
}

#[test]
fn what_cannot_be_told_is_said() {
    let ground = start("50m", json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}}));
    assert_eq!(condition(&ground, "AbleToScale"), ("False".into(), "FailedGetScale".into()));
    assert_eq!(ground.said("FailedGetScale"), ["deployments.apps \"none\" not found"]);
    let memory = json!([{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 50}}}]);
    let ground = start("50m", json!({"metrics": memory}));
    assert_eq!(condition(&ground, "ScalingActive"), ("False".into(), "FailedGetResourceMetric".into()));
    assert!(
        ground.said("FailedGetResourceMetric")[0]
            .starts_with("failed to get memory utilization: missing request for memory in container c of Pod web-")
    );
}

#[test]
fn a_load_that_is_near_its_target_changes_nothing_and_bounds_hold() {
    assert_eq!(replicas(&start("53m", json!({}))), 2);
    assert_eq!(replicas(&start("53m", json!({"minReplicas": 3}))), 3);
    assert_eq!(
        replicas(&start("200m", json!({"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}}))),
        3
    );
}
