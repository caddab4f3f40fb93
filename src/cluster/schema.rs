//! A kind's schema, from the server's OpenAPI v3 documents: one for each group and version.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::connect::Session;
use super::error::ClusterError;
use super::request::{self, JSON};
use crate::kinds::schema::{Document, Type};
use crate::model::kind::Kind;

/// The list of documents.
const INDEX: &str = "/openapi/v3";

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    paths: BTreeMap<String, Place>,
}

/// Where a document is. Its address has a hash, so that it can be kept for ever.
#[derive(Deserialize)]
struct Place {
    #[serde(rename = "serverRelativeURL")]
    url: String,
}

/// The document of a group (empty for the core one) and version.
///
/// # Errors
/// It cannot be read; [`ClusterError::NotFound`] where the server has none.
pub async fn document(session: &Session, group: &str, version: &str) -> Result<Document, ClusterError> {
    let index: Index = request::get_json(session, INDEX).await?;
    let name = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
    let place = index.paths.get(&name).ok_or_else(|| ClusterError::NotFound(format!("the server has no schema of {name}")))?;
    let (_, bytes) = request::get_bytes(session, &place.url, JSON).await?;
    // A megabyte takes some milliseconds.
    let parsed = tokio::task::spawn_blocking(move || Document::parse(bytes)).await;
    let parsed = parsed.map_err(|error| ClusterError::Decode(error.to_string()))?;
    parsed.map_err(|error| ClusterError::Decode(error.to_string()))
}

/// The schema of a kind.
///
/// # Errors
/// It cannot be read, or the server describes no such kind.
pub async fn of(session: &Session, kind: &Kind) -> Result<Type, ClusterError> {
    let document = document(session, &kind.group, &kind.version).await?;
    let missing = || ClusterError::NotFound(format!("the server has no schema of {} of {}", kind.kind, kind.api_version()));
    document.kind(&kind.group, &kind.version, &kind.kind).ok_or_else(missing)
}
