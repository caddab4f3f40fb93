//! Which item of one list is which item of another.

use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::place::Step;
use crate::model::tree::Tree;

/// After so long two lists that go by their order are as much alike as has been found.
const LONGEST: Duration = Duration::from_millis(200);

/// How the items of a list are told apart. (`x-kubernetes-list-type`, `x-kubernetes-list-map-keys`)
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Listing {
    /// By nothing but their order: for the server the list is one value.
    #[default]
    Atomic,
    /// By their values.
    Set,
    /// By the values of these fields; what stands in one that is not there.
    Keyed(Vec<(Box<str>, Option<Tree>)>),
}

/// What is known of the type of a value, and of those below it.
pub trait Guide: Sized {
    /// Of the value under a key.
    fn field(&self, name: &str) -> Self;
    /// Of a list's items.
    fn item(&self) -> Self;
    /// How a list's items are told apart.
    fn listing(&self) -> Listing;
    /// The value is one for the server, however many parts it has (`x-kubernetes-map-type: atomic`).
    fn atomic(&self) -> bool;
    /// `null` is a value and not the same as nothing.
    fn nullable(&self) -> bool;
}

/// Nothing is known: lists go by their order, `null` is a value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Guide for Plain {
    fn field(&self, _: &str) -> Plain {
        Plain
    }

    fn item(&self) -> Plain {
        Plain
    }

    fn listing(&self) -> Listing {
        Listing::Atomic
    }

    fn atomic(&self) -> bool {
        false
    }

    fn nullable(&self) -> bool {
        true
    }
}

/// A value, unless it is a `null` that means nothing.
pub(super) fn present<'t>(value: Option<&'t Tree>, of: &impl Guide) -> Option<&'t Tree> {
    value.filter(|value| !value.is_null() || of.nullable())
}

impl Listing {
    /// What tells an item apart; `None` where it lacks what would.
    fn step(&self, item: &Tree) -> Option<Step> {
        match self {
            Listing::Atomic => None,
            Listing::Set => Some(Step::Item(vec![("".into(), item.clone())])),
            Listing::Keyed(keys) => {
                let one = |(name, default): &(Box<str>, Option<Tree>)| {
                    let value = item.get(name).filter(|value| !value.is_null()).or(default.as_ref())?;
                    Some((name.clone(), value.clone()))
                };
                keys.iter().map(one).collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty()).map(Step::Item)
            }
        }
    }

    /// What tells each item apart; `None` where some lack it or two are alike (an env variable that is set twice is allowed).
    pub(super) fn steps(&self, items: &[Tree]) -> Option<Vec<(String, Step)>> {
        let mut seen = FxHashSet::default();
        items
            .iter()
            .map(|item| {
                let step = self.step(item)?;
                let Step::Item(keys) = &step else { return None };
                let name = keys.iter().map(|(_, value)| format!("{value:?}")).collect::<Vec<_>>().join("\0");
                seen.insert(name.clone()).then_some((name, step))
            })
            .collect()
    }
}

/// For each item of `new` the item of `old` that it was, and whether the two lists' items are told apart by themselves and
/// not by their order. No item of `old` is there twice.
pub(super) fn align(listing: &Listing, old: &[Tree], new: &[Tree]) -> (Vec<Option<usize>>, bool) {
    if let (Some(before), Some(after)) = (listing.steps(old), listing.steps(new)) {
        let places: FxHashMap<&str, usize> = before.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
        return (after.iter().map(|(name, _)| places.get(name.as_str()).copied()).collect(), true);
    }
    let text = |items: &[Tree]| items.iter().map(Tree::json).collect::<Vec<_>>();
    let mut out = vec![None; new.len()];
    for op in capture_diff_slices_deadline(Algorithm::Myers, &text(old), &text(new), Some(Instant::now() + LONGEST)) {
        let (from, to, count) = match op {
            DiffOp::Equal { old_index, new_index, len } => (old_index, new_index, len),
            // What stands in another's place is that one, changed.
            DiffOp::Replace { old_index, old_len, new_index, new_len } => (old_index, new_index, old_len.min(new_len)),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } => continue,
        };
        for step in 0..count {
            out[to + step] = Some(from + step);
        }
    }
    (out, false)
}

/// The longest part of a row of numbers that rises: true for those that belong to it.
pub(super) fn rising(row: &[usize]) -> Vec<bool> {
    // For each length the place of the smallest number that ends a rising part of it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; row.len()];
    for (at, value) in row.iter().enumerate() {
        let length = ends.partition_point(|&end| row[end] < *value);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut out = vec![false; row.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        out[at] = true;
        next = before[at];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rising_part_stays() {
        assert_eq!(rising(&[1, 2, 0, 3]), [true, true, false, true]);
        assert_eq!(rising(&[2, 1, 0]).iter().filter(|kept| **kept).count(), 1);
        assert!(rising(&[]).is_empty());
    }

    #[test]
    fn ports_are_told_apart_by_number_and_protocol() {
        let listing = Listing::Keyed(vec![("port".into(), None), ("protocol".into(), Some("TCP".into()))]);
        let ports: Tree = serde_json::json!([{"port": 53}, {"port": 53, "protocol": "UDP"}]).into();
        let other: Tree = serde_json::json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]).into();
        assert_eq!(align(&listing, ports.items(), other.items()), (vec![Some(1), Some(0)], true));
        let twice: Tree = serde_json::json!([{"port": 53}, {"port": 53, "protocol": "TCP"}]).into();
        assert!(!align(&listing, twice.items(), other.items()).1, "two that are alike go by their order");
    }
}
