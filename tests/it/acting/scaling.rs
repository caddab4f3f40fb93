//! Scale: a pending number, a number by name, every kind that has one, and a number that an autoscaler owns.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{deployment, template, workload};
use crate::scenarios::watches::{definition, group};

pub async fn replicas_are_chosen_by_keys_and_by_name(ground: &Ground) {
    let web = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.press("S");
    desk.see("replicas 1 → …");
    desk.press("+ +");
    desk.see("replicas 1 → 3   (+2)");
    desk.press("-");
    desk.see("replicas 1 → 2   (+1)");
    let asked = ground.get(&web).await.ok();
    assert_eq!(asked["spec"]["replicas"], 1, "nothing is sent before enter");
    desk.press("enter");
    desk.see("deployment/web: replicas 1 → 2");
    ground.until_is(&web, &[("/spec/replicas", json!(2)), ("/status/readyReplicas", json!(2))]).await;
    // Left before enter, nothing is done.
    desk.row("web", "2/2");
    desk.press("S 9 esc");
    desk.without("nothing is sent before enter");
    desk.press("S 3 enter");
    desk.see("deployment/web: replicas 2 → 3");
    let scaled = ground.until_is(&web, &[("/spec/replicas", json!(3))]).await;
    let managers = scaled["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    assert!(managers.iter().any(|entry| entry["manager"] == "kubetui" && entry["subresource"] == "scale"), "{managers:?}");
    desk.row("web", "3/3");
    desk.command("scale +1");
    desk.see("deployment/web: replicas 3 → 4");
    ground.until_is(&web, &[("/spec/replicas", json!(4)), ("/status/readyReplicas", json!(4))]).await;
    desk.refused("scale 4", "deployment/web: it has 4 replicas already");
    // Zero is asked about.
    desk.press("S 0 enter");
    desk.question(&["Scale to 0: deployment/web", "replicas 4 → 0", "nothing of it runs then: 4 pods end"]);
    desk.no();
    assert_eq!(ground.get(&web).await.ok()["spec"]["replicas"], 4);
    desk.command("scale 0");
    desk.yes(&["replicas 4 → 0"]);
    ground.until_is(&web, &[("/spec/replicas", json!(0))]).await;
    ground.until_count(&ground.core("pods"), 0).await;
    desk.refused("scale many", "\"many\" is no number of replicas: 5, +1 or -1");
}

pub async fn every_kind_that_has_a_scale_is_scaled(ground: &Ground) {
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    ground.post(definitions, &definition(ground, "relics")).await.ok();
    let group_version = format!("{}/v1", group(ground));
    let relics = ground.path(&group_version, "relics");
    ground.until("the kind to be served", async || ground.get(&relics).await.there()).await;
    let relic =
        json!({"apiVersion": group_version, "kind": "Relic", "metadata": {"name": "one"}, "spec": {"size": "small", "replicas": 2}});
    ground.post(&relics, &relic).await.ok();
    ground.post(&ground.apps("replicasets"), &workload("ReplicaSet", "set", 1, "app:1")).await.ok();
    ground.post(&ground.apps("statefulsets"), &workload("StatefulSet", "db", 1, "app:1")).await.ok();
    let controller: Value = json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "old"},
        "spec": {"replicas": 1, "selector": {"app": "old"}, "template": template("old", "app:1")}});
    ground.post(&ground.core("replicationcontrollers"), &controller).await.ok();

    let desk = Desk::open(ground, "pods");
    let kinds = [
        ("replicasets", "replicaset/set", ground.apps("replicasets/set")),
        ("statefulsets", "statefulset/db", ground.apps("statefulsets/db")),
        ("replicationcontrollers", "replicationcontroller/old", ground.core("replicationcontrollers/old")),
    ];
    for (view, title, path) in kinds {
        let name = title.split('/').next_back().unwrap();
        desk.view(view, name);
        desk.press("S + enter");
        desk.see(&format!("{title}: replicas 1 → 2"));
        ground.until_is(&path, &[("/spec/replicas", json!(2)), ("/status/readyReplicas", json!(2))]).await;
        desk.command("scale 1");
        desk.see(&format!("{title}: replicas 2 → 1"));
        ground.until_is(&path, &[("/spec/replicas", json!(1)), ("/status/replicas", json!(1))]).await;
    }
    // The table of a custom kind does not say which of its columns is the number.
    desk.view(&format!("relics.{}", group(ground)), "one");
    desk.press("S");
    desk.see("replicas ? → …");
    desk.press("+");
    desk.see("how many there are is not known: type the number");
    desk.press("5 enter");
    desk.see("relic/one: replicas 2 → 5");
    ground.until_is(&format!("{relics}/one"), &[("/spec/replicas", json!(5))]).await;
    desk.refused("scale +1", "how many replicas there are is not known: name the number");
    // Somewhere else there is nothing to scale.
    desk.view("serviceaccounts", "default");
    desk.press("S");
    desk.see("scale is for deployments, replicasets, statefulsets, replicationcontrollers");
    ground.delete(&format!("{definitions}/relics.{}", group(ground)), &json!(null)).await.ok();
}

pub async fn an_autoscaled_number_is_named_with_its_bounds(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await.ok();
    let scaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web-scaler"}, "spec": {
        "minReplicas": 2, "maxReplicas": 6, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}});
    let scalers = ground.path("autoscaling/v2", "horizontalpodautoscalers");
    ground.post(&scalers, &scaler).await.ok();
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.command("scale 5");
    let owned = "horizontalpodautoscaler/web-scaler owns this number (2 to 6)";
    desk.question(&["Scale to 5: deployment/web", "replicas 2 → 5", owned]);
    desk.no();
    assert_eq!(ground.get(&ground.apps("deployments/web")).await.ok()["spec"]["replicas"], 2);
    desk.command("scale 3");
    desk.yes(&[owned]);
    ground.until_is(&ground.apps("deployments/web"), &[("/spec/replicas", json!(3))]).await;
    // Its bounds are what one would change.
    desk.command("scale 5");
    desk.question(&[owned, "change its bounds instead"]);
    desk.press("b");
    desk.see("bounds 2 6");
    desk.press("backspace 8 enter");
    desk.yes(&["Between 2 and 8 replicas: horizontalpodautoscaler/web-scaler", "maximum 6 → 8", "it scales Deployment/web"]);
    ground.until_is(&format!("{scalers}/web-scaler"), &[("/spec/minReplicas", json!(2)), ("/spec/maxReplicas", json!(8))]).await;
}
