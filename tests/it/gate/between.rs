//! A second client changes the object between the question and the answer: on the demo and on the real control plane.

use serde_json::{Value, json};

use super::{asked, says, start};
use crate::driver::Driver;
use crate::scenarios::ground::{self, Ground, Patch};

const CONFIRM_SCALE: &str = "[[guard.rail]]\nverbs = [\"scale\"]\ndemand = \"confirm\"\n";

struct Looker {
    driver: Driver,
    _folder: tempfile::TempDir,
}

fn look(ground: &Ground, resource: &str) -> Looker {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let journal = folder.path().join("state");
    let resource = format!("{resource} -n {}", ground.namespace());
    let driver = start(&kubeconfig, CONFIRM_SCALE, &resource, folder.path(), &journal, None);
    driver.wait("the table", |screen| screen.contains(" aa-") && screen.contains("● live"));
    Looker { driver, _folder: folder }
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "registry.example/web:1"}]},
            },
        },
    })
}

fn settings(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}})
}

async fn configmaps(ground: &Ground) {
    let all = ground.core("configmaps");
    let at = |name: &str| ground.core(&format!("configmaps/{name}"));
    for name in ["aa-value", "aa-gone", "aa-again", "aa-parent", "aa-delete"] {
        ground.post(&all, &settings(name)).await.ok();
    }
    let looker = look(ground, "configmaps");
    let run = &looker.driver;

    // Another value.
    asked(run, "aa-value", "label tier=web");
    ground.patch(&at("aa-value"), Patch::Merge, &json!({"metadata": {"labels": {"tier": "db"}}})).await.ok();
    run.press("y");
    says(run, "it was changed meanwhile: metadata.labels.tier is db now, and was not there");
    assert_eq!(ground.get(&at("aa-value")).await.ok()["metadata"]["labels"]["tier"], "db");
    run.press("esc");

    // It is deleted.
    asked(run, "aa-gone", "label tier=web");
    ground.delete(&at("aa-gone"), &Value::Null).await.ok();
    run.press("y");
    says(run, "it is gone");
    run.press("esc");

    // Another one of the same name: what was asked was not about this one.
    for (name, command) in [("aa-again", "label tier=web"), ("aa-delete", "delete")] {
        asked(run, name, command);
        ground.delete(&at(name), &Value::Null).await.ok();
        ground.post(&all, &settings(name)).await.ok();
        run.press("y");
        says(run, "it was made anew meanwhile: the one there now is another object of the same name");
        let now = ground.get(&at(name)).await.ok();
        assert_eq!((&now["data"]["a"], &now["metadata"]["labels"]), (&json!("b"), &Value::Null));
        run.press("esc");
    }

    // Somebody made the first annotation: what would be added in its place is not.
    asked(run, "aa-parent", "annotate note=ours");
    ground.patch(&at("aa-parent"), Patch::Merge, &json!({"metadata": {"annotations": {"other": "theirs"}}})).await.ok();
    run.press("y");
    says(run, "it was changed meanwhile: metadata.annotations is there now, and was not");
    assert_eq!(ground.get(&at("aa-parent")).await.ok()["metadata"]["annotations"], json!({"other": "theirs"}));
    run.press("esc");
    // Asked again it is done.
    asked(run, "aa-parent", "annotate note=ours");
    run.press("y");
    ground.until_is(&at("aa-parent"), &[("/metadata/annotations", json!({"other": "theirs", "note": "ours"}))]).await;
}

async fn workloads(ground: &Ground) {
    let at = |name: &str| ground.apps(&format!("deployments/{name}"));
    for name in ["aa-paused", "aa-scaled"] {
        ground.post(&ground.apps("deployments"), &deployment(name)).await.ok();
        // Its controller has seen it: from now on it changes nothing but the status.
        ground.until_is(&at(name), &[("/metadata/annotations/deployment.kubernetes.io~1revision", json!("1"))]).await;
    }
    let looker = look(ground, "deployments");
    let run = &looker.driver;
    asked(run, "aa-paused", "restart");
    ground.patch(&at("aa-paused"), Patch::Merge, &json!({"spec": {"paused": true}})).await.ok();
    run.press("y");
    says(run, "it was changed meanwhile: spec.paused is true now, and was not there");
    let template = &ground.get(&at("aa-paused")).await.ok()["spec"]["template"]["metadata"];
    assert_eq!(template["annotations"], Value::Null, "it is not restarted");
    run.press("esc");

    asked(run, "aa-scaled", "scale 3");
    ground.patch(&at("aa-scaled"), Patch::Merge, &json!({"spec": {"replicas": 2}})).await.ok();
    run.press("y");
    says(run, "it was changed meanwhile: spec.replicas is 2 now, and was 1");
    assert_eq!(ground.get(&at("aa-scaled")).await.ok()["spec"]["replicas"], 2);
    run.press("esc");
}

#[test]
fn on_the_demo_objects_change_between_question_and_answer() {
    ground::play(ground::demo("between"), configmaps);
}

#[test]
fn on_the_real_one_objects_change_between_question_and_answer() {
    ground::play(ground::real("between"), configmaps);
}

#[test]
fn on_the_demo_workloads_change_between_question_and_answer() {
    ground::play(ground::demo("between-work"), workloads);
}

#[test]
fn on_the_real_one_workloads_change_between_question_and_answer() {
    ground::play(ground::real("between-work"), workloads);
}
