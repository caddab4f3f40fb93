//! Sorting by any column: a row's cell becomes a number that sorts like it, texts by their rank among the column's texts.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Slot, Store, order};
use crate::model::address;
use crate::model::metrics::{self, Readings, Usage};
use crate::model::query::Context;
use crate::model::row::{Cell, Row, Source};

/// By what a listing is sorted. Equal rows stand by namespace, name and UID, in either direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sort {
    /// A column; `None` for namespace, name and UID alone.
    pub by: Option<Source>,
    /// The largest first. Rows that have nothing in the column stand last all the same.
    pub descending: bool,
}

/// A cell as a number. Cells of different types are kept apart by class; texts (but for IPv4 addresses) have a
/// class and are compared as texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    class: u8,
    value: u64,
}

const ADDRESS: u8 = 6;
const TEXT: u8 = 7;
const MISSING: Key = Key { class: u8::MAX, value: 0 };

impl Key {
    /// Turned round for descending order, but for what is missing.
    fn directed(self, sort: Sort) -> Key {
        if sort.descending && self != MISSING { Key { class: TEXT - self.class, value: !self.value } } else { self }
    }
}

impl Sort {
    /// The order changes when what is in use does.
    pub(super) fn uses_metrics(self) -> bool {
        matches!(self.by, Some(Source::Cpu | Source::Memory))
    }

    /// The row stands where it does by a span that has not ended: the order changes by time alone.
    pub(super) fn is_open(self, row: &Row) -> bool {
        matches!(self.by, Some(Source::Cell(at)) if matches!(row.cells.get(usize::from(at)), Some(Cell::Span(_, None))))
    }

    /// Compares two rows: what [`sorted`] does with keys.
    pub(super) fn compare(self, a: &Row, b: &Row, context: Context<'_>) -> Ordering {
        let by = |source| {
            let (x, y) = (key(a, source, context), key(b, source, context));
            let keys = x.directed(self).cmp(&y.directed(self));
            if keys.is_eq() && x.class == TEXT { self.direct(texts(a, b, source)) } else { keys }
        };
        match self.by {
            Some(source) => by(source).then_with(|| order::rows(a, b)),
            None => self.direct(order::rows(a, b)),
        }
    }

    fn direct(self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }
}

/// The row's cell as a key. Ages grow as time goes by, all alike, so their order needs no clock; only a span that has not ended does.
fn key(row: &Row, source: Source, context: Context<'_>) -> Key {
    let usage = || context.metrics.get(&row.namespace, &row.name);
    match source {
        Source::Namespace | Source::Name => Key { class: TEXT, value: 0 },
        Source::Cell(at) => row.cells.get(usize::from(at)).map_or(MISSING, |cell| cell_key(cell, context)),
        Source::Age if row.created == 0 => MISSING,
        Source::Age => young_first(row.created),
        Source::Labels if row.labels.is_empty() => MISSING,
        Source::Labels => Key { class: TEXT, value: 0 },
        Source::Cpu => usage().map_or(MISSING, |usage| usage_key(usage.cpu)),
        Source::Memory => usage().map_or(MISSING, |usage| usage_key(usage.memory)),
    }
}

fn cell_key(cell: &Cell, context: Context<'_>) -> Key {
    match cell {
        Cell::None | Cell::Unknown => MISSING,
        Cell::Text(text) | Cell::Status(text, _) if text.is_empty() => MISSING,
        Cell::Number(number) => Key { class: 0, value: unsigned(*number) },
        Cell::Quantity(_, millis) => Key { class: 1, value: unsigned(*millis) },
        Cell::Ratio(have, want) => Key { class: 2, value: ratio(*have, *want) },
        Cell::Restarts(count, last) => {
            let last = last.map_or(0, |last| last.clamp(0, i64::from(u32::MAX)) as u64);
            Key { class: 3, value: u64::from(*count) << 32 | last }
        }
        Cell::Age(then) => young_first(*then),
        Cell::Span(start, end) => Key { class: 5, value: unsigned(end.unwrap_or(context.now).saturating_sub(*start)) },
        Cell::Text(text) | Cell::Status(text, _) => match address::parse(text) {
            // All pods have different ones: their value is had faster than their rank.
            Some(IpAddr::V4(address)) => Key { class: ADDRESS, value: u64::from(address.to_bits()) },
            _ => Key { class: TEXT, value: 0 },
        },
    }
}

