//! The objects, their versions and what happened lately: what etcd and the watch cache are to a real API server.
//!
//! One counter numbers every change of the whole cluster. A watch remembers the number of the last change that it told, and
//! asks for what came after: there are no queues, so a watcher that sleeps costs nothing and one that sleeps too long is
//! told that its version has expired.

use arcstr::ArcStr;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use crate::model::facts::{Operator, Selector};

use super::refusal::Refusal;
use super::selector;
use super::tree::Tree;

mod names;

use names::Names;

/// Changes that are remembered of each resource. With a thousand changes a second a watcher may be ten seconds late.
const HISTORY: usize = 10_000;

/// The resource whose labels are indexed: there are many of them, and services and workloads look for few.
const INDEXED: &str = "pods";

/// An object as it was at one version. It never changes; a change makes another.
#[derive(PartialEq)]
pub struct Object {
    /// `pods`, `deployments.apps`.
    pub resource: ArcStr,
    /// Empty for what lives in no namespace.
    pub namespace: ArcStr,
    /// `metadata.name`.
    pub name: ArcStr,
    /// `metadata.uid`.
    pub uid: ArcStr,
    /// `metadata.resourceVersion`, as a number.
    pub version: u64,
    /// All of it, `apiVersion` and `kind` too.
    pub tree: Tree,
}

/// Which object: it may be gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref {
    /// `pods`, `deployments.apps`.
    pub resource: ArcStr,
    /// Empty for what lives in no namespace.
    pub namespace: ArcStr,
    /// `metadata.name`.
    pub name: ArcStr,
}

impl Ref {
    /// One by its names.
    pub fn new(resource: &str, namespace: &str, name: &str) -> Ref {
        Ref { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.resource, self.namespace, self.name)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}@{}", self.resource, self.namespace, self.name, self.version)
    }
}

impl Object {
    /// Which object this is.
    pub fn reference(&self) -> Ref {
        Ref { resource: self.resource.clone(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// `metadata.labels`.
    pub fn labels(&self) -> &Tree {
        &self.tree["metadata"]["labels"]
    }

    /// It is on its way out: `metadata.deletionTimestamp` is set.
    pub fn terminating(&self) -> bool {
        !self.tree["metadata"]["deletionTimestamp"].is_null()
    }

    /// The owner that controls it.
    pub fn controller(&self) -> Option<&Tree> {
        self.tree["metadata"]["ownerReferences"].items().iter().find(|owner| owner.flag("controller"))
    }

    /// The UID of the owner that controls it; empty when nothing does.
    pub fn controller_uid(&self) -> &str {
        self.controller().map_or("", |owner| owner.text("uid"))
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is new.
    Added,
    /// It is another version.
    Modified,
    /// It is gone; the object has the version of its going.
    Deleted,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub verb: Verb,
    /// The object after it; for [`Verb::Deleted`] as it was last, with the version of its going.
    pub object: Arc<Object>,
    /// The object before it.
    pub before: Option<Arc<Object>>,
}

/// Namespace, key and value.
type Label = (ArcStr, ArcStr, ArcStr);

#[derive(Default)]
struct Collection {
    /// By namespace and name, which is the order of lists.
    objects: BTreeMap<names::Owned, Arc<Object>>,
    history: VecDeque<Change>,
    /// The version of the newest change that is forgotten.
    forgotten: u64,
}

/// All objects. See the module.
#[derive(Default)]
pub struct Store {
    version: u64,
    /// Nothing before this version is remembered of anything.
    floor: u64,
    collections: HashMap<ArcStr, Collection>,
    by_uid: HashMap<ArcStr, Ref>,
    /// Owner's UID → what it owns.
    owned: HashMap<ArcStr, BTreeSet<Ref>>,
    /// The names of the pods that have a label.
    labelled: HashMap<Label, BTreeSet<ArcStr>>,
    /// Node → pods that are bound to it.
    bound: HashMap<ArcStr, BTreeSet<Ref>>,
    /// Changes that controllers have not seen.
    unseen: VecDeque<Change>,
    /// Nothing is remembered for watches.
    unwatched: bool,
}

impl Store {
    /// An empty one whose first change has the version after `version`.
    pub fn starting_at(version: u64) -> Store {
        Store { version, floor: version, ..Store::default() }
    }

    /// The version of the last change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// One object.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.collections.get(resource)?.objects.get(&(namespace, name) as &dyn Names)
    }

    /// One object by its reference.
    pub fn find(&self, reference: &Ref) -> Option<&Arc<Object>> {
        self.get(&reference.resource, &reference.namespace, &reference.name)
    }

    /// One object by its UID.
    pub fn by_uid(&self, uid: &str) -> Option<&Arc<Object>> {
        self.find(self.by_uid.get(uid)?)
    }

    /// All objects of a resource, or those of one namespace, in order of namespace and name.
    pub fn list<'a>(&'a self, resource: &str, namespace: Option<&str>) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        self.list_after(resource, namespace, None)
    }

    /// As [`Store::list`], from what comes after a namespace and name.
    pub fn list_after<'a>(
        &'a self,
        resource: &str,
        namespace: Option<&str>,
        after: Option<(&str, &str)>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        let Some(collection) = self.collections.get(resource) else { return Box::new(std::iter::empty()) };
        let first = match (after, namespace) {
            (Some((namespace, name)), _) => Bound::Excluded((ArcStr::from(namespace), ArcStr::from(name))),
            (None, Some(namespace)) => Bound::Included((ArcStr::from(namespace), ArcStr::from(""))),
            (None, None) => Bound::Unbounded,
        };
        let only: Option<ArcStr> = namespace.map(ArcStr::from);
        let all = collection.objects.range((first, Bound::Unbounded));
        Box::new(all.take_while(move |((namespace, _), _)| only.as_ref().is_none_or(|only| only == namespace)).map(|(_, object)| object))
    }

