//! Watches: from a version, streaming lists, bookmarks, selectors, tables, and versions that are too old.

use serde_json::json;

use super::*;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

pub async fn a_watch_goes_on_from_a_version(ground: &Ground) {
    let one = ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    ground.post(&ground.core("configmaps"), &config_map("two", json!({}))).await.ok();
    ground.patch(&ground.core("configmaps/one"), Patch::Merge, &json!({"data": {"key": "2"}})).await.ok();
    ground.delete(&ground.core("configmaps/two"), &json!(null)).await.ok();
    let mut watch = ground.watch(&ground.core(&format!("configmaps?watch=1&resourceVersion={}", version(&one)))).await;
    let mut last = version(&one).parse::<u64>().unwrap();
    for (kind, object) in [("ADDED", "two"), ("MODIFIED", "one"), ("DELETED", "two")] {
        let (found, changed) = watch.change(object).await;
        assert_eq!((found.as_str(), name(&changed)), (kind, object));
        let version = version(&changed).parse::<u64>().unwrap();
        assert!(version > last, "{version} after {last}");
        last = version;
        assert_eq!((text(&changed, "/kind"), text(&changed, "/apiVersion")), ("ConfigMap", "v1"));
    }
    ground.patch(&ground.core("configmaps/one"), Patch::Merge, &json!({"data": {"key": "3"}})).await.ok();
    let (kind, changed) = watch.change("what happens now").await;
    assert_eq!((kind.as_str(), text(&changed, "/data/key")), ("MODIFIED", "3"));
}

pub async fn a_streaming_list_ends_with_its_bookmark(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"a": "1"}))).await.ok();
    ground.post(&ground.core("configmaps"), &config_map("two", json!({"a": "1"}))).await.ok();
    let stream = "configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=a%3D1";
    let mut watch = ground.watch(&ground.core(stream)).await;
    assert_eq!(watch.code, 200);
    let events = watch.all_until("the end of the list", |event| event["type"] == "BOOKMARK").await;
    let (last, rows) = events.split_last().unwrap();
    let rows: Vec<_> = rows.iter().map(|event| (text(event, "/type"), name(&event["object"]))).collect();
    assert_eq!(rows, [("ADDED", "one"), ("ADDED", "two")]);
    assert_eq!(last["object"]["metadata"]["annotations"], json!({"k8s.io/initial-events-end": "true"}));
    assert_eq!(text(&last["object"], "/kind"), "ConfigMap");
    assert!(!version(&last["object"]).is_empty());
    ground.delete(&ground.core("configmaps/one"), &json!(null)).await.ok();
    let (kind, object) = watch.change("a deletion").await;
    assert_eq!((kind.as_str(), name(&object)), ("DELETED", "one"));
    let wrong = ground.get(&ground.core("configmaps?watch=1&sendInitialEvents=true")).await.refused(422, "Invalid");
    assert_eq!(causes(&wrong), [("resourceVersionMatch", "FieldValueForbidden")]);
}

pub async fn what_falls_out_of_a_selector_is_deleted_for_its_watch(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({"a": "1"}))).await.ok();
    ground.post(&ground.core("configmaps"), &config_map("two", json!({"a": "2"}))).await.ok();
    let mut watch = ground.watch(&ground.core("configmaps?watch=1&labelSelector=a%3D1")).await;
    let label = async |name: &str, value: &str| {
        let path = ground.core(&format!("configmaps/{name}"));
        ground.patch(&path, Patch::Merge, &json!({"metadata": {"labels": {"a": value}}})).await.ok()
    };
    label("one", "2").await;
    label("two", "1").await;
    label("two", "1").await;
    label("one", "3").await;
    let back = label("one", "1").await;
    for (kind, object, value) in [("ADDED", "one", "1"), ("DELETED", "one", "1"), ("ADDED", "two", "1"), ("ADDED", "one", "1")] {
        let (found, changed) = watch.change(object).await;
        assert_eq!((found.as_str(), name(&changed), text(&changed, "/metadata/labels/a")), (kind, object, value));
    }
    let mut by_field = ground.watch(&ground.core("configmaps?watch=1&fieldSelector=metadata.name%3Done")).await;
    let (kind, first) = by_field.change("the one that is there").await;
    assert_eq!((kind.as_str(), version(&first)), ("ADDED", version(&back)));
}

