//! Expose: a Service for what runs, as `kubectl expose` makes it.

use serde_json::{Map, Value, json};

use super::{Case, Prepared, Work};
use crate::cluster::write::send::{Content, Write};
use crate::kinds::describe::json::Json;
use crate::model::act::{Exposing, Note};
use crate::model::reference::Reference;
use crate::model::row::Uid;

const NO_LABELS: &str = "it has no labels that a Service could select by";
/// The longest name of a Service: it is a name of DNS.
const NAME: usize = 63;

pub(super) fn expose(case: &Case<'_>, how: &Exposing) -> Result<Prepared, String> {
    let selector = selector(case)?;
    let ports = ports(case.object, how)?;
    let name = how.name.as_deref().unwrap_or(&case.target.name);
    let name = &name[..name.floor_char_boundary(NAME)];
    let kind = how.kind.as_deref().unwrap_or("ClusterIP");
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": &*case.target.namespace,
            "labels": case.object.at("metadata.labels").as_object().cloned().unwrap_or_default(),
        },
        "spec": {"type": kind, "selector": selector, "ports": ports},
    });
    let words: Vec<String> = ports
        .iter()
        .map(|port| {
            let target = match &port["targetPort"] {
                Value::String(name) => name.clone(),
                other => other.to_string(),
            };
            let number = port["port"].to_string();
            if number == target { target } else { format!("{number} → {target}") }
        })
        .collect();
    let picked: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    let notes = vec![Note::plain(format!("it selects {}", picked.join(",")))];
    let change = format!("service/{name} is made: {kind}, port {}", words.join(", "));
    let object = Reference {
        kind: case.kind("", "v1", "services")?,
        namespace: case.target.namespace.clone(),
        name: name.into(),
        uid: Uid::new(""),
    };
    let seen = Value::Object(Map::new());
    let write = Write { object, seen, verb: "expose", subresource: "", body: Content::Create(service), done: change.clone() };
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}

fn selector(case: &Case<'_>) -> Result<Map<String, Value>, String> {
    let object = case.object;
    let found = match &*case.target.kind.kind {
        "Pod" => return own_labels(object),
        "Service" | "ReplicationController" => object.at("spec.selector"),
        _ => {
            if !object.list("spec.selector.matchExpressions").is_empty() {
                return Err("its selector has expressions, and a Service cannot select by those".into());
            }
            object.at("spec.selector.matchLabels")
        }
    };
    found.as_object().filter(|map| !map.is_empty()).cloned().ok_or_else(|| NO_LABELS.into())
}

/// A pod's labels, without those that the server copies from its node (admission plugin PodTopologyLabels): a Service that
/// selects by them would lose the pod's successor on another node.
fn own_labels(pod: &Value) -> Result<Map<String, Value>, String> {
    let mut labels = pod.at("metadata.labels").as_object().cloned().unwrap_or_default();
    labels.retain(|key, _| !key.starts_with("topology.kubernetes.io/"));
    if labels.is_empty() { Err(NO_LABELS.into()) } else { Ok(labels) }
}

/// What is asked for; else every port that its containers declare, or that the Service has.
fn ports(object: &Value, how: &Exposing) -> Result<Vec<Value>, String> {
    let target = how.target.as_deref().map(|target| target.parse::<u16>().map_or_else(|_| json!(target), |number| json!(number)));
    if let Some(port) = how.port {
        return Ok(vec![json!({"port": port, "targetPort": target.unwrap_or(json!(port))})]);
    }
    let mut ports: Vec<Value> = Vec::new();
    if object.text("kind") == "Service" {
        for port in object.list("spec.ports") {
            ports.push(json!({"name": port["name"], "protocol": port["protocol"], "port": port["port"], "targetPort": port["targetPort"]}));
        }
    }
    let spec = if object.text("kind") == "Pod" { "spec.containers" } else { "spec.template.spec.containers" };
    for port in object.list(spec).iter().flat_map(|container| container.list("ports")) {
        let number = &port["containerPort"];
        if ports.iter().any(|known| known["port"] == *number && known["protocol"] == port["protocol"]) {
            continue;
        }
        ports.push(json!({"protocol": port["protocol"], "port": number, "targetPort": target.clone().unwrap_or(number.clone())}));
    }
    // Several ports need names (core/v1 ServicePort).
    let several = ports.len() > 1;
    for (at, port) in ports.iter_mut().enumerate() {
        if several && port["name"].as_str().unwrap_or_default().is_empty() {
            port["name"] = json!(format!("port-{}", at + 1));
        }
        if let Some(port) = port.as_object_mut() {
            port.retain(|_, value| !value.is_null());
        }
    }
    if ports.is_empty() {
        return Err("no port is declared: name one, as in :expose 80 or :expose 80:8080".into());
    }
    Ok(ports)
}
