use serde_json::json;

use super::*;
use crate::demo::resources::Registry;
use crate::demo::tree::Tree;
use crate::kinds::schema::{Form, Problem, problems, unknown_fields};

fn at(group: &str, version: &str, of: &str, path: &str) -> Type {
    kind(group, version, of).and_then(|t| t.at(path.split('.'))).unwrap_or_else(|| panic!("{of}.{path}"))
}

#[test]
fn every_document_is_indexed_unpacks_and_reads() {
    let index = index([]);
    let paths = index["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), RECORDED.len());
    for (path, entry) in paths {
        assert!(entry["serverRelativeURL"].as_str().is_some_and(|url| url.starts_with(&format!("/openapi/v3/{path}?hash="))));
        assert!(document(path).is_some_and(|text| text.starts_with(b"{")), "{path}");
        let (group, version) = group_version(path).expect("a path");
        assert!(schema(group, version).is_some_and(|d| d.names().all(|name| d.named(name).is_some())), "{path}");
    }
    assert!(document("apis/apps/v2").is_none() && document("version").is_none());
    assert!(serde_json::from_str::<Value>(VERSION).is_ok_and(|v| v["major"] == "1"));
}

#[test]
fn every_recorded_resource_has_a_type() {
    for resource in Registry::recorded().all() {
        let found = kind(&resource.group, &resource.version, &resource.kind);
        assert!(found.is_some_and(|t| t.has_fields()), "{resource:?}");
    }
}

#[test]
fn lists_have_their_keys() {
    let containers = at("apps", "v1", "Deployment", "spec.template.spec.containers");
    assert_eq!((containers.patch_merge_key(), containers.patch_strategy()), (Some("name"), Some("merge")));
    assert_eq!(containers.name(), "[]Container");
    let ports = at("", "v1", "Service", "spec.ports");
    assert_eq!(ports.list_map_keys(), ["port", "protocol"].map(Box::<str>::from));
    assert_eq!((ports.list_type(), ports.patch_merge_key()), (Some("map"), Some("port")));
    assert_eq!(at("", "v1", "Pod", "spec.volumes").patch_strategy(), Some("merge,retainKeys"));
    assert_eq!(at("", "v1", "Pod", "spec.tolerations").list_type(), Some("atomic"));
    assert_eq!(at("apps", "v1", "Deployment", "spec.selector").map_type(), Some("atomic"));
}

#[test]
fn values_defaults_and_requirements() {
    let policy = at("", "v1", "Pod", "spec.restartPolicy");
    assert_eq!(policy.enumeration(), [json!("Always"), json!("Never"), json!("OnFailure")]);
    assert_eq!(at("", "v1", "Pod", "spec.containers.ports.protocol").default(), Some(&json!("TCP")));
    assert_eq!(at("", "v1", "Pod", "spec.containers.ports").items().map(|t| t.requires("containerPort")), Some(true));
    assert!(at("apps", "v1", "Deployment", "spec").requires("selector"));
    assert_eq!(at("apps", "v1", "Deployment", "spec.strategy.rollingUpdate.maxSurge").form(), Form::IntOrString);
    assert_eq!(at("", "v1", "Pod", "spec.containers.resources.limits").name(), "map[string]Quantity");
    assert!(at("apps", "v1", "ControllerRevision", "data").preserves_unknown());
    assert!(policy.description().is_some_and(|d| d.starts_with("Restart policy for all containers")));
}

/// The words are what kube-apiserver 1.36 answers to `kubectl create --validate=strict`.
#[test]
fn unknown_fields_are_named_as_the_server_names_them() {
    let value: Tree = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x", "foo": 1, "managedFields": [{"fieldsV1": {"f:a": {}}}]},
        "spec": {"Paused": true, "replicas": 1, "template": {"spec": {"containers": [
            {"foo": 1, "image": "x", "name": "a", "ports": [{"bar": 1, "containerPort": 80}], "resources": {"lim": 2, "limits": {"cpu": 1}}}]}}},
        "status": {"zap": 1}})
    .into();
    let of = kind("apps", "v1", "Deployment").expect("a Deployment");
    let wanted = [
        "metadata.foo",
        "spec.Paused",
        "spec.template.spec.containers[0].foo",
        "spec.template.spec.containers[0].ports[0].bar",
        "spec.template.spec.containers[0].resources.lim",
        "status.zap",
    ];
    assert_eq!(unknown_fields(&of, &value), wanted.map(|path| format!("unknown field \"{path}\"")));
}

