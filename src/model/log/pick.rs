//! Whose log is read.

use std::sync::Arc;

use crate::model::relation::Relation;
use crate::model::row::Row;
use crate::model::scope::WatchSpec;

/// Whose log.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// In the header: `deployment/web`, `3 pods`.
    pub title: Arc<str>,
    /// A pod belongs that one of them holds.
    pub picks: Vec<Relation>,
    /// What is watched to know them: pods.
    pub watches: Vec<WatchSpec>,
}

impl Target {
    /// Whether a pod belongs.
    pub fn holds(&self, row: &Row) -> bool {
        self.picks.iter().any(|pick| pick.holds(row))
    }

    /// It is one pod, by name.
    pub fn pod(&self) -> Option<&str> {
        match self.picks.as_slice() {
            [Relation::Named(_, name)] => Some(name),
            _ => None,
        }
    }
}
