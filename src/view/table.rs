//! One table on the screen: which rows, in which order, where the cursor is. The cursor and the marks belong to objects
//! (UID), never to row numbers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use super::place::Place;
use super::tables::{Table, Tables};
use crate::model::metrics::Metrics;
use crate::model::query::{Mistake, Query};
use crate::model::row::{Column, Row, Source, Uid};
use crate::model::store::{Listing, Order};
use crate::model::time::Seconds;

/// How long an object that vanished under the cursor stays, struck through.
const GHOST: Duration = Duration::from_secs(3);

/// What vanished under the cursor.
#[derive(Debug)]
struct Ghost {
    row: Row,
    at: usize,
    since: Instant,
}

/// A table view.
pub struct TableView {
    /// What is looked at, and how.
    pub place: Place,
    /// Why the filter is not applied as typed.
    pub mistake: Option<Mistake>,
    /// Marked objects.
    pub marks: FxHashSet<Uid>,
    /// Wide columns are shown.
    pub wide: bool,
    /// First column shown after the name, when they do not all fit.
    pub left: usize,
    /// First row on the screen.
    pub top: usize,
    /// Rows that fit on the screen, as last drawn.
    pub height: usize,
    listing: Listing,
    at: usize,
    /// The row under the cursor as last seen.
    seen: Option<Row>,
    ghost: Option<Ghost>,
    columns: Arc<[Column]>,
    anchor: Option<Uid>,
    /// When the cursor came to rest where it is.
    pub rested: Instant,
}

impl TableView {
    /// Looks at a place.
    pub fn new(place: Place) -> TableView {
        let mut view = TableView {
            place,
            mistake: None,
            marks: FxHashSet::default(),
            wide: false,
            left: 0,
            top: 0,
            height: 20,
            listing: Listing::default(),
            at: 0,
            seen: None,
            ghost: None,
            columns: [].into(),
            anchor: None,
            rested: Instant::now(),
        };
        if let Some(relation) = view.place.relation.clone() {
            view.listing.set_base(Some(Box::new(move |row: &Row| relation.holds(row))));
        }
        view.listing.set_only_unhealthy(view.place.unhealthy);
        view.order();
        view
    }

    fn order(&mut self) {
        let sorting = self.place.sorting;
        self.listing.set_order(sorting.by.map(|by| Order { by, descending: sorting.descending }), sorting.descending);
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
        let sorting = &mut self.place.sorting;
        if sorting.by == Some(by) {
            sorting.descending = !sorting.descending;
        } else {
            sorting.by = Some(by);
            sorting.descending = false;
        }
        self.order();
    }

    /// The other way round.
    pub fn flip(&mut self) {
        self.place.sorting.descending = !self.place.sorting.descending;
        self.order();
    }

    /// Brings the view up to date with its table. The cursor follows its object.
    pub fn refresh(&mut self, table: &Table, metrics: &Metrics, now: Seconds) {
        let columns = if table.columns.is_empty() { super::tables::bare_columns() } else { table.columns.clone() };
        if !Arc::ptr_eq(&columns, &self.columns) && columns != self.columns {
            self.columns = columns;
            self.parse();
        }
        self.listing.refresh(&table.store, metrics, now);
        if self.ghost.as_ref().is_some_and(|ghost| ghost.since.elapsed() >= GHOST || table.store.get(&ghost.row.uid).is_some()) {
            self.ghost = None;
        }
        match self.place.cursor.as_ref().and_then(|uid| self.listing.position(&table.store, uid)) {
            Some(at) => {
                self.at = at;
                self.ghost = None;
            }
            None if self.ghost.is_some() => {}
            None => {
                if let Some(row) = self.seen.take()
                    && table.store.get(&row.uid).is_none()
                    && self.place.cursor.as_ref() == Some(&row.uid)
                {
                    self.ghost = Some(Ghost { row, at: self.at, since: Instant::now() });
                } else {
                    self.land(table);
                }
            }
        }
        self.seen = self.place.cursor.as_ref().and_then(|uid| table.store.get(uid)).cloned().or(self.seen.take());
        self.marks.retain(|uid| table.store.get(uid).is_some() || !table.truth().complete());
        self.scroll();
    }

