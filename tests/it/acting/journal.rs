//! The journal, and what it can take back.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{config_map, deployment, pod, service, text, uid};

pub async fn what_was_written_is_shown_and_taken_back(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    let web = ground.apps("deployments/web");
    ground.until_is(&web, &[("/status/readyReplicas", json!(1))]).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.refused("journal", "nothing was written in this context yet");
    desk.press("U");
    desk.see("nothing was written in this context yet");
    desk.command("scale 2");
    desk.see("deployment/web: replicas 1 → 2");
    desk.command("journal");
    let shown = desk.see("#1 ");
    let path = format!("PATCH /apis/apps/v1/namespaces/{}/", ground.namespace());
    for words in ["scale", &format!("deployment/web in {}", ground.namespace()), "replicas 1 → 2", &path, r#"{"/spec/replicas":1}"#] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    desk.press("q");
    desk.without("#1 ");
    desk.press("U");
    desk.yes(&["Take back what was done to deployment/web", "replicas 2 → 1"]);
    ground.until_is(&web, &[("/spec/replicas", json!(1))]).await;
    // It is not as the entry left it any more.
    desk.refused("undo 1", "it was changed meanwhile: spec.replicas is 1 now, and was 2");
    desk.refused("undo 44", "the journal has no entry 44 here");

    let steps: [(&str, &str, &str, Value, &str, Value); 3] = [
        ("label team=shop", "+ team=shop", "/metadata/labels/team", json!("shop"), "team shop → none", Value::Null),
        ("annotate team=shop", "+ team=shop", "/metadata/annotations/team", json!("shop"), "team shop → none", Value::Null),
        (
            "image app:2",
            "app app:1 → app:2",
            "/spec/template/spec/containers/0/image",
            json!("app:2"),
            "its pods are replaced once more",
            json!("app:1"),
        ),
    ];
    for (line, change, pointer, after, back, before) in steps {
        desk.command(line);
        desk.yes(&[change]);
        ground.until_is(&web, &[(pointer, after)]).await;
        desk.see(&format!("deployment/web: {change}"));
        desk.press("U");
        desk.yes(&["Take back what was done to deployment/web", back]);
        ground.until_is(&web, &[(pointer, before)]).await;
        desk.without(back);
    }
    // Somebody else was there: their change is not taken back with it.
    desk.command("label team=shop");
    desk.yes(&["+ team=shop"]);
    desk.see("deployment/web: + team=shop");
    ground.patch(&web, Patch::Merge, &json!({"metadata": {"labels": {"team": "theirs"}}})).await.ok();
    desk.press("U");
    desk.see("it was changed meanwhile: metadata.labels.team is theirs now, and was shop");
    assert_eq!(text(&ground.get(&web).await.ok(), "/metadata/labels/team"), "theirs");
    desk.command("journal");
    desk.see("#9 ");
}

pub async fn what_was_deleted_is_made_again(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"tier": "back"}))).await.ok();
    ground.post(&ground.core("services"), &service("front", "web")).await.ok();
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    ground.until_is(&ground.apps("deployments/web"), &[("/status/readyReplicas", json!(1))]).await;
    let desk = Desk::open(ground, "pods");
    let kept = [
        ("configmaps", "configmap/one", ground.core("configmaps/one"), "/data"),
        ("services", "service/front", ground.core("services/front"), "/spec"),
        ("deployments", "deployment/web", ground.apps("deployments/web"), "/spec"),
    ];
    for (view, title, path, kept) in &kept {
        let before = ground.get(path).await.ok();
        desk.view(view, title.split('/').next_back().unwrap());
        desk.command("delete");
        desk.yes(&[&format!("Delete {title}")]);
        desk.see(&format!("{title}: deleted"));
        ground.until_gone(path).await;
        desk.press("U");
        desk.yes(&[&format!("Take back what was done to {title}"), "it is made again as it was", "it gets a new UID and age"]);
        let after = ground.until(path, async || ground.get(path).await.there()).await;
        assert_ne!(uid(&after), uid(&before));
        assert_eq!(after.pointer(kept), before.pointer(kept), "{title}: its address and ports too");
        assert_eq!(after["metadata"]["labels"], before["metadata"]["labels"]);
    }
    ground.until_is(&ground.apps("deployments/web"), &[("/status/readyReplicas", json!(1))]).await;
    // It is there again: once is enough.
    desk.refused("undo 1", "there is another configmap/one by now");
    // What was made is what the last entry did.
    desk.press("U");
    desk.yes(&["Take back what was done to deployment/web", "what was made is deleted"]);
    ground.until_gone(&ground.apps("deployments/web")).await;
}

