//! The Labels pane, first form: every key and value in use with how many objects of which kinds have it, over the kinds
//! that have a block of their own, events apart. Metadata only.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Feeds, Weave, columns, pseudo, reprint};
use crate::kinds::{AGE, BLOCKS, Head, NAME, number, text};
use crate::model::facts::Facts;
use crate::model::kind::Kind;
use crate::model::row::{Cell, Column, Health, Labels, Row, Uid};
use crate::model::store::Delta;

/// Key and value.
type Pair = (Arc<str>, Arc<str>);

fn counted_kinds() -> Vec<Arc<Kind>> {
    BLOCKS.iter().filter(|block| block.plural != "events").map(|block| Arc::new(block.as_kind())).collect()
}

/// Counts labels.
pub struct LabelCounts {
    kind: Arc<Kind>,
    kinds: Vec<Arc<Kind>>,
    objects: FxHashMap<Uid, Labels>,
    counts: FxHashMap<Pair, Vec<u32>>,
}

impl Default for LabelCounts {
    fn default() -> Self {
        LabelCounts { kind: pseudo("Label", "labels"), kinds: counted_kinds(), objects: FxHashMap::default(), counts: FxHashMap::default() }
    }
}

impl Weave for LabelCounts {
    fn columns(&self) -> Arc<[Column]> {
        // Labels are counted over the whole scope: there is no namespace to show. NAME is key=value, for the filter.
        let all = columns(&[text("KEY"), text("VALUE"), number("OBJECTS"), text("KINDS")]);
        all[1..].into()
    }

    fn feeds(&self) -> Feeds {
        Feeds { kinds: self.kinds.clone(), metadata_only: true, ..Feeds::default() }
    }

    fn note(&self) -> Option<String> {
        Some(format!("{} kinds, no events", self.kinds.len()))
    }

    fn weave(&mut self, feed: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        let mut touched: FxHashSet<Pair> = FxHashSet::default();
        for delta in deltas {
            let (uid, now) = match delta {
                Delta::Upsert(row) => (row.uid, Some(row.labels)),
                Delta::Remove(uid) => (uid, None),
            };
            let before = match &now {
                Some(labels) => self.objects.insert(uid, labels.clone()),
                None => self.objects.remove(&uid),
            };
            if before.as_ref() == now.as_ref() {
                continue;
            }
            for pair in before.iter().flat_map(|labels| labels.iter()) {
                if let Some(counts) = self.counts.get_mut(pair) {
                    counts[feed] = counts[feed].saturating_sub(1);
                }
                touched.insert(pair.clone());
            }
            let kinds = self.kinds.len();
            for pair in now.iter().flat_map(|labels| labels.iter()) {
                self.counts.entry(pair.clone()).or_insert_with(|| vec![0; kinds])[feed] += 1;
                touched.insert(pair.clone());
            }
        }
        for pair in touched {
            if self.counts.get(&pair).is_some_and(|counts| counts.iter().all(|count| *count == 0)) {
                self.counts.remove(&pair);
            }
            out.push(match self.counts.get(&pair) {
                Some(counts) => Delta::Upsert(self.row(&pair, counts)),
                None => Delta::Remove(uid(&pair)),
            });
        }
    }
}

fn uid(pair: &Pair) -> Uid {
    Uid::Other(format!("label/{}={}", pair.0, pair.1).into())
}

impl LabelCounts {
    fn row(&self, pair: &Pair, counts: &[u32]) -> Row {
        let total: u32 = counts.iter().sum();
        let mut by_kind: Vec<(u32, &str)> =
            counts.iter().zip(&self.kinds).filter(|(count, _)| **count > 0).map(|(count, kind)| (*count, &*kind.plural)).collect();
        by_kind.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let words: Vec<String> = by_kind.iter().map(|(count, kind)| format!("{kind} {count}")).collect();
        Row {
            kind: self.kind.clone(),
            uid: uid(pair),
            version: "".into(),
            namespace: "".into(),
            name: format!("{}={}", pair.0, pair.1).into(),
            // So that a label selector in the filter finds it.
            labels: [pair.clone()].into(),
            owner: None,
            created: 0,
            deleting: None,
            cells: vec![
                Cell::Text(pair.0.clone()),
                Cell::Text(pair.1.clone()),
                Cell::Number(total.into()),
                Cell::Text(words.join(", ").into()),
            ]
            .into(),
            facts: Facts::None,
            condition: Health::Healthy,
            unsettled_until: 0,
            message: None,
        }
    }
}

/// The objects that have one label: `enter` on a row of the Labels pane leads here.
#[derive(Debug)]
pub struct Labelled {
    key: Arc<str>,
    value: Arc<str>,
}

impl Labelled {
    /// For one key and value.
    pub fn new(key: Arc<str>, value: Arc<str>) -> Labelled {
        Labelled { key, value }
    }
}

impl Weave for Labelled {
    fn columns(&self) -> Arc<[Column]> {
        const HEADS: &[Head] = &[text("KIND"), NAME, text("LABELS"), AGE];
        columns(HEADS)
    }

    fn feeds(&self) -> Feeds {
        let labels = Some(format!("{}={}", self.key, self.value).into());
        Feeds { kinds: counted_kinds(), labels, metadata_only: true, ..Feeds::default() }
    }

    fn weave(&mut self, _: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        out.extend(deltas.into_iter().map(|delta| match delta {
            Delta::Upsert(row) => {
                let words: Vec<String> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let cells = vec![Cell::Text(row.kind.kind.clone()), Cell::Text(words.join(",").into())];
                Delta::Upsert(reprint(row, cells))
            }
            // An object that loses the label is deleted, as far as the watch is concerned.
            Delta::Remove(uid) => Delta::Remove(uid),
        }));
    }
}
