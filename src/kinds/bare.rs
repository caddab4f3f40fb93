//! An object without what a server filled in, so that it can be made again: in another namespace, in another cluster, under
//! another name. Defaults stay: they are what the object means, whatever another server's defaults are.
//!
//! What is taken away follows the registries' `PrepareForCreate` and what the API refuses or hands out anew on create.

use serde_json::Value;

use super::draft;
use super::shown::{LAST_APPLIED, is_secret};
use crate::model::kind::Kind;
use crate::model::tree::Tree;
use crate::model::yaml::{self, Note};

/// Fields of the metadata that only a server writes. (apiserver's `rest.FillObjectMetaSystemFields`, `BeforeCreate`)
pub const FILLED: [&str; 8] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "generation",
    "selfLink",
];
/// What the Job controller writes into a Job, and what must not be copied into another one.
pub const JOB_LABELS: [&str; 4] = ["batch.kubernetes.io/controller-uid", "controller-uid", "batch.kubernetes.io/job-name", "job-name"];
/// By these labels a controller knows a pod of its own: one that is made by hand would be taken for one too many.
const POD_LABELS: [&str; 6] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
];
/// Annotations in which a controller or a kubelet keeps where it is.
const NOTED: [&str; 21] = [
    LAST_APPLIED,
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deployment.kubernetes.io/revision-history",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "pv.kubernetes.io/provisioned-by",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
    "control-plane.alpha.kubernetes.io/leader",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "batch.kubernetes.io/job-tracking",
    "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "kubernetes.io/config.hash",
    "kubernetes.io/config.mirror",
    "kubernetes.io/config.seen",
    "kubernetes.io/config.source",
    "kubernetes.io/service-account.uid",
];
/// Finalizers that a server sets, and that hold what nobody would let go.
const HELD: [&str; 4] = ["foregroundDeletion", "orphan", "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"];
/// The volume of a token that admission puts into each pod begins so (`serviceaccount.ServiceAccountVolumePrefix`).
const TOKEN: &str = "kube-api-access-";
/// The lists of containers of a pod.
const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// The object without what the server filled in: what `:export` writes. Owners are left out, too: they have UIDs.
pub fn exported(kind: &Kind, object: &Value) -> Tree {
    let mut tree = Tree::from(object.clone());
    tree.take("status");
    metadata(&mut tree);
    match (&*kind.group, &*kind.plural) {
        ("", "pods") => pod(&mut tree),
        ("", "services") => service(&mut tree),
        ("", "persistentvolumeclaims") => drop(tree.remove("spec.volumeName")),
        ("", "persistentvolumes") => {
            for field in ["uid", "resourceVersion"] {
                tree.remove(&format!("spec.claimRef.{field}"));
            }
        }
        ("", "namespaces") => {
            without(&mut tree, "metadata.labels", &["kubernetes.io/metadata.name"]);
            drop(tree.remove("spec.finalizers"));
        }
        ("", "serviceaccounts") => {
            let token = format!("{}-token-", tree.text("metadata.name"));
            tree.retain("secrets", |secret| !secret.text("name").starts_with(&token));
        }
        ("", "secrets") if tree.text("type") == "kubernetes.io/service-account-token" => {
            without(&mut tree, "data", &["token", "ca.crt", "namespace"]);
        }
        ("apps", "statefulsets") => {
            let claims = tree.at("spec.volumeClaimTemplates").items().iter().cloned().map(|mut claim| {
                claim.take("status");
                claim.remove("metadata.creationTimestamp");
                claim
            });
            let claims: Vec<Tree> = claims.collect();
            if !claims.is_empty() {
                tree.set("spec.volumeClaimTemplates", claims);
            }
        }
        ("batch", "jobs") => job(&mut tree),
        ("batch", "cronjobs") => drop(tree.remove("spec.jobTemplate.metadata.creationTimestamp")),
        ("certificates.k8s.io", "certificatesigningrequests") => {
            for field in ["username", "uid", "groups", "extra"] {
                tree.remove(&format!("spec.{field}"));
            }
        }
        _ => {}
    }
    for template in ["spec.template.metadata", "spec.jobTemplate.spec.template.metadata"] {
        tree.remove(&format!("{template}.creationTimestamp"));
    }
    for map in ["metadata.labels", "metadata.annotations", "spec"] {
        if tree.at(map).is_empty() && !tree.at(map).is_null() {
            tree.remove(map);
        }
    }
    tree
}

/// The text of an object that is to be written to a file.
pub fn text(kind: &Kind, object: &Value) -> String {
    yaml::print(&Value::from(&exported(kind, object)))
}

