//! Patches of all four kinds, conflicts between writers, dry runs.

use serde_json::{Value, json};

use super::*;

pub async fn a_stale_replace_is_a_conflict(ground: &Ground) {
    let mut object = ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    let path = ground.core("configmaps/one");
    ground.patch(&path, Patch::Merge, &json!({"data": {"more": "1"}})).await.ok();
    object["data"]["key"] = json!("other");
    let status = ground.put(&path, &object).await.refused(409, "Conflict");
    assert_eq!(
        status["message"],
        "Operation cannot be fulfilled on configmaps \"one\": the object has been modified; please apply your changes to the latest version and try again"
    );
    assert_eq!(status["details"], json!({"name": "one", "kind": "configmaps"}));
    let stale = json!({"metadata": {"resourceVersion": version(&object)}, "data": {"key": "other"}});
    ground.patch(&path, Patch::Merge, &stale).await.refused(409, "Conflict");
    // Without a version it is not asked.
    object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    let replaced = ground.put(&path, &object).await.ok();
    assert_eq!(replaced["data"], json!({"key": "other"}));
    // What changes nothing is not written.
    let same = ground.put(&path, &replaced).await.ok();
    assert_eq!(version(&same), version(&replaced));
    object["metadata"]["uid"] = json!("00000000-0000-0000-0000-000000000000");
    let other = ground.put(&path, &object).await.refused(409, "Conflict");
    let why =
        format!("Precondition failed: UID in precondition: 00000000-0000-0000-0000-000000000000, UID in object meta: {}", uid(&replaced));
    let message = text(&other, "/message");
    assert!(message.starts_with("Operation cannot be fulfilled on configmaps \"one\": ") && message.ends_with(&why), "{message}");
}

pub async fn json_patches_test_before_they_write(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"a": "1"}))).await.ok();
    let path = ground.core("configmaps/one");
    let patch = json!([
        {"op": "test", "path": "/data/key", "value": "value"},
        {"op": "add", "path": "/data/more", "value": "1"},
        {"op": "move", "from": "/data/key", "path": "/data/moved"},
        {"op": "remove", "path": "/metadata/labels/a"},
    ]);
    let patched = ground.patch(&path, Patch::Json, &patch).await.ok();
    assert_eq!(patched["data"], json!({"more": "1", "moved": "value"}));
    assert!(patched["metadata"].get("labels").is_none(), "{patched}");
    let failing = json!([{"op": "test", "path": "/data/more", "value": "2"}, {"op": "remove", "path": "/data/more"}]);
    let status = ground.patch(&path, Patch::Json, &failing).await.refused(422, "Invalid");
    assert_eq!(status["message"], "the server rejected our request due to an error in our request");
    let missing = json!([{"op": "remove", "path": "/data/none"}]);
    ground.patch(&path, Patch::Json, &missing).await.refused(422, "Invalid");
    ground.patch(&path, Patch::Json, &json!({"op": "remove"})).await.refused(400, "BadRequest");
    assert_eq!(version(&ground.get(&path).await.ok()), version(&patched), "nothing of a refused patch is stored");
}