fn young_first(then: i64) -> Key {
    Key { class: 4, value: !unsigned(then) }
}

/// Keeps the order of signed numbers.
fn unsigned(number: i64) -> u64 {
    number.cast_unsigned() ^ 1 << 63
}

/// By the part that is there, then by how many. Nothing wanted is all there: `0/0` stands with `1/1`, before it.
fn ratio(have: u32, want: u32) -> u64 {
    let part = if want == 0 { 1 << 20 } else { (u64::from(have) << 20) / u64::from(want) };
    part.min(u64::from(u32::MAX)) << 32 | u64::from(have)
}

/// Compares two rows whose keys both say that there is text.
fn texts(a: &Row, b: &Row, source: Source) -> Ordering {
    match source {
        Source::Name => a.name.cmp(&b.name),
        Source::Labels => {
            if Arc::ptr_eq(&a.labels, &b.labels) {
                Ordering::Equal
            } else {
                a.labels.cmp(&b.labels)
            }
        }
        _ => match (text(a, source), text(b, source)) {
            (Some(a), Some(b)) if !std::ptr::eq(a, b) => address::compare(a, b),
            _ => Ordering::Equal,
        },
    }
}

fn text(row: &Row, source: Source) -> Option<&str> {
    match source {
        Source::Namespace => Some(&row.namespace),
        Source::Name => Some(&row.name),
        Source::Cell(at) => match row.cells.get(usize::from(at))? {
            Cell::Text(text) | Cell::Status(text, _) => Some(text),
            _ => None,
        },
        Source::Labels | Source::Age | Source::Cpu | Source::Memory => None,
    }
}

/// The identity of a row's text: interned texts that are the same have the same.
fn identity(row: &Row, source: Source) -> usize {
    match source {
        Source::Labels => row.labels.as_ptr().addr(),
        _ => text(row, source).map_or(0, |text| text.as_ptr().addr()),
    }
}

/// Rows of the store (ghosts too), given in the store's order, in that of a sort by a column; and whether that order
/// changes by time alone.
pub(super) fn sorted(store: &Store, order: Vec<Slot>, sort: Sort, context: Context<'_>) -> (Vec<Slot>, bool) {
    let source = match sort.by {
        None => return (order, false),
        Some(Source::Name) => return (by_name(store, &order, sort), false),
        Some(source) => source,
    };
    let mut ranks = Ranks::default();
    let mut volatile = false;
    let rows = order.iter().map(|&slot| store.row(slot));
    let keys: Vec<Key> = match source {
        Source::Cpu => usage_keys(rows, context, |usage| usage.cpu),
        Source::Memory => usage_keys(rows, context, |usage| usage.memory),
        _ => rows
            .map(|row| {
                let Some(row) = row else { return MISSING };
                let mut key = key(row, source, context);
                if key.class == TEXT {
                    key.value = ranks.number(row, source);
                }
                volatile |= sort.is_open(row);
                key
            })
            .collect(),
    };
    let ranks = ranks.finish(source);
    // Class and value above, the place in the store below: equal cells keep the store's order, and sorting plain
    // numbers is several times as fast as sorting by a comparison.
    let mut places: Vec<u128> = (0u64..)
        .zip(keys)
        .map(|(place, mut key)| {
            if key.class == TEXT {
                key.value = ranks.get(key.value as usize).copied().map_or(0, u64::from);
            }
            let key = key.directed(sort);
            u128::from(key.class) << 96 | u128::from(key.value) << 32 | u128::from(place)
        })
        .collect();
    places.sort_unstable();
    let slots = places.into_iter().filter_map(|place| order.get(place as u32 as usize).copied()).collect();
    (slots, volatile)
}

