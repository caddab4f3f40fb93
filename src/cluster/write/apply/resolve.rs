//! What objects that are written are on this server: their kinds, their namespaces, and what of it is only made by the others.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::documents::Written;
use super::order;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::{discovery, request};
use crate::kinds::catalog::Catalog;
use crate::kinds::draft;
use crate::model::act::Note;
use crate::model::apply::Manifests;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::model::tree::Tree;

/// Fields of `metadata` that a server writes, and that stand in files which were once read from one.
const SERVERS: [&str; 5] = ["creationTimestamp", "generation", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// An object that is to be applied.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// `deploy/web.yaml:12`.
    pub(super) at: Arc<str>,
    pub(super) object: Reference,
    /// What is wanted of it, as it goes to the server.
    pub(super) config: Value,
    /// What it needs that is not there yet and is made with it, by their places: its namespace, its definition.
    pub(super) needs: Vec<usize>,
}

/// The objects in the order in which they are to be applied, and what there is to be said of all of them.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) items: Vec<Item>,
    pub(super) notes: Vec<Note>,
}

/// Finds out what is meant.
///
/// # Errors
/// Everything that is meant and cannot be, a line each.
pub(super) async fn resolve(
    session: &Session,
    catalog: &Arc<Catalog>,
    manifests: &Manifests,
    written: Vec<Written>,
) -> Result<Resolved, Vec<String>> {
    let defined = definitions(&written);
    let mut catalog = catalog.clone();
    let named = |written: &Written| (written.tree.text("apiVersion").to_owned(), written.tree.text("kind").to_owned());
    if written.iter().map(named).any(|(version, kind)| served(&catalog, &version, &kind).is_none()) {
        // Its definition may have come since the server was asked.
        if let Ok(newer) = discovery::discover(session).await {
            catalog = Arc::new(newer);
        }
    }
    let mut faults = Vec::new();
    let mut items: Vec<(Item, bool)> = Vec::new();
    let mut placed: Vec<String> = Vec::new();
    for written in written {
        match item(&catalog, &defined, manifests, &written, &mut placed) {
            Ok(item) => items.push(item),
            Err(why) => faults.push(format!("{}: {why}", written.at)),
        }
    }
    let (items, twice) = once(items, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut resolved = Resolved { notes: notes(manifests, &placed, twice), items: Vec::new() };
    let (mut items, local): (Vec<Item>, FxHashSet<String>) = {
        let local = items.iter().filter(|(_, served)| !served).map(|(item, _)| key(&item.object)).collect();
        (items.into_iter().map(|(item, _)| item).collect(), local)
    };
    order::sort(&mut items);
    let absent = absent_namespaces(session, &items).await;
    let place = |is: &dyn Fn(&Item) -> bool| items.iter().position(is);
    let needs: Vec<Vec<usize>> = items
        .iter()
        .map(|item| {
            let Reference { kind, namespace, .. } = &item.object;
            let space = absent.contains(&**namespace).then(|| place(&|other| is_namespace(other, namespace))).flatten();
            let full = kind.full_name();
            let definition = local.contains(&key(&item.object)).then(|| place(&|other| is_definition(other, &full))).flatten();
            space.into_iter().chain(definition).collect()
        })
        .collect();
    for (item, needs) in items.iter_mut().zip(needs) {
        item.needs = needs;
    }
    resolved.items = items;
    Ok(resolved)
}

fn is_namespace(item: &Item, name: &str) -> bool {
    &*item.object.kind.kind == "Namespace" && item.object.kind.group.is_empty() && *item.object.name == *name
}

fn is_definition(item: &Item, full: &str) -> bool {
    &*item.object.kind.kind == "CustomResourceDefinition" && *item.object.name == *full
}

/// Namespaces that objects are in, that the same documents make, and that are not there yet.
async fn absent_namespaces(session: &Session, items: &[Item]) -> FxHashSet<String> {
    let made = items.iter().filter(|item| is_namespace(item, &item.object.name));
    let mut absent = FxHashSet::default();
    for item in made {
        let path = request::object(&item.object.kind, "", &item.object.name);
        if let Err(ClusterError::NotFound(_)) = request::get_json::<Value>(session, &path).await {
            absent.insert(item.object.name.to_string());
        }
    }
    absent
}

/// The kind of exactly this version.
fn served<'a>(catalog: &'a Catalog, api_version: &str, kind: &str) -> Option<&'a Arc<Kind>> {
    catalog.kinds.iter().find(|known| &*known.kind == kind && known.api_version() == api_version)
}

