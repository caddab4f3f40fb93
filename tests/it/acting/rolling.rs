//! Restart, image, pause, resume, and back to a revision.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{controller, deployment, name, text, workload};

const RESTARTED: &str = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
const IMAGE: &str = "/spec/template/spec/containers/0/image";

/// Waits until a workload's pods are all of its newest template.
async fn rolled(ground: &Ground, path: &str) -> Value {
    ground
        .until_object(path, |object| {
            let status = &object["status"];
            let wanted = object.pointer("/spec/replicas").or(object.pointer("/status/desiredNumberScheduled"));
            let done = status["observedGeneration"] == object["metadata"]["generation"]
                && [&status["updatedReplicas"], &status["updatedNumberScheduled"]].into_iter().any(|count| Some(count) == wanted)
                && [&status["readyReplicas"], &status["numberReady"]].into_iter().any(|count| Some(count) == wanted)
                && [&status["replicas"], &status["currentNumberScheduled"]].into_iter().any(|count| Some(count) == wanted);
            (!done).then(|| status.to_string())
        })
        .await
}

/// The same, once its template has this image.
async fn rolled_to(ground: &Ground, path: &str, image: &str) -> Value {
    ground.until_is(path, &[(IMAGE, json!(image))]).await;
    rolled(ground, path).await
}

/// A DaemonSet that runs on one node.
async fn on_one_node(ground: &Ground, agent: &str) -> Value {
    let nodes = ground.nodes().await;
    let host = text(&nodes[0], "/metadata/labels/kubernetes.io~1hostname").to_owned();
    let mut set = workload("DaemonSet", agent, 0, "app:1");
    set["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": host});
    set
}

pub async fn workloads_are_restarted_and_so_is_what_a_pod_belongs_to(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await.ok();
    ground.post(&ground.apps("statefulsets"), &workload("StatefulSet", "db", 1, "app:1")).await.ok();
    ground.post(&ground.apps("daemonsets"), &on_one_node(ground, "agent").await).await.ok();
    let web = ground.apps("deployments/web");
    rolled(ground, &web).await;
    let before = ground.items(&ground.core("pods?labelSelector=app%3Dweb")).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.press("r r");
    desk.question(&["Restart deployment/web", "its 2 pods are replaced by new ones"]);
    assert!(ground.get(&web).await.ok().pointer(RESTARTED).is_none(), "nothing is sent before the answer");
    desk.yes(&[]);
    desk.see("deployment/web: restarted: its 2 pods are replaced by new ones");
    let restarted = rolled(ground, &web).await;
    text(&restarted, RESTARTED).parse::<jiff::Timestamp>().expect("the time of the restart");
    let after = ground.until_count(&ground.core("pods?labelSelector=app%3Dweb"), 2).await;
    assert!(after.iter().all(|pod| !before.iter().any(|old| name(old) == name(pod))), "all of them are new");

    for (view, title, path, pods) in [
        ("statefulsets", "statefulset/db", ground.apps("statefulsets/db"), "its pod is replaced by a new one"),
        ("daemonsets", "daemonset/agent", ground.apps("daemonsets/agent"), "its pod is replaced by a new one"),
    ] {
        rolled(ground, &path).await;
        desk.view(view, title.split('/').next_back().unwrap());
        desk.command("restart");
        desk.yes(&[&format!("Restart {title}"), pods]);
        ground.until_object(&path, |object| object.pointer(RESTARTED).is_none().then(|| "not restarted".to_owned())).await;
    }
    // A pod's is its workload's, and that has more pods than the one.
    let pod = name(&after[0]).to_owned();
    desk.view("pods", &pod);
    let last = text(&restarted, RESTARTED).to_owned();
    desk.press("r r");
    desk.question(&["Restart deployment/web", "its 2 pods are replaced by new ones"]);
    desk.yes(&[]);
    ground.until_object(&web, |web| (text(web, RESTARTED) == last).then(|| "not restarted again".to_owned())).await;
    ground.until_gone(&ground.core(&format!("pods/{pod}"))).await;
}

