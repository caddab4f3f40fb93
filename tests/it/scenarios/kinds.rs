//! Each kind made minimally, and what is refused: answers compared with those that the real control plane gave.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::recorded::as_recorded;
use super::*;

const MINIMAL: &str = include_str!("stored/minimal.yaml");
const REQUESTS: &str = include_str!("stored/requests.yaml");

/// Kinds whose existence other tests would notice: they are made without being stored.
const NOT_STORED: &[&str] = &["Node", "ServiceCIDR", "IPAddress"];

/// Keys whose values are a cluster's own.
const DROPPED: &[&str] = &["uid", "resourceVersion", "managedFields"];

pub async fn every_kind_is_stored_alike(ground: &Ground) {
    let mut discovered: BTreeMap<String, Value> = BTreeMap::new();
    let mut answers = Map::new();
    for document in MINIMAL.split("\n---\n") {
        let document = document.replace("NAMESPACE", ground.namespace());
        let object: Value = serde_yaml::from_str(&document).unwrap_or_else(|e| panic!("{e}: {document}"));
        let (group_version, kind) = (text(&object, "/apiVersion"), text(&object, "/kind"));
        let base = if group_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{group_version}") };
        if !discovered.contains_key(&base) {
            discovered.insert(base.clone(), ground.get(&base).await.ok());
        }
        let served = discovered[&base]["resources"].as_array().expect("resources");
        let resource = served
            .iter()
            .find(|resource| resource["kind"] == kind && !text(resource, "/name").contains('/'))
            .unwrap_or_else(|| panic!("{kind} is not served by {base}"));
        let namespaced = resource["namespaced"] == true;
        let place = if namespaced { format!("/namespaces/{}", ground.namespace()) } else { String::new() };
        let path = format!("{base}{place}/{}", text(resource, "/name"));
        let dry = if NOT_STORED.contains(&kind) { "?dryRun=All" } else { "" };
        let answer = ground.post(&format!("{path}{dry}"), &object).await;
        let title = format!("{kind} {}", name(&object)).replace(ground.namespace(), "NAMESPACE");
        assert_eq!(answer.code, 201, "{title}: {}", answer.body);
        if !namespaced && dry.is_empty() {
            ground.delete(&format!("{path}/{}", name(&object)), &json!(null)).await.ok();
        }
        let before = answers.insert(title.clone(), alike(ground, &answer.body));
        assert!(before.is_none(), "{title} is there twice");
    }
    as_recorded(ground, "minimal.json", &Value::Object(answers));
}

pub async fn what_is_wrong_is_refused_alike(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 0, "app:1")).await.ok();
    ground.post(&ground.core("services"), &service("web", "web")).await.ok();
    ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    ground.until_is(&ground.core("pods/one"), &[("/status/phase", json!("Running"))]).await;
    let requests: Value = serde_yaml::from_str(REQUESTS).expect("YAML");
    let (mut answers, mut accepted) = (Map::new(), Vec::new());
    for (title, request) in requests.as_object().expect("requests by title") {
        let path = text(request, "/path").replace("NAMESPACE", ground.namespace());
        let body = match &request["body"] {
            Value::String(text) => text.replace("NAMESPACE", ground.namespace()),
            other => other.to_string().replace("NAMESPACE", ground.namespace()),
        };
        let answer = match text(request, "/verb") {
            "post" => ground.post_text(&path, request["type"].as_str().unwrap_or("application/json"), &body).await,
            "put" => ground.put(&path, &serde_json::from_str(&body).expect("JSON")).await,
            "merge" => ground.patch(&path, Patch::Merge, &serde_json::from_str(&body).expect("JSON")).await,
            "get" => ground.get(&path).await,
            other => panic!("{title}: no verb {other}"),
        };
        if answer.code < 400 {
            accepted.push(format!("{title}: {}", answer.body));
        }
        answers.insert(title.clone(), alike(ground, &answer.body));
    }
    assert!(accepted.is_empty(), "not refused: {}", accepted.join("\n"));
    as_recorded(ground, "refused.json", &Value::Object(answers));
}

/// An answer without what differs from one cluster to another, and from one time to another.
fn alike(ground: &Ground, answer: &Value) -> Value {
    match answer {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !DROPPED.contains(&key.as_str()));
            let same = |key: &str, value: &Value| match (key, value) {
                ("clusterIP", Value::String(ip)) if ip.parse::<std::net::IpAddr>().is_ok() => json!("ADDRESS"),
                ("clusterIPs", Value::Array(ips)) if ips.iter().any(|ip| ip != "None") => json!(["ADDRESS"]),
                ("nodePort" | "healthCheckNodePort", Value::Number(_)) => json!("PORT"),
                _ => alike(ground, value),
            };
            Value::Object(kept.map(|(key, value)| (key.replace(ground.namespace(), "NAMESPACE"), same(key, value))).collect())
        }
        Value::Array(items) => items.iter().map(|item| alike(ground, item)).collect(),
        Value::String(text) => {
            let text = text.replace(ground.namespace(), "NAMESPACE");
            // A pod that may not be changed is answered with a dump of Go structures below the words, and a whole object
            // is quoted where a patch does not fit it.
            let text = if text.contains("pod updates may not change") { text.lines().next().unwrap_or_default().to_owned() } else { text };
            let object = Regex::new(r#""\{(\\.|[^"\\])*""#).expect("a pattern");
            let text = object.replace_all(&text, "OBJECT");
            let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").expect("a pattern").replace_all(&text, "TIME").into_owned();
            let token =
                Regex::new("kube-api-access-[a-z0-9]{5}").expect("a pattern").replace_all(&time, "kube-api-access-NAME").into_owned();
            let id = Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").expect("a pattern");
            json!(id.replace_all(&token, "UID"))
        }
        other => other.clone(),
    }
}