/// Kinds whose definitions are among the documents, by `apiVersion` and `kind`.
fn definitions(written: &[Written]) -> FxHashMap<(String, String), Arc<Kind>> {
    let mut found = FxHashMap::default();
    for Written { tree, .. } in written {
        if tree.text("kind") != "CustomResourceDefinition" || !tree.text("apiVersion").starts_with("apiextensions.k8s.io/") {
            continue;
        }
        let names = tree.at("spec.names");
        let kind = names.text("kind");
        let singular = Some(names.text("singular")).filter(|name| !name.is_empty()).map_or_else(|| kind.to_lowercase(), str::to_owned);
        for version in tree.at("spec.versions").items().iter().filter(|version| version.flag("served")) {
            let of = Kind {
                group: tree.text("spec.group").into(),
                version: version.text("name").into(),
                kind: kind.into(),
                plural: names.text("plural").into(),
                singular: singular.as_str().into(),
                namespaced: tree.text("spec.scope") == "Namespaced",
                watchable: true,
                listable: true,
                ..Kind::default()
            };
            found.insert((of.api_version(), kind.to_owned()), Arc::new(of));
        }
    }
    found
}

/// One object, and whether its kind is served already.
fn item(
    catalog: &Catalog,
    defined: &FxHashMap<(String, String), Arc<Kind>>,
    manifests: &Manifests,
    written: &Written,
    placed: &mut Vec<String>,
) -> Result<(Item, bool), String> {
    let Written { tree, at } = written;
    let (version, kind) = (tree.text("apiVersion"), tree.text("kind"));
    let found = served(catalog, version, kind);
    let Some(kind) = found.or_else(|| defined.get(&(version.to_owned(), kind.to_owned()))).cloned() else {
        return Err(unserved(catalog, version, kind));
    };
    let mut config = draft::stored(&kind, tree.clone());
    if let Some(mut metadata) = config.take("metadata") {
        for field in SERVERS {
            metadata.take(field);
        }
        config.put("metadata", metadata);
    }
    let name: Arc<str> = tree.text("metadata.name").into();
    let mut namespace: Arc<str> = tree.text("metadata.namespace").into();
    if !kind.namespaced {
        // As kubectl has it: it is in none, whatever it says.
        namespace = "".into();
        config.remove("metadata.namespace");
    } else if namespace.is_empty() {
        namespace = manifests.namespace.clone().map_err(|why| format!("{}/{name} names no namespace, and {why}", kind.singular))?;
        placed.push(format!("{}/{name}", kind.singular));
        config.set("metadata.namespace", &*namespace);
    }
    let object = Reference { kind, namespace, name, uid: Uid::new("") };
    Ok((Item { at: at.as_str().into(), object, config: Value::from(&config), needs: Vec::new() }, found.is_some()))
}

fn unserved(catalog: &Catalog, version: &str, kind: &str) -> String {
    if kind == "Kustomization" && version.starts_with("kustomize.config.k8s.io/") {
        return "this folder is to be built first: kubectl kustomize FOLDER | kubetui, and then :apply -".to_owned();
    }
    let group = |version: &str| version.split_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    let elsewhere: Vec<String> = catalog.kinds.iter().filter(|known| &*known.kind == kind).map(|known| known.api_version()).collect();
    let own: Vec<&String> = elsewhere.iter().filter(|other| group(other) == group(version)).collect();
    match (own.first(), elsewhere.first()) {
        (Some(other), _) => format!("the server serves {kind} as {other}, and not as {version}"),
        (None, Some(other)) => format!("the server has no {kind} of {version}; there is one of {other}"),
        (None, None) => format!("the server has no {kind} of {version}, and no definition of it is among the documents"),
    }
}

/// What tells objects apart, whatever version they are written in.
fn key(object: &Reference) -> String {
    format!("{} {} {}", object.kind.full_name(), object.namespace, object.name)
}

/// Each object once. The same text twice is one; two texts of one object would undo each other.
fn once(items: Vec<(Item, bool)>, faults: &mut Vec<String>) -> (Vec<(Item, bool)>, usize) {
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    let mut kept: Vec<(Item, bool)> = Vec::new();
    let mut twice = 0;
    for (item, served) in items {
        match places.get(&key(&item.object)) {
            Some(&at) if Tree::from(kept[at].0.config.clone()).equals(&Tree::from(item.config.clone())) => twice += 1,
            Some(&at) => faults.push(format!(
                "{}: {} stands in {} already, and is another one there: the later would undo the earlier",
                item.at,
                item.object.title(),
                kept[at].0.at
            )),
            None => {
                places.insert(key(&item.object), kept.len());
                kept.push((item, served));
            }
        }
    }
    (kept, twice)
}