pub async fn a_rollout_is_paused_resumed_and_undone(ground: &Ground) {
    let web = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    rolled(ground, &web).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    // The key opens the line with what is there now.
    desk.press("r i");
    desk.see("image app=app:1");
    desk.press("backspace 2 enter");
    desk.yes(&["Set the image of deployment/web", "app app:1 → app:2"]);
    desk.see("deployment/web: app app:1 → app:2");
    rolled_to(ground, &web, "app:2").await;
    // Where there is one container, its name need not be typed.
    desk.row("web", "1/1");
    desk.command("image app:3");
    desk.yes(&["app app:2 → app:3"]);
    rolled_to(ground, &web, "app:3").await;
    desk.refused("image proxy=envoy:1", "it has no container \"proxy\": app");

    desk.press("r p");
    desk.yes(&["Pause the rollout of deployment/web", "its rollout stops where it is"]);
    ground.until_is(&web, &[("/spec/paused", json!(true))]).await;
    desk.refused("pause", "it is paused already");
    desk.refused("restart", "it is paused: resume it first");
    desk.command("image app=app:4");
    desk.yes(&["it is paused: nothing is rolled out until it is resumed"]);
    ground.until_is(&web, &[(IMAGE, json!("app:4"))]).await;
    desk.press("r c");
    desk.yes(&["Resume the rollout of deployment/web", "its rollout goes on"]);
    ground.until_is(&web, &[("/spec/paused", Value::Null)]).await;
    rolled_to(ground, &web, "app:4").await;
    desk.refused("resume", "it is not paused");

    // Back to the one before, and to a revision by its number.
    desk.press("r u");
    desk.yes(&["Undo the last rollout of deployment/web", "back to revision 3", "app app:4 → app:3"]);
    desk.see("deployment/web: back to revision 3");
    rolled_to(ground, &web, "app:3").await;
    desk.command("rollout-undo 1");
    desk.yes(&["Back to revision 1: deployment/web", "app app:3 → app:1"]);
    let undone = rolled_to(ground, &web, "app:1").await;
    let sets = ground.items(&ground.apps("replicasets")).await;
    assert_eq!(sets.len(), 4, "old ReplicaSets were taken up again");
    assert!(undone.pointer("/spec/template/metadata/labels/pod-template-hash").is_none(), "{}", undone["spec"]["template"]);
    desk.refused("rollout-undo 77", "there is no revision 77: 2, 4, 5, 6");
    // A pod's own image is changed where it is.
    let pods = ground.until_count(&ground.core("pods"), 1).await;
    assert_eq!(controller(&pods[0]).map(|owner| owner.0), Some("ReplicaSet"));
    desk.view("pods", name(&pods[0]));
    desk.command("image app:9");
    desk.yes(&[&format!("pod/{}", name(&pods[0])), "app app:1 → app:9"]);
    ground.until_is(&ground.core(&format!("pods/{}", name(&pods[0]))), &[("/spec/containers/0/image", json!("app:9"))]).await;
}

pub async fn stateful_and_daemon_sets_go_back_to_a_revision(ground: &Ground) {
    ground.post(&ground.apps("statefulsets"), &workload("StatefulSet", "db", 1, "app:1")).await.ok();
    ground.post(&ground.apps("daemonsets"), &on_one_node(ground, "agent").await).await.ok();
    let desk = Desk::open(ground, "pods");
    for (view, title, path) in [
        ("statefulsets", "statefulset/db", ground.apps("statefulsets/db")),
        ("daemonsets", "daemonset/agent", ground.apps("daemonsets/agent")),
    ] {
        rolled(ground, &path).await;
        desk.view(view, title.split('/').next_back().unwrap());
        desk.refused("rollout-undo", "there is no revision before the current one");
        for image in ["app:2", "app:3"] {
            desk.command(&format!("image app={image}"));
            desk.yes(&[&format!("Set the image of {title}"), image]);
            rolled_to(ground, &path, image).await;
        }
        desk.command("rollout-undo");
        desk.yes(&[&format!("Undo the last rollout of {title}"), "back to revision 2", "app app:3 → app:2"]);
        rolled_to(ground, &path, "app:2").await;
        desk.command("rollout-undo 1");
        desk.yes(&[&format!("Back to revision 1: {title}"), "app app:2 → app:1"]);
        let undone = ground.until_is(&path, &[(IMAGE, json!("app:1"))]).await;
        assert!(undone.pointer("/spec/template/$patch").is_none(), "{undone}");
    }
}
