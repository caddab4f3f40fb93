//! The rows of one table: what the watches say, kept in order, counted and measured.
//!
//! A [`Store`] takes deltas, never tables, and remembers which rows changed, so that each [`Listing`] of it (a sorted,
//! filtered view) has to look at those alone. Rows live in slots: a slot is where a row is found without hashing, for as
//! long as the row is there; what must outlive the row (the cursor, marks) holds the UID.

mod keys;
mod listing;
mod order;
mod sequence;
mod widths;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::row::{Column, Health, Row, Uid};
use super::time::Seconds;
pub use keys::Sort;
pub use listing::{Listing, Narrow};
use sequence::Sequence;
use widths::Widths;

/// Where a row is in its store, until it goes.
pub type Slot = u32;

/// How long a row that vanished under the cursor stays, in seconds.
pub const GHOST: Seconds = 3;

/// One change of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// The object is there, and is this.
    Upsert(Row),
    /// The object is gone.
    Remove(Uid),
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    Live {
        unhealthy: bool,
    },
    /// Vanished at that time, and still shown; it counts nowhere.
    Ghost {
        unhealthy: bool,
        since: Seconds,
    },
}

/// The rows of one table.
#[derive(Debug)]
pub struct Store {
    columns: Arc<[Column]>,
    rows: Vec<Option<Row>>,
    states: Vec<State>,
    free: Vec<Slot>,
    slots: FxHashMap<Uid, Slot>,
    /// Every row, ghosts too, by namespace, name and UID.
    order: Sequence,
    /// Grows whenever `order` is another one.
    layout: u64,
    /// Slots that are not in `order` yet, while deltas are taken.
    fresh: Vec<Slot>,
    widths: Widths,
    live: usize,
    unhealthy: usize,
    /// When healthy rows will be settled. Entries of rows that changed since are skipped when their time comes.
    settling: BinaryHeap<Reverse<(Seconds, Slot)>>,
    ghosts: Vec<Slot>,
    /// Slots that changed, oldest first, from version `forgotten` on.
    log: Vec<Slot>,
    forgotten: u64,
}

impl Store {
    /// An empty store for a table with these columns.
    pub fn new(columns: Arc<[Column]>) -> Store {
        Store {
            widths: Widths::new(columns.len()),
            columns,
            rows: Vec::new(),
            states: Vec::new(),
            free: Vec::new(),
            slots: FxHashMap::default(),
            order: Sequence::default(),
            layout: 0,
            fresh: Vec::new(),
            live: 0,
            unhealthy: 0,
            settling: BinaryHeap::new(),
            ghosts: Vec::new(),
            log: Vec::new(),
            forgotten: 0,
        }
    }

    /// The table's columns.
    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// Other columns: a Table stream sends them with its first rows, and anew when a definition changes. Rows that are
    /// there keep their cells until the watch sends new ones. Queries are bound to columns: parse them again.
    pub fn set_columns(&mut self, columns: Arc<[Column]>) {
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        self.widths = Widths::new(self.columns.len());
        for (row, state) in self.rows.iter().zip(&self.states) {
            if let (Some(row), State::Live { .. }) = (row, state) {
                self.widths.add(row, &self.columns);
            }
        }
        self.forget_log();
    }

    /// Takes a batch of changes in their order. The object with the UID `keep` (the one under the cursor) stays as a
    /// ghost when it goes. Whether anything is different now.
    pub fn apply(&mut self, deltas: impl IntoIterator<Item = Delta>, keep: Option<&Uid>, now: Seconds) -> bool {
        let before = self.version();
        for delta in deltas {
            match delta {
                Delta::Upsert(row) => self.upsert(row, now),
                Delta::Remove(uid) => {
                    if let Some(&slot) = self.slots.get(&uid) {
                        self.remove(slot, keep == Some(&uid), now);
                    }
                }
            }
        }
        self.reorder();
        before != self.version()
    }