pub async fn merge_patches_replace_lists_and_drop_nulls(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 0, "app:1")).await.ok();
    let path = ground.apps("deployments/web");
    let containers = json!([{"name": "other", "image": "other:1"}]);
    let patch = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"template": {"spec": {"containers": containers}}}});
    let patched = ground.patch(&path, Patch::Merge, &patch).await.ok();
    assert_eq!(patched["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 1);
    assert_eq!(text(&patched, "/spec/template/spec/containers/0/name"), "other");
    let patched = ground.patch(&path, Patch::Merge, &json!({"metadata": {"labels": {"a": null}}})).await.ok();
    assert!(patched["metadata"].get("labels").is_none(), "{}", patched["metadata"]);
    assert_eq!(patched["metadata"]["generation"], 2, "labels are no new generation");
}

pub async fn strategic_patches_merge_by_keys(ground: &Ground) {
    let mut web = deployment("web", 0, "app:1");
    web["spec"]["template"]["spec"]["containers"] = json!([
        {"name": "a", "image": "a:1", "env": [{"name": "ONE", "value": "1"}], "ports": [{"containerPort": 80}, {"containerPort": 81}]},
        {"name": "b", "image": "b:1"},
        {"name": "c", "image": "c:1"},
    ]);
    ground.post(&ground.apps("deployments"), &web).await.ok();
    let path = ground.apps("deployments/web");
    let spec = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let images = |web: &Value| -> Vec<String> {
        let containers = web["spec"]["template"]["spec"]["containers"].as_array().unwrap();
        containers.iter().map(|c| text(c, "/image").to_owned()).collect()
    };
    let patch = spec(json!({"containers": [
        {"name": "b", "image": "b:2"},
        {"name": "a", "env": [{"name": "TWO", "value": "2"}], "ports": [{"containerPort": 81, "name": "http"}]},
        {"name": "c", "$patch": "delete"},
        {"name": "d", "image": "d:1"},
    ]}));
    let patched = ground.patch(&path, Patch::Strategic, &patch).await.ok();
    assert_eq!(images(&patched), ["b:2", "a:1", "d:1"]);
    let a = &patched["spec"]["template"]["spec"]["containers"][1];
    assert_eq!(a["env"], json!([{"name": "TWO", "value": "2"}, {"name": "ONE", "value": "1"}]));
    assert_eq!(a["ports"], json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "name": "http", "protocol": "TCP"}]));
    let order = spec(json!({
        "$setElementOrder/containers": [{"name": "d"}, {"name": "b"}, {"name": "a"}],
        "containers": [{"name": "b", "image": "b:3"}],
    }));
    let patched = ground.patch(&path, Patch::Strategic, &order).await.ok();
    assert_eq!(images(&patched), ["d:1", "b:3", "a:1"]);
    let replace = spec(json!({"containers": [{"name": "only", "image": "only:1"}, {"$patch": "replace"}]}));
    let patched = ground.patch(&path, Patch::Strategic, &replace).await.ok();
    assert_eq!(images(&patched), ["only:1"]);
    // The strategy keeps only what is said.
    let strategy = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
    let patched = ground.patch(&path, Patch::Strategic, &strategy).await.ok();
    assert_eq!(patched["spec"]["strategy"], json!({"type": "Recreate"}));
    let mut pod = pod("one", "app:1");
    pod["metadata"]["finalizers"] = json!(["kubetui.test/a", "kubetui.test/b"]);
    ground.post(&ground.core("pods"), &pod).await.ok();
    let path = ground.core("pods/one");
    let drop_one = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["kubetui.test/a"]}});
    let patched = ground.patch(&path, Patch::Strategic, &drop_one).await.ok();
    assert_eq!(patched["metadata"]["finalizers"], json!(["kubetui.test/b"]));
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"finalizers": null}})).await.ok();
}

