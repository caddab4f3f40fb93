//! What the gate reads before it asks: objects as they are now, and what belongs to them.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::send;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::{list, request};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Row;

/// An object as it is now.
///
/// # Errors
/// It is gone, is another one by now, or cannot be read.
pub(super) async fn object(session: &Session, reference: &Reference) -> Result<Value, String> {
    let Reference { kind, namespace, name, .. } = reference;
    let now = read(session, &request::object(kind, namespace, name)).await?;
    send::same_object(reference, &now)?;
    Ok(now)
}

/// A subresource of it: `/scale`.
pub(super) async fn subresource(session: &Session, reference: &Reference, subresource: &str) -> Result<Value, String> {
    let Reference { kind, namespace, name, .. } = reference;
    let now = read(session, &format!("{}{subresource}", request::object(kind, namespace, name))).await?;
    send::same_object(reference, &now)?;
    Ok(now)
}

async fn read(session: &Session, path: &str) -> Result<Value, String> {
    request::get_json::<Value>(session, path).await.map_err(|error| match error {
        ClusterError::NotFound(_) => "it is gone".to_owned(),
        error => error.to_string(),
    })
}

/// What one plan reads of other objects than its own: each list once, however many objects it is about.
pub(super) struct Lists<'a> {
    session: &'a Session,
    /// By their paths.
    rows: Once<Option<Arc<Vec<Row>>>>,
    objects: Once<Result<Arc<Vec<Value>>, String>>,
}

/// Answers that are fetched once, also where several want one at the same time. The lock is never held while one is fetched.
type Once<T> = Mutex<FxHashMap<String, Arc<OnceCell<T>>>>;

fn place<T>(once: &Once<T>, path: String) -> Arc<OnceCell<T>> {
    once.lock().unwrap_or_else(PoisonError::into_inner).entry(path).or_default().clone()
}

impl<'a> Lists<'a> {
    /// Nothing is read yet.
    pub(super) fn new(session: &'a Session) -> Lists<'a> {
        Lists { session, rows: Once::default(), objects: Once::default() }
    }

    /// Rows of a kind in a namespace, or all; what cannot be read is nothing.
    pub(super) async fn rows(&self, kind: &Arc<Kind>, namespace: Option<&str>) -> Option<Arc<Vec<Row>>> {
        let place = place(&self.rows, kind.path(namespace));
        let fetch = async || list::all(self.session, kind, namespace).await.ok().map(|list| Arc::new(list.rows));
        place.get_or_init(fetch).await.clone()
    }

    /// Whole objects of a kind in a namespace.
    pub(super) async fn objects(&self, kind: &Kind, namespace: &str) -> Result<Arc<Vec<Value>>, String> {
        let place = place(&self.objects, kind.path(Some(namespace)));
        place.get_or_init(async || objects(self.session, kind, namespace).await.map(Arc::new)).await.clone()
    }
}

async fn objects(session: &Session, kind: &Kind, namespace: &str) -> Result<Vec<Value>, String> {
    match request::get_json::<Value>(session, &kind.path(Some(namespace))).await {
        Ok(mut list) => match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        },
        Err(error) => Err(error.to_string()),
    }
}

/// Whether an owner of an object has this UID.
pub(super) fn owned_by(object: &Value, uid: &str) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == *uid))
}