fn notes(manifests: &Manifests, placed: &[String], twice: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    if let (Ok(namespace), false) = (&manifests.namespace, placed.is_empty()) {
        notes.push(Note::plain(match placed {
            [one] => format!("{one} names no namespace: it goes to {namespace}"),
            [first, second] => format!("{first} and {second} name no namespace: they go to {namespace}"),
            [first, rest @ ..] => format!("{first} and {} more name no namespace: they go to {namespace}", rest.len()),
            [] => String::new(),
        }));
    }
    if twice > 0 {
        let plural = if twice == 1 { "object stands" } else { "objects stand" };
        notes.push(Note::plain(format!("{twice} {plural} in the documents more than once, the same each time")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::apply::Origin;

    fn written(value: Value, at: &str) -> Written {
        Written { tree: value.into(), at: at.into() }
    }

    fn manifests(namespace: Result<&str, &str>) -> Manifests {
        let namespace = namespace.map(Arc::from).map_err(Arc::from);
        Manifests { from: Origin::Input, typed: "-".into(), force: false, namespace }
    }

    fn catalog() -> Catalog {
        let kind = |group: &str, plural: &str, kind: &str, namespaced| {
            let (group, version, plural) = (group.into(), "v1".into(), plural.into());
            Arc::new(Kind {
                group,
                version,
                plural,
                kind: kind.into(),
                singular: kind.to_lowercase().into(),
                namespaced,
                ..Kind::default()
            })
        };
        let kinds = vec![
            kind("", "configmaps", "ConfigMap", true),
            kind("", "secrets", "Secret", true),
            kind("", "nodes", "Node", false),
            kind("apps", "deployments", "Deployment", true),
        ];
        Catalog { preferred: kinds.len(), kinds, ..Catalog::default() }
    }

    fn one(value: Value, namespace: Result<&str, &str>) -> Result<(Item, bool), String> {
        let written = written(value, "a.yaml:1");
        let defined = definitions(std::slice::from_ref(&written));
        item(&catalog(), &defined, &manifests(namespace), &written, &mut Vec::new())
    }

    #[test]
    fn what_names_no_namespace_goes_to_the_one_that_is_looked_at() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "creationTimestamp": null, "uid": "u"}, "status": {}});
        let (item, served) = one(map.clone(), Ok("shop")).unwrap();
        assert!(served);
        assert_eq!(
            item.config,
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u", "namespace": "shop"}})
        );
        assert_eq!(one(map, Err("all are looked at")).unwrap_err(), "configmap/a names no namespace, and all are looked at");
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "namespace": "x"}});
        assert_eq!(one(node, Err("no")).unwrap().0.config["metadata"], json!({"name": "n"}));
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}});
        assert_eq!(one(secret, Ok("shop")).unwrap().0.config["data"], json!({"a": "Yg=="}));
    }

    #[test]
    fn a_kind_is_served_in_its_version_or_defined_beside_it() {
        let old = json!({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "a"}});
        assert_eq!(one(old, Ok("x")).unwrap_err(), "the server has no Deployment of extensions/v1beta1; there is one of apps/v1");
        let beta = json!({"apiVersion": "apps/v1beta2", "kind": "Deployment", "metadata": {"name": "a"}});
        assert_eq!(one(beta, Ok("x")).unwrap_err(), "the server serves Deployment as apps/v1, and not as apps/v1beta2");
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "relics.x.io"}, "spec": {"group": "x.io", "scope": "Namespaced",
            "names": {"plural": "relics", "kind": "Relic"}, "versions": [{"name": "v1", "served": true}, {"name": "v0", "served": false}]}});
        let relic = json!({"apiVersion": "x.io/v1", "kind": "Relic", "metadata": {"name": "one"}});
        let both = [written(definition, "a:1"), written(relic, "a:9")];
        let defined = definitions(&both);
        assert_eq!(defined.len(), 1);
        let (item, served) = item(&catalog(), &defined, &manifests(Ok("shop")), &both[1], &mut Vec::new()).unwrap();
        assert_eq!((served, item.object.title(), item.object.kind.full_name()), (false, "relic/one".into(), "relics.x.io".into()));
    }

    #[test]
    fn an_object_that_is_there_twice_is_one_or_none() {
        let of = |data: &str| {
            one(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": data}}), Ok("x")).unwrap()
        };
        let mut faults = Vec::new();
        let (kept, twice) = once(vec![of("1"), of("1")], &mut faults);
        assert_eq!((kept.len(), twice, faults.len()), (1, 1, 0));
        once(vec![of("1"), of("2")], &mut faults);
        assert_eq!(
            faults,
            ["a.yaml:1: configmap/a stands in a.yaml:1 already, and is another one there: the later would undo the earlier"]
        );
    }
}
