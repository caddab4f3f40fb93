//! One table on the screen: which rows, in which order, where the cursor is. The cursor and the marks belong to objects
//! (UID), never to row numbers.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::place::Place;
use super::tables::{Table, Tables};
use crate::model::metrics::Metrics;
use crate::model::query::{Context, Mistake, Query};
use crate::model::reference::Reference;
use crate::model::row::{Column, Row, Source, Uid};
use crate::model::store::{Listing, Sort};
use crate::model::time::Seconds;

/// How wide the parts of CPU or memory are, in terminal cells: what is used, and what it is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// `250m`.
    pub used: u16,
    /// The request, or the share of a node.
    pub of: u16,
}

impl Spent {
    /// Both, with a bar between them.
    pub fn whole(self) -> u16 {
        if self.of == 0 { self.used } else { self.used + 3 + self.of }
    }

    /// What is used, and the bar.
    pub fn short(self) -> u16 {
        if self.of == 0 { self.used } else { self.used + 2 }
    }
}

/// A table view.
pub struct TableView {
    /// What is looked at, and how.
    pub place: Place,
    /// Why the filter is not applied as typed.
    pub mistake: Option<Mistake>,
    /// Marked objects.
    pub marks: FxHashSet<Uid>,
    /// How many of them are shown, as of the last refresh.
    marked: usize,
    /// Marks were set or taken away since.
    remarked: bool,
    /// Wide columns are shown.
    pub wide: bool,
    /// First column shown after the name, when they do not all fit.
    pub left: usize,
    /// The column sorted by is scrolled to, until a person scrolls elsewhere.
    pub shows_sorted: bool,
    /// How wide CPU and memory have been on the screen.
    pub spent: [Spent; 2],
    /// First row on the screen.
    pub top: usize,
    /// Rows that fit on the screen, as last drawn.
    pub height: usize,
    listing: Listing,
    at: usize,
    columns: Arc<[Column]>,
    anchor: Option<Uid>,
    /// A person put the cursor where it is: until then it stays at the top while rows come in above it.
    placed: bool,
    /// One comes back to a row that was left.
    kept: bool,
    /// When the cursor came to rest where it is.
    pub rested: Instant,
}

impl TableView {
    /// Looks at a place.
    pub fn new(place: Place) -> TableView {
        let kept = place.cursor.is_some();
        let mut view = TableView {
            place,
            mistake: None,
            marks: FxHashSet::default(),
            marked: 0,
            remarked: false,
            wide: false,
            left: 0,
            shows_sorted: true,
            spent: [Spent::default(); 2],
            top: 0,
            height: 20,
            listing: Listing::default(),
            at: 0,
            columns: [].into(),
            anchor: None,
            placed: false,
            kept,
            rested: Instant::now(),
        };
        if let Some(relation) = view.place.relation.clone() {
            view.listing.set_narrow(Some(Box::new(move |row: &Row| relation.holds(row))));
        }
        view.listing.set_only_unhealthy(view.place.unhealthy);
        view.order();
        view
    }

    fn order(&mut self) {
        self.listing.set_sort(self.place.sorting);
    }

    /// Parses the filter as it stands. A mistake filters nothing.
    fn parse(&mut self) {
        match Query::parse(&self.place.filter, &self.columns) {
            Ok(query) => {
                self.mistake = None;
                self.listing.set_query(query);
            }
            Err(mistake) => {
                self.mistake = Some(mistake);
                self.listing.set_query(Query::default());
            }
        }
    }

    /// Another filter.
    pub fn filter(&mut self, text: &str) {
        if self.place.filter != text {
            self.place.filter = text.to_owned();
            self.parse();
        }
    }

    /// Only what is not healthy, or everything.
    pub fn only_unhealthy(&mut self, only: bool) {
        self.place.unhealthy = only;
        self.listing.set_only_unhealthy(only);
    }

    /// Sorts by a column; by the same again flips.
    pub fn sort(&mut self, by: Source) {
        let before = self.place.sorting;
        let descending = before.by == Some(by) && !before.descending;
        self.place.sorting = Sort { by: Some(by), descending };
        self.shows_sorted = true;
        self.order();
    }

