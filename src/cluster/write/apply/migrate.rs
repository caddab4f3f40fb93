//! Objects that were made with client-side `kubectl apply`: their fields become this program's, as kubectl itself does it for
//! server-side apply (k8s.io/client-go/util/csaupgrade). Else every change of them is a conflict, and what is taken out of a
//! file never goes.

use serde_json::{Value, json};

use crate::cluster::write::send::{Content, MANAGER, Write};
use crate::kinds::draft::own;
use crate::kinds::shown::LAST_APPLIED;
use crate::model::edit::{self, Plain};
use crate::model::fields::{self, Set};
use crate::model::reference::Reference;
use crate::model::tree::Tree;

/// Who has applied an object from a client: whoever wrote kubectl's copy of it. (`FindFieldsOwners`)
pub(super) fn clients(live: &Value) -> Vec<String> {
    let annotation = ["f:metadata".to_owned(), "f:annotations".to_owned(), format!("f:{LAST_APPLIED}")];
    let mut names: Vec<String> = Vec::new();
    for entry in Tree::from(live.clone()).at("metadata.managedFields").items() {
        let has = entry.text("operation") == "Update" && Set::read(entry.at("fieldsV1")).has(&annotation);
        if has && !names.iter().any(|name| name == entry.text("manager")) {
            names.push(entry.text("manager").to_owned());
        }
    }
    names
}

/// The owners of an object once what these clients have is this program's. (`UpgradeManagedFields`)
fn upgraded(entries: &[Tree], clients: &[String]) -> Vec<Tree> {
    let mut entries = entries.to_vec();
    for client in clients {
        let is_client =
            |entry: &Tree| entry.text("manager") == client && entry.text("operation") == "Update" && entry["subresource"].is_null();
        let target = entries.iter().position(is_ours).or_else(|| {
            let at = entries.iter().position(is_client)?;
            entries[at].put("operation", "Apply");
            entries[at].put("manager", MANAGER);
            Some(at)
        });
        let Some(target) = target else { continue };
        // Of another version it says other fields: that is dropped.
        let version = entries[target].text("apiVersion").to_owned();
        let same = entries.iter().find(|entry| is_client(entry) && entry.text("apiVersion") == version);
        if let Some(theirs) = same.map(|entry| Set::read(entry.at("fieldsV1"))) {
            let both = Set::read(entries[target].at("fieldsV1")).union(&theirs);
            entries[target].put("fieldsV1", both.write());
        }
        entries.retain(|entry| !is_client(entry));
    }
    entries
}

/// The entry of what this program has applied.
fn is_ours(entry: &Tree) -> bool {
    entry.text("manager") == MANAGER && entry.text("operation") == "Apply" && entry["subresource"].is_null()
}

/// The patch by which that is done, if the object is still as it was read: a 409 else, since it replaces the version.
/// (`UpgradeManagedFieldsPatch`)
pub(super) fn patch(object: &Reference, live: &Value) -> Write {
    let entries: Vec<Value> = {
        let live = Tree::from(live.clone());
        upgraded(live.at("metadata.managedFields").items(), &clients(&Value::from(&live))).iter().map(Value::from).collect()
    };
    let operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]}),
        json!({"op": "replace", "path": "/metadata/managedFields", "value": entries}),
        json!({"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]}),
    ];
    Write {
        object: object.clone(),
        seen: live.clone(),
        verb: "apply",
        subresource: "",
        body: Content::Patch(operations, false),
        done: format!("what {} owned is {MANAGER}'s", clients(live).join(" and ")),
    }
}

/// What would be sent to the server to see what an apply after the migration would store: `forced` is what it would store
/// without it, if nobody had objected. What was applied from a client and is not wanted any more goes. `None`: nothing
/// changes.
pub(super) fn rehearsal(object: &Reference, live: &Value, forced: &Value) -> Option<Write> {
    let (before, mut after) = (Tree::from(live.clone()), Tree::from(forced.clone()));
    let entries = upgraded(before.at("metadata.managedFields").items(), &clients(live));
    let set = |entry: &Tree| Set::read(entry.at("fieldsV1"));
    let last = entries.iter().find(|entry| is_ours(entry)).map(set).unwrap_or_default();
    let wanted = after.at("metadata.managedFields").items().iter().find(|entry| is_ours(entry)).map(set).unwrap_or_default();
    let owned = entries.iter().filter(|entry| !is_ours(entry)).map(set).fold(wanted, |all, set| all.union(&set));
    for path in fields::dropped(&last, &owned).paths() {
        cut(&mut after, &path);
    }
    let operations = edit::patch(&own(live), &own(&Value::from(&after)), &Plain).ok().filter(|all| !all.is_empty())?;
    let body = Content::Patch(operations, false);
    Some(Write { object: object.clone(), seen: live.clone(), verb: "apply", subresource: "", body, done: String::new() })
}

/// Takes away what is at a path of FieldsV1.
fn cut(tree: &mut Tree, path: &[fields::Step]) {
    let Some((step, rest)) = path.split_first() else { return };
    let (kind, text) = step.split_once(':').unwrap_or(("f", step));
    if kind == "f" {
        match (rest.is_empty(), tree.get(text).is_some()) {
            (true, _) => drop(tree.take(text)),
            (false, true) => cut(tree.slot(text), rest),
            (false, false) => {}
        }
        return;
    }
    let Ok(said) = serde_json::from_str::<Tree>(text) else { return };
    let is = |item: &Tree| match kind {
        "k" => said.entries().all(|(name, value)| item.get(name).is_some_and(|found| found.equals(value))),
        "v" => item.equals(&said),
        _ => false,
    };
    let Some(at) = tree.items().iter().position(is) else { return };
    if rest.is_empty() {
        tree.items_mut().remove(at);
    } else {
        cut(&mut tree.items_mut()[at], rest);
    }
}

