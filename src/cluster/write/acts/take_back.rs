//! Taking back what the journal has: the inverse of an entry, where it can honestly be had, and only while the object is
//! as the entry left it.

use serde_json::{Map, Value};

use super::{Prepared, Work};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request;
use crate::cluster::write::fields::{self, Field};
use crate::cluster::write::journal::NOT_KEPT;
use crate::cluster::write::send::{Content, Write};
use crate::cluster::write::{Gate, edit, read};
use crate::kinds::bare::FILLED;
use crate::kinds::describe::json::Json;
use crate::model::act::{Entry, Note};
use crate::model::reference::Reference;
use crate::model::row::Uid;

const VERB: &str = "undo";

/// Prepares the inverse of the journal's entry of this number.
///
/// # Errors
/// Why it cannot be taken back.
pub(in crate::cluster::write) async fn take_back(
    gate: &Gate,
    session: &Session,
    target: &Reference,
    number: u64,
) -> Result<Prepared, String> {
    let entry = gate.journal.iter().find(|entry| entry.number == number).ok_or_else(|| format!("the journal has no entry {number}"))?;
    if *entry.context != *gate.context || *entry.server != *gate.server {
        return Err(format!("entry {number} is of context {} at {}", entry.context, entry.server));
    }
    if let Err(why) = &entry.outcome {
        return Err(format!("entry {number} was not done ({why}): there is nothing to take back"));
    }
    match (entry.method.as_str(), entry.path.ends_with("/eviction")) {
        (_, true) => Err("a pod that was evicted does not come back: whatever owns it has made another".into()),
        ("PATCH", _) if entry.path.ends_with("/ephemeralcontainers") => {
            Err("a debug container stays in its pod for as long as that is there".into())
        }
        ("GET", _) => Err(format!("{} changed nothing that can be taken back", entry.verb)),
        // It was made by being applied.
        ("PATCH", _) if entry.before.is_null() => unmake(session, target, entry).await,
        ("PATCH", _) => fields_back(gate, session, target, entry).await,
        ("POST", _) => unmake(session, target, entry).await,
        ("DELETE", _) => make_again(session, target, entry).await,
        (method, _) => Err(format!("a {method} cannot be taken back")),
    }
}

/// Fields get the values that they had.
async fn fields_back(gate: &Gate, session: &Session, target: &Reference, entry: &Entry) -> Result<Prepared, String> {
    let own = request::object(&target.kind, &target.namespace, &target.name);
    let subresource = match entry.path.strip_prefix(&own) {
        Some("/scale") => "/scale",
        Some("") => "",
        _ => return Err(format!("{} is not the path of {}", entry.path, target.title())),
    };
    let now = read::subresource(session, target, subresource).await?;
    let (Some(before), Some(after)) = (entry.before.as_object(), entry.after.as_object()) else {
        return Err("the journal does not say what it was before".into());
    };
    kept(&entry.before)?;
    kept(&entry.after)?;
    let present = |value: &Value| (!value.is_null()).then(|| value.clone());
    // As the entry left it: else somebody else's change would be taken back with it.
    let left: Vec<Field> =
        after.iter().map(|(pointer, value)| Field { pointer: pointer.clone(), from: present(value), to: None }).collect();
    // The API leaves out 0 replicas.
    let mut shown = now.clone();
    if subresource == "/scale" && !shown.has("spec.replicas") {
        shown["spec"]["replicas"] = 0.into();
    }
    if let Some(moved) = fields::moved(&shown, &left) {
        return Err(moved);
    }
    let was = |value: &Value| if subresource == "/scale" && value.is_null() { Some(0.into()) } else { present(value) };
    let fields: Vec<Field> = before.iter().map(|(pointer, value)| Field::new(&now, pointer.as_str(), was(value))).collect();
    let words: Vec<String> = fields
        .iter()
        .filter(|field| !field.idle())
        .map(|field| match field.pointer.as_str() {
            "/spec/template" => "its template as it was before".to_owned(),
            pointer => super::arrow(&name(pointer), &Field::new(&shown, pointer, field.to.clone())),
        })
        .collect();
    if words.is_empty() {
        return Err("it is as it was before already".into());
    }
    let mut notes = Vec::new();
    if fields.iter().any(|field| field.pointer.starts_with("/spec/template")) {
        notes.push(Note::warning("its pods are replaced once more: the template changes again"));
    }
    let change = words.join(", ");
    let write = Write { object: target.clone(), seen: now, verb: VERB, subresource, body: Content::Fields(fields), done: change.clone() };
    if !matches!(entry.verb.as_str(), "edit" | "apply") {
        return Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) });
    }
    // What somebody wrote may have been long: it is shown as it was, line by line.
    let would = gate.try_out(session, &write).await.map_err(|refused| refused.words)?;
    let diff = edit::lines(&target.kind, &write.seen, &would).await;
    Ok(Prepared { change: edit::of_lines(&diff), notes, work: Work::Shown(Box::new(write), diff) })
}

