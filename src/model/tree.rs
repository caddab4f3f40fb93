//! JSON values whose parts are shared: cloning copies a pointer, changing copies what is on the way to the change.
//!
//! A hundred thousand pods of a few templates are mostly the same containers, probes and volumes. They are stored once,
//! because a pod's tree points to its template's. Maps are sorted by key, so that equal objects are equal trees and are
//! written equally.

use arcstr::ArcStr;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

mod convert;
mod read;
mod write;

pub use read::ReadError;

/// A JSON value.
#[derive(Clone, Default, PartialEq)]
pub enum Tree {
    /// `null`, and what is not there.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(ArcStr),
    /// A list.
    List(Arc<Vec<Tree>>),
    /// An object of JSON.
    Map(Arc<Map>),
}

/// The entries of an object of JSON, sorted by key.
#[derive(Clone, Default, PartialEq)]
pub struct Map(Vec<(ArcStr, Tree)>);

static NULL: Tree = Tree::Null;

/// Names of fields are few and stand in every object: each is stored once. What is longer than a field's name, or comes when
/// there are very many (the keys of somebody's data), is not kept.
static KEYS: LazyLock<Mutex<HashSet<ArcStr>>> = LazyLock::new(Mutex::default);

/// Maps up to so many entries take no more room than they need.
const SMALL: usize = 64;

const KEYS_KEPT: usize = 20_000;
const LONGEST_KEY: usize = 63;

fn key(text: &str) -> ArcStr {
    if text.len() > LONGEST_KEY {
        return text.into();
    }
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = keys.get(text) {
        return known.clone();
    }
    let new: ArcStr = text.into();
    if keys.len() < KEYS_KEPT {
        keys.insert(new.clone());
    }
    new
}

/// As the order of slices. Keys are short and differ early: a loop is over before the call of a library has begun.
#[inline]
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    for (a, b) in a.iter().zip(b) {
        if a != b {
            return a.cmp(b);
        }
    }
    a.len().cmp(&b.len())
}

impl Map {
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| compare(k.as_bytes(), key.as_bytes()))
    }

    fn get(&self, key: &str) -> Option<&Tree> {
        self.place(key).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    /// The value under a key, made `Null` where there was none.
    fn slot(&mut self, name: &str) -> &mut Tree {
        let at = match self.place(name) {
            Ok(at) => at,
            Err(at) => {
                // What grows by itself doubles; nearly all maps are small, and there are millions of them.
                if self.0.len() < SMALL {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (key(name), Tree::Null));
                at
            }
        };
        &mut self.0[at].1
    }

    fn remove(&mut self, key: &str) -> Option<Tree> {
        self.place(key).ok().map(|at| self.0.remove(at).1)
    }

    /// Keys and values, sorted by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Tree)> + ExactSizeIterator {
        self.0.iter().map(|(k, v)| (&**k, v))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// It has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(ArcStr, Tree)> for Map {
    /// The last of equal keys wins, as in Go's decoder.
    fn from_iter<I: IntoIterator<Item = (ArcStr, Tree)>>(entries: I) -> Map {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut map: Vec<(ArcStr, Tree)> = Vec::with_capacity(entries.len());
        for entry in entries {
            match map.last_mut() {
                Some(last) if last.0 == entry.0 => *last = entry,
                _ => map.push(entry),
            }
        }
        Map(map)
    }
}

/// Reading.
impl Tree {
    /// An empty object of JSON.
    pub fn map() -> Tree {
        Tree::Map(Arc::default())
    }

    /// An empty list.
    pub fn list_of(items: Vec<Tree>) -> Tree {
        Tree::List(Arc::new(items))
    }

    /// A map of names to texts (labels).
    pub fn texts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tree {
        Tree::Map(Arc::new(pairs.into_iter().map(|(k, v)| (key(k), Tree::from(v))).collect()))
    }

    /// The value under a key; `None` where there is none, or this is no map.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Tree::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The value at a path of keys joined by dots (`spec.template.metadata`); `Null` where there is none. Keys that have dots
    /// themselves (labels) are looked up with [`Tree::get`] or `tree["…"]`.
    pub fn at(&self, path: &str) -> &Tree {
        path.split('.').fold(self, |tree, key| &tree[key])
    }

