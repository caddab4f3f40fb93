//! New objects from texts, copies and files; what was seen to change, and revisions.

use kubetui::kinds::manifest::{self, Wanted, sketch};
use kubetui::kinds::schema::Document;
use kubetui::model::edit;
use kubetui::model::kind::Kind;
use serde_json::{Value, json};

use super::Desk;
use crate::driver::Setup;
use crate::rewritten;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{config_map, deployment};

/// Tries to make an object, with strict validation.
async fn tried(ground: &Ground, kind: &Kind, path: &str, text: &str) {
    let object = Value::from(&edit::read(text).unwrap_or_else(|fault| panic!("{fault} in\n{text}")).tree());
    let place = if kind.namespaced {
        format!("{path}/namespaces/{}/{}", ground.namespace(), kind.plural)
    } else {
        format!("{path}/{}", kind.plural)
    };
    let answer = ground.post(&format!("{place}?dryRun=All&fieldValidation=Strict"), &object).await;
    assert!(answer.code == 201, "{}: {}\n{text}", kind.plural, answer.body);
}

pub async fn every_text_that_one_begins_with_is_accepted(ground: &Ground) {
    let mut count = 0;
    for (kind, path) in rewritten::kinds(ground).await {
        let mut variants = manifest::variants(&kind);
        variants.push("");
        for variant in variants {
            let wanted = Wanted { kind: &kind, name: "new-1", namespace: ground.namespace() };
            if let Some(text) = manifest::template(&wanted, variant).expect("a type that there is") {
                tried(ground, &kind, &path, &text).await;
                count += 1;
            }
        }
    }
    assert!(count > if ground.is_real() { 30 } else { 15 }, "{count} texts");
}

/// A definition with fields of many kinds that have to be there.
fn definition(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("gadgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget", "listKind": "GadgetList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {"spec": {
                    "type": "object", "required": ["size", "mode", "parts", "when"],
                    "properties": {
                        "size": {"type": "integer", "minimum": 4, "description": "How large it is. And more."},
                        "mode": {"type": "string", "enum": ["fast", "slow"]},
                        "parts": {"type": "array", "minItems": 1, "items": {
                            "type": "object", "required": ["name", "weight"],
                            "properties": {"name": {"type": "string", "minLength": 2}, "weight": {"type": "number"}},
                        }},
                        "when": {"type": "string", "format": "date-time"},
                        "left": {"type": "boolean", "description": "Left out."},
                    },
                }}}},
            }],
        },
    })
}

pub async fn a_custom_resource_begins_with_its_schema(ground: &Ground) {
    let group = format!("{}.example.com", ground.namespace());
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    ground.post(definitions, &definition(&group)).await.ok();
    let document = ground
        .until("the schema", async || {
            // The server does not say of its list that it is JSON.
            let index = match ground.get("/openapi/v3").await.there()? {
                Value::String(text) => serde_json::from_str(&text).map_err(|error| error.to_string())?,
                index => index,
            };
            let url = index["paths"][format!("apis/{group}/v1")]["serverRelativeURL"].as_str().ok_or("it is not described yet")?.to_owned();
            let text = ground.get(&url).await.there()?;
            let document = Document::parse(text.to_string()).map_err(|error| error.to_string())?;
            document.kind(&group, "v1", "Gadget").map(|_| document).ok_or_else(|| "it is not in it yet".to_owned())
        })
        .await;
    let kind = Kind {
        group: group.as_str().into(),
        version: "v1".into(),
        kind: "Gadget".into(),
        plural: "gadgets".into(),
        singular: "gadget".into(),
        namespaced: true,
        ..Kind::default()
    };
    let root = document.kind(&group, "v1", "Gadget").expect("it is there");
    let text = sketch::text(&Wanted { kind: &kind, name: "new-gadget", namespace: ground.namespace() }, &root);
    let path = format!("/apis/{group}/v1");
    ground.until("the kind", async || ground.get(&path).await.there()).await;
    tried(ground, &kind, &path, &text).await;

    let desk = Desk::open(ground, "gadgets");
    desk.view_named("gadgets");
    desk.command("new gadget");
    let screen = desk.see("# How large it is");
    for words in ["kind: Gadget", "name: new-gadget", "size: 4", "mode: \"fast\"", "# left: false # Left out"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    ground.delete(&format!("{definitions}/gadgets.{group}"), &Value::Null).await.ok();
}

pub async fn a_copy_is_begun_without_what_the_server_filled_in(ground: &Ground) {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"tier": "back"}},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]},
    });
    let made = ground.post(&ground.core("services"), &service).await.ok();
    let uid = made["metadata"]["uid"].as_str().expect("a UID");
    let desk = Desk::open(ground, "services");
    desk.on("web");
    desk.command("clone other");
    let screen = desk.see("name: other");
    for words in ["tier: back", "type: NodePort", "node ports are chosen anew"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    for words in [uid, "clusterIP:", "nodePort:", "resourceVersion", "creationTimestamp", "managedFields", "status:"] {
        assert!(!screen.contains(words), "{words} is in\n{screen}");
    }
    desk.press("ctrl-s");
    desk.yes(&["service/other", "it is made"]);
    let other = ground.until("the copy", async || ground.get(&ground.core("services/other")).await.there()).await;
    assert_eq!((&other["spec"]["type"], &other["metadata"]["labels"]["tier"]), (&json!("NodePort"), &json!("back")));
    assert_ne!(other["spec"]["clusterIP"], made["spec"]["clusterIP"]);
}

