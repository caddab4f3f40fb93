//! Delete and evict.

use serde_json::{Value, json};

use super::{Case, Prepared, Work};
use crate::cluster::write::effects;
use crate::cluster::write::managed;
use crate::cluster::write::send::Content;
use crate::kinds::describe::json::Json;
use crate::model::act::{Deletion, Grace, Note, Propagation};

pub(super) async fn delete(case: &Case<'_>, how: Deletion) -> Result<Prepared, String> {
    let object = case.object;
    let mut notes = Vec::new();
    let finalizers: Vec<&str> = object.texts("metadata.finalizers");
    let deleted = object.has("metadata.deletionTimestamp");
    if deleted && !how.force {
        return Err(match finalizers.as_slice() {
            [] => "it is being deleted already".to_owned(),
            names => format!("it is being deleted already, and held by {}: :unfinalize takes one away", names.join(", ")),
        });
    }
    for name in &finalizers {
        notes.push(Note::plain(format!("finalizer {name}: it stays until whoever set it has cleaned up")));
    }
    notes.extend(effects::of_deletion(case, how.propagation).await);
    if how.force {
        notes.push(Note::warning("force: it goes out of the API at once; what runs may go on, and nobody is told when it ends"));
    }
    if object.list("metadata.ownerReferences").iter().any(|owner| owner.flag("controller")) {
        let owner = object.list("metadata.ownerReferences").iter().find(|owner| owner.flag("controller"));
        let name = owner.map(|owner| format!("{}/{}", owner.text("kind"), owner.text("name"))).unwrap_or_default();
        notes.push(Note::plain(format!("{name} owns it, and makes a new one if it still wants one")));
    }
    notes.extend(managed::notes(object, false));
    let mut options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": how.propagation.name(),
        "preconditions": {"uid": case.target.uid.to_string()},
    });
    if let Some(seconds) = if how.force { Some(0) } else { how.grace } {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    let change = match how.propagation {
        Propagation::Background => "it is deleted",
        Propagation::Foreground => "it is deleted after what it owns",
        Propagation::Orphan => "it is deleted, and what it owns stays",
    };
    let done = if finalizers.is_empty() { "deleted".to_owned() } else { format!("being deleted: {} hold it", finalizers.join(", ")) };
    let write = case.write("delete", "", object.clone(), Content::Delete(options), done);
    Ok(Prepared { change: change.into(), notes, work: Work::Write(Box::new(write)) })
}

/// What no time to end means.
pub(super) const AT_ONCE: &str = "no time to end: it goes out of the API at once, and what runs may go on";

/// The eviction of a pod, with its UID as precondition.
pub(super) fn eviction(case: &Case<'_>, namespace: &str, name: &str, uid: &str, grace: Grace) -> Value {
    let version = case.gate.catalog.exact("policy", "v1", "poddisruptionbudgets").map_or("policy/v1beta1", |_| "policy/v1");
    let mut eviction = json!({
        "apiVersion": version,
        "kind": "Eviction",
        "metadata": {"namespace": namespace, "name": name},
        "deleteOptions": {"preconditions": {"uid": uid}},
    });
    if let Some(seconds) = grace {
        eviction["deleteOptions"]["gracePeriodSeconds"] = json!(seconds);
    }
    eviction
}

pub(super) async fn evict(case: &Case<'_>, grace: Grace) -> Result<Prepared, String> {
    if case.object.has("metadata.deletionTimestamp") {
        return Err("it is being deleted already".into());
    }
    let mut notes = Vec::new();
    if grace == Some(0) {
        notes.push(Note::warning(AT_ONCE));
    }
    for budget in effects::budgets(case.lists, &case.target.namespace, case.object).await {
        let words = budget.words();
        notes.push(if budget.allowed > 0 { Note::plain(format!("budget {words}")) } else { Note::warning(format!("blocked by {words}")) });
    }
    match case.object.list("metadata.ownerReferences").iter().find(|owner| owner.flag("controller")) {
        Some(owner) => notes.push(Note::plain(format!("{}/{} makes a new one", owner.text("kind"), owner.text("name")))),
        None => notes.push(Note::warning("nothing manages it: it does not come back")),
    }
    let body = eviction(case, &case.target.namespace, &case.target.name, &case.target.uid.to_string(), grace);
    let write = case.write("evict", "/eviction", case.object.clone(), Content::Evict(body), "evicted".into());
    Ok(Prepared { change: "it is evicted".into(), notes, work: Work::Write(Box::new(write)) })
}