/// Keys by what is in use. Names are hashed first and looked up then, so that the table's memory is asked for many
/// readings at a time.
fn usage_keys<'a>(rows: impl Iterator<Item = Option<&'a Row>>, context: Context<'_>, of: fn(Usage) -> i64) -> Vec<Key> {
    let mut last: Option<(&Arc<str>, Readings<'_>)> = None;
    let names: Vec<Option<(Readings<'_>, u64)>> = rows
        .map(|row| {
            let row = row?;
            let readings = match last {
                Some((namespace, readings)) if Arc::ptr_eq(namespace, &row.namespace) => readings,
                _ => context.metrics.namespace(&row.namespace),
            };
            last = Some((&row.namespace, readings));
            Some((readings, metrics::hash(&row.name)))
        })
        .collect();
    let usage = |name: Option<(Readings<'_>, u64)>| name.and_then(|(readings, name)| readings.get(name));
    names.into_iter().map(|name| usage(name).map_or(MISSING, |usage| usage_key(of(usage)))).collect()
}

fn usage_key(value: i64) -> Key {
    Key { class: 0, value: unsigned(value) }
}

/// Names are nearly all different, so there is nothing to gain from ranks; but within a namespace they stand in order
/// already, which is what a merging sort makes use of.
fn by_name(store: &Store, order: &[Slot], sort: Sort) -> Vec<Slot> {
    let mut names: Vec<(u128, &str, Slot)> = Vec::with_capacity(order.len());
    names.extend(order.iter().filter_map(|&slot| {
        let name = &*store.row(slot)?.name;
        let mut head = [0u8; 16];
        let length = name.len().min(16);
        head[..length].copy_from_slice(&name.as_bytes()[..length]);
        Some((u128::from_be_bytes(head), name, slot))
    }));
    names.sort_by(|a, b| sort.direct(a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1))));
    names.into_iter().map(|(_, _, slot)| slot).collect()
}

/// The different texts of a column.
#[derive(Default)]
struct Ranks<'a> {
    known: FxHashMap<usize, u32>,
    /// The first row with each text.
    rows: Vec<&'a Row>,
    /// Neighbours in the store often have the same text.
    last: (usize, u64),
}

impl<'a> Ranks<'a> {
    /// A number for the row's text, the same for the same text, in order of appearance.
    fn number(&mut self, row: &'a Row, source: Source) -> u64 {
        let identity = identity(row, source);
        if self.last.0 != identity || self.rows.is_empty() {
            let next = self.rows.len() as u32;
            let number = *self.known.entry(identity).or_insert(next);
            if number == next {
                self.rows.push(row);
            }
            self.last = (identity, u64::from(number));
        }
        self.last.1
    }

    /// The rank of each number: equal texts have the same, shared or not.
    fn finish(self, source: Source) -> Vec<u32> {
        let rows = &self.rows;
        let mut ranks = vec![0; rows.len()];
        let mut numbers: Vec<(Head<'_>, u32)> = rows.iter().zip(0..).map(|(row, number)| (Head::of(row, source), number)).collect();
        numbers.sort_unstable_by(|a, b| a.0.compare(&b.0));
        let mut rank = 0;
        let mut before: Option<&Head<'_>> = None;
        for (head, number) in &numbers {
            rank += u32::from(before.is_some_and(|before| before.compare(head).is_ne()));
            ranks[*number as usize] = rank;
            before = Some(head);
        }
        ranks
    }
}

/// A text that is compared many times: its address is parsed once.
enum Head<'a> {
    Address(IpAddr),
    Text(&'a str),
    Labels(&'a [(Arc<str>, Arc<str>)]),
}

impl<'a> Head<'a> {
    fn of(row: &'a Row, source: Source) -> Head<'a> {
        match text(row, source) {
            None => Head::Labels(&row.labels),
            Some(text) => address::parse(text).map_or(Head::Text(text), Head::Address),
        }
    }

    /// As [`texts`] has it.
    fn compare(&self, other: &Head<'_>) -> Ordering {
        match (self, other) {
            (Head::Address(a), Head::Address(b)) => a.cmp(b),
            (Head::Text(a), Head::Text(b)) => a.cmp(b),
            (Head::Labels(a), Head::Labels(b)) => a.cmp(b),
            (Head::Address(_), _) | (_, Head::Labels(_)) => Ordering::Less,
            (_, Head::Address(_)) | (Head::Labels(_), _) => Ordering::Greater,
        }
    }
}
