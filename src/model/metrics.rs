//! What objects of one kind use: the newest readings of metrics.k8s.io.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::facts::Resources;
use super::time::Seconds;

/// CPU in use in thousandths of a core, memory in bytes.
pub type Usage = Resources;

/// The newest reading of each object of one kind (pods, or nodes), by namespace and name: metrics have no UIDs.
///
/// The owner keeps one and changes it in place, so that [`Metrics::version`] only ever grows.
///
/// A name is kept as its 64-bit hash: 24 bytes an object, and one look into memory to find it. Among 100,000 names two
/// are the same with a chance of 1 to 3,000,000,000; then one of them shows what the other uses.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    namespaces: FxHashMap<Arc<str>, FxHashMap<u64, Usage>>,
    read: Option<Seconds>,
    version: u64,
}

impl Metrics {
    /// No readings.
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// Swaps in the readings of one poll, taken at `read`: of one namespace, or of everything. `entries` are namespace
    /// (empty for nodes), name and usage; with a namespace given, entries of others are left out.
    pub fn replace<'a>(&mut self, namespace: Option<&str>, read: Seconds, entries: impl IntoIterator<Item = (&'a str, &'a str, Usage)>) {
        match namespace {
            Some(namespace) => drop(self.namespaces.remove(namespace)),
            None => self.namespaces.clear(),
        }
        for (of, name, usage) in entries {
            if namespace.is_some_and(|only| only != of) {
                continue;
            }
            match self.namespaces.get_mut(of) {
                Some(names) => drop(names.insert(hash(name), usage)),
                None => drop(self.namespaces.entry(of.into()).or_default().insert(hash(name), usage)),
            }
        }
        self.read = Some(read);
        self.version += 1;
    }

    /// Forgets everything: the server has no metrics any more.
    pub fn clear(&mut self) {
        self.namespaces.clear();
        self.read = None;
        self.version += 1;
    }

    /// What an object uses; `None` when nobody measured it.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Usage> {
        self.namespace(namespace).get(hash(name))
    }

    /// The readings of a namespace.
    pub(super) fn namespace(&self, namespace: &str) -> Readings<'_> {
        Readings(self.namespaces.get(namespace))
    }

    /// When the newest reading was taken; `None` when there is none.
    pub fn read(&self) -> Option<Seconds> {
        self.read
    }

    /// Grows with each change: what was computed from another version is out of date.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Objects that have a reading.
    pub fn len(&self) -> usize {
        self.namespaces.values().map(FxHashMap::len).sum()
    }

    /// Nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.namespaces.values().all(FxHashMap::is_empty)
    }
}

/// The readings of one namespace, to ask for many objects of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readings<'a>(Option<&'a FxHashMap<u64, Usage>>);

impl Readings<'_> {
    /// What the object with this name uses; see [`hash`].
    pub(super) fn get(self, name: u64) -> Option<Usage> {
        self.0?.get(&name).copied()
    }
}

/// What a name is kept as.
pub(super) fn hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_replaces_what_it_covers() {
        let usage = |cpu| Usage { cpu, memory: 1 };
        let mut metrics = Metrics::new();
        metrics.replace(None, 10, [("a", "x", usage(1)), ("b", "x", usage(2)), ("", "node-1", usage(3))]);
        assert_eq!((metrics.get("a", "x"), metrics.get("", "node-1"), metrics.len()), (Some(usage(1)), Some(usage(3)), 3));

        metrics.replace(Some("a"), 25, [("a", "y", usage(4)), ("b", "z", usage(5))]);
        assert_eq!(metrics.get("a", "x"), None);
        assert_eq!(metrics.get("a", "y"), Some(usage(4)));
        assert_eq!((metrics.get("b", "x"), metrics.get("b", "z")), (Some(usage(2)), None));
        assert_eq!((metrics.read(), metrics.version()), (Some(25), 2));

        metrics.clear();
        assert!(metrics.is_empty());
        assert_eq!((metrics.read(), metrics.version()), (None, 3));
    }
}
