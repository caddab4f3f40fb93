//! What the gate reads before it asks: objects as they are now, and what belongs to them.

use std::sync::Arc;

use serde_json::Value;

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

/// Rows of a kind in a namespace, or all; what cannot be read is nothing.
pub(super) async fn rows(session: &Session, kind: &Arc<Kind>, namespace: Option<&str>) -> Option<Vec<Row>> {
    list::all(session, kind, namespace).await.ok().map(|list| list.rows)
}

/// Whole objects of a kind in a namespace.
pub(super) async fn objects(session: &Session, kind: &Kind, namespace: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, String> {
    let path = format!("{}{}", kind.path(Some(namespace)), request::query(query));
    match request::get_json::<Value>(session, &path).await {
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