/// The text of a new object like this one, of another name. What is handed out anew is said where it stood; the values of a
/// Secret stand as text.
pub fn copy(kind: &Kind, object: &Value, name: &str) -> String {
    let mut tree = exported(kind, object);
    tree.set("metadata.name", name);
    tree.remove("metadata.finalizers");
    let mut notes: Vec<(&[&str], &str)> = Vec::new();
    match (&*kind.group, &*kind.plural) {
        ("", "services") if object.pointer("/spec/ports").is_some_and(|ports| ports.to_string().contains("nodePort")) => {
            notes.push((&["spec", "ports"], "node ports are chosen anew, unless a nodePort is named"));
        }
        ("", "persistentvolumes") => drop(tree.remove("spec.claimRef")),
        ("", "pods") => notes.push((&["metadata", "labels"], "what selects these pods has this one too")),
        // Two of the same selector would take each other's pods, and Services would send to both.
        ("apps", _) if renamed(&mut tree, object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default(), name) => {}
        ("apps", _) if tree.at("spec.selector").entries().next().is_some() => {
            notes.push((&["spec", "selector"], "the same pods as those of the other one: name others, here and in the template"));
        }
        _ => {}
    }
    let value = Value::from(&tree);
    if is_secret(kind) {
        return draft::text(kind, &value);
    }
    let note = |path: &[&str], _: &Value| notes.iter().find(|(at, _)| *at == path).map(|(_, words)| Note::Beside((*words).to_owned()));
    yaml::print_noted(&value, &note)
}

/// Labels that are the old name become the new one, where the selector has such a label. False where it has none.
fn renamed(tree: &mut Tree, old: &str, new: &str) -> bool {
    let selector = tree.at("spec.selector.matchLabels");
    if !selector.entries().any(|(_, value)| value.as_str() == Some(old)) {
        return false;
    }
    for labels in ["spec.selector.matchLabels", "spec.template.metadata.labels", "metadata.labels"] {
        if tree.at(labels).is_null() {
            continue;
        }
        for (_, value) in tree.at_mut(labels).values_mut().filter(|(_, value)| value.as_str() == Some(old)) {
            *value = new.into();
        }
    }
    true
}

/// Takes entries of a map away.
fn without(tree: &mut Tree, map: &str, keys: &[&str]) {
    if keys.iter().any(|key| tree.at(map).get(key).is_some()) {
        let map = tree.at_mut(map);
        keys.iter().for_each(|key| drop(map.take(key)));
    }
}

fn metadata(tree: &mut Tree) {
    without(tree, "metadata", &FILLED);
    without(tree, "metadata", &["ownerReferences"]);
    if !tree.text("metadata.name").is_empty() {
        // It has one; two of them are refused by nobody, and mean nothing.
        tree.remove("metadata.generateName");
    }
    without(tree, "metadata.annotations", &NOTED);
    tree.retain("metadata.finalizers", |name| !name.as_str().is_some_and(|name| HELD.contains(&name)));
}

fn pod(tree: &mut Tree) {
    without(tree, "metadata.labels", &POD_LABELS);
    without(tree, "metadata.labels", &JOB_LABELS);
    // Where it runs is for the scheduler, its priority for admission; `serviceAccount` is the old name of another field. What was
    // put into the running pod cannot be made with it.
    without(tree, "spec", &["nodeName", "priority", "preemptionPolicy", "serviceAccount", "ephemeralContainers"]);
    let token = |item: &Tree| item.text("name").starts_with(TOKEN);
    tree.retain("spec.volumes", |volume| !token(volume));
    for list in CONTAINERS {
        let path = format!("spec.{list}");
        if tree.at(&path).items().is_empty() {
            continue;
        }
        for container in tree.at_mut(&path).items_mut() {
            container.retain("volumeMounts", |mount| !token(mount));
        }
    }
}

/// What is allocated for a Service alone. (pkg/registry/core/service/storage's allocators)
fn service(tree: &mut Tree) {
    if tree.text("spec.clusterIP") != "None" {
        tree.remove("spec.clusterIP");
    }
    without(tree, "spec", &["clusterIPs", "healthCheckNodePort"]);
    if tree.at("spec.ports").items().is_empty() {
        return;
    }
    for port in tree.at_mut("spec.ports").items_mut() {
        port.take("nodePort");
    }
}