    /// The other way round.
    pub fn flip(&mut self) {
        self.place.sorting.descending = !self.place.sorting.descending;
        self.order();
    }

    /// Brings the view up to date with its table. The cursor follows its object. Whether anything else is to be seen now.
    pub fn refresh(&mut self, table: &Table, metrics: &Metrics, now: Seconds) -> bool {
        let columns = if table.columns.is_empty() { super::tables::bare_columns() } else { table.columns.clone() };
        if !Arc::ptr_eq(&columns, &self.columns) && columns != self.columns {
            self.columns = columns;
            self.parse();
        }
        let changed = self.listing.refresh(&table.store, Context { now, metrics });
        if !self.placed && self.at == 0 && !table.truth().complete() && !self.kept {
            self.place.cursor = None;
        }
        match self.place.cursor.as_ref().and_then(|uid| self.listing.position(&table.store, uid)) {
            Some(at) => self.at = at,
            None => self.land(table),
        }
        // With all of a large table marked this takes as long as a frame: not for a cursor that moves.
        if (changed || self.remarked) && !self.marks.is_empty() {
            if table.truth().complete() {
                self.marks.retain(|uid| table.store.slot(uid).is_some());
            }
            let shown = |uid: &&Uid| table.store.slot(uid).is_some_and(|slot| self.listing.shows(slot));
            self.marked = self.marks.iter().filter(shown).count();
        }
        self.remarked = false;
        self.scroll();
        changed
    }

    /// The cursor takes the object that stands where it is.
    fn land(&mut self, table: &Table) {
        self.at = self.at.min(self.listing.len().saturating_sub(1));
        let uid = self.listing.row(&table.store, self.at).map(|row| row.uid.clone());
        // The place to come back to is kept while the table is still coming in.
        if uid.is_some() && (table.truth().complete() || self.place.cursor.is_none()) {
            self.place.cursor = uid;
            self.rested = Instant::now();
        }
    }

    /// Keeps the cursor on the screen.
    pub fn scroll(&mut self) {
        let count = self.len();
        let height = self.height.max(1);
        let at = self.cursor();
        self.top = self.top.min(count.saturating_sub(height));
        if at < self.top {
            self.top = at;
        } else if at >= self.top + height {
            self.top = at + 1 - height;
        }
    }

    /// Rows to draw, a ghost among them.
    pub fn len(&self) -> usize {
        self.listing.len()
    }

