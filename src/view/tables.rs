//! The tables that are fed: which watches each needs, and what came of them.
//!
//! Each table has watches of its own: none is shared, so that none has to be replayed. A table is named by what is looked at ([`TableKey`]); views hold on to the key. What is wanted is declared
//! ([`Tables::wanted`]) and the loop makes the running watches equal to it, so that no code path can forget to start or
//! to stop one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::event::Update;
use crate::kinds;
use crate::kinds::catalog::Catalog;
use crate::kinds::panes::nodes::Nodes;
use crate::kinds::panes::{
    Feeds, Weave, containers::Containers, events::EventGroups, forwards::Forwards, labels::LabelCounts, labels::Labelled,
    rollouts::Rollouts, services::Services,
};
use crate::model::history::{self, History};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::{Align, Column, Source, Uid};
use crate::model::scope::{Scope, WatchSpec};
use crate::model::state::Truth;
use crate::model::store::{Delta, Store};

/// A table that nobody has looked at for so long is forgotten, and its watches stopped.
const FORGET: Duration = Duration::from_secs(180);

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableKey {
    /// All objects of a kind in a scope.
    Kind(Arc<Kind>, Scope),
    /// Objects of a kind that a field selector picks: the events of one object.
    Picked(Arc<Kind>, Scope, Arc<str>),
    /// Nodes with what is on them.
    Nodes(Arc<Kind>),
    /// The Services pane.
    Services(Scope),
    /// The Labels pane.
    Labels(Scope),
    /// The objects that have a label.
    Labelled(Scope, Arc<str>, Arc<str>),
    /// The Rollouts pane.
    Rollouts(Scope),
    /// The Events pane: events by what they are about, and why.
    Events(Scope),
    /// The containers of a pod: the scope is its namespace; UID and name.
    Containers(Scope, Uid, Arc<str>),
    /// The port-forwards that are open, whatever namespaces are looked at.
    Forwards,
}

impl TableKey {
    /// The scope it is looked at in.
    pub fn scope(&self) -> &Scope {
        match self {
            TableKey::Nodes(_) | TableKey::Forwards => &Scope::All,
            TableKey::Kind(_, scope)
            | TableKey::Picked(_, scope, _)
            | TableKey::Services(scope)
            | TableKey::Labels(scope)
            | TableKey::Labelled(scope, ..)
            | TableKey::Rollouts(scope)
            | TableKey::Events(scope)
            | TableKey::Containers(scope, ..) => scope,
        }
    }

    /// The same in another scope.
    pub fn in_scope(&self, scope: Scope) -> TableKey {
        match self.clone() {
            TableKey::Kind(kind, _) => TableKey::Kind(kind, scope),
            TableKey::Picked(kind, _, fields) => TableKey::Picked(kind, scope, fields),
            TableKey::Services(_) => TableKey::Services(scope),
            TableKey::Labels(_) => TableKey::Labels(scope),
            TableKey::Labelled(_, key, value) => TableKey::Labelled(scope, key, value),
            TableKey::Rollouts(_) => TableKey::Rollouts(scope),
            TableKey::Events(_) => TableKey::Events(scope),
            own @ (TableKey::Containers(..) | TableKey::Nodes(_) | TableKey::Forwards) => own,
        }
    }

    /// Kinds of cluster scope have one table, whatever namespaces are looked at.
    pub fn normal(self) -> TableKey {
        match self {
            TableKey::Kind(kind, _) if &*kind.plural == "nodes" && kind.group.is_empty() => TableKey::Nodes(kind),
            TableKey::Kind(kind, _) if !kind.namespaced => TableKey::Kind(kind, Scope::All),
            other => other,
        }
    }

    /// The kind of its rows, where they are all of one.
    pub fn kind(&self) -> Option<&Arc<Kind>> {
        match self {
            TableKey::Kind(kind, _) | TableKey::Picked(kind, ..) | TableKey::Nodes(kind) => Some(kind),
            _ => None,
        }
    }

    /// The pod whose containers these are.
    pub fn pod(&self, catalog: &Catalog) -> Option<Reference> {
        let TableKey::Containers(scope, uid, name) = self else { return None };
        let namespace = scope.single()?.clone();
        Some(Reference { kind: catalog.of_block(&kinds::pods::POD), namespace, name: name.clone(), uid: uid.clone() })
    }

