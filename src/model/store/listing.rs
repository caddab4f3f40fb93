//! A sorted, filtered view of a store, kept up to date by what changed.

use std::cmp::Ordering;

use super::keys::{Sort, sorted};
use super::sequence::Sequence;
use super::{Slot, Store};
use crate::model::query::{Context, Query};
use crate::model::row::{Row, Uid};
use crate::model::time::Seconds;

/// The row is in the store.
const PRESENT: u8 = 1;
/// It is a ghost.
const GHOST: u8 = 2;
/// It belongs to the view.
const INSIDE: u8 = 4;
/// The query lets it through.
const MATCHES: u8 = 8;
/// It is not healthy.
const UNHEALTHY: u8 = 16;

/// With more changes than one in so many rows, sorting everything is faster than finding places one by one.
const FEW: usize = 32;

/// Where less than one row in so many is shown, only those are sorted: that is faster, and nobody sees the others. With
/// more of them, the order of all is worth having: the next letter of a filter then has nothing to sort.
const SHOWN: usize = 2;

/// Which rows belong to a view at all: the pods of a node, the jobs of a cron job.
pub type Narrow = Box<dyn Fn(&Row) -> bool + Send + Sync>;

/// A sorted, filtered view of one store. It answers as of its last [`Listing::refresh`], always with the same store.
#[derive(Default)]
pub struct Listing {
    sort: Sort,
    query: Query,
    narrow: Option<Narrow>,
    only_unhealthy: bool,
    /// Every row of the store in order, while `ordered`; without a column to sort by the store has that order.
    order: Sequence,
    /// `order` is kept. It is not while most rows are hidden: then only those that are shown are sorted.
    ordered: bool,
    /// Those of them that are shown.
    visible: Sequence,
    /// What is known of each slot.
    flags: Vec<u8>,
    counts: Counts,
    seen: Seen,
    /// What is asked for has changed.
    resort: bool,
    rematch: bool,
    reveal: bool,
    /// The order changes by time alone.
    volatile: bool,
}

/// What the listing was computed from; `None` before the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    version: Option<u64>,
    layout: u64,
    metrics: u64,
    now: Seconds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    total: usize,
    unhealthy: usize,
    matched: usize,
}

impl Counts {
    fn add(&mut self, flags: u8) {
        let (object, unhealthy) = Counts::of(flags);
        self.total += object;
        self.unhealthy += unhealthy;
    }

    fn remove(&mut self, flags: u8) {
        let (object, unhealthy) = Counts::of(flags);
        self.total -= object;
        self.unhealthy -= unhealthy;
    }

    /// Whether a slot's object counts, and whether it does as not healthy.
    fn of(flags: u8) -> (usize, usize) {
        let counts = flags & (PRESENT | INSIDE | GHOST) == PRESENT | INSIDE;
        (usize::from(counts), usize::from(counts && flags & UNHEALTHY != 0))
    }
}

impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing")
            .field("sort", &self.sort)
            .field("query", &self.query.text())
            .field("only_unhealthy", &self.only_unhealthy)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Listing {
    /// A listing of everything, in the store's order. It is empty until it is refreshed.
    pub fn new() -> Listing {
        Listing::default()
    }

    /// How it is sorted.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Sorts otherwise, from the next refresh on, as all setters.
    pub fn set_sort(&mut self, sort: Sort) {
        self.resort |= sort != self.sort;
        self.sort = sort;
    }

    /// What is let through.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Filters otherwise.
    pub fn set_query(&mut self, query: Query) {
        self.rematch = true;
        self.query = query;
    }

    /// Whether only what is not healthy is shown.
    pub fn only_unhealthy(&self) -> bool {
        self.only_unhealthy
    }

    /// Shows only what is not healthy, or everything.
    pub fn set_only_unhealthy(&mut self, only: bool) {
        self.reveal |= only != self.only_unhealthy;
        self.only_unhealthy = only;
    }

    /// Leaves out, and out of every count, what does not belong to the view.
    pub fn set_narrow(&mut self, narrow: Option<Narrow>) {
        self.rematch = true;
        self.narrow = narrow;
    }

    /// Takes in what changed in the store, in what is asked for and with time. Whether it shows anything else now: other
    /// rows, another order, other counts, or a row with other content. Ages are not content; the clock tells of those.
    pub fn refresh(&mut self, store: &Store, context: Context<'_>) -> bool {
        let now = Seen { version: Some(store.version()), layout: store.layout, metrics: context.metrics.version(), now: context.now };
        let (before, counts) = (std::mem::replace(&mut self.seen, now), self.counts);
        let measured = before.metrics != now.metrics;
        let time = before.now != now.now;
        let resort = self.resort || (measured && self.sort.uses_metrics()) || (time && self.volatile);
        let rematch = self.rematch || (measured && self.query.uses_metrics()) || (time && self.query.uses_time());
        // Some rows that did not change may be shown now that were not, or not any more.
        let mut all = self.reveal;
        (self.resort, self.rematch, self.reveal) = (false, false, false);

        let known = before.version.and_then(|version| store.changes_since(version));
        let mut changed: Vec<Slot> = known.unwrap_or_default().to_vec();
        changed.sort_unstable();
        changed.dedup();
        if known.is_none() {
            self.flags.clear();
        }
        self.flags.resize(store.rows.len(), 0);
        let mut reveal = false;
        if known.is_none() || rematch {
            all |= self.judge_all(store, context);
        } else {
            for &slot in &changed {
                reveal |= self.judge_one(store, slot, context);
            }
        }
        let content = changed.iter().any(|&slot| self.shows(slot));

        // Where everything is looked at, or much has changed, the order and what is shown of it are made anew; otherwise
        // what changed is put where it belongs.
        let many = changed.len() > 64.max(store.order.len() / FEW);
        let anew = resort || known.is_none();
        let compare = compare(store, self.sort, context);
        let reordered = if self.sort.by.is_none() {
            (self.volatile, self.ordered) = (false, false);
            self.order.clear();
            anew || (many && before.layout != now.layout)
        } else if anew || many || (all && !self.ordered) {
            self.reorder(store, context);
            true
        } else {
            // A span that began may be among them: from then on the order is one of time.
            self.volatile |= changed.iter().any(|&slot| store.row(slot).is_some_and(|row| self.sort.is_open(row)));
            if self.ordered {
                settle(&mut self.order, &changed, |slot| store.row(slot).is_some(), compare);
            }
            false
        };
        let moved = if reordered || all || (many && reveal) {
            // Without the order of all, what is shown was sorted just now.
            if self.ordered || self.sort.by.is_none() {
                self.show(store);
            }
            true
        } else {
            let mut visible = std::mem::take(&mut self.visible);
            let moved = settle(&mut visible, &changed, |slot| self.shows(slot), compare);
            self.visible = visible;
            moved
        };
        let ghosts = store.ghosts.iter().filter(|&&ghost| self.shows(ghost)).count();
        self.counts.matched = self.visible.len() - ghosts;
        content || reveal || moved || counts != self.counts
    }

    /// Rows that are shown, ghosts too.
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Nothing is shown.
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// What is shown, from top to bottom.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.visible.iter()
    }

    /// What is shown at a position.
    pub fn slot(&self, position: usize) -> Option<Slot> {
        self.visible.get(position)
    }

    /// The row at a position. `store` is the one of the last refresh; a row that went since is not there.
    pub fn row<'a>(&self, store: &'a Store, position: usize) -> Option<&'a Row> {
        store.row(self.slot(position)?)
    }

    /// Where an object is shown.
    pub fn position(&self, store: &Store, uid: &Uid) -> Option<usize> {
        self.visible.position(store.slot(uid)?)
    }

    /// The slot's row is shown.
    pub fn shows(&self, slot: Slot) -> bool {
        self.is_visible(self.flag(slot))
    }

    /// Objects that belong to the view, whatever the filter hides.
    pub fn total(&self) -> usize {
        self.counts.total
    }

    /// Objects of the view that are not healthy, whatever the filter hides.
    pub fn unhealthy(&self) -> usize {
        self.counts.unhealthy
    }

    /// Objects that are shown; ghosts do not count.
    pub fn matched(&self) -> usize {
        self.counts.matched
    }

    fn flag(&self, slot: Slot) -> u8 {
        self.flags.get(slot as usize).copied().unwrap_or(0)
    }

    fn is_visible(&self, flags: u8) -> bool {
        let needed = PRESENT | INSIDE | MATCHES | if self.only_unhealthy { UNHEALTHY } else { 0 };
        flags & needed == needed
    }

    /// What there is to know of a slot.
    fn judge<'a>(&self, store: &'a Store, slot: Slot, matches: impl FnOnce(&'a Row) -> bool) -> u8 {
        let Some(row) = store.row(slot) else { return 0 };
        let mut flags = PRESENT;
        if store.is_ghost(slot) {
            flags |= GHOST;
        }
        if store.is_unhealthy(slot) {
            flags |= UNHEALTHY;
        }
        if self.narrow.as_ref().is_none_or(|inside| inside(row)) {
            flags |= INSIDE;
            if matches(row) {
                flags |= MATCHES;
            }
        }
        flags
    }

    /// Judges one slot anew. Whether it is shown otherwise: not any more, or as a ghost.
    fn judge_one(&mut self, store: &Store, slot: Slot, context: Context<'_>) -> bool {
        let flags = self.judge(store, slot, |row| self.query.matches(row, context));
        let Some(known) = self.flags.get_mut(slot as usize) else { return false };
        let before = std::mem::replace(known, flags);
        self.counts.remove(before);
        self.counts.add(flags);
        self.shown_as(before) != self.shown_as(flags)
    }

    /// Judges every slot anew. Whether any is shown otherwise.
    fn judge_all(&mut self, store: &Store, context: Context<'_>) -> bool {
        // On one core: a second one saves a third of the time at best, of what is within a frame anyway.
        let mut scan = self.query.scan();
        let flags = (0..store.rows.len() as Slot).map(|slot| self.judge(store, slot, |row| scan.matches(row, context))).collect();
        drop(scan);
        let before = std::mem::replace(&mut self.flags, flags);
        self.counts = Counts { matched: self.counts.matched, ..Counts::default() };
        let mut otherwise = false;
        for (&old, &new) in before.iter().zip(&self.flags) {
            self.counts.add(new);
            otherwise |= self.shown_as(old) != self.shown_as(new);
        }
        otherwise
    }

    /// Nothing, or what makes a difference to the eye.
    fn shown_as(&self, flags: u8) -> Option<u8> {
        self.is_visible(flags).then_some(flags & GHOST)
    }

    /// Sorts by a column: everything, or what is shown alone.
    fn reorder(&mut self, store: &Store, context: Context<'_>) {
        let shown = self.collect(store.order.iter(), store.order.len());
        self.ordered = shown.len() * SHOWN >= store.order.len();
        let rows = if self.ordered { store.order.iter().collect() } else { shown };
        let (order, volatile) = sorted(store, rows, self.sort, context);
        self.volatile = volatile;
        if self.ordered {
            self.order.assign(&order, store.rows.len());
        } else {
            self.order.clear();
            self.visible.assign(&order, store.rows.len());
        }
    }

    /// Collects what is shown, in order.
    fn show(&mut self, store: &Store) {
        let visible = match self.sort {
            Sort { by: None, descending: false } => self.collect(store.order.iter(), store.order.len()),
            Sort { by: None, descending: true } => self.collect(store.order.iter().rev(), store.order.len()),
            Sort { by: Some(_), .. } => self.collect(self.order.iter(), self.order.len()),
        };
        self.visible.assign(&visible, store.rows.len());
    }

    /// Writes each slot and keeps it by stepping over it when it is shown: no branch that has to be guessed.
    fn collect(&self, order: impl Iterator<Item = Slot>, length: usize) -> Vec<Slot> {
        let mut visible = vec![0; length];
        let mut shown = 0;
        for slot in order {
            if let Some(place) = visible.get_mut(shown) {
                *place = slot;
            }
            shown += usize::from(self.shows(slot));
        }
        visible.truncate(shown);
        visible
    }
}

