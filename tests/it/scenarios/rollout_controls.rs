//! What else belongs to a rollout: Recreate, pause, undo, deadlines, waiting for `minReadySeconds`, and relabelled pods.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// The patch that gives the one container another image.
fn image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})
}

async fn settled(ground: &Ground, replicas: i64) -> Value {
    ground
        .until_object(&ground.apps("deployments/web"), |web| {
            let counts = ["replicas", "updatedReplicas", "availableReplicas"];
            let done = web["status"]["observedGeneration"] == web["metadata"]["generation"]
                && counts.iter().all(|key| number(&web["status"], &format!("/{key}")) == replicas);
            (!done).then(|| web["status"].to_string())
        })
        .await
}

async fn roll(ground: &Ground, to: &str) {
    ground.patch(&ground.apps("deployments/web"), Patch::Strategic, &image(to)).await.ok();
}

pub async fn recreate_has_never_old_and_new(ground: &Ground) {
    let mut web = deployment("web", 2, "app:1");
    web["spec"]["strategy"] = json!({"type": "Recreate"});
    ground.post(&ground.apps("deployments"), &web).await.ok();
    settled(ground, 2).await;
    let pods = ground.get(&ground.core("pods")).await.ok();
    let mut running: BTreeMap<String, String> = BTreeMap::new();
    let image_of = |pod: &Value| text(pod, "/spec/containers/0/image").to_owned();
    for pod in pods["items"].as_array().unwrap() {
        running.insert(name(pod).to_owned(), image_of(pod));
    }
    let mut watch = ground.watch(&ground.core(&format!("pods?watch=1&resourceVersion={}", version(&pods)))).await;
    roll(ground, "app:2").await;
    let mut new = 0;
    while new < 2 {
        let (kind, pod) = watch.change("new pods").await;
        match kind.as_str() {
            "DELETED" => drop(running.remove(name(&pod))),
            _ => drop(running.insert(name(&pod).to_owned(), image_of(&pod))),
        }
        let mut images: Vec<&String> = running.values().collect();
        images.sort_unstable();
        images.dedup();
        assert!(images.len() <= 1, "old and new at once: {running:?}");
        new = running.values().filter(|image| *image == "app:2").count();
    }
    settled(ground, 2).await;
}

pub async fn a_paused_deployment_scales_but_does_not_roll(ground: &Ground) {
    let path = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    settled(ground, 1).await;
    ground.patch(&path, Patch::Merge, &json!({"spec": {"paused": true}})).await.ok();
    let paused = ground
        .until_object(&path, |web| {
            let reason = &condition(web, "Progressing")["reason"];
            (reason != "DeploymentPaused").then(|| reason.to_string())
        })
        .await;
    let progressing = condition(&paused, "Progressing");
    assert_eq!((&progressing["status"], &progressing["message"]), (&json!("Unknown"), &json!("Deployment is paused")));
    roll(ground, "app:2").await;
    ground.patch(&path, Patch::Merge, &json!({"spec": {"replicas": 2}})).await.ok();
    ground.until_is(&path, &[("/status/availableReplicas", json!(2)), ("/status/observedGeneration", json!(4))]).await;
    assert_eq!(ground.items(&ground.apps("replicasets")).await.len(), 1);
    ground.patch(&path, Patch::Merge, &json!({"spec": {"paused": null}})).await.ok();
    settled(ground, 2).await;
    let pods = ground.until_count(&ground.core("pods"), 2).await;
    assert!(pods.iter().all(|pod| text(pod, "/spec/containers/0/image") == "app:2"), "{pods:?}");
}