    /// Swaps in a whole list, of one namespace or of everything: what a watch has after it had to start again. Rows that
    /// are the same are not touched, so that nothing blinks. `keep` and the answer are those of [`Store::apply`].
    pub fn replace(&mut self, namespace: Option<&str>, rows: Vec<Row>, keep: Option<&Uid>, now: Seconds) -> bool {
        let before = self.version();
        let there: FxHashSet<&Uid> = rows.iter().map(|row| &row.uid).collect();
        let gone = |row: &Row| namespace.is_none_or(|only| *row.namespace == *only) && !there.contains(&row.uid);
        let gone: Vec<Slot> = self.order.iter().filter(|&slot| self.live(slot) && self.row(slot).is_some_and(gone)).collect();
        for slot in gone {
            let keep = keep.is_some_and(|uid| self.row(slot).is_some_and(|row| row.uid == *uid));
            self.remove(slot, keep, now);
        }
        for row in rows {
            self.upsert(row, now);
        }
        self.reorder();
        before != self.version()
    }

    /// Forgets every row.
    pub fn clear(&mut self) {
        let (version, layout) = (self.version(), self.layout);
        *self = Store::new(self.columns.clone());
        (self.forgotten, self.layout) = (version + 1, layout + 1);
    }

    /// Lets time pass: rows settle, ghosts go. Whether anything is different now.
    pub fn advance(&mut self, now: Seconds) -> bool {
        let before = self.version();
        while let Some(&Reverse((until, slot))) = self.settling.peek()
            && until <= now
        {
            self.settling.pop();
            self.judge(slot, now);
        }
        let states = &self.states;
        let over = |slot: &Slot| matches!(states[*slot as usize], State::Ghost { since, .. } if now >= since + GHOST);
        if self.ghosts.iter().any(over) {
            let (gone, kept) = self.ghosts.iter().copied().partition(over);
            self.ghosts = kept;
            let gone: Vec<Slot> = gone;
            for slot in gone {
                self.release(slot);
            }
            self.reorder();
        }
        before != self.version()
    }

    /// When [`Store::advance`] has something to do next.
    pub fn next_change(&self) -> Option<Seconds> {
        let settles = self.settling.peek().map(|Reverse((until, _))| *until);
        let goes = self.ghosts.iter().filter_map(|&slot| match self.states[slot as usize] {
            State::Ghost { since, .. } => Some(since + GHOST),
            State::Free | State::Live { .. } => None,
        });
        settles.into_iter().chain(goes).min()
    }

    /// Objects there are.
    pub fn len(&self) -> usize {
        self.live
    }

    /// There is no object.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Objects that are not healthy, as of the last change or [`Store::advance`].
    pub fn unhealthy(&self) -> usize {
        self.unhealthy
    }

    /// Where an object is, a ghost too.
    pub fn slot(&self, uid: &Uid) -> Option<Slot> {
        self.slots.get(uid).copied()
    }

    /// The row in a slot, a ghost's too; `None` when it has gone.
    pub fn row(&self, slot: Slot) -> Option<&Row> {
        self.rows.get(slot as usize)?.as_ref()
    }

    /// The row of an object, a ghost's too.
    pub fn get(&self, uid: &Uid) -> Option<&Row> {
        self.row(self.slot(uid)?)
    }

    /// The slot's object has vanished and is still shown, struck through.
    pub fn is_ghost(&self, slot: Slot) -> bool {
        matches!(self.states.get(slot as usize), Some(State::Ghost { .. }))
    }