/// How a listing compares two slots. Slots without a row stand last.
fn compare<'a>(store: &'a Store, sort: Sort, context: Context<'a>) -> impl Fn(Slot, Slot) -> Ordering + Copy + 'a {
    move |a, b| match (store.row(a), store.row(b)) {
        (Some(a), Some(b)) => sort.compare(a, b, context),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// Puts slots that changed where they belong in a sequence: in it at all, or elsewhere. Whether any was moved.
fn settle(
    sequence: &mut Sequence,
    changed: &[Slot],
    belongs: impl Fn(Slot) -> bool,
    compare: impl Fn(Slot, Slot) -> Ordering + Copy,
) -> bool {
    // The usual case: they are where they were.
    let stays = |sequence: &Sequence, slot: Slot| {
        if !belongs(slot) || !sequence.contains(slot) {
            return belongs(slot) == sequence.contains(slot);
        }
        let (before, after) = sequence.neighbours(slot);
        before.is_none_or(|before| compare(before, slot).is_lt()) && after.is_none_or(|after| compare(slot, after).is_lt())
    };
    // When a neighbour is taken out, a row may be seen to stand in the wrong place as well. In the end every pair of
    // neighbours with a changed row in it is in order, and so everything is.
    let (mut there, mut moving) = (changed.to_vec(), Vec::new());
    loop {
        let (right, wrong): (Vec<Slot>, Vec<Slot>) = there.into_iter().partition(|&slot| stays(sequence, slot));
        if wrong.is_empty() {
            break;
        }
        for &slot in &wrong {
            sequence.remove(slot);
        }
        moving.extend(wrong);
        there = right;
    }
    let moved = !moving.is_empty();
    moving.retain(|&slot| belongs(slot));
    for slot in moving {
        sequence.insert(slot, compare);
    }
    moved
}
