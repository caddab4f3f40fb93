use serde_json::{Value, json};

use super::*;

fn widgets(versions: Value) -> Tree {
    let names = json!({"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"], "listKind": "WidgetList"});
    json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions},
        "status": {"acceptedNames": names, "conditions": [{"type": "Established", "status": "True"}]},
    })
    .into()
}

#[test]
fn what_was_recorded_is_found_by_names_and_by_kinds() {
    let registry = Registry::recorded();
    let deployments = registry.get("apps", "v1", "deployments").expect("deployments");
    assert_eq!((&*deployments.kind, &*deployments.singular, deployments.namespaced), ("Deployment", "deployment", true));
    assert_eq!(deployments.short, ["deploy"]);
    assert!(deployments.has("deletecollection") && deployments.categories == ["all"]);
    let scale = deployments.subresource("scale").expect("scale");
    assert_eq!((&*scale.group, &*scale.version, &*scale.kind), ("autoscaling", "v1", "Scale"));
    let eviction = registry.get("", "v1", "pods").and_then(|r| r.subresource("eviction")).expect("eviction");
    assert_eq!((&*eviction.group, &*eviction.version, &*eviction.kind), ("policy", "v1", "Eviction"));
    let status = registry.get("apps", "v1", "deployments").and_then(|r| r.subresource("status")).expect("status");
    assert_eq!((&*status.group, &*status.version), ("apps", "v1"));
    assert!(!registry.of_kind("", "v1", "Node").expect("nodes").namespaced);
    assert_eq!(&*registry.preferred("autoscaling", "horizontalpodautoscalers").expect("hpa").version, "v2");
    assert!(registry.get("apps", "v1beta1", "deployments").is_none() && registry.get("events.k8s.io", "v1", "events").is_none());
}

#[test]
fn each_resource_is_recorded_in_one_version() {
    let registry = Registry::recorded();
    let mut names: Vec<_> = registry.all().map(|r| (r.group.clone(), r.plural.clone())).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all > 60, "{all}");
    assert!(registry.all().all(|r| !r.custom && !r.kind.is_empty() && !r.verbs.is_empty()));
}

#[test]
fn the_aggregated_documents_are_the_recorded_ones() {
    let mut text = Vec::new();
    GzDecoder::new(RECORDED).read_to_end(&mut text).expect("unpacks");
    let recorded: Value = serde_json::from_slice(&text).expect("JSON");
    let registry = Registry::recorded();
    assert_eq!(registry.aggregated(true), recorded["api"]);
    assert_eq!(registry.aggregated(false), recorded["apis"]);
}

#[test]
fn the_classic_documents_say_the_same() {
    let registry = Registry::recorded();
    let core = registry.resource_list("", "v1").expect("core");
    assert_eq!((&core["kind"], &core["apiVersion"], &core["groupVersion"]), (&json!("APIResourceList"), &Value::Null, &json!("v1")));
    let find = |list: &Value, name: &str| list["resources"].as_array().and_then(|all| all.iter().find(|r| r["name"] == name)).cloned();
    assert_eq!(
        find(&core, "pods/eviction"),
        Some(json!({"name": "pods/eviction", "singularName": "", "namespaced": true, "group": "policy", "version": "v1",
            "kind": "Eviction", "verbs": ["create"]}))
    );
    let apps = registry.resource_list("apps", "v1").expect("apps");
    assert_eq!(apps["apiVersion"], "v1");
    assert_eq!(
        find(&apps, "daemonsets/status"),
        Some(json!({"name": "daemonsets/status", "singularName": "", "namespaced": true, "kind": "DaemonSet",
            "verbs": ["get", "patch", "update"]}))
    );
    let group = registry.api_group("apps").expect("a group");
    assert_eq!(
        group,
        json!({"kind": "APIGroup", "apiVersion": "v1", "name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
            "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}})
    );
    assert!(registry.api_group("").is_none() && registry.api_group("nope").is_none() && registry.resource_list("apps", "v2").is_none());
    let groups = registry.group_list();
    assert!(groups["groups"].as_array().is_some_and(|all| all.len() == 18 && all.iter().all(|g| g["name"] != "")));
    assert_eq!(registry.versions("127.0.0.1:6443")["versions"], json!(["v1"]));
}

#[test]
fn definitions_add_resources_and_take_them_away() {
    let mut registry = Registry::recorded();
    let both = widgets(json!([
        {"name": "v1beta1", "served": true, "subresources": {"status": {}}},
        {"name": "v1", "served": true, "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas"}}},
        {"name": "v2", "served": false},
    ]));
    registry.define(&both);
    registry.define(&both);
    assert_eq!(&*registry.preferred("example.com", "widgets").expect("widgets").version, "v1");
    let widget = registry.get("example.com", "v1", "widgets").expect("v1");
    assert!(widget.custom && widget.namespaced && widget.has("create"));
    assert_eq!(widget.subresources.iter().map(|s| &*s.name).collect::<Vec<_>>(), ["status", "scale"]);
    assert!(registry.get("example.com", "v2", "widgets").is_none(), "it is not served");
    let aggregated = registry.aggregated(false);
    let groups: Vec<&str> = aggregated["items"].as_array().expect("groups").iter().filter_map(|g| g["metadata"]["name"].as_str()).collect();
    assert_eq!(groups[groups.len() - 2..], ["example.com", "metrics.k8s.io"]);
    let custom = &aggregated["items"][groups.len() - 2]["versions"];
    assert_eq!(custom[0]["resources"][0]["responseKind"], json!({"group": "example.com", "version": "v1", "kind": "Widget"}));
    assert_eq!(custom.as_array().map(Vec::len), Some(2));

    registry.define(&widgets(json!([{"name": "v1", "served": true}])));
    assert!(registry.get("example.com", "v1beta1", "widgets").is_none());
    registry.forget(&both);
    assert!(registry.api_group("example.com").is_none());
    assert_eq!(registry.aggregated(false), Registry::recorded().aggregated(false));
}

#[test]
fn a_definition_that_is_not_established_makes_nothing() {
    let mut definition = widgets(json!([{"name": "v1", "served": true}]));
    definition.push("status.conditions", json!({"type": "Terminating", "status": "True"}));
    assert_eq!(Resource::of_definition(&definition)[0].verbs.len(), TERMINATING_VERBS.len());
    definition.remove("status.conditions");
    assert!(Resource::of_definition(&definition).is_empty());
}
