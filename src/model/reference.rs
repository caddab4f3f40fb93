//! An object as one refers to it.

use std::sync::Arc;

use super::kind::Kind;
use super::row::{Row, Uid};

/// An object as one refers to it after the fact: never by its place in a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its kind.
    pub kind: Arc<Kind>,
    /// Its namespace, empty for cluster scope.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its UID: another object of the same name is another object.
    pub uid: Uid,
}

impl Reference {
    /// To the object of a row.
    pub fn of(row: &Row) -> Reference {
        Reference { kind: row.kind.clone(), namespace: row.namespace.clone(), name: (&*row.name).into(), uid: row.uid.clone() }
    }

    /// `pod/web-1`, as kubectl names it.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind.singular, self.name)
    }
}