    fn weave(&self) -> Option<Box<dyn Weave>> {
        Some(match self {
            TableKey::Kind(..) | TableKey::Picked(..) => return None,
            TableKey::Nodes(_) => Box::new(Nodes::default()),
            TableKey::Services(_) => Box::new(Services::default()),
            TableKey::Labels(_) => Box::new(LabelCounts::default()),
            TableKey::Labelled(_, key, value) => Box::new(Labelled::new(key.clone(), value.clone())),
            TableKey::Rollouts(_) => Box::new(Rollouts),
            TableKey::Events(_) => Box::new(EventGroups::default()),
            TableKey::Containers(_, uid, name) => Box::new(Containers::new(uid.clone(), name.clone())),
            TableKey::Forwards => Box::new(Forwards),
        })
    }
}

/// One table and everything that is known of how true it is.
pub struct Table {
    /// Its columns; empty until the server has said them.
    pub columns: Arc<[Column]>,
    /// Its rows.
    pub store: Store,
    /// The watches that feed it.
    pub specs: Vec<WatchSpec>,
    weave: Option<Box<dyn Weave>>,
    /// The cells whose changes are kept.
    told: history::Told,
    /// Its rows are those of the first watch: without that there is nothing to show.
    joined: bool,
    truths: BTreeMap<(usize, u16), Truth>,
    notes: BTreeMap<usize, Arc<str>>,
    looked: Instant,
}

impl Table {
    fn new(key: &TableKey) -> Table {
        let scope = key.scope().clone();
        let (columns, specs, weave) = match (key.kind(), key.weave()) {
            (Some(kind), None) => {
                let fields = if let TableKey::Picked(_, _, fields) = key { Some(fields.clone()) } else { None };
                let columns = kinds::block(kind).map_or_else(|| [].into(), kinds::columns);
                (columns, vec![WatchSpec { kind: kind.clone(), scope, fields, labels: None, metadata_only: false }], None)
            }
            (_, Some(weave)) => {
                let Feeds { kinds, fields, labels, metadata_only } = weave.feeds();
                let spec = |kind: Arc<Kind>| WatchSpec {
                    scope: if kind.namespaced { scope.clone() } else { Scope::All },
                    kind,
                    fields: fields.clone(),
                    labels: labels.clone(),
                    metadata_only,
                };
                (weave.columns(), kinds.into_iter().map(spec).collect(), Some(weave))
            }
            (None, None) => ([].into(), Vec::new(), None),
        };
        let truths = (0..specs.len()).map(|feed| ((feed, 0), Truth::Starting)).collect();
        let joined = matches!(key, TableKey::Services(_) | TableKey::Nodes(_));
        // What stands in other columns of theirs is counted of other objects.
        let own = if joined { specs.first().and_then(|spec| kinds::block(&spec.kind)).map(kinds::columns) } else { None };
        Table {
            store: Store::new(columns.clone()),
            told: history::told(&columns, own.as_deref()),
            columns,
            specs,
            weave,
            joined,
            truths,
            notes: BTreeMap::new(),
            looked: Instant::now(),
        }
    }

    /// The worst that is true of its watches. A pane over many kinds lives as long as one of them does: kinds that are
    /// forbidden or not served are told apart by [`Table::missing`].
    pub fn truth(&self) -> Truth {
        let refused = |truth: &Truth| matches!(truth, Truth::Forbidden { .. } | Truth::Missing { .. });
        let all = self.truths.values();
        let needed = || self.truths.iter().filter(|((feed, _), _)| !self.joined || *feed == 0).map(|(_, truth)| truth);
        if needed().all(refused) {
            return needed().cloned().reduce(|worst, truth| worst.worse(&truth).clone()).unwrap_or_default();
        }
        all.filter(|truth| !refused(truth)).fold(Truth::Live, |worst, truth| worst.worse(truth).clone())
    }

    /// Kinds that feed it and cannot be read, with the reason.
    pub fn missing(&self) -> impl Iterator<Item = (&Kind, &Arc<str>)> {
        self.truths.iter().filter_map(|((feed, _), truth)| match truth {
            Truth::Forbidden { why } | Truth::Missing { why } => Some((&*self.specs.get(*feed)?.kind, why)),
            _ => None,
        })
    }