#[test]
fn values_of_another_form_are_refused_as_the_server_refuses_them() {
    let of = kind("apps", "v1", "Deployment").expect("a Deployment");
    let says = |value: Value| problems(&of, &Tree::from(value)).iter().map(Problem::to_string).collect::<Vec<_>>();
    let container = |value: Value| json!({"spec": {"template": {"spec": {"containers": [value]}}}});
    for (value, words) in [
        (
            json!({"spec": {"replicas": "3"}}),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            json!({"spec": {"replicas": 1.5}}),
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            json!({"spec": {"replicas": 5_000_000_000_i64}}),
            "json: cannot unmarshal number 5000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            json!({"metadata": {"labels": {"a": 1}}}),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (json!({"metadata": "x"}), "json: cannot unmarshal string into Go struct field Deployment.metadata of type v1.ObjectMeta"),
        (
            json!({"spec": {"template": {"spec": {"containers": {}}}}}),
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            container(json!("a")),
            "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container",
        ),
        (
            container(json!({"command": "a"})),
            "json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.command of type []string",
        ),
        (
            json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": true}}}}),
            "json: cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
        ),
        (
            container(json!({"resources": {"limits": {"cpu": "abc"}}})),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ] {
        assert_eq!(says(value), [words]);
    }
}

fn gadgets() -> Tree {
    let names = json!({"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"});
    let schema = json!({"type": "object", "description": "A gadget.", "required": ["spec"], "properties": {
        "spec": {"type": "object", "properties": {
            "empty": {"type": "object"},
            "parts": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            "port": {"x-kubernetes-int-or-string": true},
            "raw": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        }},
    }});
    json!({
        "spec": {"group": "schema.kubetui.test", "scope": "Namespaced", "names": names,
            "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": schema}}]},
        "status": {"acceptedNames": names, "conditions": [{"type": "Established", "status": "True"}]},
    })
    .into()
}