    /// `Null`, or not there.
    pub fn is_null(&self) -> bool {
        matches!(self, Tree::Null)
    }

    /// Text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number; a fraction that is whole counts.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Tree::Int(n) => Some(*n),
            Tree::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(*f as i64),
            _ => None,
        }
    }

    /// A flag.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Tree::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items of a list; none where this is no list.
    pub fn items(&self) -> &[Tree] {
        match self {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map, sorted by key; none where this is no map.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (&str, &Tree)> {
        match self {
            Tree::Map(map) => map.0.as_slice(),
            _ => &[],
        }
        .iter()
        .map(|(k, v)| (&**k, v))
    }

    /// Text at a path; empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }

    /// A whole number at a path, or this one.
    pub fn int(&self, path: &str, otherwise: i64) -> i64 {
        self.at(path).as_i64().unwrap_or(otherwise)
    }

    /// A flag at a path; false where there is none.
    pub fn flag(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }

    /// `Null`, an empty map, an empty list or an empty text: what Go's `omitempty` leaves out.
    pub fn is_empty(&self) -> bool {
        match self {
            Tree::Null => true,
            Tree::Text(text) => text.is_empty(),
            Tree::List(items) => items.is_empty(),
            Tree::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The first item of the list at `path` whose `key` is `value`: a condition by its type, a container by its name.
    pub fn item(&self, path: &str, key: &str, value: &str) -> &Tree {
        self.at(path).items().iter().find(|item| item[key].as_str() == Some(value)).unwrap_or(&NULL)
    }

    /// Both are the same piece of memory, or equal scalars: a cheap test that finds most of what was not changed.
    pub fn same(&self, other: &Tree) -> bool {
        match (self, other) {
            (Tree::Text(a), Tree::Text(b)) => ArcStr::ptr_eq(a, b) || a == b,
            (Tree::List(a), Tree::List(b)) => Arc::ptr_eq(a, b),
            (Tree::Map(a), Tree::Map(b)) => Arc::ptr_eq(a, b),
            _ => self == other,
        }
    }

    /// Equal, looking no further where memory is shared.
    pub fn equals(&self, other: &Tree) -> bool {
        match (self, other) {
            (Tree::List(a), Tree::List(b)) => Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))),
            (Tree::Map(a), Tree::Map(b)) => {
                Arc::ptr_eq(a, b) || (a.len() == b.len() && a.0.iter().zip(&b.0).all(|(a, b)| a.0 == b.0 && a.1.equals(&b.1)))
            }
            _ => self == other,
        }
    }
}

/// Changing: what is shared with others is copied first, on the way to the change and nowhere else.
impl Tree {
    /// The value under a key, made `Null` where there was none. What is no map becomes one.
    pub fn slot(&mut self, key: &str) -> &mut Tree {
        if !matches!(self, Tree::Map(_)) {
            *self = Tree::map();
        }
        match self {
            Tree::Map(map) => Arc::make_mut(map).slot(key),
            _ => unreachable!("it was made a map"),
        }
    }

    /// The value at a path of keys joined by dots, made where there was none.
    pub fn at_mut(&mut self, path: &str) -> &mut Tree {
        path.split('.').fold(self, Tree::slot)
    }

    /// Sets what is at a path of keys joined by dots. Setting what is there already copies nothing.
    pub fn set(&mut self, path: &str, value: impl Into<Tree>) {
        let value = value.into();
        if !self.at(path).is_null() && self.at(path).equals(&value) {
            return;
        }
        *self.at_mut(path) = value;
    }

    /// Sets what is at a path, where nothing is: defaults.
    pub fn set_default(&mut self, path: &str, value: impl Into<Tree>) {
        if self.at(path).is_null() {
            *self.at_mut(path) = value.into();
        }
    }

    /// Takes away what is at a path of keys joined by dots.
    pub fn remove(&mut self, path: &str) -> Option<Tree> {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        if self.at(path).is_null() && (if parent.is_empty() { &*self } else { self.at(parent) }).get(key).is_none() {
            return None;
        }
        let parent = if parent.is_empty() { self } else { self.at_mut(parent) };
        parent.take(key)
    }

