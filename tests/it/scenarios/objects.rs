//! The objects that scenarios make, as small as they can be, and how they are read.

use serde_json::{Value, json};

/// A pod's template of one container; its `app` label is the name.
pub fn template(name: &str, image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": image}]},
    })
}

/// A pod of one container.
pub fn pod(name: &str, image: &str) -> Value {
    let mut pod = template(name, image);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    pod
}

/// A workload with a selector and a template: a Deployment, a ReplicaSet, a StatefulSet or a DaemonSet (without replicas).
pub fn workload(kind: &str, name: &str, replicas: u32, image: &str) -> Value {
    let mut workload = json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name, image)},
    });
    if kind != "DaemonSet" {
        workload["spec"]["replicas"] = json!(replicas);
    }
    if kind == "StatefulSet" {
        workload["spec"]["serviceName"] = json!(name);
    }
    workload
}

/// A Deployment.
pub fn deployment(name: &str, replicas: u32, image: &str) -> Value {
    workload("Deployment", name, replicas, image)
}

/// A Job that lets its pods fail for good.
pub fn job(name: &str, image: &str) -> Value {
    let mut template = template(name, image);
    template["spec"]["restartPolicy"] = json!("Never");
    template["metadata"]["annotations"] = json!({"kubetui.test/run-for": "300ms"});
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}})
}

/// A Service in front of the pods with this `app` label.
pub fn service(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}

/// A ConfigMap with labels.
pub fn config_map(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"key": "value"}})
}

/// The text at a JSON pointer, or nothing.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer; what is missing counts as 0, as the API leaves zeroes out.
pub fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// An object's name.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// An object's UID.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// An object's or a list's resource version.
pub fn version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

/// The names of objects, sorted.
pub fn names(objects: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = objects.iter().map(name).collect();
    names.sort_unstable();
    names
}

/// A condition of a status.
pub fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    static NONE: Value = Value::Null;
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().find(|condition| condition["type"] == kind).unwrap_or(&NONE)
}

/// Whether a pod is ready and is not going.
pub fn ready(pod: &Value) -> bool {
    condition(pod, "Ready")["status"] == "True" && !leaving(pod)
}

/// Whether an object has been deleted, and is still there.
pub fn leaving(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// The owner that controls an object, as kind and name.
pub fn controller(object: &Value) -> Option<(&str, &str)> {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array)?;
    owners.iter().find(|owner| owner["controller"] == true).map(|owner| (text(owner, "/kind"), text(owner, "/name")))
}

/// The causes of a refusal, as field and reason.
pub fn causes(status: &Value) -> Vec<(&str, &str)> {
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    causes.into_iter().flatten().map(|cause| (text(cause, "/field"), text(cause, "/reason"))).collect()
}