pub async fn applying_owns_fields(ground: &Ground) {
    let path = ground.core("configmaps/one");
    let by = |manager: &str, more: &str| format!("{path}?fieldManager={manager}{more}");
    let applied = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": data});
    let made = ground.patch(&by("first", ""), Patch::Apply, &applied(json!({"a": "1", "b": "1"}))).await;
    assert_eq!(made.code, 201);
    let fields = &made.body["metadata"]["managedFields"];
    assert_eq!(fields.as_array().unwrap().len(), 1);
    assert_eq!((&fields[0]["manager"], &fields[0]["operation"]), (&json!("first"), &json!("Apply")));
    assert_eq!(fields[0]["fieldsV1"], json!({"f:data": {"f:a": {}, "f:b": {}}}));
    let status = ground.patch(&by("second", ""), Patch::Apply, &applied(json!({"a": "2", "c": "2"}))).await.refused(409, "Conflict");
    assert_eq!(status["message"], "Apply failed with 1 conflict: conflict with \"first\": .data.a");
    assert_eq!(
        status["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"first\"", "field": ".data.a"}])
    );
    let forced = ground.patch(&by("second", "&force=true"), Patch::Apply, &applied(json!({"a": "2", "c": "2"}))).await.ok();
    assert_eq!(forced["data"], json!({"a": "2", "b": "1", "c": "2"}));
    // The same value is shared, not fought over; what is not applied any more goes with its last owner.
    ground.patch(&by("first", ""), Patch::Apply, &applied(json!({"b": "1", "c": "2"}))).await.ok();
    let left = ground.patch(&by("second", ""), Patch::Apply, &applied(json!({"a": "2"}))).await.ok();
    assert_eq!(left["data"], json!({"a": "2", "b": "1", "c": "2"}), "c is still the first's");
    let left = ground.patch(&by("first", ""), Patch::Apply, &applied(json!({"b": "1"}))).await.ok();
    assert_eq!(left["data"], json!({"a": "2", "b": "1"}));
    // Who updates owns what was changed.
    ground.patch(&by("editor", ""), Patch::Merge, &json!({"data": {"b": "3"}})).await.ok();
    let status = ground.patch(&by("first", ""), Patch::Apply, &applied(json!({"b": "1"}))).await.refused(409, "Conflict");
    assert!(text(&status, "/message").starts_with("Apply failed with 1 conflict: conflict with \"editor\" using v1"), "{status}");
    ground.patch(&path, Patch::Apply, &applied(json!({}))).await.refused(422, "Invalid");
    let containers = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "replicas": 0, "template": template("web", "app:1")}});
    let web = ground.apps("deployments/web");
    ground.patch(&format!("{web}?fieldManager=first"), Patch::Apply, &containers).await.ok();
    let sidecar = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "template": {"spec": {"containers": [{"name": "sidecar", "image": "side:1"}]}}}});
    let both = ground.patch(&format!("{web}?fieldManager=second"), Patch::Apply, &sidecar).await.ok();
    let containers = both["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.iter().map(|c| text(c, "/name")).collect::<Vec<_>>(), ["app", "sidecar"]);
}

pub async fn a_dry_run_answers_and_stores_nothing(ground: &Ground) {
    let all = ground.core("configmaps?dryRun=All");
    let answer = ground.post(&all, &config_map("one", json!({}))).await;
    assert_eq!(answer.code, 201);
    assert!(!uid(&answer.body).is_empty() && !text(&answer.body, "/metadata/creationTimestamp").is_empty());
    assert!(answer.body["metadata"].get("resourceVersion").is_none(), "{}", answer.body);
    let generated = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "some-"}});
    let answer = ground.post(&all, &generated).await.ok();
    assert!(name(&answer).starts_with("some-") && name(&answer).len() == "some-".len() + 5, "{}", name(&answer));
    ground.get(&ground.core("configmaps/one")).await.refused(404, "NotFound");
    let stored = ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    ground.post(&all, &config_map("one", json!({}))).await.refused(409, "AlreadyExists");
    let path = ground.core("configmaps/one");
    let dry = format!("{path}?dryRun=All");
    let patched = ground.patch(&dry, Patch::Merge, &json!({"data": {"key": "other"}})).await.ok();
    assert_eq!((&patched["data"]["key"], version(&patched)), (&json!("other"), version(&stored)));
    let deleted = ground.delete(&dry, &json!(null)).await.ok();
    assert_eq!((&deleted["kind"], &deleted["status"]), (&json!("Status"), &json!("Success")));
    assert_eq!(ground.get(&path).await.ok(), stored);
    let service = ground.post(&ground.core("services?dryRun=All"), &service("web", "web")).await.ok();
    assert!(service["spec"]["clusterIP"].is_string(), "{service}");
    let wrong = ground.post(&ground.core("configmaps?dryRun=Some"), &config_map("two", json!({}))).await.refused(422, "Invalid");
    assert_eq!(causes(&wrong), [("dryRun", "FieldValueNotSupported")]);
}
