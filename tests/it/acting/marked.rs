//! Several objects at once: one after the other where each is waited for, and what failed stays marked.

use serde_json::{Value, json};

use super::{Desk, shows};
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{condition, config_map, deployment, text};

const THREE: [&str; 3] = ["first", "second", "third"];

pub async fn three_restarts_wait_for_each_other(ground: &Ground) {
    for name in THREE {
        ground.post(&ground.apps("deployments"), &deployment(name, 1, "app:1")).await.ok();
    }
    for name in THREE {
        ground.until_is(&ground.apps(&format!("deployments/{name}")), &[("/status/readyReplicas", json!(1))]).await;
    }
    let desk = Desk::open(ground, "deployments");
    desk.on("first");
    desk.press("* r r");
    desk.question(&[
        &format!("Restart 3 deployments in {}", ground.namespace()),
        "each of them: its pod is replaced",
        "first, second, third",
    ]);
    desk.driver.record();
    desk.yes(&[]);
    let ended = desk.see("restart: 3 done");
    let pictures = desk.driver.recorded();
    for name in THREE {
        assert!(ended.contains(&format!("✓ deployment/{name}  rolled out")), "{ended}");
        assert!(pictures.iter().any(|picture| picture.contains(&format!("… deployment/{name}"))), "{name} was seen on its way");
    }
    for picture in &pictures {
        assert!(picture.matches("… deployment/").count() <= 1, "two at once:\n{picture}");
    }
    // The pod of the next is made when the one before is ready.
    let mut ready: Vec<(jiff::Timestamp, jiff::Timestamp)> = Vec::new();
    for name in THREE {
        let pods = ground.until_count(&ground.core(&format!("pods?labelSelector=app%3D{name}")), 1).await;
        let time = |text: &str| text.parse().expect("a time");
        ready.push((time(text(&pods[0], "/metadata/creationTimestamp")), time(text(condition(&pods[0], "Ready"), "/lastTransitionTime"))));
    }
    assert!(ready.windows(2).all(|two| two[0].1 <= two[1].0), "{ready:?}");
    // What was done is not marked any more.
    desk.press("esc");
    desk.without("restart: 3 done");
    desk.on("second");
    desk.press("r r");
    desk.question(&["Restart deployment/second"]);
    desk.no();
    // Enough of it: what was begun goes on, the rest is left as it was, and stays marked.
    let third = ground.get(&ground.apps("deployments/third")).await.ok();
    desk.press("* r r");
    desk.yes(&["Restart 3 deployments"]);
    desk.see("… deployment/first");
    desk.press("x");
    desk.see("- deployment/third  left as it was");
    desk.see("✓ deployment/first");
    let left = ground.get(&ground.apps("deployments/third")).await.ok();
    assert_eq!(left["spec"]["template"], third["spec"]["template"]);
    desk.press("esc");
    desk.without("left as it was");
    desk.press("r r");
    desk.question(&["Restart 2 deployments"]);
    desk.no();
}

pub async fn a_series_ends_at_what_fails(ground: &Ground) {
    for name in THREE {
        let mut one = deployment(name, 1, "app:1");
        one["spec"]["progressDeadlineSeconds"] = json!(2);
        ground.post(&ground.apps("deployments"), &one).await.ok();
    }
    for name in THREE {
        ground.until_is(&ground.apps(&format!("deployments/{name}")), &[("/status/readyReplicas", json!(1))]).await;
    }
    let desk = Desk::open(ground, "deployments");
    desk.on("first");
    desk.press("*");
    desk.command("image app=no-such:1");
    desk.yes(&["Set the image of 3 deployments"]);
    let ended = desk.see("image: 0 done, 1 failed, 2 left as they were");
    assert!(ended.contains("✗ deployment/first"), "{ended}");
    for name in &THREE[1..] {
        let left = ground.get(&ground.apps(&format!("deployments/{name}"))).await.ok();
        assert_eq!(text(&left, "/spec/template/spec/containers/0/image"), "app:1", "{name} is as it was");
    }
    desk.press("esc");
    desk.without("left as they were");
}

pub async fn what_failed_stays_marked(ground: &Ground) {
    for name in THREE {
        ground.post(&ground.core("configmaps"), &config_map(name, json!({}))).await.ok();
    }
    let desk = Desk::open(ground, "configmaps");
    for name in THREE {
        desk.on(name);
        desk.press("space");
    }
    desk.command("label colour=blue");
    desk.question(&[
        &format!("Label 3 configmaps in {}", ground.namespace()),
        "each of them: + colour=blue",
        "yes, label",
        "copy as kubectl",
    ]);
    desk.press("c");
    desk.see("3 lines");
    let copied = desk.driver.copied().expect("was copied");
    for (line, name) in copied.lines().zip(THREE) {
        let line_of = format!("-n {} label configmap/{name} --overwrite colour=blue", ground.namespace());
        assert!(line.starts_with("kubectl --context ") && line.ends_with(&line_of), "{line}");
    }
    // A second client is quicker.
    let second = ground.core("configmaps/second");
    ground.patch(&second, Patch::Merge, &json!({"metadata": {"labels": {"colour": "red"}}})).await.ok();
    desk.yes(&[]);
    desk.wait("what came of each", |screen| {
        let second = "✗ configmap/second it was changed meanwhile: metadata.labels.colour is red now, and was not there";
        ["label: 2 done, 1 failed", "✓ configmap/first", "✓ configmap/third", second].iter().all(|words| shows(screen, words))
    });
    let colours: Vec<Value> = ground.items(&ground.core("configmaps?labelSelector=colour")).await;
    let colours: Vec<&str> = colours.iter().map(|one| text(one, "/metadata/labels/colour")).collect();
    assert_eq!(colours, ["blue", "red", "blue"], "what was changed meanwhile is theirs");
    desk.press("esc");
    desk.without("1 failed");
    // The cursor is elsewhere, and the one that failed is still meant.
    desk.on("third");
    desk.command("label colour=blue");
    desk.yes(&["Label configmap/second", "colour: red → blue"]);
    ground.until_is(&second, &[("/metadata/labels/colour", json!("blue"))]).await;
    desk.see("configmap/second: colour: red → blue");
    desk.on("third");
    desk.command("label colour=green");
    desk.question(&["Label configmap/third"]);
    desk.no();
}