/// `/metadata/labels/app.io~1x` as people write it; a whole template is not spelled out.
fn name(pointer: &str) -> String {
    pointer.rsplit('/').next().unwrap_or(pointer).replace("~1", "/").replace("~0", "~")
}

/// What was made goes.
async fn unmake(session: &Session, target: &Reference, entry: &Entry) -> Result<Prepared, String> {
    let now = read::object(session, target).await?;
    let options = serde_json::json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": target.uid.to_string()},
    });
    let notes = vec![Note::warning(match entry.kind.as_str() {
        "Job" => "its pods go too, with what they have done not undone",
        "StatefulSet" if now.text("spec.persistentVolumeClaimRetentionPolicy.whenDeleted") == "Delete" => {
            "its pods go too, and its claims with what is on them"
        }
        _ => "what it owns goes too",
    })];
    let write =
        Write { object: target.clone(), seen: now, verb: VERB, subresource: "", body: Content::Delete(options), done: "deleted".into() };
    Ok(Prepared { change: "what was made is deleted".into(), notes, work: Work::Write(Box::new(write)) })
}

/// Kinds that are not what they were when they are made again.
fn beyond(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Secret" => "the journal keeps no values of Secrets",
        "PersistentVolumeClaim" | "PersistentVolume" => "a new one would be empty: what was on it does not come back",
        "Namespace" => "a new one would be empty: what was in it does not come back",
        "CustomResourceDefinition" => "its objects do not come back with it",
        "Node" => "a node is made by its kubelet",
        "Pod" => "a pod does not come back as it was: whatever owns it makes another",
        _ => return None,
    })
}

/// What was deleted is made again, as far as that can be.
async fn make_again(session: &Session, target: &Reference, entry: &Entry) -> Result<Prepared, String> {
    if let Some(why) = beyond(&entry.kind) {
        return Err(why.into());
    }
    kept(&entry.before)?;
    match request::get_json::<Value>(session, &request::object(&target.kind, &target.namespace, &target.name)).await {
        Err(ClusterError::NotFound(_)) => {}
        Ok(now) if now.has("metadata.deletionTimestamp") => return Err("the old one is still going: wait until it is gone".into()),
        Ok(_) => return Err(format!("there is another {} by now", target.title())),
        Err(error) => return Err(error.to_string()),
    }
    let object = bare(entry.before.clone(), &entry.kind);
    let mut notes = vec![Note::plain("it gets a new UID and age; its status and events do not come back")];
    match entry.kind.as_str() {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController"
            if entry.sent["propagationPolicy"] == "Orphan" =>
        {
            notes.push(Note::plain("it takes the pods that stayed, where its selector fits"));
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" => {
            notes.push(Note::warning("its pods are new ones; its rollout history begins anew"));
        }
        "Job" => notes.push(Note::warning("it runs again, from its beginning")),
        "Service" => notes.push(Note::plain("it asks for the same cluster IP and node ports, and fails where they are taken by now")),
        _ => {}
    }
    let made = Reference { uid: Uid::new(""), ..target.clone() };
    let write = Write {
        object: made,
        seen: Value::Object(Map::new()),
        verb: VERB,
        subresource: "",
        body: Content::Create(object),
        done: "made again".into(),
    };
    Ok(Prepared { change: "it is made again as it was".into(), notes, work: Work::Write(Box::new(write)) })
}

/// An object without what a server fills in.
fn bare(mut object: Value, kind: &str) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in FILLED {
            metadata.remove(key);
        }
        // Those of garbage collection would never be taken away again.
        if let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
            finalizers.retain(|name| !matches!(name.as_str(), Some("foregroundDeletion" | "orphan")));
        }
    }
    if kind == "Job" {
        super::batch::without_own_selector(&mut object);
    }
    object
}

fn kept(value: &Value) -> Result<(), String> {
    let lost = match value {
        Value::String(text) => text == NOT_KEPT,
        Value::Array(items) => items.iter().any(|item| kept(item).is_err()),
        Value::Object(map) => map.values().any(|item| kept(item).is_err()),
        _ => false,
    };
    if lost { Err("the journal keeps no values of Secrets: what it was before is not known".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_filled_in_does_not_come_back() {
        let object = json!({
            "kind": "Job", "status": {"active": 1},
            "metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "finalizers": ["foregroundDeletion", "x"], "labels": {"job-name": "a", "k": "v"}},
            "spec": {"selector": {"matchLabels": {"controller-uid": "u"}}, "template": {"metadata": {"labels": {"controller-uid": "u", "k": "v"}}}}
        });
        let expected = json!({
            "kind": "Job",
            "metadata": {"name": "a", "finalizers": ["x"], "labels": {"k": "v"}},
            "spec": {"template": {"metadata": {"labels": {"k": "v"}}}}
        });
        assert_eq!(bare(object, "Job"), expected);
        assert!(kept(&json!({"data": {"a": [NOT_KEPT]}})).is_err());
        assert!(kept(&json!({"data": {"a": ["b"]}})).is_ok());
        assert!(beyond("Pod").is_some() && beyond("ConfigMap").is_none());
    }
}