    /// The cursor takes the object that stands where it is.
    fn land(&mut self, table: &Table) {
        self.at = self.at.min(self.listing.len().saturating_sub(1));
        let uid = self.listing.row(&table.store, self.at).map(|row| row.uid.clone());
        // The place to come back to is kept while the table is still coming in.
        if uid.is_some() && (table.truth().complete() || self.place.cursor.is_none() || self.seen.is_some()) {
            self.place.cursor = uid;
            self.rested = Instant::now();
        }
    }

    fn scroll(&mut self) {
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
        self.listing.len() + usize::from(self.ghost.is_some())
    }

    /// Nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that match.
    pub fn matched(&self) -> usize {
        self.listing.len()
    }

    /// Where the cursor is on the screen's list.
    pub fn cursor(&self) -> usize {
        match &self.ghost {
            Some(ghost) => ghost.at.min(self.listing.len()),
            None => self.at.min(self.listing.len().saturating_sub(1)),
        }
    }

    /// The row at a place of the screen's list, and whether it is a ghost.
    pub fn row<'a>(&'a self, table: &'a Table, at: usize) -> Option<(&'a Row, bool)> {
        match &self.ghost {
            Some(ghost) => {
                let place = ghost.at.min(self.listing.len());
                match at.cmp(&place) {
                    std::cmp::Ordering::Less => Some((self.listing.row(&table.store, at)?, false)),
                    std::cmp::Ordering::Equal => Some((&ghost.row, true)),
                    std::cmp::Ordering::Greater => Some((self.listing.row(&table.store, at - 1)?, false)),
                }
            }
            None => Some((self.listing.row(&table.store, at)?, false)),
        }
    }

    /// The object under the cursor; `None` when there is none, or it has vanished.
    pub fn selected<'a>(&self, tables: &'a Tables) -> Option<&'a Row> {
        if self.ghost.is_some() {
            return None;
        }
        tables.get(&self.place.key)?.store.get(self.place.cursor.as_ref()?)
    }

    /// A ghost is on the screen, and the screen has to change when its time is over.
    pub fn haunted(&self) -> bool {
        self.ghost.is_some()
    }

    /// Moves the cursor by so many rows; stays within the list.
    pub fn step(&mut self, table: &Table, by: isize) {
        let at = self.cursor().saturating_add_signed(by);
        self.go(table, at);
    }

    /// Moves the cursor to a place of the list.
    pub fn go(&mut self, table: &Table, at: usize) {
        self.ghost = None;
        self.at = at.min(self.listing.len().saturating_sub(1));
        self.place.cursor = self.listing.row(&table.store, self.at).map(|row| row.uid.clone());
        self.seen = self.listing.row(&table.store, self.at).cloned();
        self.rested = Instant::now();
        self.scroll();
    }

    /// Marks the object under the cursor, or takes the mark away, and goes to the next.
    pub fn mark(&mut self, table: &Table) {
        let Some(uid) = self.place.cursor.clone().filter(|_| self.ghost.is_none()) else { return };
        if !self.marks.remove(&uid) {
            self.marks.insert(uid.clone());
        }
        self.anchor = Some(uid);
        self.step(table, 1);
    }

    /// Marks everything between the last mark and the cursor.
    pub fn mark_range(&mut self, table: &Table) {
        let to = self.cursor();
        let from = self.anchor.as_ref().and_then(|uid| self.listing.position(&table.store, uid)).unwrap_or(to);
        for at in from.min(to)..=from.max(to) {
            if let Some(row) = self.listing.row(&table.store, at) {
                self.marks.insert(row.uid.clone());
            }
        }
    }

    /// Marks all that the filter leaves; again takes those marks away.
    pub fn mark_all(&mut self, table: &Table) {
        let all: Vec<Uid> = (0..self.listing.len()).filter_map(|at| Some(self.listing.row(&table.store, at)?.uid.clone())).collect();
        if all.iter().all(|uid| self.marks.contains(uid)) {
            for uid in &all {
                self.marks.remove(uid);
            }
        } else {
            self.marks.extend(all);
        }
    }

    /// Marks that the filter leaves on the screen, and those that it hides.
    pub fn mark_counts(&self, table: &Table) -> (usize, usize) {
        let shown = self.marks.iter().filter(|uid| self.listing.position(&table.store, uid).is_some()).count();
        (shown, self.marks.len() - shown)
    }

    /// The columns, wide ones where they are on.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        let one = self.place.key.scope().single().is_some();
        self.columns.iter().enumerate().filter(move |(_, column)| (self.wide || !column.wide) && !(one && column.source == Source::Namespace))
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