    /// A remark on its scope: what it counts, where it looks, and what of it cannot be read.
    pub fn note(&self) -> Option<String> {
        let mut words: Vec<String> = self.weave.as_ref().and_then(|weave| weave.note()).into_iter().collect();
        words.extend(self.notes.values().next().map(|note| note.to_string()));
        words.extend(self.unread().filter(|_| !self.refused()));
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Nothing of it can be read: its truth says so.
    fn refused(&self) -> bool {
        matches!(self.truth(), Truth::Forbidden { .. } | Truth::Missing { .. })
    }

    /// What of it cannot be read although the rest can.
    fn unread(&self) -> Option<String> {
        let mut kinds: Vec<&str> = self.missing().map(|(kind, _)| &*kind.plural).collect();
        let parts = kinds.len();
        kinds.dedup();
        match (self.specs.len(), parts) {
            (_, 0) => None,
            // One kind, of several namespaces: the server's words name the namespace.
            (1, 1) => self.missing().next().map(|(_, why)| why.to_string()),
            (1, parts) => Some(format!("{parts} of {} namespaces cannot be read", self.truths.len())),
            _ => Some(format!("not read: {}", kinds.join(", "))),
        }
    }

    /// Takes what one of its watches has to say. Whether anything changed that a person could see.
    fn apply(&mut self, feed: usize, update: Update, keep: Option<&Uid>, now: i64, history: &mut History) -> bool {
        let mut changed = false;
        let deltas = update.deltas;
        if let (Some(columns), None) = (&update.columns, &self.weave)
            && self.columns != *columns
        {
            self.columns = columns.clone();
            self.store.set_columns(columns.clone());
            self.told = history::told(columns, None);
            changed = true;
        }
        if !update.split.is_empty() {
            self.truths.remove(&(feed, update.part));
            self.truths.extend(update.split.iter().map(|part| ((feed, *part), Truth::Starting)));
            changed = true;
        }
        if let Some(truth) = &update.truth {
            self.truths.insert((feed, update.part), truth.clone());
            changed = true;
        }
        if let Some(note) = &update.note {
            if note.is_empty() {
                self.notes.remove(&feed);
            } else {
                self.notes.insert(feed, note.clone());
            }
            changed = true;
        }
        let deltas = match &mut self.weave {
            Some(weave) => {
                let mut out = Vec::with_capacity(deltas.len());
                weave.weave(feed, deltas, &mut out);
                out
            }
            None => deltas,
        };
        for delta in &deltas {
            if let Delta::Upsert(row) = delta
                && let Some(old) = self.store.get(&row.uid)
            {
                history.row(old, row, &self.told, now);
            }
        }
        self.store.apply(deltas, keep, now) || changed
    }
}

/// All tables that are fed now.
#[derive(Default)]
pub struct Tables {
    tables: FxHashMap<TableKey, Table>,
    generation: u64,
    /// What was seen to change, of rows and of whole objects; it outlives the tables.
    pub history: History,
}

impl Tables {
    /// The table, fed from now on if it was not.
    pub fn look(&mut self, key: &TableKey) -> &mut Table {
        if !self.tables.contains_key(key) {
            self.generation += 1;
        }
        let table = self.tables.entry(key.clone()).or_insert_with(|| Table::new(key));
        table.looked = Instant::now();
        table
    }

    /// The table, if it is fed.
    pub fn get(&self, key: &TableKey) -> Option<&Table> {
        self.tables.get(key)
    }

    /// Every watch that some table needs: the table, the place of the watch in it, and what to watch.
    pub fn wanted(&self) -> impl Iterator<Item = (&TableKey, usize, &WatchSpec)> {
        self.tables.iter().flat_map(|(key, table)| table.specs.iter().enumerate().map(move |(feed, spec)| (key, feed, spec)))
    }

    /// Hands what a watch has to say to its table; the object `keep` stays for a moment when it goes. Whether anything
    /// is different now. What is seen to change of rows is kept in [`Tables::history`].
    pub fn apply(&mut self, key: &TableKey, feed: usize, update: Update, keep: Option<&Uid>, now: i64) -> bool {
        let Tables { tables, history, .. } = self;
        tables.get_mut(key).is_some_and(|table| table.apply(feed, update, keep, now, history))
    }

    /// Lets time pass in every table: rows settle, ghosts go. Whether anything is different now.
    pub fn advance(&mut self, now: i64) -> bool {
        self.tables.values_mut().fold(false, |changed, table| table.store.advance(now) | changed)
    }