    /// The objects by namespace, name and UID, without ghosts.
    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.order.iter().filter(|&slot| self.live(slot)).filter_map(|slot| self.row(slot))
    }

    /// The widest cell of a column over all objects, in terminal cells, at most [`Store::WIDEST`]. Times have the width
    /// of the longest that is usual; CPU and memory have none here, since the store does not know what is in use.
    pub fn width(&self, column: usize) -> u8 {
        self.widths.widest(column)
    }

    /// No column is measured wider.
    pub const WIDEST: u8 = widths::WIDEST;

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.forgotten + self.log.len() as u64
    }

    /// Slots that changed since a version (some may come twice); `None` when that is too long ago to tell.
    fn changes_since(&self, version: u64) -> Option<&[Slot]> {
        self.log.get(usize::try_from(version.checked_sub(self.forgotten)?).ok()?..)
    }

    fn live(&self, slot: Slot) -> bool {
        matches!(self.states.get(slot as usize), Some(State::Live { .. }))
    }

    /// As it was last judged, also for a ghost.
    fn is_unhealthy(&self, slot: Slot) -> bool {
        matches!(self.states.get(slot as usize), Some(State::Live { unhealthy: true } | State::Ghost { unhealthy: true, .. }))
    }

    fn upsert(&mut self, row: Row, now: Seconds) {
        let until = row.unsettled_until;
        let slot = match self.slots.get(&row.uid) {
            Some(&slot) => {
                let at = slot as usize;
                let Some(old) = self.rows[at].replace(row) else { return };
                let Some(new) = &self.rows[at] else { return };
                if let State::Ghost { unhealthy, .. } = self.states[at] {
                    self.states[at] = State::Live { unhealthy };
                    self.ghosts.retain(|&ghost| ghost != slot);
                    self.live += 1;
                    self.unhealthy += usize::from(unhealthy);
                    self.widths.add(new, &self.columns);
                } else if old.looks_like(new) {
                    return;
                } else {
                    self.widths.change(&old, new, &self.columns);
                }
                // Names do not change; but whoever says otherwise must not break the order.
                if (&old.namespace, &old.name) != (&new.namespace, &new.name) && self.order.remove(slot) {
                    self.fresh.push(slot);
                }
                if until > now && until != old.unsettled_until {
                    self.settling.push(Reverse((until, slot)));
                }
                slot
            }
            None => {
                self.widths.add(&row, &self.columns);
                let uid = row.uid.clone();
                let slot = self.free.pop().unwrap_or(self.rows.len() as Slot);
                if slot as usize == self.rows.len() {
                    self.rows.push(Some(row));
                    self.states.push(State::default());
                } else {
                    self.rows[slot as usize] = Some(row);
                }
                self.states[slot as usize] = State::Live { unhealthy: false };
                self.slots.insert(uid, slot);
                self.fresh.push(slot);
                self.live += 1;
                if until > now {
                    self.settling.push(Reverse((until, slot)));
                }
                slot
            }
        };
        self.log.push(slot);
        self.judge(slot, now);
    }

    fn remove(&mut self, slot: Slot, keep: bool, now: Seconds) {
        let at = slot as usize;
        let State::Live { unhealthy } = self.states[at] else { return };
        self.live -= 1;
        self.unhealthy -= usize::from(unhealthy);
        if let Some(row) = &self.rows[at] {
            self.widths.remove(row, &self.columns);
        }
        if keep {
            self.states[at] = State::Ghost { unhealthy, since: now };
            self.ghosts.push(slot);
            self.log.push(slot);
        } else {
            self.release(slot);
        }
    }

    /// Empties a slot that counts nowhere any more.
    fn release(&mut self, slot: Slot) {
        let at = slot as usize;
        if self.order.remove(slot) {
            self.layout += 1;
        } else {
            // It came and goes within the batch.
            self.fresh.retain(|&other| other != slot);
        }
        self.free.push(slot);
        if let Some(row) = self.rows[at].take() {
            self.slots.remove(&row.uid);
        }
        self.states[at] = State::Free;
        self.log.push(slot);
    }

    /// Judges a live row's health anew.
    fn judge(&mut self, slot: Slot, now: Seconds) {
        let at = slot as usize;
        let (Some(row), Some(State::Live { unhealthy })) = (&self.rows[at], self.states.get_mut(at)) else { return };
        let is = row.health(now) != Health::Healthy;
        if is != *unhealthy {
            *unhealthy = is;
            self.unhealthy = if is { self.unhealthy + 1 } else { self.unhealthy - 1 };
            self.log.push(slot);
        }
    }

    /// Brings `order` up to date after a batch, and keeps the log within bounds.
    fn reorder(&mut self) {
        if !self.fresh.is_empty() {
            self.layout += 1;
            let rows = &self.rows;
            let compare = |a: Slot, b: Slot| order::compare(&rows[a as usize], &rows[b as usize]);
            self.fresh.sort_by(|&a, &b| compare(a, b));
            for slot in self.fresh.drain(..) {
                self.order.insert(slot, compare);
            }
        }
        // Beyond that, looking at every row is not slower than looking at those that changed.
        if self.log.len() > 4096.max(self.live) {
            self.forget_log();
        }
    }

    /// Listings have to look at everything again.
    fn forget_log(&mut self) {
        self.forgotten = self.version() + 1;
        self.log.clear();
    }
}

#[cfg(test)]
mod tests;