    /// Nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is counted: all, not healthy, and matched.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.listing.total(), self.listing.unhealthy(), self.listing.matched())
    }

    /// Where the cursor is in the list.
    pub fn cursor(&self) -> usize {
        self.at.min(self.listing.len().saturating_sub(1))
    }

    /// The row at a place of the list, and whether it is a ghost: vanished under the cursor, and still shown for a moment.
    pub fn row<'a>(&self, table: &'a Table, at: usize) -> Option<(&'a Row, bool)> {
        let slot = self.listing.slot(at)?;
        Some((table.store.row(slot)?, table.store.is_ghost(slot)))
    }

    /// The object under the cursor; `None` when there is none, or it has vanished.
    pub fn selected<'a>(&self, tables: &'a Tables) -> Option<&'a Row> {
        let store = &tables.get(&self.place.key)?.store;
        let slot = store.slot(self.place.cursor.as_ref()?)?;
        if store.is_ghost(slot) { None } else { store.row(slot) }
    }

    /// Moves the cursor by so many rows; stays within the list.
    pub fn step(&mut self, table: &Table, by: isize) {
        let at = self.cursor().saturating_add_signed(by);
        self.go(table, at);
    }

    /// Moves the cursor to a place of the list.
    pub fn go(&mut self, table: &Table, at: usize) {
        self.placed = true;
        self.at = at.min(self.listing.len().saturating_sub(1));
        self.place.cursor = self.listing.row(&table.store, self.at).map(|row| row.uid.clone());
        self.rested = Instant::now();
        self.scroll();
    }

    /// Puts the cursor on an object. False when the list does not have it.
    pub fn select(&mut self, table: &Table, uid: &Uid) -> bool {
        let Some(at) = self.listing.position(&table.store, uid) else { return false };
        self.go(table, at);
        true
    }

    /// Moves what is seen by so many rows; the cursor goes along as far as it has to, to stay on the screen.
    pub fn wheel(&mut self, table: &Table, by: isize) {
        let height = self.height.max(1);
        self.top = self.top.saturating_add_signed(by).min(self.len().saturating_sub(height));
        let at = self.cursor().clamp(self.top, self.top + height - 1);
        if at != self.cursor() {
            self.go(table, at);
        }
    }

    /// The rows that an action is about: the marked ones that are shown, in their order; the one under the cursor where
    /// none of them is.
    pub fn meant<'a>(&self, tables: &'a Tables) -> Vec<&'a Row> {
        let marked: Vec<&Row> = tables.get(&self.place.key).map(|table| self.marked_rows(table).collect()).unwrap_or_default();
        if marked.is_empty() { self.selected(tables).into_iter().collect() } else { marked }
    }

    /// Marks the object under the cursor, or takes the mark away, and goes to the next.
    pub fn mark(&mut self, table: &Table) {
        let Some(uid) = self.place.cursor.clone() else { return };
        if !self.marks.remove(&uid) {
            self.marks.insert(uid.clone());
        }
        self.remarked = true;
        self.anchor = Some(uid);
        self.step(table, 1);
    }

    /// Marks everything between the last mark and the cursor.
    pub fn mark_range(&mut self, table: &Table) {
        self.remarked = true;
        let to = self.cursor();
        let from = self.anchor.as_ref().and_then(|uid| self.listing.position(&table.store, uid)).unwrap_or(to);
        let slots = self.listing.slots().skip(from.min(to)).take(from.abs_diff(to) + 1);
        self.marks.extend(slots.filter_map(|slot| Some(table.store.row(slot)?.uid.clone())));
    }

    /// Marks all that the filter leaves; again takes those marks away.
    pub fn mark_all(&mut self, table: &Table) {
        self.remarked = true;
        let all: Vec<Uid> = self.listing.slots().filter_map(|slot| Some(table.store.row(slot)?.uid.clone())).collect();
        if all.iter().all(|uid| self.marks.contains(uid)) {
            for uid in &all {
                self.marks.remove(uid);
            }
        } else {
            self.marks.extend(all);
        }
    }

    /// The marked objects that the filter leaves, in the order of the list.
    pub fn marked(&self, table: &Table) -> Vec<Reference> {
        self.marked_rows(table).map(Reference::of).collect()
    }

    fn marked_rows<'a>(&self, table: &'a Table) -> impl Iterator<Item = &'a Row> {
        // Nothing is looked through where nothing is marked.
        let slots = self.listing.slots().take(if self.marks.is_empty() { 0 } else { usize::MAX });
        let rows = slots.filter(|slot| !table.store.is_ghost(*slot)).filter_map(|slot| table.store.row(slot));
        rows.filter(|row| self.marks.contains(&row.uid))
    }

    /// Takes the mark of an object away.
    pub fn unmark(&mut self, uid: &Uid) {
        self.remarked |= self.marks.remove(uid);
    }

    /// Marks that the filter leaves on the screen, and those that it hides, as of the last refresh.
    pub fn mark_counts(&self) -> (usize, usize) {
        (self.marked.min(self.marks.len()), self.marks.len().saturating_sub(self.marked))
    }

    /// The columns, wide ones where they are on.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        let one = self.place.key.scope().single().is_some();
        self.columns
            .iter()
            .enumerate()
            .filter(move |(_, column)| (self.wide || !column.wide) && !(one && column.source == Source::Namespace))
    }

    /// A column by its place in the table.
    pub fn column(&self, index: usize) -> Option<&Column> {
        self.columns.get(index)
    }

    /// The filter or the sorting needs the metrics of every row, not only of those on the screen.
    pub fn needs_metrics(&self) -> bool {
        matches!(self.place.sorting.by, Some(Source::Cpu | Source::Memory)) || self.listing.query().uses_metrics()
    }

    /// The order or the choice of rows changes with time alone.
    pub fn uses_time(&self) -> bool {
        self.listing.query().uses_time() || self.place.unhealthy
    }
}
