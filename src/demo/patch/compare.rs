//! What changed between two versions of an object, field by field, and which fields an object has: structured-merge-diff's
//! `typed` package, by the schema's `x-kubernetes-list-type`, `-list-map-keys` and `-map-type`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::demo::tree::Tree;
use crate::kinds::schema::Type;
use crate::model::fields::{Set, Step};

/// What a value is to those who own it.
pub(super) enum Part {
    /// One piece: a scalar, an atomic list or map.
    Whole,
    /// Entries are owned one by one.
    Map,
    /// So are items.
    Items,
}

/// What a value is. Where nothing is known of it, maps are merged and lists are not.
pub(super) fn part(of: Option<&Type>, value: &Tree) -> Part {
    match value {
        Tree::Map(_) if of.and_then(Type::map_type) != Some("atomic") => Part::Map,
        Tree::List(_) if matches!(of.and_then(Type::list_type), Some("map" | "set")) => Part::Items,
        _ => Part::Whole,
    }
}

/// The step to the value of a key, and its type.
pub(super) fn entry(of: Option<&Type>, key: &str) -> (Step, Option<Type>) {
    (format!("f:{key}"), of.and_then(|of| of.field(key).or_else(|| of.values())))
}

/// The step to an item of a list: its keys, with the schema's defaults for those that it lacks, or the item itself.
pub(super) fn item(of: Option<&Type>, item: &Tree) -> Step {
    let Some(of) = of.filter(|of| of.list_type() == Some("map")) else {
        return format!("v:{item:?}");
    };
    let mut keys = Tree::map();
    for key in of.list_map_keys() {
        let value = match item.get(key) {
            Some(value) => value.clone(),
            None => {
                let default = of.items().and_then(|of| of.field(key)).and_then(|of| of.default().cloned());
                Tree::from(default.unwrap_or(Value::Null))
            }
        };
        if !value.is_null() {
            keys.put(key, value);
        }
    }
    format!("k:{keys:?}")
}

/// What two versions differ in.
#[derive(Debug, Default, PartialEq)]
pub struct Differences {
    /// Paths that are new.
    pub added: Set,
    /// Paths that have another value.
    pub modified: Set,
    /// Paths that are gone.
    pub removed: Set,
}

impl Differences {
    /// What is new or has another value.
    pub fn written(&self) -> Set {
        self.added.union(&self.modified)
    }

    /// Compares two versions.
    pub fn between(of: Option<&Type>, old: &Tree, new: &Tree) -> Differences {
        let mut out = Differences::default();
        out.compare(of, Some(old), Some(new), true, &mut Vec::new());
        out
    }

    fn whole(&mut self, old: Option<&Tree>, new: Option<&Tree>, path: &[Step]) {
        match (old, new) {
            (None, Some(_)) => self.added.insert(path),
            (Some(_), None) => self.removed.insert(path),
            (Some(old), Some(new)) if !old.equals(new) => self.modified.insert(path),
            _ => {}
        }
    }