pub async fn a_new_object_is_made_of_the_text_it_is_begun_with(ground: &Ground) {
    let desk = Desk::open(ground, "configmaps");
    desk.view_named("configmaps");
    desk.see("● live");
    desk.command("new configmap");
    let screen = desk.see("name: new-configmap");
    assert!(screen.contains(&format!("namespace: {}", ground.namespace())), "{screen}");
    desk.press("ctrl-s");
    desk.yes(&["configmap/new-configmap", "it is made"]);
    let made = ground.until("the object", async || ground.get(&ground.core("configmaps/new-configmap")).await.there()).await;
    assert_eq!(made["data"]["key"], "value");
}

pub async fn objects_are_written_to_a_file_and_nothing_is_written_over(ground: &Ground) {
    for name in ["one", "two"] {
        ground.post(&ground.core("configmaps"), &config_map(name, json!({"tier": name}))).await.ok();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("both.yaml");
    let desk = Desk::open(ground, "configmaps");
    desk.on("one");
    desk.press("space");
    desk.on("two");
    desk.press("space");
    desk.command(&format!("export {}", path.display()));
    desk.see("2 objects in ");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let documents: Vec<_> = edit::documents(&text).into_iter().map(|document| document.expect("YAML").tree()).collect();
    let mut names: Vec<&str> = documents.iter().map(|tree| tree.text("metadata.name")).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "two"]);
    assert!(documents.iter().all(|tree| tree.text("kind") == "ConfigMap" && tree.at("metadata.uid").is_null()), "{text}");
    desk.refused(&format!("export {}", path.display()), "is there already: name another file");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
}

pub async fn a_secret_is_exported_when_that_is_allowed_and_for_its_owner_alone(ground: &Ground) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": {"password": "aHVudGVyMg=="}});
    ground.post(&ground.core("secrets"), &secret).await.ok();
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let path = folder.path().join("keys.yaml");
    let rail = "[[guard.rail]]\nverbs = [\"reveal\"]\ndemand = \"confirm\"\n";
    let desk = Desk::with(ground, &kubeconfig, "secrets", rail);
    desk.on("keys");
    desk.command(&format!("export {}", path.display()));
    desk.question(&["Show the values of secret/keys"]);
    assert!(!path.exists(), "nothing is written before the answer");
    desk.no();
    assert!(!path.exists(), "the answer was no");
    desk.command(&format!("export {}", path.display()));
    desk.yes(&["Show the values of secret/keys"]);
    desk.wait("the file", |_| path.exists() && std::fs::read_to_string(&path).is_ok_and(|text| !text.is_empty()));
    let text = std::fs::read_to_string(&path).expect("it is there");
    assert!(text.contains("password: aHVudGVyMg=="), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}