    /// As [`Store::list_after`], as it was at a version.
    ///
    /// # Errors
    /// 410 when that is not remembered any more.
    pub fn list_at(
        &self,
        resource: &str,
        namespace: Option<&str>,
        after: Option<(&str, &str)>,
        version: u64,
    ) -> Result<Box<dyn Iterator<Item = &Arc<Object>> + '_>, Refusal> {
        let mut then: BTreeMap<Ref, Option<&Arc<Object>>> = BTreeMap::new();
        for change in self.since(resource, version)? {
            // The first change after it says what was there before.
            then.entry(change.object.reference()).or_insert(change.before.as_ref());
        }
        if then.is_empty() {
            return Ok(self.list_after(resource, namespace, after));
        }
        let begins = |object: &Object| after.is_none_or(|after| (&*object.namespace, &*object.name) > after);
        let within = |object: &Object| namespace.is_none_or(|only| *object.namespace == *only) && begins(object);
        let untouched = self.list_after(resource, namespace, after).filter(|object| !then.contains_key(&object.reference()));
        let mut all: Vec<&Arc<Object>> = untouched.chain(then.values().flatten().copied().filter(|object| within(object))).collect();
        all.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        Ok(Box::new(all.into_iter()))
    }

    /// How many there are of a resource.
    pub fn count(&self, resource: &str) -> usize {
        self.collections.get(resource).map_or(0, |c| c.objects.len())
    }

    /// Resources that have an object, in no order.
    pub fn resources(&self) -> impl Iterator<Item = &ArcStr> {
        self.collections.iter().filter(|(_, c)| !c.objects.is_empty()).map(|(resource, _)| resource)
    }

    /// The pods of a namespace that a selector matches, in order of their names. The shortest list of the index decides
    /// what is looked at.
    pub fn pods(&self, namespace: &str, selector: &Selector) -> Vec<Arc<Object>> {
        let namespace: ArcStr = namespace.into();
        let mut shortest: Option<&BTreeSet<ArcStr>> = None;
        for requirement in &selector.requirements {
            let (Operator::Equals | Operator::In, [value]) = (requirement.operator, &*requirement.values) else { continue };
            let Some(names) = self.labelled.get(&(namespace.clone(), ArcStr::from(&*requirement.key), ArcStr::from(&**value))) else {
                return Vec::new();
            };
            if shortest.is_none_or(|other| names.len() < other.len()) {
                shortest = Some(names);
            }
        }
        let matches = |object: &&Arc<Object>| selector::matches(selector, object.labels());
        match (shortest, self.collections.get(INDEXED)) {
            (Some(names), Some(pods)) => {
                names.iter().filter_map(|name| pods.objects.get(&(&*namespace, &**name) as &dyn Names)).filter(matches).cloned().collect()
            }
            _ => self.list(INDEXED, Some(&namespace)).filter(matches).cloned().collect(),
        }
    }

    /// What an owner owns, directly.
    pub fn owned(&self, uid: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.owned.get(uid).into_iter().flatten().filter_map(|reference| self.find(reference))
    }

    /// The pods that are bound to a node.
    pub fn on_node(&self, node: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.bound.get(node).into_iter().flatten().filter_map(|reference| self.find(reference))
    }

    /// Stores an object under a new version, which is written into it. The names come from its metadata.
    pub fn put(&mut self, resource: &str, mut tree: Tree) -> Arc<Object> {
        self.version += 1;
        tree.set("metadata.resourceVersion", self.version.to_string());
        let text = |of: &Tree| match of {
            Tree::Text(text) => text.clone(),
            _ => ArcStr::from(""),
        };
        let (namespace, name, uid) = (text(tree.at("metadata.namespace")), text(tree.at("metadata.name")), text(tree.at("metadata.uid")));
        let resource = match self.collections.get_key_value(resource) {
            Some((known, _)) => known.clone(),
            None => resource.into(),
        };
        let object = Arc::new(Object { resource: resource.clone(), namespace, name, uid, version: self.version, tree });
        let place = (object.namespace.clone(), object.name.clone());
        let before = self.collections.entry(resource).or_default().objects.insert(place, object.clone());
        self.index(before.as_deref(), Some(&object));
        let verb = if before.is_some() { Verb::Modified } else { Verb::Added };
        self.remember(Change { verb, object: object.clone(), before });
        object
    }

    /// Takes an object away. The change has it with the version of its going.
    pub fn remove(&mut self, reference: &Ref) -> Option<Arc<Object>> {
        let names = (&*reference.namespace, &*reference.name);
        let before = self.collections.get_mut(&reference.resource)?.objects.remove(&names as &dyn Names)?;
        self.version += 1;
        self.index(Some(&before), None);
        let mut tree = before.tree.clone();
        tree.set("metadata.resourceVersion", self.version.to_string());
        let object = Arc::new(Object {
            resource: before.resource.clone(),
            namespace: before.namespace.clone(),
            name: before.name.clone(),
            uid: before.uid.clone(),
            version: self.version,
            tree,
        });
        self.remember(Change { verb: Verb::Deleted, object: object.clone(), before: Some(before) });
        Some(object)
    }

    /// What changed of a resource after `version`, oldest first.
    ///
    /// # Errors
    /// 410 when that is not remembered any more.
    pub fn since(&self, resource: &str, version: u64) -> Result<impl Iterator<Item = &Change>, Refusal> {
        static NOTHING: VecDeque<Change> = VecDeque::new();
        let (history, forgotten) = self.collections.get(resource).map_or((&NOTHING, 0), |c| (&c.history, c.forgotten));
        let oldest = forgotten.max(self.floor);
        if version < oldest {
            return Err(Refusal::expired(version, oldest));
        }
        let first = history.partition_point(|change| change.object.version <= version);
        Ok(history.range(first..))
    }

    /// Nobody watches until [`Store::forget`]: nothing needs to be remembered.
    pub fn unwatched(&mut self) {
        self.unwatched = true;
    }

    /// Forgets what happened up to now: what follows the making of a cluster, and what a test of 410 asks for.
    pub fn forget(&mut self) {
        self.unwatched = false;
        self.floor = self.version;
        for collection in self.collections.values_mut() {
            collection.history = VecDeque::new();
            collection.forgotten = self.version;
        }
    }

    /// The next change that controllers have not seen.
    pub fn unseen(&mut self) -> Option<Change> {
        self.unseen.pop_front()
    }

    fn remember(&mut self, change: Change) {
        self.unseen.push_back(change.clone());
        if self.unwatched {
            return;
        }
        let Some(collection) = self.collections.get_mut(&change.object.resource) else { return };
        collection.history.push_back(change);
        if collection.history.len() > HISTORY
            && let Some(oldest) = collection.history.pop_front()
        {
            collection.forgotten = oldest.object.version;
        }
    }

    fn index(&mut self, before: Option<&Object>, after: Option<&Object>) {
        let part = |object: Option<&Object>, path: &str| object.map(|o| o.tree.at(path).clone()).unwrap_or_default();
        let object = match (before, after) {
            (_, Some(object)) | (Some(object), None) => object,
            (None, None) => return,
        };
        let reference = object.reference();
        if before.map(|o| &o.uid) != after.map(|o| &o.uid) {
            if let Some(old) = before {
                self.by_uid.remove(&old.uid);
            }
            if let Some(new) = after {
                self.by_uid.insert(new.uid.clone(), reference.clone());
            }
        }
        let (old, new) = (part(before, "metadata.ownerReferences"), part(after, "metadata.ownerReferences"));
        if !old.equals(&new) {
            for owner in old.items() {
                leave(&mut self.owned, owner.text("uid"), &reference);
            }
            for owner in new.items() {
                join(&mut self.owned, owner.text("uid"), &reference);
            }
        }
        if &*object.resource != INDEXED {
            return;
        }
        let (old, new) = (part(before, "metadata.labels"), part(after, "metadata.labels"));
        if !old.equals(&new) {
            let place = |key: &str, value: &Tree| (reference.namespace.clone(), ArcStr::from(key), value.as_str().unwrap_or("").into());
            for (key, value) in old.entries() {
                let place = place(key, value);
                if let Some(names) = self.labelled.get_mut(&place) {
                    names.remove(&reference.name);
                    if names.is_empty() {
                        self.labelled.remove(&place);
                    }
                }
            }
            for (key, value) in new.entries() {
                self.labelled.entry(place(key, value)).or_default().insert(reference.name.clone());
            }
        }
        let (old, new) = (part(before, "spec.nodeName"), part(after, "spec.nodeName"));
        if old != new {
            leave(&mut self.bound, old.as_str().unwrap_or(""), &reference);
            join(&mut self.bound, new.as_str().unwrap_or(""), &reference);
        }
    }
}

