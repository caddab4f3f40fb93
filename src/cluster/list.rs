//! A whole list, once: in pages, without watching it.

use std::sync::Arc;

use super::connect::Session;
use super::error::ClusterError;
use super::frames::{Decoder, is_protobuf};
use super::request;
use crate::kinds::core::NAMESPACE;
use crate::model::kind::Kind;
use crate::model::row::{Column, Row};

/// Objects a page, as kubectl's chunk size.
pub const PAGE: &str = "500";

/// Everything that a list has.
#[derive(Debug, Default)]
pub struct List {
    /// The server's columns, where it prints the rows.
    pub columns: Option<Arc<[Column]>>,
    /// In the server's order.
    pub rows: Vec<Row>,
}

/// Lists the objects of a kind in a namespace, or (`None`) in all of them.
///
/// # Errors
/// A page cannot be had or read.
pub async fn all(session: &Session, kind: &Arc<Kind>, namespace: Option<&str>) -> Result<List, ClusterError> {
    whole(session, kind, namespace, &[], false).await
}

/// Lists those objects of a kind in a namespace that selectors pick: `labelSelector`, `fieldSelector`.
///
/// # Errors
/// A page cannot be had or read.
pub async fn selected(session: &Session, kind: &Arc<Kind>, namespace: &str, select: &[(&str, &str)]) -> Result<List, ClusterError> {
    whole(session, kind, Some(namespace), select, false).await
}

/// The names of all namespaces.
///
/// # Errors
/// A page cannot be had or read.
pub async fn namespaces(session: &Session) -> Result<Vec<Arc<str>>, ClusterError> {
    let list = whole(session, &Arc::new(NAMESPACE.as_kind()), None, &[], true).await?;
    Ok(list.rows.into_iter().map(|row| row.name.into()).collect())
}

/// The names of all objects of a kind in a namespace, or (`None`) in the cluster. Nothing else of them is read: no value of a
/// Secret comes near.
///
/// # Errors
/// A page cannot be had or read.
pub async fn names(session: &Session, kind: &Arc<Kind>, namespace: Option<&str>) -> Result<Vec<String>, ClusterError> {
    let list = whole(session, kind, namespace, &[], true).await?;
    Ok(list.rows.into_iter().map(|row| row.name.to_string()).collect())
}

/// Those of the namespaces that are not there. Those that may not be asked for may be there.
pub async fn absent(session: &Session, names: &[Arc<str>]) -> Vec<Arc<str>> {
    let kind = NAMESPACE.as_kind();
    let mut absent = Vec::new();
    for name in names {
        let answer = request::get_bytes(session, &request::object(&kind, "", name), &Decoder::accept_one()).await;
        if matches!(answer, Err(ClusterError::NotFound(_))) {
            absent.push(name.clone());
        }
    }
    absent
}

async fn whole(
    session: &Session,
    kind: &Arc<Kind>,
    namespace: Option<&str>,
    select: &[(&str, &str)],
    metadata_only: bool,
) -> Result<List, ClusterError> {
    let decoder = || Decoder::new(kind.clone(), metadata_only);
    match pages(session, &kind.path(namespace), select, decoder(), Some(PAGE)).await {
        // The list changed too much under us (a page is good for five minutes): at once, as client-go's pager has it.
        Err(ClusterError::Expired(_)) => pages(session, &kind.path(namespace), select, decoder(), None).await,
        other => other,
    }
}

async fn pages(
    session: &Session,
    collection: &str,
    select: &[(&str, &str)],
    mut decoder: Decoder,
    limit: Option<&str>,
) -> Result<List, ClusterError> {
    let accept = decoder.accept(false);
    let mut list = List::default();
    let mut proceed = String::new();
    loop {
        let mut query: Vec<(&str, &str)> = limit.map(|limit| ("limit", limit)).into_iter().chain(select.iter().copied()).collect();
        if decoder.is_table() {
            query.push(("includeObject", "Metadata"));
        }
        if !proceed.is_empty() {
            query.push(("continue", &proceed));
        }
        let path = format!("{collection}{}", request::query(&query));
        let (content_type, bytes) = request::get_bytes(session, &path, &accept).await?;
        let page = decoder.page(is_protobuf(&content_type), bytes)?;
        list.columns = page.columns.or(list.columns);
        list.rows.extend(page.rows);
        proceed = page.proceed;
        if proceed.is_empty() {
            return Ok(list);
        }
    }
}
