//! Repeated strings are stored once. Each decoder owns one [`Interner`]: no lock, no global.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::facts::{ContainerSpec, Selector};
use super::kind::Kind;
use super::row::{Column, Labels, Owner};

/// A set of shared values that forgets those which nobody else holds any more.
#[derive(Debug)]
struct Pool<T: ?Sized + Hash + Eq> {
    known: FxHashSet<Arc<T>>,
    prune_at: usize,
}

impl<T: ?Sized + Hash + Eq> Default for Pool<T> {
    fn default() -> Self {
        Pool { known: FxHashSet::default(), prune_at: 1024 }
    }
}

impl<T: ?Sized + Hash + Eq> Pool<T> {
    fn get<Q>(&mut self, value: &Q, make: impl FnOnce() -> Arc<T>) -> Arc<T>
    where
        Arc<T>: std::borrow::Borrow<Q>,
        Q: ?Sized + Hash + Eq,
    {
        if let Some(known) = self.known.get(value) {
            return known.clone();
        }
        if self.known.len() >= self.prune_at {
            self.known.retain(|value| Arc::strong_count(value) > 1);
            self.prune_at = (self.known.len() * 2).max(1024);
        }
        let value = make();
        self.known.insert(value.clone());
        value
    }
}

/// What a decoder carries from object to object: the kind, the columns the server announced (Table streams only), and one
/// shared copy of equal strings, label sets, owners, selectors and container specs.
#[derive(Debug, Default)]
pub struct Interner {
    kind: Arc<Kind>,
    columns: Option<Arc<[Column]>>,
    texts: Pool<str>,
    labels: Pool<[(Arc<str>, Arc<str>)]>,
    owners: Pool<Owner>,
    selectors: Pool<Selector>,
    containers: Pool<ContainerSpec>,
}

impl Interner {
    /// For one decoder of one kind.
    pub fn new(kind: Arc<Kind>) -> Interner {
        Interner { kind, ..Interner::default() }
    }

    /// The kind that is decoded.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// The columns of the Table stream that is decoded: the server sends them once, with the first event.
    pub fn columns(&self) -> Option<&Arc<[Column]>> {
        self.columns.as_ref()
    }

    /// Keeps the columns that the server has sent, for the rows that follow.
    pub fn set_columns(&mut self, columns: Arc<[Column]>) {
        self.columns = Some(columns);
    }

    /// The shared copy of `text`.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        self.texts.get(text, || text.into())
    }

    /// The shared copy of a label set; `pairs` come in key order (a `BTreeMap` has it).
    pub fn labels<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Labels {
        let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (self.text(key), self.text(value))).collect();
        self.labels.get(&pairs[..], || pairs.as_slice().into())
    }

    /// The shared copy of an owner.
    pub fn owner(&mut self, owner: Owner) -> Arc<Owner> {
        self.owners.get(&owner, || Arc::new(owner.clone()))
    }

    /// The shared copy of a selector.
    pub fn selector(&mut self, selector: Selector) -> Arc<Selector> {
        self.selectors.get(&selector, || Arc::new(selector.clone()))
    }

    /// The shared copy of a container's spec: two hundred replicas have one.
    pub fn container(&mut self, spec: ContainerSpec) -> Arc<ContainerSpec> {
        self.containers.get(&spec, || Arc::new(spec.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one() {
        let mut interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.text("node-1"), &interner.text("node-1")));
        let (key, value) = ("app".to_owned(), "web".to_owned());
        assert!(Arc::ptr_eq(&interner.labels([(&key, &value)]), &interner.labels([(&key, &value)])));
    }

    #[test]
    fn what_nobody_holds_is_forgotten() {
        let mut interner = Interner::default();
        let kept = interner.text("kept");
        for n in 0..5000 {
            interner.text(&n.to_string());
        }
        assert!(interner.texts.known.len() <= 1025);
        assert!(Arc::ptr_eq(&kept, &interner.text("kept")));
    }
}
