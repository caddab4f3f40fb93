//! The order that rows always have: by namespace, name and UID.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::row::Row;

/// Compares two rows by namespace, name and UID. Slots that are compared are never empty; if they were, they would stand last.
pub(super) fn compare(a: &Option<Row>, b: &Option<Row>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none().cmp(&b.is_none()) };
    rows(a, b)
}

/// [`compare`] of two rows.
pub(super) fn rows(a: &Row, b: &Row) -> Ordering {
    let namespaces = if Arc::ptr_eq(&a.namespace, &b.namespace) { Ordering::Equal } else { a.namespace.cmp(&b.namespace) };
    namespaces.then_with(|| a.name.cmp(&b.name)).then_with(|| a.uid.cmp(&b.uid))
}
