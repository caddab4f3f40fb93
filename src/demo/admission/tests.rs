use serde_json::{Value, json};

use super::*;
use crate::demo::world::World;

const NOON: i64 = 1_795_248_000_000;

pub(super) fn world() -> World {
    let mut world = World::new(NOON, 1);
    world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
    world
}

/// What is stored of an object, without what is different each time.
pub(super) fn made(world: &mut World, resource: &str, object: Value) -> Value {
    let mut tree = Tree::from(object);
    if tree.text("metadata.name").is_empty() {
        tree.set("metadata.name", "x");
    }
    let object = world.create(resource, tree).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    let mut value = Value::from(&object.tree);
    let metadata = value["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| !matches!(key.as_str(), "uid" | "creationTimestamp" | "resourceVersion" | "name" | "namespace"));
    value
}

fn in_shop(object: Value) -> Value {
    let mut object = object;
    object["metadata"]["namespace"] = "shop".into();
    object
}

const CONTAINER: &str = r#"{"image": "nginx:1", "imagePullPolicy": "IfNotPresent", "name": "a", "resources": {},
    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}"#;

fn template() -> Value {
    json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "nginx:1"}]}})
}

#[test]
fn a_deployment_is_completed_as_by_the_server() {
    let given = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"creationTimestamp": null, "labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "nginx:1", "env": [], "unknown": 1}]}}}});
    let container: Value = serde_json::from_str(CONTAINER).expect("JSON");
    assert_eq!(
        made(&mut world(), "deployments.apps", in_shop(given)),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 1}, "status": {}, "spec": {
            "progressDeadlineSeconds": 600, "replicas": 1, "revisionHistoryLimit": 10, "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
                "containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
            }},
        }})
    );
}

#[test]
fn pods_of_one_template_share_what_they_have() {
    let mut world = world();
    let template = Tree::from(template());
    let mut pod = |name: &str| {
        let mut pod: Tree = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": name,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": true}]}})
        .into();
        pod.set("spec", template["spec"].clone());
        world.create("pods", pod).expect("is made")
    };
    let (one, two) = (pod("one"), pod("two"));
    assert!(one.tree["spec"].same(&two.tree["spec"]));
    assert_eq!(two.tree.text("status.qosClass"), "BestEffort");
    assert_eq!(two.tree.at("spec.tolerations").items().len(), 2);
    assert!(two.tree.at("spec.volumes")[0].text("name").starts_with("kube-api-access-"));
    let mut again = two.tree.clone();
    default(&world, "pods", &mut again);
    assert!(again.same(&two.tree), "what is complete is not copied");
}

#[test]
fn services_get_addresses_and_ports_that_are_free() {
    let mut world = world();
    let given = json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    let one = made(&mut world, "services", in_shop(given.clone()));
    let port = one["spec"]["ports"][0]["nodePort"].as_i64().expect("a node port");
    assert!((30_000..=32_767).contains(&port));
    let mut asked = in_shop(given);
    asked["metadata"]["name"] = "y".into();
    asked["spec"]["ports"][0]["nodePort"] = port.into();
    let refused = world.create("services", asked.into()).err().map(|refusal| refusal.message);
    let why = format!("Service \"y\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated");
    assert_eq!(refused, Some(why));
}

#[test]
fn quantities_are_spelled_canonically_and_secrets_are_encoded() {
    let mut world = world();
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"pods": "1000", "requests.memory": "1024Mi"}}});
    assert_eq!(made(&mut world, "resourcequotas", in_shop(quota))["spec"]["hard"], json!({"pods": "1k", "requests.memory": "1Gi"}));
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "b"}});
    assert_eq!(
        made(&mut world, "secrets", in_shop(secret)),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}, "type": "Opaque", "data": {"a": "Yg=="}})
    );
}

/// What is said of a new object, as the real server says it.
fn said(resource: &str, object: Value) -> Vec<String> {
    let mut world = world();
    let mut tree = Tree::from(in_shop(object));
    tree.set_default("metadata.name", "x");
    let tree = world.prepared(resource, tree).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    validate(&world, resource, &tree, None).iter().map(|c| format!("{}: {}", c.field, c.message)).collect()
}

#[test]
fn workloads_are_refused_in_the_servers_words() {
    let given = json!({"spec": {"replicas": -1, "minReadySeconds": 700, "template": template(),
        "strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}});
    assert_eq!(
        said("deployments.apps", given),
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`",
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
        ]
    );
    let cron = json!({"spec": {"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": template()}}}});
    assert_eq!(
        said("cronjobs.batch", cron),
        [
            "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61",
            "spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
        ]
    );
    let budget = json!({"spec": {"minAvailable": 1, "maxUnavailable": 1}});
    assert_eq!(
        said("poddisruptionbudgets.policy", budget),
        [
            "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":null,\"MaxUnavailable\":1,\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set",
        ]
    );
}

#[test]
fn a_pod_keeps_its_spec_but_for_images() {
    let mut world = world();
    let given = in_shop(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": template()["spec"]}));
    let pod = world.create("pods", given.into()).expect("is made");
    let mut changed = pod.tree.clone();
    changed.at_mut("spec.containers").items_mut()[0].set("image", "nginx:2");
    assert_eq!(validate(&world, "pods", &changed, Some(&pod.tree)), []);
    changed.set("spec.hostNetwork", true);
    let causes = validate(&world, "pods", &changed, Some(&pod.tree));
    assert!(
        causes[0].message.starts_with("Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"),
        "{causes:?}"
    );
}

#[test]
fn custom_resources_are_defaulted_pruned_and_refused_by_their_schema() {
    let mut world = world();
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
        "size": {"type": "integer", "maximum": 5}, "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "host": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 4},
        "nested": {"type": "object", "default": {}, "properties": {"a": {"type": "integer", "default": 5}}},
    }}}});
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "admits.example.com"}, "spec": {"group": "example.com", "scope": "Namespaced",
        "names": {"plural": "admits", "kind": "Admit"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}});
    let stored = world.create("customresourcedefinitions.apiextensions.k8s.io", definition.into()).expect("is made");
    assert_eq!(stored.tree.text("spec.names.listKind"), "AdmitList");
    let given = |spec: Value| in_shop(json!({"apiVersion": "example.com/v1", "kind": "Admit", "spec": spec}));
    let one = made(&mut world, "admits.example.com", given(json!({"size": 2, "foo": 1})));
    assert_eq!(one["spec"], json!({"size": 2, "color": "red", "nested": {"a": 5}}));
    assert_eq!(one["metadata"], json!({"generation": 1}));
    let said = |spec: Value| -> Vec<String> {
        let mut tree = Tree::from(given(spec));
        tree.set("metadata.name", "y");
        validate(&world, "admits.example.com", &tree, None).iter().map(|c| format!("{}: {}", c.field, c.message)).collect()
    };
    assert_eq!(said(json!({"size": "x"})), ["spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\""]);
    assert_eq!(
        said(json!({"color": "green", "host": "ABCDEFG"})),
        [
            "spec.size: Required value",
            "spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\"",
            "spec.host: Too long: may not be more than 4 bytes",
        ]
    );
}