pub async fn undo_takes_an_old_revision_up_again(ground: &Ground) {
    let path = ground.apps("deployments/web");
    let mut web = deployment("web", 1, "app:1");
    web["spec"]["revisionHistoryLimit"] = json!(2);
    ground.post(&ground.apps("deployments"), &web).await.ok();
    settled(ground, 1).await;
    for to in ["app:2", "app:3"] {
        roll(ground, to).await;
        settled(ground, 1).await;
    }
    const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
    let revisions = async || {
        let mut revisions: Vec<(String, String)> = ground
            .items(&ground.apps("replicasets"))
            .await
            .iter()
            .map(|set| (text(set, REVISION).to_owned(), text(set, "/spec/template/spec/containers/0/image").to_owned()))
            .collect();
        revisions.sort_unstable();
        revisions
    };
    let expect = |expected: &[(&str, &str)]| expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    assert_eq!(revisions().await, expect(&[("1", "app:1"), ("2", "app:2"), ("3", "app:3")]));
    // As kubectl does it: the template of the revision, without the hash, replaces that of the Deployment.
    let sets = ground.items(&ground.apps("replicasets")).await;
    let first = sets.iter().find(|set| text(set, REVISION) == "1").expect("revision 1");
    let mut template = first["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
    let undo = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
    ground.patch(&path, Patch::Json, &undo).await.ok();
    let undone = settled(ground, 1).await;
    assert_eq!(text(&undone, REVISION), "4");
    assert_eq!(revisions().await, expect(&[("2", "app:2"), ("3", "app:3"), ("4", "app:1")]));
    let sets = ground.items(&ground.apps("replicasets")).await;
    let again = sets.iter().find(|set| text(set, REVISION) == "4").unwrap();
    assert_eq!(uid(again), uid(first), "it is the same ReplicaSet");
    assert_eq!(text(again, "/metadata/annotations/deployment.kubernetes.io~1revision-history"), "1");
    // Beyond the limit the oldest goes.
    roll(ground, "app:5").await;
    settled(ground, 1).await;
    let expected = expect(&[("3", "app:3"), ("4", "app:1"), ("5", "app:5")]);
    ground
        .until("the oldest revision to go", async || {
            let found = revisions().await;
            if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
}

pub async fn a_rollout_that_gets_nowhere_says_so_after_its_deadline(ground: &Ground) {
    let path = ground.apps("deployments/web");
    let mut web = deployment("web", 2, "app:1");
    web["spec"]["progressDeadlineSeconds"] = json!(2);
    web["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    ground.post(&ground.apps("deployments"), &web).await.ok();
    settled(ground, 2).await;
    roll(ground, "no-such:1").await;
    let stuck = ground
        .until_object(&path, |web| {
            let reason = &condition(web, "Progressing")["reason"];
            (reason != "ProgressDeadlineExceeded").then(|| reason.to_string())
        })
        .await;
    let progressing = condition(&stuck, "Progressing");
    assert_eq!(progressing["status"], "False");
    let message = text(progressing, "/message");
    assert!(message.starts_with("ReplicaSet \"web-") && message.ends_with("\" has timed out progressing."), "{message}");
    let counts = ["replicas", "updatedReplicas", "availableReplicas", "readyReplicas", "unavailableReplicas"];
    assert_eq!(counts.map(|key| number(&stuck["status"], &format!("/{key}"))), [3, 1, 2, 2, 1]);
    assert_eq!(condition(&stuck, "Available")["status"], "True");
    // It goes on as soon as it can.
    roll(ground, "app:3").await;
    let done = settled(ground, 2).await;
    assert_eq!(condition(&done, "Progressing")["status"], "True");
}

pub async fn a_pod_is_available_only_after_min_ready_seconds(ground: &Ground) {
    let mut web = deployment("web", 1, "app:1");
    web["spec"]["minReadySeconds"] = json!(2);
    let mut watch = ground.watch(&ground.apps("deployments?watch=1")).await;
    ground.post(&ground.apps("deployments"), &web).await.ok();
    let mut ready_first = false;
    let seen = watch
        .all_until("an available pod", |event| {
            let status = &event["object"]["status"];
            ready_first |= status["readyReplicas"] == 1 && status["availableReplicas"].is_null();
            status["availableReplicas"] == 1
        })
        .await;
    assert!(ready_first, "it was ready before it was available: {seen:?}");
    let done = &seen.last().unwrap()["object"];
    let pods = ground.items(&ground.core("pods")).await;
    let time = |text: &str| text.parse::<jiff::Timestamp>().expect("a time").as_second();
    let since = time(text(condition(&pods[0], "Ready"), "/lastTransitionTime"));
    let available = time(text(condition(done, "Available"), "/lastTransitionTime"));
    assert!(available - since >= 2, "after {} s", available - since);
}

pub async fn a_relabelled_pod_leaves_its_set_and_its_service(ground: &Ground) {
    ground.post(&ground.core("services"), &service("web", "web")).await.ok();
    ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await.ok();
    settled(ground, 2).await;
    let targets = async || {
        let slices = ground.items(&ground.path("discovery.k8s.io/v1", "endpointslices")).await;
        let mut pods: Vec<String> = slices
            .iter()
            .flat_map(|slice| slice["endpoints"].as_array().cloned().unwrap_or_default())
            .filter(|endpoint| endpoint["conditions"]["ready"] == true)
            .map(|endpoint| text(&endpoint, "/targetRef/name").to_owned())
            .collect();
        pods.sort_unstable();
        pods
    };
    let pods = ground.items(&ground.core("pods")).await;
    let before: Vec<String> = names(&pods).into_iter().map(str::to_owned).collect();
    ground
        .until("two endpoints", async || {
            let found = targets().await;
            if found == before { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    let away = before[0].clone();
    let path = ground.core(&format!("pods/{away}"));
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"labels": {"app": "other"}}})).await.ok();
    let alone = ground.until_object(&path, |pod| controller(pod).map(|owner| format!("{owner:?}"))).await;
    assert_eq!(text(&alone, "/status/phase"), "Running");
    ground
        .until("another endpoint in its place", async || {
            let found = targets().await;
            if found.len() == 2 && !found.contains(&away) && found.contains(&before[1]) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    assert_eq!(ground.items(&ground.core("pods")).await.len(), 3);
    // Labelled back, it is one too many: the set adopts it and lets one go.
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"labels": {"app": "web"}}})).await.ok();
    ground.until_count(&ground.core("pods"), 2).await;
}