pub async fn what_cannot_honestly_come_back_is_refused(ground: &Ground) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"password": "hunter2"}});
    ground.post(&ground.core("secrets"), &secret).await.ok();
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}});
    ground.post(&ground.core("persistentvolumeclaims"), &claim).await.ok();
    ground.post(&ground.core("pods"), &pod("lone", "app:1")).await.ok();
    ground.until_is(&ground.core("pods/lone"), &[("/status/phase", json!("Running"))]).await;
    let desk = Desk::open(ground, "secrets");
    desk.on("key");
    desk.command("delete");
    desk.yes(&["Delete secret/key"]);
    ground.until_gone(&ground.core("secrets/key")).await;
    desk.see("secret/key: deleted");
    desk.press("U");
    desk.see("secret/key: the journal keeps no values of Secrets");

    desk.view("persistentvolumeclaims", "data");
    desk.press("D");
    desk.types(&["Delete persistentvolumeclaim/data"], "data");
    ground.until_gone(&ground.core("persistentvolumeclaims/data")).await;
    desk.see("persistentvolumeclaim/data: ");
    desk.press("U");
    desk.see("persistentvolumeclaim/data: a new one would be empty: what was on it does not come back");

    desk.view("pods", "lone");
    desk.command("delete --now");
    desk.yes(&["Delete pod/lone"]);
    ground.until_gone(&ground.core("pods/lone")).await;
    desk.see("pod/lone: deleted");
    desk.press("U");
    desk.see("pod/lone: a pod does not come back as it was");
    desk.command("journal");
    let shown = desk.see("#3 ");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg=="), "{shown}");
}

/// Go's encoder escapes these letters, and the server compares a patch's tests with its own text; and it leaves out a 0.
pub async fn what_go_spells_otherwise_comes_back(ground: &Ground) {
    let mut web = deployment("web", 1, "app:1");
    web["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["a && b > c <d>"]);
    let path = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &web).await.ok();
    ground.until_is(&path, &[("/status/readyReplicas", json!(1))]).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    let image = "/spec/template/spec/containers/0/image";
    let note = "/metadata/annotations/note";
    desk.command("annotate note=a&b<c>");
    desk.yes(&["Annotate deployment/web"]);
    ground.until_is(&path, &[(note, json!("a&b<c>"))]).await;
    desk.command("annotate note=plain");
    desk.yes(&["note: a&b<c> → plain"]);
    ground.until_is(&path, &[(note, json!("plain"))]).await;
    desk.command("image app=app:2");
    desk.yes(&["app app:1 → app:2"]);
    ground.until_is(&path, &[(image, json!("app:2")), ("/status/updatedReplicas", json!(1))]).await;
    desk.command("rollout-undo");
    desk.yes(&["back to revision 1"]);
    ground.until_is(&path, &[(image, json!("app:1"))]).await;
    desk.command("scale 0");
    desk.yes(&["replicas 1 → 0"]);
    ground.until_is(&path, &[("/spec/replicas", json!(0))]).await;
    desk.see("deployment/web: replicas 1 → 0");
    desk.command("undo");
    desk.yes(&["replicas 0 → 1"]);
    ground.until_is(&path, &[("/spec/replicas", json!(1))]).await;
}
