use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;
use crate::demo::http::{Request, User};

fn world() -> World {
    let mut world = World::new(1_795_248_000_000, 1);
    world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
    world
}

/// `POST apps/v1 deployments shop/web/scale?dryRun=All`, and a body.
fn call(world: &mut World, line: &str, content_type: &str, body: &str) -> Result<Written, Refusal> {
    let words: Vec<&str> = line.split(' ').collect();
    let [method, version, plural, target] = words.as_slice() else { panic!("four words") };
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let (target, query) = target.split_once('?').unwrap_or((target, ""));
    let parts: Vec<&str> = target.split('/').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or("");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(content_type).expect("a header"));
    headers.insert("user-agent", HeaderValue::from_static("kubectl/v1.36 (linux/amd64)"));
    let request = Request {
        method: Method::GET,
        path: Vec::new(),
        query: query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
        user: User { name: "demo".into(), groups: vec!["system:masters".into()] },
    };
    let resource = world.resources().get(group, version, plural).expect("is served").clone();
    let call = Call { resource: &resource, namespace: part(0), name: part(1), subresource: part(2), request: &request };
    match *method {
        "POST" => create(world, &call),
        "PUT" => replace(world, &call),
        "PATCH" => patch(world, &call),
        "DELETE" if call.name.is_empty() => delete_collection(world, &call),
        _ => delete(world, &call),
    }
}

fn send(world: &mut World, line: &str, body: Value) -> Result<Written, Refusal> {
    call(world, line, "application/json", &body.to_string())
}

fn deployment() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1,
        "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]}}}})
}

fn made(world: &mut World) -> Tree {
    send(world, "POST apps/v1 deployments shop", deployment()).expect("is made").tree
}

fn why(result: Result<Written, Refusal>) -> (u16, String) {
    result.map_err(|refusal| (refusal.code, refusal.message)).expect_err("is refused")
}

const SMP: &str = "application/strategic-merge-patch+json";

#[test]
fn creating_fills_in_what_is_the_servers() {
    let mut world = world();
    let made = made(&mut world);
    assert_eq!((made.text("metadata.namespace"), made.int("metadata.generation", 0)), ("shop", 1));
    assert_eq!(made.at("metadata.managedFields")[0].text("manager"), "kubectl");
    assert_eq!(why(send(&mut world, "POST apps/v1 deployments shop", deployment())).0, 409);
    let mut elsewhere = deployment();
    elsewhere["metadata"]["namespace"] = "q".into();
    let message = "the namespace of the provided object does not match the namespace sent on the request".to_owned();
    assert_eq!(why(send(&mut world, "POST apps/v1 deployments shop", elsewhere)), (400, message));
    let mut unnamed = deployment();
    unnamed["metadata"] = json!({});
    let message = r#"Deployment.apps "" is invalid: metadata.name: Required value: name or generateName is required"#.to_owned();
    assert_eq!(why(send(&mut world, "POST apps/v1 deployments shop", unnamed)), (422, message));
    let mut other = deployment();
    other["kind"] = "StatefulSet".into();
    let message = r#"StatefulSet in version "v1" cannot be handled as a Deployment: converting (v1.StatefulSet) to (apps.Deployment): unknown conversion"#;
    assert_eq!(why(send(&mut world, "POST apps/v1 deployments shop", other)), (400, message.to_owned()));
}