/// Without kubectl's copy of an object.
pub(super) fn without_copy(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::Uid;

    const CLIENT: &str = "kubectl-client-side-apply";

    fn entry(manager: &str, operation: &str, version: &str, fields: Value) -> Tree {
        json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1",
            "time": "2022-08-22T23:08:23Z", "fieldsV1": fields})
        .into()
    }

    fn copy() -> Value {
        json!({"f:annotations": {".": {}, format!("f:{LAST_APPLIED}"): {}}})
    }

    fn values(entries: Vec<Tree>) -> Vec<Value> {
        entries.iter().map(Value::from).collect()
    }

    #[test]
    fn who_wrote_kubectls_copy_has_applied_from_a_client() {
        let fields = json!({"f:metadata": copy()});
        let live = json!({"metadata": {"managedFields": [
            Value::from(&entry("me", "Update", "v1", fields.clone())),
            Value::from(&entry("server", "Apply", "v1", fields)),
            Value::from(&entry("other", "Update", "v1", json!({"f:data": {"f:a": {}}}))),
        ]}});
        assert_eq!(clients(&live), ["me"]);
        assert!(clients(&json!({"metadata": {}})).is_empty());
    }

    // The cases of csaupgrade's TestUpgradeCSA.
    #[test]
    fn owners_are_upgraded_as_csaupgrade_does_it() {
        let client = || vec![CLIENT.to_owned()];
        let a = || json!({"f:data": {"f:a": {}}});
        let b = || json!({"f:data": {"f:b": {}}});
        let both = || json!({"f:data": {"f:a": {}, "f:b": {}}});
        // A client alone becomes the applier.
        assert_eq!(
            values(upgraded(&[entry(CLIENT, "Update", "v1", a()), entry("x", "Update", "v1", b())], &client())),
            values(vec![entry(MANAGER, "Apply", "v1", a()), entry("x", "Update", "v1", b())])
        );
        // Into the applier that there is.
        assert_eq!(
            values(upgraded(&[entry(MANAGER, "Apply", "v1", a()), entry(CLIENT, "Update", "v1", b())], &client())),
            values(vec![entry(MANAGER, "Apply", "v1", both())])
        );
        // Of several versions that of the applier counts, the others are dropped.
        assert_eq!(
            values(upgraded(&[entry(CLIENT, "Update", "v1", a()), entry(CLIENT, "Update", "v1beta1", b())], &client())),
            values(vec![entry(MANAGER, "Apply", "v1", a())])
        );
        // Several clients.
        assert_eq!(
            values(upgraded(&[entry("one", "Update", "v1", a()), entry("two", "Update", "v1", b())], &["one".into(), "two".into()])),
            values(vec![entry(MANAGER, "Apply", "v1", both())])
        );
        // Parts are somebody else's: the status stays.
        let mut status = entry(CLIENT, "Update", "v1", a());
        status.put("subresource", "status");
        assert_eq!(values(upgraded(std::slice::from_ref(&status), &client())), values(vec![status]));
    }

    #[test]
    fn what_a_client_applied_and_is_not_wanted_any_more_goes() {
        let object = Reference { kind: std::sync::Arc::default(), namespace: "x".into(), name: "a".into(), uid: Uid::new("u") };
        let live = json!({
            "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {LAST_APPLIED: "{}"}, "managedFields": [
                Value::from(&entry(CLIENT, "Update", "v1", json!({"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}}, "f:metadata": copy(),
                    "f:ports": {"k:{\"port\":1}": {".": {}, "f:port": {}}, "k:{\"port\":2}": {".": {}, "f:port": {}}}}))),
                Value::from(&entry("other", "Update", "v1", json!({"f:data": {"f:c": {}}}))),
            ]},
            "data": {"a": "1", "b": "2", "c": "3"}, "ports": [{"port": 1}, {"port": 2}],
        });
        let mut forced = live.clone();
        forced["data"]["a"] = "9".into();
        forced["metadata"]["managedFields"].as_array_mut().unwrap().push(Value::from(&entry(
            MANAGER,
            "Apply",
            "v1",
            json!({"f:data": {"f:a": {}}, "f:ports": {"k:{\"port\":2}": {".": {}, "f:port": {}}}}),
        )));
        let write = rehearsal(&object, &live, &forced).unwrap();
        let Content::Patch(operations, _) = write.body else { panic!("{:?}", write.body) };
        let mut after = live.clone();
        json_patch::patch(&mut after, &serde_json::from_value::<json_patch::Patch>(operations.into()).unwrap()).unwrap();
        assert_eq!(after["data"], json!({"a": "9", "c": "3"}), "b goes, c is another's too");
        assert_eq!(after["ports"], json!([{"port": 2}]));
        assert_eq!(after["metadata"].get("annotations"), None);
        assert_eq!(without_copy(&live)["metadata"].get("annotations"), None);
    }
}