/// What is unknown is what kube-apiserver 1.36 said of the same definition and object.
#[test]
fn custom_resources_get_a_document_of_their_own() {
    let definitions = [gadgets()];
    let custom = CustomDocument::of("schema.kubetui.test", "v1", &definitions).expect("a document");
    assert!(CustomDocument::of("schema.kubetui.test", "v2", &definitions).is_none());
    let document = custom.schema().expect("it reads");
    let of = document.kind("schema.kubetui.test", "v1", "Gadget").expect("the kind");
    assert_eq!((of.component(), of.description()), (Some("test.kubetui.schema.v1.Gadget"), Some("A gadget.")));
    let object = json!({"apiVersion": "schema.kubetui.test/v1", "kind": "Gadget", "metadata": {"name": "x", "foo": 1}, "spec": {
        "a": 1, "raw": {"a": 1}, "empty": {"a": 1}, "parts": [{"name": "a", "b": 1}], "template": {"a": 1}}});
    let wanted = ["metadata.foo", "spec.a", "spec.empty.a", "spec.parts[0].b"];
    assert_eq!(unknown_fields(&of, &object), wanted.map(|path| format!("unknown field \"{path}\"")));
    assert_eq!(of.at(["spec", "port"]).map(|t| t.form()), Some(Form::IntOrString));
    assert!(
        of.at(["spec", "template"]).is_some_and(|t| t.requires("kind") && t.field("metadata").is_some_and(|m| m.field("name").is_some()))
    );
    assert!(document.kind("schema.kubetui.test", "v1", "GadgetList").is_some_and(|list| list.requires("items")));

    let text: Value = serde_json::from_slice(custom.text()).expect("JSON");
    let path = "/apis/schema.kubetui.test/v1/namespaces/{namespace}/gadgets/{name}";
    let patch = &text["paths"][path]["patch"];
    assert!(patch["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["name"] == "fieldValidation" && p["in"] == "query")));
    assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Gadget");
    assert!(patch["requestBody"]["content"]["application/strategic-merge-patch+json"].is_null());
    let hashed = index([&custom]);
    assert!(hashed["paths"]["apis/schema.kubetui.test/v1"]["serverRelativeURL"].is_string());
}

/// What a server has stored is right, and a text of it is the same object.
#[test]
fn what_is_stored_has_no_mark() {
    let world = crate::demo::story::tell(1_795_248_000_000, 1, 60);
    let resources: Vec<_> = world.store.resources().cloned().collect();
    let mut seen = 0;
    for object in resources.iter().flat_map(|resource| world.store.list(resource, None)) {
        let api = object.tree.text("apiVersion");
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        let Some(of) = kind(group, version, object.tree.text("kind")) else { continue };
        let text = serde_json::to_string_pretty(&object.tree).expect("JSON");
        let document = crate::model::edit::read(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
        let marks = crate::kinds::schema::check(&of, &document);
        assert!(marks.is_empty(), "{} {}: {marks:?}", object.resource, object.name);
        let patch = crate::model::edit::patch(&object.tree, &document.tree(), &crate::kinds::schema::Guided(Some(of)));
        assert_eq!(patch, Ok(Vec::new()), "{} {}", object.resource, object.name);
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

/// What a difference has to know of lists is in the server's own documents.
#[test]
fn lists_are_told_apart_as_the_server_does() {
    use crate::kinds::schema::Guided;
    use crate::model::edit::{Answer, Guide, Listing, merge, patch};
    let of = |group: &str, version: &str, of: &str, path: &str| Guided(Some(at(group, version, of, path)));
    let keyed = |names: &[(&str, Option<&str>)]| {
        Listing::Keyed(names.iter().map(|(name, value)| ((*name).into(), value.map(Tree::from))).collect())
    };
    assert_eq!(of("", "v1", "Service", "spec.ports").listing(), keyed(&[("port", None), ("protocol", Some("TCP"))]));
    assert_eq!(of("", "v1", "Pod", "spec.containers.ports").listing(), keyed(&[("containerPort", None), ("protocol", Some("TCP"))]));
    assert_eq!(of("", "v1", "Pod", "spec.containers.env").listing(), keyed(&[("name", None)]));
    assert_eq!(of("", "v1", "Pod", "spec.tolerations").listing(), Listing::Atomic);
    assert_eq!(of("", "v1", "Pod", "metadata.finalizers").listing(), Listing::Set);
    assert!(of("apps", "v1", "Deployment", "spec.selector").atomic() && !of("apps", "v1", "Deployment", "spec").atomic());

    let service = |ports: Value| -> Tree {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": ports}}).into()
    };
    let base = service(json!([{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}]));
    let theirs = service(
        json!([{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 1053}, {"name": "web", "port": 80, "protocol": "TCP"}]),
    );
    let mine = service(
        json!([{"name": "dns-tcp", "port": 53}, {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53, "nodePort": 30053}]),
    );
    let guide = Guided(kind("", "v1", "Service"));
    let merged = merge(&base, &theirs, &mine, &guide, &[]);
    let wanted = json!([
        {"name": "dns-tcp", "port": 53},
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 1053, "nodePort": 30053},
        {"name": "web", "port": 80, "protocol": "TCP"},
    ]);
    assert_eq!((merged.tree, merged.conflicts), (service(wanted), Vec::new()));
    let again = service(json!([{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 2053}]));
    let asked = merge(&base, &theirs, &again, &guide, &[Answer::Mine]);
    assert_eq!(asked.conflicts[0].path.to_string(), "spec.ports[port=53,protocol=UDP].targetPort");
    assert_eq!(asked.tree.at("spec.ports")[0].int("targetPort", 0), 2053);
    let patch = patch(&base, &mine, &guide).expect("the same object");
    let wanted = json!([
        {"op": "add", "path": "/spec/ports/0", "value": {"name": "dns-tcp", "port": 53}},
        {"op": "test", "path": "/spec/ports/1/port", "value": 53},
        {"op": "test", "path": "/spec/ports/1/protocol", "value": "UDP"},
        {"op": "add", "path": "/spec/ports/1/nodePort", "value": 30053},
    ]);
    assert_eq!(Value::from(patch), wanted);
}