/// What the server made for this Job alone: its selector, and the labels that it selects by. Those of a Job that selects by
/// itself are its own.
fn job(tree: &mut Tree) {
    if tree.flag("spec.manualSelector") {
        return;
    }
    without(tree, "spec", &["selector", "manualSelector"]);
    for labels in ["metadata.labels", "spec.template.metadata.labels"] {
        without(tree, labels, &JOB_LABELS);
    }
    for map in ["spec.template.metadata.labels", "spec.template.metadata"] {
        if tree.at(map).is_empty() && !tree.at(map).is_null() {
            tree.remove(map);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::edit;

    fn kind(group: &str, plural: &str) -> Kind {
        Kind { group: group.into(), version: "v1".into(), plural: plural.into(), ..Kind::default() }
    }

    fn of(group: &str, plural: &str, object: Value) -> Value {
        Value::from(&exported(&kind(group, plural), &object))
    }

    #[test]
    fn what_a_server_notes_for_itself_goes_and_what_people_wrote_stays() {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "status": {"replicas": 1},
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 3, "managedFields": [],
                "creationTimestamp": "2026-01-01T00:00:00Z", "selfLink": "/x", "generateName": "w",
                "labels": {"app": "web"},
                "annotations": {LAST_APPLIED: "{}", "deployment.kubernetes.io/revision": "3", "note": "mine"},
                "ownerReferences": [{"uid": "o"}], "finalizers": ["foregroundDeletion", "example.com/own"],
            },
            "spec": {"template": {"metadata": {"creationTimestamp": null, "labels": {"app": "web"}}}},
        });
        let expected = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"note": "mine"},
                "finalizers": ["example.com/own"],
            },
            "spec": {"template": {"metadata": {"labels": {"app": "web"}}}},
        });
        assert_eq!(of("apps", "deployments", object), expected);
        let empty = json!({"metadata": {"name": "n", "annotations": {LAST_APPLIED: "x"}, "labels": {"kubernetes.io/metadata.name": "n"}},
            "spec": {"finalizers": ["kubernetes"]}});
        assert_eq!(of("", "namespaces", empty), json!({"metadata": {"name": "n"}}));
    }

    #[test]
    fn a_pod_is_nobodys_and_has_no_place_yet() {
        let object = json!({
            "metadata": {"name": "web-1", "labels": {"app": "web", "pod-template-hash": "x"}},
            "spec": {
                "nodeName": "n", "priority": 0, "preemptionPolicy": "x", "serviceAccount": "a", "serviceAccountName": "a",
                "ephemeralContainers": [{}],
                "volumes": [{"name": "kube-api-access-x1"}, {"name": "data"}],
                "containers": [{"name": "c", "volumeMounts": [{"name": "kube-api-access-x1"}]}, {"name": "d", "volumeMounts": [{"name": "data"}]}],
            },
        });
        let expected = json!({
            "metadata": {"name": "web-1", "labels": {"app": "web"}},
            "spec": {
                "serviceAccountName": "a", "volumes": [{"name": "data"}],
                "containers": [{"name": "c"}, {"name": "d", "volumeMounts": [{"name": "data"}]}],
            },
        });
        assert_eq!(of("", "pods", object), expected);
    }

    #[test]
    fn what_is_handed_out_to_one_alone_goes() {
        let service = json!({"metadata": {"name": "s"}, "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 3,
            "ports": [{"port": 80, "nodePort": 30080}]}});
        assert_eq!(of("", "services", service)["spec"], json!({"ports": [{"port": 80}]}));
        let headless = json!({"metadata": {"name": "s"}, "spec": {"clusterIP": "None", "clusterIPs": ["None"]}});
        assert_eq!(of("", "services", headless)["spec"], json!({"clusterIP": "None"}));
        let claim = json!({"metadata": {"name": "c", "finalizers": ["kubernetes.io/pvc-protection"]}, "spec": {"volumeName": "v", "a": 1}});
        assert_eq!(of("", "persistentvolumeclaims", claim), json!({"metadata": {"name": "c"}, "spec": {"a": 1}}));
        let token = json!({"type": "kubernetes.io/service-account-token", "data": {"token": "eA==", "own": "eA=="}});
        assert_eq!(of("", "secrets", token)["data"], json!({"own": "eA=="}));
    }

    #[test]
    fn a_job_selects_anew_unless_it_was_told_by_what() {
        let job = |manual: bool| {
            json!({
                "metadata": {"name": "j", "labels": {"job-name": "j", "k": "v"}},
                "spec": {"manualSelector": manual, "selector": {"matchLabels": {"controller-uid": "u"}},
                    "template": {"metadata": {"labels": {"controller-uid": "u"}}, "spec": {}}},
            })
        };
        let expected = json!({"metadata": {"name": "j", "labels": {"k": "v"}}, "spec": {"template": {"spec": {}}}});
        assert_eq!(of("batch", "jobs", job(false)), expected);
        assert_eq!(of("batch", "jobs", job(true))["spec"], job(true)["spec"]);
    }

    #[test]
    fn a_copy_has_its_name_and_says_what_is_not_as_it_was() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "finalizers": ["a/b"]},
            "spec": {"ports": [{"port": 80, "nodePort": 30080}]}});
        let text = copy(&kind("", "services"), &service, "s-copy");
        assert!(text.contains("name: s-copy") && text.contains("ports: # node ports are chosen anew"), "{text}");
        assert!(!text.contains("finalizers") && !text.contains("30080"), "{text}");
        edit::read(&text).unwrap();
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg=="}});
        assert!(copy(&kind("", "secrets"), &secret, "t").contains("stringData:\n  a: b\n"));
        assert!(text_of(&secret).contains("data:\n  a: Yg==\n"));
    }

    fn text_of(secret: &Value) -> String {
        text(&kind("", "secrets"), secret)
    }
}
