//! The order that rows always have: by namespace, name and UID.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Slot;
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

/// Moves `fresh` (in any order, left empty) to their places in `order`, which is sorted by `compare`. Each place is
/// found by halving and what stands between two places is moved in one piece, so that a single row costs next to nothing.
pub(super) fn merge(order: &mut Vec<Slot>, fresh: &mut Vec<Slot>, compare: impl Fn(&Slot, &Slot) -> Ordering) {
    if fresh.is_empty() {
        return;
    }
    fresh.sort_by(&compare);
    // Lists come in order, so most batches belong at the end as they are.
    if order.last().zip(fresh.first()).is_none_or(|(last, first)| compare(last, first).is_lt()) {
        order.append(fresh);
        return;
    }
    let mut end = order.len();
    let mut to = end + fresh.len();
    order.resize(to, 0);
    while let Some(slot) = fresh.pop() {
        let place = order[..end].partition_point(|other| compare(other, &slot).is_lt());
        let length = end - place;
        order.copy_within(place..end, to - length);
        to -= length + 1;
        order[to] = slot;
        end = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_is_sorting() {
        for (order, fresh) in [
            (vec![], vec![3, 1]),
            (vec![1, 5, 9], vec![]),
            (vec![1, 5, 9], vec![12, 10]),
            (vec![1, 5, 9], vec![0]),
            (vec![1, 5, 9], vec![6, 0, 12, 2, 7]),
            (vec![5], vec![4, 6]),
        ] {
            let mut expected: Vec<Slot> = order.iter().chain(&fresh).copied().collect();
            expected.sort_unstable();
            let (mut merged, mut fresh) = (order, fresh);
            merge(&mut merged, &mut fresh, Slot::cmp);
            assert_eq!((merged, fresh), (expected, vec![]));
        }
    }
}
