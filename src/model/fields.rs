//! Sets of fields, as `metadata.managedFields` writes them (FieldsV1): structured-merge-diff's `fieldpath.Set`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::tree::Tree;

/// A step of a path as FieldsV1 writes it: `f:name`, `k:{"name":"web"}`, `v:"example.com/hold"`, `i:0`.
pub type Step = String;

/// A set of paths. Each node is a step; those that are members are in the set themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    member: bool,
    below: BTreeMap<Step, Set>,
}

impl Set {
    /// Reads FieldsV1.
    pub fn read(fields: &Tree) -> Set {
        let mut set = Set::default();
        for (step, below) in fields.entries() {
            if step == "." {
                set.member = true;
                continue;
            }
            let mut below = Set::read(below);
            below.member |= below.below.is_empty();
            set.below.insert(step.to_owned(), below);
        }
        set
    }

    /// Writes FieldsV1.
    pub fn write(&self) -> Tree {
        let mut out = Tree::map();
        if self.member && !self.below.is_empty() {
            out.put(".", Tree::map());
        }
        for (step, below) in &self.below {
            out.put(step, below.write());
        }
        out
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.below.values().all(Set::is_empty)
    }

    /// Adds a path.
    pub fn insert(&mut self, path: &[Step]) {
        let mut at = self;
        for step in path {
            at = at.below.entry(step.clone()).or_default();
        }
        at.member = true;
    }

    /// The path is in it.
    pub fn has(&self, path: &[Step]) -> bool {
        self.under(path).is_some_and(|set| set.member)
    }

    /// The path, or something below it, is in the set.
    pub fn touches(&self, path: &[Step]) -> bool {
        self.under(path).is_some_and(|set| !set.is_empty())
    }

    /// What is at and below a path.
    pub fn under(&self, path: &[Step]) -> Option<&Set> {
        path.iter().try_fold(self, |at, step| at.below.get(step))
    }

    /// The step itself is in it.
    pub fn has_step(&self, step: &str) -> bool {
        self.below.get(step).is_some_and(|set| set.member)
    }

    /// What is below a step.
    pub fn step(&self, step: &str) -> Option<&Set> {
        self.below.get(step)
    }

    /// Takes away what is at and below a path.
    pub fn cut(&mut self, path: &[&str]) {
        match path {
            [] => *self = Set::default(),
            [last] => drop(self.below.remove(*last)),
            [step, rest @ ..] => {
                if let Some(below) = self.below.get_mut(*step) {
                    below.cut(rest);
                    if below.is_empty() {
                        self.below.remove(*step);
                    }
                }
            }
        }
    }

    /// Takes away one path, not what is below it.
    pub fn take(&mut self, path: &[&str]) {
        match path {
            [] => self.member = false,
            [step, rest @ ..] => {
                if let Some(below) = self.below.get_mut(*step) {
                    below.take(rest);
                    if below.is_empty() {
                        self.below.remove(*step);
                    }
                }
            }
        }
    }

    fn join(&self, other: Option<&Set>, keep: fn(bool, bool) -> bool, all: bool) -> Set {
        let none = Set::default();
        let other = other.unwrap_or(&none);
        let mut out = Set { member: keep(self.member, other.member), below: BTreeMap::new() };
        for (step, below) in &self.below {
            let joined = below.join(other.below.get(step), keep, all);
            if !joined.is_empty() {
                out.below.insert(step.clone(), joined);
            }
        }
        if all {
            for (step, below) in &other.below {
                if !self.below.contains_key(step) && !below.is_empty() {
                    out.below.insert(step.clone(), below.clone());
                }
            }
        }
        out
    }

    /// What is in one of both.
    pub fn union(&self, other: &Set) -> Set {
        self.join(Some(other), |a, b| a || b, true)
    }

    /// What is in both.
    pub fn intersection(&self, other: &Set) -> Set {
        self.join(Some(other), |a, b| a && b, false)
    }

    /// What is in this one only.
    pub fn difference(&self, other: &Set) -> Set {
        self.join(Some(other), |a, b| a && !b, false)
    }

    /// All paths, in order.
    pub fn paths(&self) -> Vec<Vec<Step>> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, path: &mut Vec<Step>, out: &mut Vec<Vec<Step>>) {
        if self.member {
            out.push(path.clone());
        }
        for (step, below) in &self.below {
            path.push(step.clone());
            below.collect(path, out);
            path.pop();
        }
    }
}

/// What goes when a manager that applied `last` does not want it any more, and nobody owns it or something in it: `owned` is
/// what it wants now, and what others own. (structured-merge-diff's `merge.Updater.prune`)
pub fn dropped(last: &Set, owned: &Set) -> Set {
    let mut gone = Set::default();
    for path in last.paths() {
        // A struct goes with the last field that was applied in it (`EnsureNamedFieldsAreMembers`); metadata and spec stay.
        for depth in 2..=path.len() {
            let prefix = &path[..depth];
            let named = depth == path.len() || prefix.last().is_some_and(|step| step.starts_with("f:"));
            if named && !owned.touches(prefix) {
                gone.insert(prefix);
                break;
            }
        }
        if path.len() == 1 && !owned.touches(&path) {
            gone.insert(&path);
        }
    }
    gone
}

impl FromIterator<Vec<Step>> for Set {
    fn from_iter<I: IntoIterator<Item = Vec<Step>>>(paths: I) -> Set {
        let mut set = Set::default();
        for path in paths {
            set.insert(&path);
        }
        set
    }
}

/// A path for people: `.spec.template.spec.containers[name="web"].image`. (fieldpath's `Path.String`)
pub fn shown(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        let (kind, rest) = step.split_once(':').unwrap_or(("f", step));
        // Writing to text does not fail.
        let _ = match kind {
            "k" => {
                let keys: Tree = serde_json::from_str(rest).unwrap_or_default();
                let keys: Vec<String> = keys.entries().map(|(key, value)| format!("{key}={value:?}")).collect();
                write!(out, "[{}]", keys.join(","))
            }
            "v" => write!(out, "[={rest}]"),
            "i" => write!(out, "[{rest}]"),
            _ => write!(out, ".{rest}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(fields: serde_json::Value) -> Set {
        Set::read(&fields.into())
    }

    #[test]
    fn fields_are_written_as_they_are_read() {
        let fields: Tree = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:replicas": {}, "f:containers": {
            "k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}, "f:finalizers": {"v:\"x\"": {}}})
        .into();
        assert_eq!(Set::read(&fields).write(), fields);
    }

    #[test]
    fn sets_are_joined_by_member() {
        let labels = set(json!({"f:labels": {".": {}, "f:app": {}}}));
        let app = set(json!({"f:labels": {"f:app": {}}}));
        assert_eq!(labels.difference(&app), set(json!({"f:labels": {}})));
        assert_eq!(labels.intersection(&app), app);
        assert_eq!(app.union(&set(json!({"f:x": {}}))), set(json!({"f:labels": {"f:app": {}}, "f:x": {}})));
        assert!(app.difference(&labels).is_empty());
    }

    #[test]
    fn paths_are_shown_as_conflicts_have_them() {
        let shown: Vec<String> = set(json!({"f:spec": {"f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {"f:name": {}}},
            "f:finalizers": {"v:\"a\"": {}}}}))
        .paths()
        .iter()
        .map(|path| shown(path))
        .collect();
        assert_eq!(shown, [".spec.finalizers[=\"a\"]", ".spec.ports[containerPort=80,protocol=\"TCP\"].name"]);
    }
}
