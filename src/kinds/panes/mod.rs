//! Tables that are made of the rows of one or several watches: the Services, Labels, Rollouts and Events panes, a pod's
//! containers.
//!
//! A [`Weave`] takes the changes of each watch that feeds it, and gives the changes of its own rows: deltas in, deltas
//! out, so that a pane costs what changes, and not what there is.

use std::sync::Arc;

use super::{Block, Head};
use crate::model::kind::Kind;
use crate::model::row::{Cell, Column, Labels, Row};
use crate::model::store::Delta;

pub mod containers;
pub mod events;
pub mod forwards;
pub mod labels;
pub mod nodes;
pub mod rollouts;
pub mod services;

/// Makes rows of one table from the rows of one or several watches.
pub trait Weave: Send {
    /// The table's columns.
    fn columns(&self) -> Arc<[Column]>;
    /// What to watch.
    fn feeds(&self) -> Feeds;
    /// What has to be known to read the table.
    fn note(&self) -> Option<String> {
        None
    }
    /// Takes changes of the kind at `feed` in [`Weave::feeds`] and adds those of the table's own rows to `out`.
    fn weave(&mut self, feed: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>);
}

/// The watches that feed a table.
#[derive(Debug, Default)]
pub struct Feeds {
    /// The kinds.
    pub kinds: Vec<Arc<Kind>>,
    /// A field selector for all of them.
    pub fields: Option<Arc<str>>,
    /// A label selector for all of them.
    pub labels: Option<Arc<str>>,
    /// Their metadata is enough.
    pub metadata_only: bool,
}

impl Feeds {
    fn of(blocks: &[&Block]) -> Feeds {
        Feeds { kinds: blocks.iter().map(|block| Arc::new(block.as_kind())).collect(), ..Feeds::default() }
    }
}

/// The columns of heads, NAMESPACE first.
fn columns(heads: &[Head]) -> Arc<[Column]> {
    super::columns_of(true, heads)
}

/// The kind of rows that are no objects of the API: a label, a container.
fn pseudo(kind: &str, plural: &str) -> Arc<Kind> {
    Arc::new(Kind {
        kind: kind.into(),
        plural: plural.into(),
        singular: plural.trim_end_matches('s').into(),
        namespaced: true,
        ..Kind::default()
    })
}

/// An empty label set.
fn no_labels() -> Labels {
    [].into()
}

/// A row with the identity of `row`, and cells of its own.
fn reprint(row: Row, cells: Vec<Cell>) -> Row {
    Row { cells: cells.into(), ..row }
}