    /// `always`: Go's struct has the field even when nothing was said of it, so that its being there is nobody's.
    fn compare(&mut self, of: Option<&Type>, old: Option<&Tree>, new: Option<&Tree>, always: bool, path: &mut Vec<Step>) {
        let (old, new) = (old.filter(|t| !t.is_null()), new.filter(|t| !t.is_null()));
        if let (Some(old), Some(new)) = (old, new)
            && old.same(new)
        {
            return;
        }
        let Some(sample) = new.or(old) else { return };
        let empty = |side: Option<&Tree>| side.is_none_or(Tree::is_empty);
        let alike = match (old, new) {
            (Some(old), Some(new)) => std::mem::discriminant(old) == std::mem::discriminant(new),
            _ => true,
        };
        if !alike || (empty(old) && empty(new)) {
            return self.whole(old, new, path);
        }
        match part(of, sample) {
            Part::Whole => return self.whole(old, new, path),
            Part::Map => {
                let keys: BTreeSet<&str> = [old, new].into_iter().flatten().flat_map(|t| t.entries().map(|(key, _)| key)).collect();
                for key in keys {
                    let (step, below) = entry(of, key);
                    path.push(step);
                    let always = always_there(of, below.as_ref(), key);
                    self.compare(below.as_ref(), old.and_then(|t| t.get(key)), new.and_then(|t| t.get(key)), always, path);
                    path.pop();
                }
            }
            Part::Items => {
                let steps = |t: Option<&Tree>| -> Vec<(Step, Tree)> {
                    t.map(Tree::items).unwrap_or_default().iter().map(|i| (item(of, i), i.clone())).collect()
                };
                let (old, new) = (steps(old), steps(new));
                let all: BTreeSet<&Step> = old.iter().chain(&new).map(|(step, _)| step).collect();
                let find = |among: &[(Step, Tree)], step: &Step| among.iter().find(|(s, _)| s == step).map(|(_, i)| i.clone());
                let below = of.and_then(Type::items);
                for step in all {
                    path.push(step.clone());
                    self.compare(below.as_ref(), find(&old, step).as_ref(), find(&new, step).as_ref(), false, path);
                    path.pop();
                }
            }
        }
        if !always {
            match (old, new) {
                (None, _) => self.added.insert(path),
                (_, None) => self.removed.insert(path),
                _ => {}
            }
        }
    }
}

/// A field of a built-in struct that Go writes always: a struct by value, whose default OpenAPI says is `{}`, and what is
/// written without `omitempty`, which OpenAPI says is required.
fn always_there(of: Option<&Type>, field: Option<&Type>, key: &str) -> bool {
    let builtin = of.and_then(Type::component).is_some_and(|name| name.starts_with("io.k8s."));
    let by_value = |of: &Type| of.default().and_then(|default| default.as_object()).is_some_and(|map| map.is_empty());
    builtin && (field.is_some_and(by_value) || of.is_some_and(|of| of.requires(key)))
}

/// The fields that an object has: `TypedValue.ToFieldSet`.
pub fn fields(of: Option<&Type>, value: &Tree) -> Set {
    let mut out = Set::default();
    collect(of, value, &mut Vec::new(), &mut out);
    out
}

fn collect(of: Option<&Type>, value: &Tree, path: &mut Vec<Step>, out: &mut Set) {
    match part(of, value) {
        Part::Whole => out.insert(path),
        Part::Map => {
            for (key, below) in value.entries() {
                let (step, of_below) = entry(of, key);
                path.push(step);
                collect(of_below.as_ref(), below, path, out);
                let known = of.is_some_and(|of| of.field(key).is_some());
                if !known || below.is_null() || matches!(below, Tree::Map(map) if map.is_empty()) {
                    out.insert(path);
                }
                path.pop();
            }
        }
        Part::Items => {
            let of_items = of.and_then(Type::items);
            for below in value.items() {
                path.push(item(of, below));
                collect(of_items.as_ref(), below, path, out);
                out.insert(path);
                path.pop();
            }
        }
    }
}

/// Takes fields away from an object: `TypedValue.RemoveItems`.
pub fn without(of: Option<&Type>, value: &Tree, fields: &Set) -> Tree {
    match part(of, value) {
        Part::Whole => value.clone(),
        Part::Map => {
            let mut out = value.clone();
            for (key, below) in value.entries() {
                let (step, of_below) = entry(of, key);
                if fields.has_step(&step) {
                    out.take(key);
                } else if let Some(fields) = fields.step(&step) {
                    out.put(key, without(of_below.as_ref(), below, fields));
                }
            }
            out
        }
        Part::Items => {
            let of_items = of.and_then(Type::items);
            let kept = value.items().iter().filter_map(|below| {
                let step = item(of, below);
                if fields.has_step(&step) {
                    return None;
                }
                Some(fields.step(&step).map_or_else(|| below.clone(), |fields| without(of_items.as_ref(), below, fields)))
            });
            kept.collect()
        }
    }
}