    /// Forgets tables that nobody has looked at for three minutes, and those that `keep` does not want although they were
    /// just there to look at something in passing.
    pub fn forget(&mut self, keep: impl Fn(&TableKey) -> bool) {
        let before = self.tables.len();
        self.tables.retain(|key, table| keep(key) || (table.looked.elapsed() < FORGET && !matches!(key, TableKey::Picked(..))));
        self.generation += u64::from(self.tables.len() != before);
    }

    /// Forgets everything: another cluster.
    pub fn clear(&mut self) {
        self.tables.clear();
        self.generation += 1;
    }

    /// Grows whenever there are other tables: what is wanted has to be looked at again.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// NAME alone, for a table whose columns the server has not said yet.
pub fn bare_columns() -> Arc<[Column]> {
    [Column { name: "NAME".into(), source: Source::Name, wide: false, align: Align::Left }].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(what: &str) -> Truth {
        Truth::Forbidden { why: format!("{what} is forbidden").into() }
    }

    fn said(part: u16, truth: Truth) -> Update {
        Update { part, truth: Some(truth), ..Update::default() }
    }

    fn several() -> Table {
        let pods = Arc::new(kinds::pods::POD.as_kind());
        Table::new(&TableKey::Kind(pods, Scope::parse(["a,b"])))
    }

    #[test]
    fn several_namespaces_are_complete_when_each_of_them_is() {
        let mut table = several();
        table.apply(0, Update { split: vec![1, 2], ..Update::default() }, None, 0, &mut History::default());
        table.apply(0, said(2, Truth::Live), None, 0, &mut History::default());
        assert_eq!(table.truth(), Truth::Starting, "the first has not said anything yet");
        table.apply(0, said(1, Truth::Stale { since: 7, why: "away".into() }), None, 0, &mut History::default());
        table.apply(0, said(2, Truth::Live), None, 0, &mut History::default());
        assert_eq!(table.truth(), Truth::Stale { since: 7, why: "away".into() }, "the second says nothing of the first");
        table.apply(0, said(1, Truth::Live), None, 0, &mut History::default());
        assert_eq!((table.truth(), table.note()), (Truth::Live, None));
    }

    #[test]
    fn a_namespace_that_cannot_be_read_is_said_beside_those_that_can() {
        let mut table = several();
        table.apply(0, Update { split: vec![1, 2], ..Update::default() }, None, 0, &mut History::default());
        table.apply(0, said(1, refused("a")), None, 0, &mut History::default());
        table.apply(0, said(2, Truth::Live), None, 0, &mut History::default());
        assert_eq!((table.truth(), table.note().as_deref()), (Truth::Live, Some("a is forbidden")));
        table.apply(0, said(2, refused("b")), None, 0, &mut History::default());
        assert_eq!((table.truth(), table.note()), (refused("a"), None), "the whole table says it then");
    }

    #[test]
    fn the_labels_say_what_they_count_and_what_they_could_not_read() {
        let mut table = Table::new(&TableKey::Labels(Scope::All));
        for feed in 0..table.specs.len() {
            let forbidden = matches!(&*table.specs[feed].kind.plural, "nodes" | "persistentvolumes");
            table.apply(feed, said(0, if forbidden { refused("it") } else { Truth::Live }), None, 0, &mut History::default());
        }
        let note = table.note().expect("a note");
        assert!(note.contains(&format!("{} kinds, no events", table.specs.len())), "{note}");
        assert!(note.contains("not read: ") && note.contains("nodes") && note.contains("persistentvolumes"), "{note}");
    }

    #[test]
    fn without_services_there_is_nothing_to_join_endpoints_to() {
        let mut table = Table::new(&TableKey::Services(Scope::All));
        table.apply(0, said(0, refused("services")), None, 0, &mut History::default());
        table.apply(1, said(0, Truth::Live), None, 0, &mut History::default());
        assert_eq!(table.truth(), refused("services"));
        table.apply(0, said(0, Truth::Live), None, 0, &mut History::default());
        table.apply(1, said(0, refused("slices")), None, 0, &mut History::default());
        assert_eq!((table.truth(), table.note().as_deref()), (Truth::Live, Some("not read: endpointslices")));
    }
}