pub async fn what_another_one_changed_is_told(ground: &Ground) {
    let path = ground.core("configmaps/one");
    let mut one = config_map("one", json!({"tier": "back"}));
    one["data"] = json!({"a": "b"});
    ground.post(&ground.core("configmaps"), &one).await.ok();
    let desk = Desk::open(ground, "configmaps");
    desk.on("one");
    desk.row("one", " 1 ");
    // While its row alone is watched.
    let change = json!({"metadata": {"labels": {"tier": "middle"}}, "data": {"c": "d"}});
    ground.patch(&path, Patch::Merge, &change).await.ok();
    desk.row("one", " 2 ");
    desk.press("h");
    let screen = desk.see("label tier  back → middle");
    assert!(screen.contains("DATA        1 → 2"), "{screen}");
    desk.see("● live");
    // While it is watched as a whole.
    ground.patch(&path, Patch::Merge, &json!({"data": {"mode": "fast"}})).await.ok();
    let screen = desk.see("+   mode: fast");
    assert!(screen.contains("in the object"), "{screen}");
    desk.command("label tier=front");
    desk.yes(&["Label configmap/one"]);
    desk.wait("what was written from here", |screen| {
        screen.contains("written from here: #") && screen.contains("-     tier: middle") && screen.contains("+     tier: front")
    });
}

pub async fn what_changed_of_a_secret_is_told_without_its_values(ground: &Ground) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": {"password": "aHVudGVyMg=="}});
    ground.post(&ground.core("secrets"), &secret).await.ok();
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    ground.write_kubeconfig(&kubeconfig);
    let driver = Setup::new(&kubeconfig).namespace(ground.namespace()).resource("secrets").size(100, 40).start();
    let desk = Desk::before(ground, driver, folder);
    desk.on("keys");
    desk.press("h");
    desk.see("the whole object is watched");
    desk.see("● live");
    ground.patch(&ground.core("secrets/keys"), Patch::Merge, &json!({"data": {"password": "b3RoZXI="}})).await.ok();
    let screen = desk.see("password: '*** (after)'");
    assert!(!["aHVu", "b3Ro", "hunter2", "other"].iter().any(|value| screen.contains(value)), "{screen}");
}

pub async fn revisions_are_listed_compared_and_gone_back_to(ground: &Ground) {
    let web = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    for number in 1..=3 {
        let revision = json!(number.to_string());
        ground.until_is(&web, &[("/metadata/annotations/deployment.kubernetes.io~1revision", revision)]).await;
        if number < 3 {
            let cause = json!({"kubernetes.io/change-cause": format!("to {}", number + 1)});
            let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": format!("app:{}", number + 1)},
                {"op": "add", "path": "/metadata/annotations/kubernetes.io~1change-cause", "value": cause["kubernetes.io/change-cause"]}]);
            ground.patch(&web, Patch::Json, &image).await.ok();
        }
    }
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.press("r h");
    let line =
        |screen: &str, number: &str| screen.lines().find(|line| line.trim_start_matches(['▌', ' ']).starts_with(number)).map(str::to_owned);
    let screen = desk.wait("three revisions", |screen| ["3 ", "2 ", "1 "].iter().all(|number| line(screen, number).is_some()));
    let newest = line(&screen, "3 ").expect("a line");
    assert!(newest.contains("current") && newest.contains("app:3") && newest.contains("to 3") && newest.starts_with('▌'), "{screen}");
    desk.press("j");
    desk.press("j");
    desk.wait("the first revision", |screen| line(screen, "1 ").is_some_and(|line| line.starts_with('▌') && line.contains("app:1")));
    desk.press("enter");
    let screen = desk.see("+ revision 3, the current one (app:3)");
    for words in ["- revision 1 (app:1)", "-   - image: app:1", "+   - image: app:3"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    desk.press("esc");
    desk.command("revisions 2 3");
    let screen = desk.see("- revision 2 (app:2)");
    assert!(screen.contains("+   - image: app:3"), "{screen}");
    desk.press("esc");
    desk.see("CHANGE-CAUSE");
    // The one that one is at.
    desk.press("r u");
    desk.yes(&["Back to revision 1: deployment/web", "app app:3 → app:1"]);
    ground.until_is(&web, &[("/spec/template/spec/containers/0/image", json!("app:1"))]).await;
    desk.wait("the new list", |screen| line(screen, "4 ").is_some_and(|line| line.contains("current") && line.contains("app:1")));
}
