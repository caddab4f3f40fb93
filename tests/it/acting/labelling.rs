//! Labels and annotations, and what a pod's labels mean to others.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{config_map, controller, deployment, name, service};

pub async fn labels_and_annotations_are_set_changed_and_removed(ground: &Ground) {
    let path = ground.core("configmaps/one");
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"tier": "back"}))).await.ok();
    let desk = Desk::open(ground, "configmaps");
    desk.on("one");
    desk.press("m l");
    desk.driver.type_text("team=shop tier=front");
    desk.press("enter");
    desk.yes(&["Label configmap/one", "+ team=shop tier: back → front"]);
    ground.until_is(&path, &[("/metadata/labels", json!({"team": "shop", "tier": "front"}))]).await;
    desk.command("label tier- team=shop");
    desk.yes(&["- tier=front"]);
    ground.until_is(&path, &[("/metadata/labels", json!({"team": "shop"}))]).await;
    desk.refused("label team=shop", "configmap/one: it has these already");
    desk.refused("label team", "\"team\" is neither KEY=VALUE nor KEY-");
    // What the server does not take is said in its own words.
    desk.command("label team=not/a/label");
    desk.yes(&["team: shop → not/a/label"]);
    desk.see("Invalid value");
    desk.press("esc");
    desk.without("✗");

    desk.press("m a");
    desk.driver.type_text("example.com/note=some words with spaces");
    desk.press("enter");
    desk.yes(&["Annotate configmap/one", "+ example.com/note=some words with spaces"]);
    ground.until_is(&path, &[("/metadata/annotations", json!({"example.com/note": "some words with spaces"}))]).await;
    desk.command("annotate example.com/note=other");
    desk.yes(&["example.com/note: some words with spaces → other"]);
    ground.until_is(&path, &[("/metadata/annotations/example.com~1note", json!("other"))]).await;
    // A second client is quicker than the answer.
    desk.command("annotate example.com/note-");
    desk.question(&["- example.com/note=other"]);
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"annotations": {"example.com/note": "theirs"}}})).await.ok();
    desk.yes(&[]);
    desk.see("it was changed meanwhile: metadata.annotations.example.com/note is theirs now, and was other");
    desk.press("esc");
    desk.without("✗");
    desk.command("annotate example.com/note-");
    desk.yes(&["- example.com/note=theirs"]);
    ground.until_object(&path, |one| one.pointer("/metadata/annotations/example.com~1note").map(Value::to_string)).await;
}

pub async fn a_pod_that_leaves_its_set_and_its_service_is_told_of(ground: &Ground) {
    ground.post(&ground.core("services"), &service("front", "web")).await.ok();
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    let pods = ground.until_count(&ground.core("pods"), 1).await;
    let (pod, set) = (name(&pods[0]).to_owned(), controller(&pods[0]).expect("its set").1.to_owned());
    let path = ground.core(&format!("pods/{pod}"));
    ground.until_is(&path, &[("/status/phase", json!("Running"))]).await;
    let desk = Desk::open(ground, "pods");
    desk.on(&pod);
    // A label that nobody selects by changes nothing else.
    desk.command("label colour=blue");
    let asked = desk.question(&["Label pod/", "+ colour=blue"]);
    assert!(!asked.contains("it leaves") && !asked.contains("does not send"), "{asked}");
    desk.no();
    desk.command("label app=debug");
    desk.yes(&[
        "app: web → debug",
        &format!("it leaves replicaset/{set}, which makes a new pod"),
        "service/front does not send to it any more",
    ]);
    ground.until_object(&path, |pod| controller(pod).map(|owner| format!("{owner:?}"))).await;
    ground.until_count(&ground.core("pods"), 2).await;
    // And back again.
    desk.on(&pod);
    desk.command("label app=web");
    desk.yes(&["app: debug → web", "service/front sends to it then", &format!("replicaset/{set} selects it")]);
    ground.until_is(&path, &[("/metadata/labels/app", json!("web"))]).await;
}