fn join(groups: &mut HashMap<ArcStr, BTreeSet<Ref>>, key: &str, member: &Ref) {
    match groups.get_mut(key) {
        Some(members) => drop(members.insert(member.clone())),
        None if key.is_empty() => {}
        None => drop(groups.insert(key.into(), BTreeSet::from([member.clone()]))),
    }
}

fn leave(groups: &mut HashMap<ArcStr, BTreeSet<Ref>>, key: &str, member: &Ref) {
    if let Some(members) = groups.get_mut(key) {
        members.remove(member);
        if members.is_empty() {
            groups.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, app: &str) -> Tree {
        json!({"metadata": {"namespace": "shop", "name": name, "uid": name, "labels": {"app": app}, "ownerReferences": [{"uid": "rs"}]}, "spec": {"nodeName": "n1"}})
            .into()
    }

    #[test]
    fn versions_count_every_change_and_watches_go_on_from_one() {
        let mut store = Store::starting_at(100);
        let first = store.put("pods", pod("a", "web"));
        assert_eq!((first.version, first.tree.text("metadata.resourceVersion")), (101, "101"));
        store.put("pods", pod("b", "web"));
        store.put("services", json!({"metadata": {"namespace": "shop", "name": "web", "uid": "s"}}).into());
        store.put("pods", pod("a", "api"));
        store.remove(&first.reference());
        let told: Vec<_> = store.since("pods", 101).expect("remembered").map(|c| (c.verb, c.object.version)).collect();
        assert_eq!(told, [(Verb::Added, 102), (Verb::Modified, 104), (Verb::Deleted, 105)]);
        store.forget();
        assert_eq!(store.since("pods", 104).err().map(|refusal| refusal.code), Some(410));
        assert_eq!(store.since("pods", 105).expect("now").count(), 0);
    }

    #[test]
    fn indexes_follow_the_objects() {
        let mut store = Store::default();
        let a = store.put("pods", pod("a", "web"));
        store.put("pods", pod("b", "web"));
        let web = selector::parse("app=web").expect("parses");
        assert_eq!(store.pods("shop", &web).len(), 2);
        assert_eq!((store.owned("rs").count(), store.on_node("n1").count()), (2, 2));
        let mut changed = a.tree.clone();
        changed.set("metadata.labels.app", "api");
        changed.remove("metadata.ownerReferences");
        changed.set("spec.nodeName", "n2");
        store.put("pods", changed);
        assert_eq!(store.pods("shop", &web).iter().map(|p| &*p.name).collect::<Vec<_>>(), ["b"]);
        assert_eq!((store.owned("rs").count(), store.on_node("n1").count(), store.on_node("n2").count()), (1, 1, 1));
        assert_eq!(store.by_uid("a").map(|o| o.version), Some(3));
        store.remove(&a.reference());
        assert!(store.by_uid("a").is_none() && store.on_node("n2").next().is_none());
    }

    #[test]
    fn lists_are_in_order_and_go_on() {
        let mut store = Store::default();
        for (namespace, name) in [("b", "x"), ("a", "z"), ("a", "y")] {
            store
                .put("configmaps", json!({"metadata": {"namespace": namespace, "name": name, "uid": format!("{namespace}{name}")}}).into());
        }
        let names =
            |list: Box<dyn Iterator<Item = &Arc<Object>> + '_>| list.map(|o| format!("{}/{}", o.namespace, o.name)).collect::<Vec<_>>();
        assert_eq!(names(store.list("configmaps", None)), ["a/y", "a/z", "b/x"]);
        assert_eq!(names(store.list("configmaps", Some("a"))), ["a/y", "a/z"]);
        assert_eq!(names(store.list_after("configmaps", None, Some(("a", "y")))), ["a/z", "b/x"]);
        assert_eq!(names(store.list_after("configmaps", Some("a"), Some(("a", "z")))), [""; 0]);
    }
}
