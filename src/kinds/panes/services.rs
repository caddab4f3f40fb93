//! The Services pane, first form: every service with its addresses, its ports and how many of its endpoints are ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Feeds, Weave, columns, reprint};
use crate::kinds::{AGE, Head, NAME, discovery, services, text, wide};
use crate::model::facts::{Facts, ServiceFacts};
use crate::model::row::{Cell, Column, Health, Row, Uid};
use crate::model::store::Delta;

const HEADS: &[Head] =
    &[NAME, text("ENDPOINTS"), text("TYPE"), text("CLUSTER-IP"), text("EXTERNAL-IP"), text("PORT(S)"), AGE, wide("SELECTOR")];

/// Namespace and name of a service.
type Key = (Arc<str>, Arc<str>);

/// Ready and all endpoints, by address: one that stands in two slices counts once.
type Endpoints = BTreeMap<Arc<str>, bool>;

/// Joins services with their EndpointSlices.
#[derive(Debug, Default)]
pub struct Services {
    services: FxHashMap<Key, Row>,
    names: FxHashMap<Uid, Key>,
    /// Of each slice: the service it belongs to, and its endpoints.
    slices: FxHashMap<Uid, (Key, Endpoints)>,
    /// Slices of a service.
    of: FxHashMap<Key, Vec<Uid>>,
}

impl Weave for Services {
    fn columns(&self) -> Arc<[Column]> {
        columns(HEADS)
    }

    fn feeds(&self) -> Feeds {
        Feeds::of(&[&services::SERVICE, &discovery::ENDPOINT_SLICE])
    }

    fn weave(&mut self, feed: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        for delta in deltas {
            match (feed, delta) {
                (0, Delta::Upsert(row)) => {
                    let key: Key = (row.namespace.clone(), (&*row.name).into());
                    self.names.insert(row.uid.clone(), key.clone());
                    self.services.insert(key.clone(), row);
                    self.service(&key, out);
                }
                (0, Delta::Remove(uid)) => {
                    if let Some(key) = self.names.remove(&uid)
                        && self.services.get(&key).is_some_and(|row| row.uid == uid)
                    {
                        self.services.remove(&key);
                    }
                    out.push(Delta::Remove(uid));
                }
                (_, Delta::Upsert(row)) => {
                    let Facts::Slice(facts) = row.facts else { continue };
                    let key: Key = (row.namespace, facts.service.clone());
                    let mut endpoints = Endpoints::new();
                    for endpoint in &facts.endpoints {
                        *endpoints.entry(endpoint.address.clone()).or_default() |= endpoint.ready;
                    }
                    let before = self.slices.insert(row.uid.clone(), (key.clone(), endpoints));
                    if before.as_ref().is_none_or(|(before, _)| *before != key) {
                        if let Some((before, _)) = before {
                            self.of.entry(before).or_default().retain(|slice| *slice != row.uid);
                        }
                        self.of.entry(key.clone()).or_default().push(row.uid);
                    }
                    self.service(&key, out);
                }
                (_, Delta::Remove(uid)) => {
                    let Some((key, _)) = self.slices.remove(&uid) else { continue };
                    if let Some(slices) = self.of.get_mut(&key) {
                        slices.retain(|slice| *slice != uid);
                        if slices.is_empty() {
                            self.of.remove(&key);
                        }
                    }
                    self.service(&key, out);
                }
            }
        }
    }
}

impl Services {
    /// The row of one service as it is now.
    fn service(&self, key: &Key, out: &mut Vec<Delta>) {
        let Some(row) = self.services.get(key) else { return };
        let mut all = Endpoints::new();
        for slice in self.of.get(key).into_iter().flatten().filter_map(|uid| self.slices.get(uid)) {
            for (address, ready) in &slice.1 {
                *all.entry(address.clone()).or_default() |= ready;
            }
        }
        let ready = all.values().filter(|ready| **ready).count() as u32;
        out.push(Delta::Upsert(joined(row.clone(), ready, all.len() as u32)));
    }
}

fn joined(row: Row, ready: u32, total: u32) -> Row {
    let Facts::Service(facts) = &row.facts else { return row };
    let (endpoints, condition, message) = judge(facts, ready, total);
    let selector = facts.selector.as_ref().map_or(Cell::None, |selector| Cell::Text(selector.to_string().into()));
    // The block's columns are TYPE, CLUSTER-IP, EXTERNAL-IP, PORT(S), SELECTOR.
    let own = row.cells.iter().take(4).cloned();
    let cells: Vec<Cell> = std::iter::once(endpoints).chain(own).chain([selector]).collect();
    let condition = row.condition.max(condition);
    let message = message.map(Arc::from).or_else(|| row.message.clone());
    Row { condition, message, ..reprint(row, cells) }
}

/// What the number of endpoints says of a service.
fn judge(facts: &ServiceFacts, ready: u32, total: u32) -> (Cell, Health, Option<&'static str>) {
    if &*facts.kind == "ExternalName" {
        return (Cell::None, Health::Healthy, None);
    }
    let cell = Cell::Ratio(ready, total);
    match (ready, total) {
        // Without a selector somebody else makes the endpoints, and may not want any.
        (0, 0) if facts.selector.is_none() => (cell, Health::Healthy, None),
        (0, 0) => (cell, Health::Unhealthy, Some("no pod matches its selector")),
        (0, _) => (cell, Health::Unhealthy, Some("none of its endpoints is ready")),
        (ready, total) if ready < total => (cell, Health::Progressing, Some("not all of its endpoints are ready")),
        _ => (cell, Health::Healthy, None),
    }
}
