//! A kind's schema, from the server's OpenAPI v3 documents: one for each group and version.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::connect::Session;
use super::error::ClusterError;
use super::request::{self, JSON};
use crate::kinds::schema::{Document, Type};
use crate::model::kind::Kind;

/// So many documents are kept.
const MOST: usize = 16;

/// Documents that were read, by their addresses, the newest last. A document that changes has another address.
#[derive(Clone, Debug, Default)]
pub(super) struct Schemas(Arc<Mutex<Vec<Kept>>>);

/// An address, and what is there.
type Kept = (Box<str>, Document);

impl Schemas {
    fn get(&self, url: &str) -> Option<Document> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| **known == *url).map(|(_, document)| document.clone())
    }

    fn keep(&self, url: &str, document: &Document) {
        // Without a hash it may be another one tomorrow.
        if !url.contains("hash=") {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((url.into(), document.clone()));
        let over = kept.len().saturating_sub(MOST);
        kept.drain(..over);
    }
}

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
    if let Some(known) = session.schemas.get(&place.url) {
        return Ok(known);
    }
    let (_, bytes) = request::get_bytes(session, &place.url, JSON).await?;
    // A megabyte takes some milliseconds.
    let parsed = tokio::task::spawn_blocking(move || Document::parse(bytes)).await;
    let parsed = parsed.map_err(|error| ClusterError::Decode(error.to_string()))?;
    let document = parsed.map_err(|error| ClusterError::Decode(error.to_string()))?;
    session.schemas.keep(&place.url, &document);
    Ok(document)
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