    /// Takes away the value under a key, which may have dots.
    pub fn take(&mut self, key: &str) -> Option<Tree> {
        match self {
            Tree::Map(map) if map.get(key).is_some() => Arc::make_mut(map).remove(key),
            _ => None,
        }
    }

    /// Puts a value under a key, which may have dots.
    pub fn put(&mut self, key: &str, value: impl Into<Tree>) {
        *self.slot(key) = value.into();
    }

    /// The items of a list, to be changed; what is no list becomes one.
    pub fn items_mut(&mut self) -> &mut Vec<Tree> {
        if !matches!(self, Tree::List(_)) {
            *self = Tree::List(Arc::default());
        }
        match self {
            Tree::List(items) => Arc::make_mut(items),
            _ => unreachable!("it was made a list"),
        }
    }

    /// Calls with every value of a map, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Tree)> {
        let entries = match self {
            Tree::Map(map) => Arc::make_mut(map).0.as_mut_slice(),
            _ => &mut [],
        };
        entries.iter_mut().map(|(k, v)| (&**k, v))
    }

    /// Adds an item to the list at a path.
    pub fn push(&mut self, path: &str, value: impl Into<Tree>) {
        self.at_mut(path).items_mut().push(value.into());
    }

    /// Keeps the items of the list at a path for which `keep` is true; an empty list goes away, as Go leaves it out.
    pub fn retain(&mut self, path: &str, keep: impl Fn(&Tree) -> bool) {
        if self.at(path).items().iter().all(&keep) {
            return;
        }
        let list = self.at_mut(path);
        list.items_mut().retain(|item| keep(item));
        if list.is_empty() {
            self.remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_shared_stays_shared_until_it_is_changed() {
        let template: Tree = json!({"spec": {"containers": [{"name": "app"}], "nodeName": null}}).into();
        let mut pod = template.clone();
        pod.set("metadata.name", "web-1");
        pod.set("spec.nodeName", "node-1");
        assert!(pod.at("spec.containers").same(template.at("spec.containers")));
        assert_eq!(template["metadata"], Tree::Null);
        let before = pod.clone();
        pod.set("spec.nodeName", "node-1");
        assert!(pod.same(&before), "setting what is there copies nothing");
    }

    #[test]
    fn json_comes_back_as_it_went() {
        let text = r#"{"a":[1,-2,1.5,true,null,"é\n"],"b":{"x.y/z":{}},"c":[]}"#;
        let tree: Tree = serde_json::from_str(text).expect("JSON");
        assert_eq!(String::from_utf8(tree.json()).expect("text"), text);
        assert_eq!(Tree::from(Value::from(&tree)), tree);
        assert_eq!(tree["b"]["x.y/z"], Tree::map());
    }

    #[test]
    fn paths_make_their_way_and_go_again() {
        let mut tree = Tree::map();
        assert!(tree.remove("spec.replicas").is_none());
        tree.set("spec.replicas", 3);
        tree.set_default("spec.replicas", 1);
        tree.push("status.conditions", Tree::texts([("type", "Ready")]));
        assert_eq!(tree.int("spec.replicas", 0), 3);
        assert_eq!(tree.item("status.conditions", "type", "Ready").text("type"), "Ready");
        tree.retain("status.conditions", |_| false);
        assert_eq!(tree.remove("spec.replicas"), Some(Tree::Int(3)));
        assert_eq!(tree, Tree::from(json!({"spec": {}, "status": {}})));
    }

    #[test]
    fn a_partial_message_is_read_without_text_between() {
        let tree: Tree =
            json!({"type": "Ready", "observedGeneration": 7, "lastTransitionTime": "2026-11-21T07:31:00Z", "more": [1]}).into();
        #[derive(serde::Deserialize)]
        struct Partial<'a> {
            #[serde(rename = "type")]
            kind: String,
            #[serde(rename = "lastTransitionTime")]
            since: &'a str,
        }
        let condition: Partial<'_> = serde::Deserialize::deserialize(&tree).expect("reads");
        assert_eq!((condition.kind.as_str(), condition.since), ("Ready", "2026-11-21T07:31:00Z"));
    }
}