pub async fn a_version_that_is_too_old_is_gone(ground: &Ground) {
    let definition = definition(ground, "relics");
    ground.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await.ok();
    let path = ground.path(&format!("{}/v1", group(ground)), "relics");
    ground.until("the kind to be served", async || ground.get(&path).await.there()).await;
    // Nothing of this kind is older than the kind itself.
    let event = ground
        .until("a refusal", async || {
            let mut watch = ground.watch(&format!("{path}?watch=1&resourceVersion=1")).await;
            let event = watch.next("a refusal").await;
            if event["type"] == "ERROR" { Ok(event) } else { Err(event.to_string()) }
        })
        .await;
    let status = &event["object"];
    assert_eq!((&status["kind"], &status["code"], &status["reason"]), (&json!("Status"), &json!(410), &json!("Expired")));
    assert!(text(status, "/message").starts_with("too old resource version: 1 ("), "{status}");
    ground.delete(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/relics.{}", group(ground)), &json!(null)).await.ok();
}

pub async fn tables_are_watched(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    ground.until_is(&ground.core("pods/one"), &[("/status/phase", json!("Running"))]).await;
    let mut watch = ground.watch_as(&ground.core("pods?watch=1&includeObject=Metadata"), TABLE).await;
    let (kind, table) = watch.change("a row").await;
    assert_eq!((kind.as_str(), text(&table, "/kind")), ("ADDED", "Table"));
    assert_eq!(table["columnDefinitions"][0]["name"], "Name");
    assert_eq!((text(&table["rows"][0]["object"], "/kind"), &table["rows"][0]["cells"][1]), ("PartialObjectMetadata", &json!("1/1")));
    ground.patch(&ground.core("pods/one"), Patch::Merge, &json!({"metadata": {"labels": {"b": "1"}}})).await.ok();
    let (kind, table) = watch.change("a changed row").await;
    assert_eq!((kind.as_str(), &table["rows"][0]["object"]["metadata"]["labels"]["b"]), ("MODIFIED", &json!("1")));
    assert!(table.get("columnDefinitions").is_none_or(|columns| columns.is_null()), "columns come once: {table}");
}

/// A group of this ground's own, for definitions.
/// The group of the scenario's own kinds.
pub fn group(ground: &Ground) -> String {
    format!("{}.kubetui.test", ground.namespace())
}

/// A kind of the scenario's own, with a `scale`.
pub fn definition(ground: &Ground, plural: &str) -> serde_json::Value {
    let group = group(ground);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": "relic", "kind": "Relic"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
                "additionalPrinterColumns": [{"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "required": ["size"], "properties": {
                        "replicas": {"type": "integer", "minimum": 0, "default": 1},
                        "size": {"type": "string", "enum": ["small", "large"]}}},
                    "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
                }}},
            }],
        },
    })
}

pub async fn a_custom_kind_is_validated_and_scaled(ground: &Ground) {
    ground.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition(ground, "relics")).await.ok();
    let group_version = format!("{}/v1", group(ground));
    let path = ground.path(&group_version, "relics");
    ground.until("the kind to be served", async || ground.get(&path).await.there()).await;
    let relic = |spec: serde_json::Value| json!({"apiVersion": group_version, "kind": "Relic", "metadata": {"name": "one"}, "spec": spec});
    let made = ground.post(&path, &relic(json!({"size": "small", "more": 1}))).await.ok();
    assert_eq!(made["spec"], json!({"size": "small", "replicas": 1}), "defaulted, and pruned of what no schema knows");
    let wrong = ground.post(&path, &relic(json!({"size": "huge"}))).await.refused(422, "Invalid");
    assert_eq!(causes(&wrong), [("spec.size", "FieldValueNotSupported")]);
    let missing = ground.post(&path, &relic(json!({}))).await.refused(422, "Invalid");
    assert_eq!(causes(&missing), [("spec.size", "FieldValueRequired")]);
    let scale = ground.patch(&format!("{path}/one/scale"), Patch::Merge, &json!({"spec": {"replicas": 3}})).await.ok();
    assert_eq!((text(&scale, "/kind"), number(&scale, "/spec/replicas")), ("Scale", 3));
    let scaled = ground.get(&format!("{path}/one")).await.ok();
    assert_eq!((number(&scaled, "/spec/replicas"), number(&scaled, "/metadata/generation")), (3, 2));
    ground.patch(&format!("{path}/one/status"), Patch::Merge, &json!({"status": {"replicas": 2}, "spec": {"replicas": 9}})).await.ok();
    let after = ground.get(&format!("{path}/one")).await.ok();
    assert_eq!((number(&after, "/spec/replicas"), number(&after, "/status/replicas")), (3, 2), "the status is written alone");
    ground.patch(&format!("{path}/one"), Patch::Strategic, &json!({"spec": {}})).await.refused(415, "UnsupportedMediaType");
    let table = ground.get_as(&path, TABLE).await.ok();
    let columns: Vec<&str> = table["columnDefinitions"].as_array().unwrap().iter().map(|c| text(c, "/name")).collect();
    assert_eq!((columns, &table["rows"][0]["cells"]), (vec!["Name", "Replicas"], &json!(["one", 3])));
    ground.delete(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/relics.{}", group(ground)), &json!(null)).await.ok();
    ground
        .until("the kind to be gone", async || {
            let code = ground.get(&path).await.code;
            if code == 404 { Ok(()) } else { Err(code.to_string()) }
        })
        .await;
}