#[test]
fn dry_runs_store_nothing() {
    let mut world = world();
    let tree = send(&mut world, "POST apps/v1 deployments shop?dryRun=All", deployment()).expect("would be made").tree;
    assert_eq!(tree.text("metadata.uid").len(), 36);
    assert!(world.get("deployments.apps", "shop", "web").is_none());
    made(&mut world);
    let version = world.store.version();
    let patched = call(&mut world, "PATCH apps/v1 deployments shop/web?dryRun=All", SMP, r#"{"spec": {"replicas": 5}}"#).expect("would be");
    assert_eq!((patched.tree.int("spec.replicas", 0), patched.tree.int("metadata.generation", 0)), (5, 2));
    send(&mut world, "DELETE apps/v1 deployments shop/web?dryRun=All", json!({})).expect("would go");
    assert_eq!(world.store.version(), version);
    let message = r#"CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["foo"]: supported values: "All""#.to_owned();
    assert_eq!(why(send(&mut world, "POST apps/v1 deployments shop?dryRun=foo", deployment())), (422, message));
}

#[test]
fn unknown_fields_are_warned_of_refused_or_ignored() {
    let mut world = world();
    let text = deployment().to_string().replace(r#""replicas":1"#, r#""foo":1,"replicas":1,"replicas":2"#);
    let mut sent = |query: &str| call(&mut world, &format!("POST apps/v1 deployments shop?dryRun=All&{query}"), "application/json", &text);
    let message = r#"Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo", duplicate field "spec.replicas""#;
    assert_eq!(why(sent("fieldValidation=Strict")), (400, message.to_owned()));
    let warned = sent("").expect("is taken");
    assert_eq!(warned.warnings, ["unknown field \"spec.foo\"", "duplicate field \"spec.replicas\""]);
    assert!(warned.tree.at("spec.foo").is_null() && warned.tree.int("spec.replicas", 0) == 2);
    assert!(sent("fieldValidation=Ignore").expect("is taken").warnings.is_empty());
}

#[test]
fn replacing_needs_the_version_that_was_read() {
    let mut world = world();
    let mut tree = made(&mut world);
    tree.set("spec.replicas", 2);
    tree.set("status.replicas", 9);
    tree.set("metadata.creationTimestamp", "2020-01-01T00:00:00Z");
    let now = send(&mut world, "PUT apps/v1 deployments shop/web", Value::from(&tree)).expect("is replaced").tree;
    assert_eq!((now.int("spec.replicas", 0), now.int("metadata.generation", 0)), (2, 2));
    assert!(now.at("status.replicas").is_null(), "the status is a subresource");
    assert_eq!(now.text("metadata.creationTimestamp"), "2026-11-21T08:00:00Z");
    let (code, message) = why(send(&mut world, "PUT apps/v1 deployments shop/web", Value::from(&tree)));
    assert_eq!(code, 409);
    assert!(message.ends_with("the object has been modified; please apply your changes to the latest version and try again"), "{message}");
    let mut another = now.clone();
    another.set("metadata.uid", "x");
    another.remove("metadata.resourceVersion");
    let message = format!(
        r#"Operation cannot be fulfilled on deployments.apps "web": StorageError: invalid object, Code: 4, Key: /registry/deployments/shop/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: {}"#,
        now.text("metadata.uid")
    );
    assert_eq!(why(send(&mut world, "PUT apps/v1 deployments shop/web", Value::from(&another))), (409, message));
    let renamed = call(&mut world, "PATCH apps/v1 deployments shop/web", SMP, r#"{"metadata": {"name": "x"}}"#);
    assert_eq!(why(renamed), (400, "the name of the object (x) does not match the name on the URL (web)".into()));
}

#[test]
fn status_and_scale_are_parts() {
    let mut world = world();
    made(&mut world);
    let body = json!({"status": {"replicas": 3}, "spec": {"replicas": 7}}).to_string();
    let merge = "application/merge-patch+json";
    let tree = call(&mut world, "PATCH apps/v1 deployments shop/web/status", merge, &body).expect("is patched").tree;
    assert_eq!((tree.int("status.replicas", 0), tree.int("spec.replicas", 0), tree.int("metadata.generation", 0)), (3, 1, 1));
    let scale =
        call(&mut world, "PATCH apps/v1 deployments shop/web/scale", merge, r#"{"spec": {"replicas": 4}}"#).expect("is scaled").tree;
    assert_eq!((scale.text("kind"), scale.int("spec.replicas", 0), scale.text("status.selector")), ("Scale", 4, "a=b"));
    let object = world.get("deployments.apps", "shop", "web").expect("is there");
    assert_eq!((object.tree.int("spec.replicas", 0), object.tree.int("metadata.generation", 0)), (4, 2));
    let negative = call(&mut world, "PATCH apps/v1 deployments shop/web/scale", merge, r#"{"spec": {"replicas": -1}}"#);
    assert_eq!(
        why(negative).1,
        r#"Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"#
    );
}

#[test]
fn applying_makes_and_conflicts() {
    let mut world = world();
    let apply = "application/apply-patch+yaml";
    let mut text = deployment().to_string();
    assert_eq!(why(call(&mut world, "PATCH apps/v1 deployments shop/web", apply, &text)).0, 422);
    let created = call(&mut world, "PATCH apps/v1 deployments shop/web?fieldManager=me", apply, &text).expect("is made");
    assert_eq!((created.status, created.tree.at("metadata.managedFields")[0].text("operation")), (201, "Apply"));
    let version = world.store.version();
    call(&mut world, "PATCH apps/v1 deployments shop/web?fieldManager=me", apply, &text).expect("is the same");
    assert_eq!(world.store.version(), version, "nothing was stored");
    let unknown = text.replace(r#""replicas":1"#, r#""foo":1"#);
    let message = "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema";
    assert_eq!(why(call(&mut world, "PATCH apps/v1 deployments shop/web?fieldManager=me", apply, &unknown)), (500, message.to_owned()));
    text = text.replace(r#""replicas":1"#, r#""replicas":3"#);
    let refused = call(&mut world, "PATCH apps/v1 deployments shop/web?fieldManager=you", apply, &text).expect_err("is another's");
    assert_eq!((refused.code, refused.message.as_str()), (409, r#"Apply failed with 1 conflict: conflict with "me": .spec.replicas"#));
    let forced = call(&mut world, "PATCH apps/v1 deployments shop/web?fieldManager=you&force=true", apply, &text).expect("is forced");
    assert_eq!((forced.status, forced.tree.int("spec.replicas", 0)), (200, 3));
}

#[test]
fn patches_that_cannot_be_are_refused() {
    let mut world = world();
    made(&mut world);
    let mut patched = |form: &str, body: &str| why(call(&mut world, "PATCH apps/v1 deployments shop/web", form, body));
    let json_patch = "application/json-patch+json";
    let (code, message) = patched(json_patch, r#"[{"op": "test", "path": "/spec/replicas", "value": 9}]"#);
    assert_eq!((code, message.as_str()), (422, "the server rejected our request due to an error in our request"));
    assert_eq!(
        patched(json_patch, r#"{"op": "remove"}"#),
        (400, "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp".into())
    );
    assert_eq!(patched("application/merge-patch+json", "[1]").0, 400);
    assert_eq!(patched("text/plain", "").0, 415);
    assert!(patched("application/merge-patch+json", r#"{"spec": {"replicas": "x"}}"#).1.contains("of type int32"));
}

#[test]
fn what_is_going_takes_no_new_finalizers() {
    let mut world = world();
    let mut held = deployment();
    held["metadata"]["finalizers"] = json!(["example.com/a"]);
    send(&mut world, "POST apps/v1 deployments shop", held).expect("is made");
    let going = send(&mut world, "DELETE apps/v1 deployments shop/web", json!({})).expect("begins to go");
    assert!(!going.tree.at("metadata.deletionTimestamp").is_null());
    let body = r#"{"metadata": {"finalizers": ["example.com/b"], "deletionTimestamp": null}}"#;
    let refused = call(&mut world, "PATCH apps/v1 deployments shop/web", "application/merge-patch+json", body).expect_err("is refused");
    assert_eq!(refused.details.map(|d| d.causes[0].reason), Some("FieldValueForbidden"));
    let let_go =
        call(&mut world, "PATCH apps/v1 deployments shop/web", "application/merge-patch+json", r#"{"metadata": {"finalizers": null}}"#);
    assert!(let_go.is_ok() && world.get("deployments.apps", "shop", "web").is_none());
}

#[test]
fn what_is_deleted_is_told() {
    let mut world = world();
    let uid = made(&mut world).text("metadata.uid").to_owned();
    let wrong = json!({"preconditions": {"uid": "x"}});
    assert_eq!(why(send(&mut world, "DELETE apps/v1 deployments shop/web", wrong)).0, 409);
    let gone = send(&mut world, "DELETE apps/v1 deployments shop/web", json!({})).expect("goes");
    let details = json!({"name": "web", "group": "apps", "kind": "deployments", "uid": uid});
    assert_eq!((gone.status, gone.tree.text("status"), Value::from(gone.tree.at("details"))), (200, "Success", details));
    made(&mut world);
    let list = call(&mut world, "DELETE apps/v1 deployments shop?labelSelector=x=y", "", "").expect("none").tree;
    assert_eq!((list.text("kind"), list.at("items").items().len()), ("DeploymentList", 0));
    let list = call(&mut world, "DELETE apps/v1 deployments shop", "", "").expect("all").tree;
    assert_eq!((list.at("items").items().len(), world.store.count("deployments.apps")), (1, 0));
}

#[test]
fn budgets_guard_pods() {
    let mut world = world();
    let labels = json!({"app": "web"});
    // Made as a controller makes it; its status is said after that, as new objects have none.
    let make = |world: &mut World, resource: &str, object: Value, status: Value| {
        let made = world.create(resource, object.into()).expect("is made");
        world.update(&made.reference(), |tree| tree.put("status", Tree::from(status))).expect("is there");
    };
    for name in ["a", "b"] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": name, "labels": labels},
            "spec": {"nodeName": "n"}});
        make(&mut world, "pods", pod, json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}));
    }
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"selector": {"matchLabels": labels}}});
    let status = json!({"observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1});
    make(&mut world, "poddisruptionbudgets.policy", budget, status);
    let budget = |world: &World| world.get("poddisruptionbudgets.policy", "shop", "web").expect("is there").tree.clone();
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a", "namespace": "shop"}});
    let done = send(&mut world, "POST v1 pods shop/a/eviction", eviction.clone()).expect("is evicted");
    assert_eq!((done.status, done.tree.text("status")), (201, "Success"));
    assert_eq!(budget(&world).int("status.disruptionsAllowed", 9), 0);
    assert!(!budget(&world).at("status.disruptedPods")["a"].is_null());
    let mut other = eviction;
    other["metadata"]["name"] = "b".into();
    let refused = send(&mut world, "POST v1 pods shop/b/eviction", other).expect_err("is guarded");
    assert_eq!((refused.code, refused.message.as_str()), (429, "Cannot evict pod as it would violate the pod's disruption budget."));
    let causes = refused.details.map(|d| d.causes).unwrap_or_default();
    assert_eq!(causes[0].reason, "DisruptionBudget");
    assert!(causes[0].message.starts_with("The disruption budget web does not allow evicting pods currently"), "{causes:?}");
}

#[test]
fn definitions_make_resources_with_schemas() {
    let mut world = world();
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": [{
            "name": "v1", "served": true, "storage": true, "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
                "size": {"type": "integer", "minimum": 1}, "count": {"type": "integer", "default": 2}, "color": {"type": "string", "enum": ["red", "blue"]}}},
                "status": {"type": "object", "properties": {"count": {"type": "integer"}}}}}}}]}});
    send(&mut world, "POST apiextensions.k8s.io/v1 customresourcedefinitions ", definition).expect("is made");
    world.settle();
    let object = world.get(crate::demo::world::DEFINITIONS, "", "widgets.example.com").expect("is there");
    assert_eq!(object.tree.item("status.conditions", "type", "Established").text("status"), "True");
    assert_eq!(object.tree.at("status.storedVersions").items().len(), 1);
    let widget = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec});
    let refused = why(send(&mut world, "POST example.com/v1 widgets shop", widget(json!({"size": "x"}))));
    let message =
        r#"Widget.example.com "w" is invalid: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string""#;
    assert_eq!(refused, (422, message.to_owned()));
    assert!(why(send(&mut world, "POST example.com/v1 widgets shop", widget(json!({})))).1.ends_with("spec.size: Required value"));
    let made = send(&mut world, "POST example.com/v1 widgets shop", widget(json!({"size": 1, "more": 2}))).expect("is made");
    assert_eq!((made.tree.int("spec.count", 0), made.warnings.as_slice()), (2, &["unknown field \"spec.more\"".to_owned()][..]));
    let scaled =
        call(&mut world, "PATCH example.com/v1 widgets shop/w/scale", "application/merge-patch+json", r#"{"spec": {"replicas": 5}}"#);
    assert_eq!(scaled.expect("is scaled").tree.int("spec.replicas", 0), 5);
    assert_eq!(world.get("widgets.example.com", "shop", "w").expect("is there").tree.int("spec.count", 0), 5);
    let strategic = call(&mut world, "PATCH example.com/v1 widgets shop/w", SMP, "{}");
    assert_eq!(why(strategic).0, 415);
    let unversioned = send(&mut world, "PUT example.com/v1 widgets shop/w", widget(json!({"size": 2})));
    assert!(why(unversioned).1.ends_with("metadata.resourceVersion: Invalid value: 0: must be specified for an update"));
}

#[test]
fn reviews_answer_and_are_not_kept() {
    let mut world = world();
    let ask = json!({"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}});
    let answer = send(&mut world, "POST authorization.k8s.io/v1 selfsubjectaccessreviews ", ask).expect("is answered");
    assert!(answer.tree.flag("status.allowed"));
    let of = json!({"spec": {"user": "viewer", "resourceAttributes": {"verb": "list", "resource": "secrets", "namespace": "shop"}}});
    let answer = send(&mut world, "POST authorization.k8s.io/v1 subjectaccessreviews ", of).expect("is answered");
    assert_eq!(answer.tree.at("status.allowed").as_bool(), Some(false));
    let who = send(&mut world, "POST authentication.k8s.io/v1 selfsubjectreviews ", json!({})).expect("is answered");
    assert_eq!(who.tree.text("status.userInfo.username"), "demo");
}
